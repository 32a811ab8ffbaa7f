"""Exercises of notebook 08: the gradients of a convolution, col2im, and how many windows cover a pixel.

Shapes: x (N, H, W, C), K (KH, KW, C, O), dy (N, OH, OW, O), columns (N, OH, OW, KH*KW*C); stride 1, no padding.
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.prediction import predicted
from nnscratch.ops.window import make_window

__all__ = ["col2im", "conv2d_backward", "conv_dkernel", "conv_dx", "coverage"]


# --- the gradient with respect to the kernel ----------------------------------------------------------------------

def right_dkernel(dy, x):
    """The solution."""
    kh, kw = x.shape[1] - dy.shape[1] + 1, x.shape[2] - dy.shape[2] + 1
    _, cache = ops.conv2d(x, np.ones((kh, kw, x.shape[3], dy.shape[3])))
    return ops.conv2d_backward(dy, cache, "parameters")[1]


@exercise("08", "The sizes first: y has H - KH + 1 rows, so dy and x together give KH, and likewise KW.",
          "K[i, j] is multiplied with the pixels x[:, i:i + OH, j:j + OW], as many as dy has. Two loops, over i and j; which "
          "axes are summed over?",
          "rows = x[:, i:i + OH, j:j + OW].reshape(-1, C); dK[i, j] = rows.T @ dy.reshape(-1, O)", library=right_dkernel)
def conv_dkernel(attempt: Attempt) -> None:
    """An array (KH, KW, C, O)."""
    cases = [{"dy": np.array([1.0, 10.0]).reshape(1, 1, 2, 1), "x": np.array([1.0, 2.0, 4.0]).reshape(1, 1, 3, 1)},
             {"dy": np.array([1.0, 10.0]).reshape(2, 1, 1, 1), "x": np.array([1.0, 2.0, 4.0, 8.0]).reshape(2, 1, 2, 1)},
             {"dy": np.array([1.0, 10.0]).reshape(1, 2, 1, 1), "x": np.array([1.0, 2.0, 4.0]).reshape(1, 3, 1, 1)},
             {"dy": np.array([1.0, 10.0, 100.0]).reshape(1, 1, 1, 3), "x": np.array([2.0, 3.0]).reshape(1, 1, 1, 2)},
             {"dy": normal(2, 5, 4, 4), "x": normal(2, 7, 5, 3)}]
    flipped = "the result is mirrored along its {}: K[i, j] is multiplied with x[h + i, w + j]"
    compare(attempt, right_dkernel, cases, "dK", {
        "only the first image counts: the kernel is shared by all N, so their gradients add up":
            lambda dy, x: right_dkernel(dy[:1], x[:1]),
        "only the last image counts: = stands where += belongs": lambda dy, x: right_dkernel(dy[-1:], x[-1:]),
        "only the last output position counts: = stands where += belongs":
            lambda dy, x: right_dkernel(dy * last_position(dy), x),
        flipped.format("rows and columns"): lambda dy, x: right_dkernel(dy, x)[::-1, ::-1],
        flipped.format("rows"): lambda dy, x: right_dkernel(dy, x)[::-1],
        flipped.format("columns"): lambda dy, x: right_dkernel(dy, x)[:, ::-1],
        "it is the mean over the images, expected their sum": lambda dy, x: right_dkernel(dy, x) / len(x)})


def last_position(dy):
    """1 at the last output position, 0 elsewhere."""
    mask = np.zeros_like(dy)
    mask[:, -1, -1] = 1
    return mask


# --- the gradient with respect to the input -----------------------------------------------------------------------

def right_dx(dy, K):
    """The solution."""
    (n, oh, ow, _), (kh, kw, c, _) = dy.shape, K.shape
    _, cache = ops.conv2d(np.zeros((n, oh + kh - 1, ow + kw - 1, c)), K)
    return ops.conv2d_backward(dy, cache, "input")[0]


def zeros_like_dx(dy, K, stride):
    """Zeros in the shape of dx."""
    (n, oh, ow, _), (kh, kw, c, _) = dy.shape, K.shape
    return np.zeros((n, (oh - 1) * stride + kh, (ow - 1) * stride + kw, c))


def taps_without_adding(dy, K, stride=1):
    """dx with = in place of +=, a loop over the kernel's elements."""
    dx, (_, oh, ow, _) = zeros_like_dx(dy, K, stride), dy.shape
    for i, j in np.ndindex(K.shape[:2]):
        dx[:, i:i + (oh - 1) * stride + 1:stride, j:j + (ow - 1) * stride + 1:stride] = dy @ K[i, j].T
    return dx


def windows_without_adding(dy, K, stride=1):
    """dx with = in place of +=, a loop over the windows."""
    dx, (kh, kw) = zeros_like_dx(dy, K, stride), K.shape[:2]
    for h, w in np.ndindex(dy.shape[1:3]):
        dx[:, h * stride:h * stride + kh, w * stride:w * stride + kw] = np.einsum("no,ijco->nijc", dy[:, h, w], K)
    return dx


