"""Notebook 08: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, flip, spoiled


def overwriting_dx(dy, K):
    (N, OH, OW, _), (KH, KW, C, _) = dy.shape, K.shape
    dx = np.zeros((N, OH + KH - 1, OW + KW - 1, C))
    for h, w in np.ndindex(OH, OW):
        for i, j in np.ndindex(KH, KW):
            dx[:, h + i, w + j] = dy[:, h, w] @ K[i, j].T
    return dx


def overwriting_col2im(columns, kh, kw):
    N, OH, OW, width = columns.shape
    x = np.zeros((N, OH + kh - 1, OW + kw - 1, width // (kh * kw)))
    for h, w in np.ndindex(OH, OW):
        x[:, h:h + kh, w:w + kw] = columns[:, h, w].reshape(N, kh, kw, -1)
    return x


def read_in_order(*order):
    """col2im that reads each row in another order of (i, j, c)."""
    def col2im(columns, kh, kw):
        sizes = {"i": kh, "j": kw, "c": columns.shape[3] // (kh * kw)}
        split = columns.reshape(*columns.shape[:3], *(sizes[letter] for letter in order))
        return S["col2im"](split.transpose(0, 1, 2, *(3 + order.index(k) for k in "ijc")).reshape(columns.shape), kh, kw)
    return col2im


def full_convolution(dy, K):
    """dx as a convolution of dy, padded, with the flipped kernel."""
    KH, KW, C, _ = K.shape
    wide = np.pad(dy, ((0, 0), (KH - 1, KH - 1), (KW - 1, KW - 1), (0, 0)))
    return S["conv2d"](wide, K[::-1, ::-1].transpose(0, 1, 3, 2), np.zeros(C))


def by_windows(dy, K):
    (N, OH, OW, _), (KH, KW, C, _) = dy.shape, K.shape
    dx = np.zeros((N, OH + KH - 1, OW + KW - 1, C))
    for h, w in np.ndindex(OH, OW):
        dx[:, h:h + KH, w:w + KW] += np.einsum("no,ijco->nijc", dy[:, h, w], K)
    return dx


def dkernel_by_windows(dy, x):
    (_, OH, OW, _), (_, H, W, _) = dy.shape, x.shape
    KH, KW = H - OH + 1, W - OW + 1
    return sum(np.einsum("nijc,no->ijco", x[:, h:h + KH, w:w + KW], dy[:, h, w]) for h, w in np.ndindex(OH, OW))


def three(dy, x, K):
    return S["conv_dx"](dy, K), S["conv_dkernel"](dy, x), dy.sum(axis=(0, 1, 2))


def changed(place, change):
    """The backward pass with one result changed."""
    def backward(dy, x, K):
        return tuple(change(result) if k == place else result for k, result in enumerate(three(dy, x, K)))
    return backward


RIGHT = [
    ("conv_dkernel", dkernel_by_windows),
    ("conv_dx", full_convolution),
    ("conv_dx", by_windows),
    ("conv2d_backward", three),
    ("conv2d_backward", lambda dy, x, K: list(three(dy, x, K))),
]
WRONG = [
    ("coverage", [6, 2, 2, 4], "only far from the border"),
    ("coverage", [1, 2, 2, 6], "only far from the border"),
    ("coverage", [1, 1, 1, 8], "the number of all windows"),
    ("coverage", [2, 2, ..., 4], "a window cannot begin outside"),
    ("guilty", lambda: {"A", "B", "C", "E"}, "A is right"),
    ("guilty", lambda: {"B"}, "2 of the wrong ones are not named"),
    ("guilty", lambda: {"X"}, "no suspect 'X'"),
    ("guilty", lambda: "b, c", "1 of the wrong ones are not named"),
    ("guilty", lambda: "all of them", "no suspect 'ALL'"),
    ("guilty", lambda: {"A": True, "B": False}, "of type dict, expected the letters"),
    ("guilty", lambda: 3, "of type int, expected the letters"),
    ("conv_dkernel", spoiled("conv_dkernel", None, flip), "mirrored along its rows and columns"),
    ("conv_dkernel", spoiled("conv_dkernel", None, lambda g: g[::-1]), "mirrored along its rows:"),
    ("conv_dkernel", spoiled("conv_dkernel", None, lambda g: g[:, ::-1]), "mirrored along its columns"),
    ("conv_dkernel", lambda dy, x: S["conv_dkernel"](dy[:1], x[:1]), "only the first image"),
    ("conv_dkernel", lambda dy, x: S["conv_dkernel"](dy[-1:], x[-1:]), "only the last image"),
    ("conv_dkernel", lambda dy, x: S["conv_dkernel"](dy, x) / len(x), "the mean over the images"),
    ("conv_dkernel", spoiled("conv_dkernel", None, lambda g: 3 * g), "right but for one factor"),
    ("conv_dkernel", spoiled("conv_dkernel", None, lambda g: g.swapaxes(2, 3)), "dK has shape"),
    ("conv_dkernel", lambda dy, x: S["conv_dkernel"](
        dy * (np.arange(dy[0, ..., 0].size) == dy[0, ..., 0].size - 1).reshape(1, *dy.shape[1:3], 1), x),
     "last output position"),
    ("conv_dx", overwriting_dx, "= stands where += belongs"),
    ("conv_dx", lambda dy, K: S["conv_dx"](dy, flip(K)), "mirrored along its rows and columns"),
    ("conv_dx", lambda dy, K: S["conv_dx"](dy, K[::-1]), "mirrored along its rows:"),
    ("conv_dx", lambda dy, K: S["conv_dx"](dy, K[:, ::-1]), "mirrored along its columns"),
    ("conv_dx", lambda dy, K: S["conv_dx"](dy, np.ones_like(K)), "the kernel is missing"),
    ("conv_dx", lambda dy, K: S["conv_dx"](dy, K) / S["conv_dx"](np.ones_like(dy[..., :1]), np.ones_like(K[:, :, :1, :1])),
     "expected the sum"),
    ("conv_dx", spoiled("conv_dx", None, lambda g: g[:, 1:]), "dx has shape"),
    ("col2im", overwriting_col2im, "= stands where += belongs"),
    ("col2im", lambda columns, kh, kw: S["col2im"](columns, kh, kw) / S["col2im"](np.ones_like(columns), kh, kw),
     "the adjoint is their sum"),
    ("col2im", read_in_order("c", "i", "j"), "in the order (c, i, j)"),
    ("col2im", read_in_order("j", "i", "c"), "in the order (j, i, c)"),
    ("col2im", lambda columns, kh, kw: S["col2im"](
        columns * (np.arange(columns.shape[3]) < columns.shape[3] // (kh * kw)), kh, kw),
     "only the first pixel"),
    ("col2im", spoiled("col2im", None, lambda x: x[:, :-1]), "x has shape"),
    ("conv2d_backward", lambda dy, x, K: (overwriting_dx(dy, K), *three(dy, x, K)[1:]), "in dx = stands where += belongs"),
    ("conv2d_backward", lambda dy, x, K: (S["conv_dx"](dy, flip(K)), *three(dy, x, K)[1:]), "in dx the kernel is mirrored"),
    ("conv2d_backward", changed(1, flip), "dK is mirrored"),
    ("conv2d_backward", lambda dy, x, K: (three(dy, x, K)[0], S["conv_dkernel"](dy[:1], x[:1]), dy.sum(axis=(0, 1, 2))),
     "dK belongs to the first image alone"),
    ("conv2d_backward", lambda dy, x, K: (*three(dy, x, K)[:2], dy.mean(axis=(0, 1, 2))), "db is a mean"),
    ("conv2d_backward", lambda dy, x, K: (*three(dy, x, K)[:2], dy.sum(axis=(1, 2))), "db has shape"),
    ("conv2d_backward", lambda dy, x, K: (*three(dy, x, K)[:2], dy[0].sum(axis=(0, 1))), "db belongs to the first image"),
    ("conv2d_backward", lambda dy, x, K: (*three(dy, x, K)[:2], dy.sum(axis=(1, 2)).mean(axis=0)), "mean over the images"),
    ("conv2d_backward", lambda dy, x, K: three(dy, x, K)[:2], "2 results, expected 3"),
    ("conv2d_backward", changed(0, lambda dx: -dx), "right but for the sign"),
]
