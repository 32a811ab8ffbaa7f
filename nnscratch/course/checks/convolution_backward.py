"""Exercises of notebook 08: the two gradients of a convolution, col2im, and how many windows see a pixel.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), dy (N, OH, OW, OC), columns (N, OH, OW, KH*KW*C).
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.neurons import normal
from nnscratch.ops.window import make_window

__all__ = ["col2im", "conv_dkernel", "conv_dx", "coverage"]


def right_dkernel(dy, x):
    """The solution."""
    kh, kw = x.shape[1] - dy.shape[1] + 1, x.shape[2] - dy.shape[2] + 1
    _, cache = ops.conv2d(x, np.ones((kh, kw, x.shape[3], dy.shape[3])))
    return ops.conv2d_backward(dy, cache, "parameters")[1]


@exercise("08", "The window gives the size: KH = H - OH + 1, and KW likewise.",
          "kernel[i, j] meets the pixels x[:, i:i + OH, j:j + OW]: an image as large as dy. Two loops, over i and j.",
          "rows = x[:, i:i + OH, j:j + OW].reshape(-1, C); dkernel[i, j] = rows.T @ dy.reshape(-1, OC).")
def conv_dkernel(attempt: Attempt) -> None:
    """dkernel[i, j, c, o] = Σ_n Σ_oh Σ_ow dy[n, oh, ow, o] x[n, oh + i, ow + j, c]."""
    cases = [{"dy": np.array([1.0, 10.0]).reshape(1, 1, 2, 1), "x": np.array([1.0, 2.0, 4.0]).reshape(1, 1, 3, 1)},
             {"dy": np.array([1.0, 10.0]).reshape(2, 1, 1, 1), "x": np.array([1.0, 2.0, 4.0, 8.0]).reshape(2, 1, 2, 1)},
             {"dy": np.array([1.0, 10.0, 100.0]).reshape(1, 1, 1, 3), "x": np.array([2.0, 3.0]).reshape(1, 1, 1, 2)},
             {"dy": normal(2, 5, 4, 4), "x": normal(2, 7, 5, 3)}]
    compare(attempt, right_dkernel, cases, "dkernel", {
        "it holds the first image alone: the kernel is shared by all N, so their gradients are added":
            lambda dy, x: right_dkernel(dy[:1], x[:1])})


def right_dx(dy, kernel):
    """The solution."""
    n, oh, ow, _ = dy.shape
    kh, kw, c, _ = kernel.shape
    _, cache = ops.conv2d(np.zeros((n, oh + kh - 1, ow + kw - 1, c)), kernel)
    return ops.conv2d_backward(dy, cache, "input")[0]


def painted_without_adding(dy, kernel):
    """dx with = in place of +=, tap by tap."""
    (n, oh, ow, _), (kh, kw, c, _) = dy.shape, kernel.shape
    dx = np.zeros((n, oh + kh - 1, ow + kw - 1, c))
    for i, j in np.ndindex(kh, kw):
        dx[:, i:i + oh, j:j + ow] = dy @ kernel[i, j].T
    return dx


def windows_without_adding(dy, kernel):
    """dx with = in place of +=, window by window."""
    (n, oh, ow, _), (kh, kw, c, _) = dy.shape, kernel.shape
    dx = np.zeros((n, oh + kh - 1, ow + kw - 1, c))
    for r, s in np.ndindex(oh, ow):
        dx[:, r:r + kh, s:s + kw] = np.einsum("no,ijco->nijc", dy[:, r, s], kernel)
    return dx


@exercise("08", "dx has H = OH + KH - 1 rows and W = OW + KW - 1 columns. Make it of zeros, and add.",
          "The output at (oh, ow) read x[oh + i, ow + j] through kernel[i, j]; so dy[oh, ow] goes back to that pixel, times "
          "kernel[i, j].",
          "Two loops, over i and j: dx[:, i:i + OH, j:j + OW] += dy @ kernel[i, j].T.")
def conv_dx(attempt: Attempt) -> None:
    """dx[n, oh + i, ow + j, c] += Σ_o dy[n, oh, ow, o] kernel[i, j, c, o]."""
    cases = [{"dy": np.array([1.0, 2.0]).reshape(1, 1, 2, 1), "kernel": np.array([1.0, 10.0]).reshape(1, 2, 1, 1)},
             {"dy": np.array([1.0, 10.0]).reshape(1, 1, 1, 2),
              "kernel": np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape(1, 1, 3, 2)},
             {"dy": normal(2, 5, 4, 4), "kernel": normal(3, 2, 3, 4)}]
    overwritten = "= stands where += belongs: a pixel under several windows gets the sum of what they send"
    compare(attempt, right_dx, cases, "dx", {
        overwritten: painted_without_adding, f"{overwritten} ": windows_without_adding,
        "the kernel is mirrored once too often: painting uses it as it is":
            lambda dy, kernel: right_dx(dy, kernel[::-1, ::-1])})


def right_col2im(columns, kh, kw):
    """The solution."""
    oh, ow = columns.shape[1:3]
    window = make_window("col2im", (oh + kh - 1, ow + kw - 1), (kh, kw))
    return ops.col2im(columns, window)


def coverage_of(n, h, w, c, kh, kw):
    """How many windows see each pixel, (N, H, W, C)."""
    return right_col2im(np.ones((n, h - kh + 1, w - kw + 1, kh * kw * c)), kh, kw)


def last_copy(columns, kh, kw):
    """col2im with = in place of +=."""
    (n, oh, ow), c = columns.shape[:3], columns.shape[3] // (kh * kw)
    x = np.zeros((n, oh + kh - 1, ow + kw - 1, c))
    for r, s in np.ndindex(oh, ow):
        x[:, r:r + kh, s:s + kw] = columns[:, r, s].reshape(n, kh, kw, c)
    return x


@exercise("08", "Read your im2col backwards: what was read from a place is now added to that place.",
          "patch = columns[:, oh, ow].reshape(N, kh, kw, C) goes to x[:, oh:oh + kh, ow:ow + kw], with +=.")
def col2im(attempt: Attempt) -> None:
    """x[n, oh + i, ow + j, c] += columns[n, oh, ow, (i, j, c)]."""
    cases = [{"columns": np.array([1.0, 2.0, 10.0, 20.0]).reshape(1, 1, 2, 2), "kh": 1, "kw": 2},
             {"columns": np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 1, 4), "kh": 1, "kw": 2},
             {"columns": normal(2, 5, 4, 3 * 2 * 3), "kh": 3, "kw": 2}]

    def averaged(columns, kh, kw):
        x = right_col2im(columns, kh, kw)
        n, h, w, c = x.shape
        return x / coverage_of(n, h, w, c, kh, kw)

    def channels_first(columns, kh, kw):
        split = columns.reshape(*columns.shape[:3], -1, kh, kw).transpose(0, 1, 2, 4, 5, 3)
        return right_col2im(split.reshape(columns.shape), kh, kw)

    compare(attempt, right_col2im, cases, "x", {
        "= stands where += belongs: a pixel has a copy in every window that saw it, and gets their sum": last_copy,
        "it is the mean of a pixel's copies: that would be an inverse, but the adjoint is their sum": averaged,
        "each row is read in the order (c, i, j), but goes (i, j, c)": channels_first})


@exercise("08", "Ask col2im: if every window sends a 1 to each of its pixels, each pixel counts its windows.",
          "ops.im2col(np.ones((1, h, w, 1)), (kh, kw)) gives columns of ones, and the window that ops.col2im wants.")
def coverage(attempt: Attempt) -> None:
    """How many windows see each pixel, (h, w)."""
    cases = [{"h": 1, "w": 3, "kh": 1, "kw": 2}, {"h": 3, "w": 3, "kh": 2, "kw": 2}, {"h": 3, "w": 3, "kh": 3, "kw": 3},
             {"h": 7, "w": 5, "kh": 3, "kw": 2}]

    def right(h, w, kh, kw):
        return coverage_of(1, h, w, 1, kh, kw)[0, :, :, 0]

    compare(attempt, right, cases, "counts", {
        "every pixel gets the size of the window, but near the border fewer windows see it":
            lambda h, w, kh, kw: np.full((h, w), kh * kw),
        "kh and kw are exchanged": lambda h, w, kh, kw: right(h, w, min(kw, h), min(kh, w)),
        "this counts as if windows hung over the border": lambda h, w, kh, kw: coverage_of(
            1, h + 2 * kh - 2, w + 2 * kw - 2, 1, kh, kw)[0, kh - 1:-kh + 1 or None, kw - 1:-kw + 1 or None, 0]})