@exercise("08", "dx has OH + KH - 1 rows and OW + KW - 1 columns. Begin with zeros, and add.",
          "The output at (h, w) depends on x[h + i, w + j] by the factor K[i, j]. Which gradient does that pixel get from it?",
          "Two loops, over i and j: dx[:, i:i + OH, j:j + OW] += dy @ K[i, j].T", library=right_dx)
def conv_dx(attempt: Attempt) -> None:
    """An array (N, H, W, C)."""
    cases = [{"dy": np.array([1.0, 2.0]).reshape(1, 1, 2, 1), "K": np.array([1.0, 10.0]).reshape(1, 2, 1, 1)},
             {"dy": np.array([1.0, 2.0]).reshape(1, 2, 1, 1), "K": np.array([1.0, 10.0]).reshape(2, 1, 1, 1)},
             {"dy": np.array([1.0, 10.0]).reshape(1, 1, 1, 2),
              "K": np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape(1, 1, 3, 2)},
             {"dy": normal(2, 5, 4, 4), "K": normal(3, 2, 3, 4)}]
    overwritten = "= stands where += belongs: a pixel in several windows gets the sum of their gradients"
    mirrored = "the kernel is mirrored along its {}: K[i, j] belongs to the pixel (h + i, w + j)"
    compare(attempt, right_dx, cases, "dx", {
        overwritten: taps_without_adding, f"{overwritten} ": windows_without_adding,
        mirrored.format("rows and columns"): lambda dy, K: right_dx(dy, K[::-1, ::-1]),
        mirrored.format("rows"): lambda dy, K: right_dx(dy, K[::-1]),
        mirrored.format("columns"): lambda dy, K: right_dx(dy, K[:, ::-1]),
        "the kernel is missing: each gradient is only copied": lambda dy, K: right_dx(dy, np.ones_like(K)),
        "it is the mean over the windows of a pixel, expected the sum":
            lambda dy, K: right_dx(dy, K) / right_dx(np.ones_like(dy[..., :1]), np.ones_like(K[:, :, :1, :1]))})


# --- col2im -------------------------------------------------------------------------------------------------------

def right_col2im(columns, kh, kw):
    """The solution."""
    oh, ow = columns.shape[1:3]
    window = make_window("col2im", (oh + kh - 1, ow + kw - 1), (kh, kw))
    return ops.col2im(columns, window)


def coverage_of(n, h, w, c, kh, kw):
    """How many windows cover each pixel, (N, H, W, C)."""
    return right_col2im(np.ones((n, h - kh + 1, w - kw + 1, kh * kw * c)), kh, kw)


def last_copy(columns, kh, kw):
    """col2im with = in place of +=."""
    (n, oh, ow), c = columns.shape[:3], columns.shape[3] // (kh * kw)
    x = np.zeros((n, oh + kh - 1, ow + kw - 1, c))
    for h, w in np.ndindex(oh, ow):
        x[:, h:h + kh, w:w + kw] = columns[:, h, w].reshape(n, kh, kw, c)
    return x


def averaged(columns, kh, kw):
    """col2im with the mean of the copies in place of their sum."""
    x = right_col2im(columns, kh, kw)
    n, h, w, c = x.shape
    return x / coverage_of(n, h, w, c, kh, kw)


