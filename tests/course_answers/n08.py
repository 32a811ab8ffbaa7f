"""Notebook 08: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, flip, spoiled


def overwriting_dx(dy, kernel):
    (n, oh, ow, _), (kh, kw, c, _) = dy.shape, kernel.shape
    dx = np.zeros((n, oh + kh - 1, ow + kw - 1, c))
    for r, s in np.ndindex(oh, ow):
        for i, j in np.ndindex(kh, kw):
            dx[:, r + i, s + j] = dy[:, r, s] @ kernel[i, j].T
    return dx


def overwriting_col2im(columns, kh, kw):
    n, oh, ow, width = columns.shape
    x = np.zeros((n, oh + kh - 1, ow + kw - 1, width // (kh * kw)))
    for r, s in np.ndindex(oh, ow):
        x[:, r:r + kh, s:s + kw] = columns[:, r, s].reshape(n, kh, kw, -1)
    return x


def steps_to_the_border(h, w, kh, kw):
    rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) + 1 for n in (h, w))
    return np.minimum(rows, kh)[:, None] * np.minimum(columns, kw)


WRONG = [
    ("coverage", steps_to_the_border, "kh = 3"),
    ("guilty", lambda: {"A", "B", "C", "E"}, "A is innocent"),
    ("guilty", lambda: {"B"}, "2 of the wrong ones got away"),
    ("guilty", lambda: {"X"}, "no suspect 'X'"),
    ("guilty", lambda: "b, c", "1 of the wrong ones got away"),
    ("guilty", lambda: "all of them", "no suspect 'ALL'"),
    ("guilty", lambda: {"A": True, "B": False}, "of type dict, expected the letters"),
    ("guilty", lambda: 3, "of type int, expected the letters"),
    ("conv_dkernel", spoiled("conv_dkernel", None, flip), "mirrored"),
    ("conv_dkernel", lambda dy, x: S["conv_dkernel"](dy[:1], x[:1]), "first image alone"),
    ("conv_dkernel", spoiled("conv_dkernel", None, lambda g: g / 2), "too small by exactly 2"),
    ("conv_dkernel", spoiled("conv_dkernel", None, lambda g: g.swapaxes(2, 3)), "dkernel has shape"),
    ("conv_dx", overwriting_dx, "= stands where += belongs"),
    ("conv_dx", lambda dy, kernel: S["conv_dx"](dy, flip(kernel)), "mirrored once too often"),
    ("conv_dx", spoiled("conv_dx", None, lambda g: g[:, 1:]), "dx has shape"),
    ("col2im", overwriting_col2im, "= stands where += belongs"),
    ("col2im", lambda columns, kh, kw: S["col2im"](columns, kh, kw) / S["col2im"](np.ones_like(columns), kh, kw),
     "the adjoint is their sum"),
    ("col2im", lambda columns, kh, kw: S["col2im"](columns.reshape(*columns.shape[:3], -1, kh, kw).transpose(
        0, 1, 2, 4, 5, 3).reshape(columns.shape), kh, kw), "in the order (c, i, j)"),
    ("coverage", lambda h, w, kh, kw: np.full((h, w), kh * kw), "near the border"),
    ("coverage", lambda h, w, kh, kw: np.ones((h - kh + 1, w - kw + 1)), "counts has shape"),
    ("coverage", lambda h, w, kh, kw: S["coverage"](h, w, min(kw, h), min(kh, w)), "exchanged"),
]