def reordered(*order):
    """col2im of rows that are read in another order."""
    def read(columns, kh, kw):
        sizes = {"i": kh, "j": kw, "c": columns.shape[3] // (kh * kw)}
        split = columns.reshape(*columns.shape[:3], *(sizes[letter] for letter in order))
        split = split.transpose(0, 1, 2, *(3 + order.index(letter) for letter in "ijc"))
        return right_col2im(split.reshape(columns.shape), kh, kw)
    return read


@exercise("08", "What im2col read from a position, col2im adds to it: the same loop, with reading and writing exchanged.",
          "x has OH + KH - 1 rows and OW + KW - 1 columns; C is columns.shape[3] // (kh * kw).",
          "x[:, h:h + kh, w:w + kw] += columns[:, h, w].reshape(N, kh, kw, C)", library=right_col2im)
def col2im(attempt: Attempt) -> None:
    """An array (N, H, W, C)."""
    cases = [{"columns": np.array([1.0, 2.0, 10.0, 20.0]).reshape(1, 1, 2, 2), "kh": 1, "kw": 2},
             {"columns": np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 1, 4), "kh": 1, "kw": 2},
             {"columns": np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 1, 4), "kh": 2, "kw": 2},
             {"columns": normal(2, 5, 4, 3 * 2 * 3), "kh": 3, "kw": 2}]
    compare(attempt, right_col2im, cases, "x", {
        "= stands where += belongs: a pixel has a copy in every window that covers it, and gets their sum": last_copy,
        "it is the mean of a pixel's copies: that would be an inverse, but the adjoint is their sum": averaged,
        "each row is read in the order (c, i, j), but it has the order (i, j, c)": reordered("c", "i", "j"),
        "each row is read in the order (j, i, c), but it has the order (i, j, c)": reordered("j", "i", "c"),
        "only the first pixel of each window gets its value": lambda columns, kh, kw: right_col2im(
            columns * (np.arange(columns.shape[3]) < columns.shape[3] // (kh * kw)), kh, kw)},
        draw=lambda case, rng: {"kh": case["kw"], "kw": case["kh"]})


def right_conv2d_backward(dy, x, K):
    """The solution."""
    return ops.conv2d_backward(dy, ops.conv2d(x, K, np.zeros(K.shape[3], K.dtype))[1])


def backward_with(dx=lambda dx, dy, x, K: dx, dK=lambda dK, dy, x, K: dK, db=lambda db, dy, x, K: db):
    """The backward pass with one of its results changed."""
    def backward(dy, x, K):
        return tuple(change(result, dy, x, K) for change, result in zip((dx, dK, db), right_conv2d_backward(dy, x, K)))
    return backward


@exercise("08", "Forward: im2col, then a product. In reverse: first the gradients of the product, then that of im2col.",
          "The product is a dense layer: own.dense_backward(dy as rows, columns as rows, matrix) gives three gradients.",
          "dcolumns, dmatrix, db = own.dense_backward(dy.reshape(-1, O), columns.reshape(-1, KH * KW * C), K.reshape(-1, O)); "
          "then own.col2im(dcolumns.reshape(columns.shape), KH, KW)", library=right_conv2d_backward)
def conv2d_backward(attempt: Attempt) -> None:
    """Three arrays, of the shapes of x, K and b."""
    cases = [{"dy": np.array([1.0, 10.0]).reshape(1, 1, 2, 1), "x": np.array([1.0, 2.0, 4.0]).reshape(1, 1, 3, 1),
              "K": np.array([3.0, 5.0]).reshape(1, 2, 1, 1)},
             {"dy": np.array([1.0, 10.0]).reshape(2, 1, 1, 1), "x": np.array([1.0, 2.0, 4.0, 8.0]).reshape(2, 1, 2, 1),
              "K": np.array([3.0, 5.0]).reshape(1, 2, 1, 1)},
             {"dy": np.array([1.0, 10.0, 100.0]).reshape(1, 1, 1, 3), "x": np.array([2.0, 3.0]).reshape(1, 1, 1, 2),
              "K": np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape(1, 1, 2, 3)},
             {"dy": normal(2, 5, 4, 4), "x": normal(2, 7, 5, 3), "K": normal(3, 2, 3, 4)}]
    overwritten = "in dx = stands where += belongs: a pixel in several windows gets the sum of their gradients"
    compare(attempt, right_conv2d_backward, cases, "dx dK db", {
        overwritten: backward_with(dx=lambda dx, dy, x, K: windows_without_adding(dy, K)),
        "in dx the kernel is mirrored: K[i, j] belongs to the pixel (h + i, w + j)":
            backward_with(dx=lambda dx, dy, x, K: right_dx(dy, K[::-1, ::-1])),
        "dK is mirrored along its rows and columns": backward_with(dK=lambda dK, dy, x, K: dK[::-1, ::-1]),
        "dK belongs to the first image alone: the kernel is shared by all N":
            backward_with(dK=lambda dK, dy, x, K: right_dkernel(dy[:1], x[:1])),
        "db is a mean, expected the sum over n, h and w": backward_with(db=lambda db, dy, x, K: dy.mean(axis=(0, 1, 2))),
        "db is the mean over the images, expected their sum": backward_with(db=lambda db, dy, x, K: db / len(dy)),
        "db belongs to the first image alone": backward_with(db=lambda db, dy, x, K: dy[0].sum(axis=(0, 1)))})


# --- how many windows ---------------------------------------------------------------------------------------------

@exercise("08", "The kernel has 3 rows on 4, so 2 positions down; and 2 columns on 5, so 4 positions across.",
          "A row index h is covered by the positions from h - KH + 1 to h, as far as they exist. Likewise for the columns.",
          "The four rows are covered 1, 2, 2 and 1 times. Count the columns likewise; a pixel has the product of both counts.")
def coverage(attempt: Attempt) -> None:
    """Four whole numbers: the windows that cover the pixels (0, 0), (0, 2), (1, 0) and (2, 3)."""
    counts = coverage_of(1, 4, 5, 1, 3, 2)[0, :, :, 0].astype(int)
    all_of_it = "that is the size of the kernel: only far from the border each of its elements can meet the pixel"
    predicted(attempt, {f"pixel ({h}, {w})": int(counts[h, w]) for h, w in ((0, 0), (0, 2), (1, 0), (2, 3))}, {
        all_of_it: ("pixel (2, 3)", 6), f"{all_of_it} ": ("pixel (0, 0)", 6),
        "that is the number of all windows": ("pixel (2, 3)", 8),
        "a window cannot begin outside the image: one window only reaches this corner": ("pixel (0, 0)", 2),
        "the window at the column before covers this pixel, too": ("pixel (0, 2)", 1),
        "the window at the row before covers this pixel, too": ("pixel (1, 0)", 1)})
