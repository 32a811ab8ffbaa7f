"""Exercises of notebook 07: the size of the output, convolution in loops, im2col, and convolution as one matrix product.

Shapes: x (H, W) and K (KH, KW) in the loops; then x (N, H, W, C), K (KH, KW, C, O), columns (N, OH, OW, KH*KW*C).
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, Wrong, exercise, run
from nnscratch.course.checks.fresh import whole
from nnscratch.course.checks.inputs import normal

__all__ = ["conv2d", "conv_loops", "im2col", "output_size"]


# --- loops --------------------------------------------------------------------------------------------------------

def right_output_size(size, kernel, stride, padding):
    """The solution."""
    return (size + 2 * padding - kernel) // stride + 1


@exercise("07", "Without stride and padding the first pixel of the window has size - kernel + 1 positions.",
          "Padding enlarges the image on both sides: size + 2 padding. With a stride s only every s-th position counts.",
          "(size + 2 * padding - kernel) // stride + 1", library=right_output_size)
def output_size(attempt: Attempt) -> None:
    """A whole number: how many positions a window has along one side."""
    cases = [dict(zip(("size", "kernel", "stride", "padding"), numbers)) for numbers in
             [(3, 1, 1, 0), (5, 3, 1, 0), (5, 3, 2, 0), (6, 3, 2, 0), (5, 3, 1, 1), (28, 4, 2, 1), (11, 5, 3, 2), (9, 2, 5, 0)]]
    compare(attempt, right_output_size, cases, "size", {
        "the + 1 is missing: a window as large as the image has one position, not none":
            lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride,
        "padding stands on both sides: 2 padding":
            lambda size, kernel, stride, padding: (size + padding - kernel) // stride + 1,
        "padding is missing": lambda size, kernel, stride, padding: (size - kernel) // stride + 1,
        "the stride is missing": lambda size, kernel, stride, padding: size + 2 * padding - kernel + 1,
        "the + 1 comes after the division by the stride: the first position counts":
            lambda size, kernel, stride, padding: (size + 2 * padding - kernel + 1) // stride,
        "positions are whole numbers: use //, which rounds down":
            lambda size, kernel, stride, padding: (size + 2 * padding - kernel) / stride + 1,
        "it is rounded to the nearest number, expected down: a window that hangs over the edge does not count":
            lambda size, kernel, stride, padding: round((size + 2 * padding - kernel) / stride) + 1,
        "it is rounded up, expected down: a window that hangs over the edge does not count":
            lambda size, kernel, stride, padding: -(-(size + 2 * padding - kernel) // stride) + 1},
        draw=whole(size=(9, 40), kernel=(1, 9), stride=(1, 5), padding=(0, 3)))


def right_conv_loops(x, K):
    """The solution."""
    return ops.conv2d(x[None, :, :, None], K[:, :, None, None])[0][0, :, :, 0]


def of_taps(keep):
    """The convolution with the kernel's elements k where keep(k, count) is true, the others being 0."""
    def convolve(x, K):
        return right_conv_loops(x, K * keep(np.arange(K.size), K.size).reshape(K.shape))
    return convolve


@exercise("07", "Make y = np.zeros((H - KH + 1, W - KW + 1)) first.",
          "Four loops, one for each letter: h, w over y, and i, j over K. Which pixel of x meets K[i, j] at (h, w)?",
          "y[h, w] += x[h + i, w + j] * K[i, j]", library=right_conv_loops)
def conv_loops(attempt: Attempt) -> None:
    """An array (H - KH + 1, W - KW + 1)."""
    cases = [{"x": np.array([[1.0, 2.0, 4.5]]), "K": np.array([[1.0, 10.0]])},
             {"x": np.array([[1.0], [2.0], [4.5]]), "K": np.array([[1.0], [10.0]])},
             {"x": np.arange(1.0, 10.0).reshape(3, 3), "K": np.array([[1.0, 2.0], [3.0, -5.0]])},
             {"x": normal(7, 5), "K": normal(3, 2)}]
    mirrored = "the kernel is mirrored along its {}: x[{} pairs with K[{}]"
    compare(attempt, right_conv_loops, cases, "y", {
        "the kernel is mirrored along rows and columns: x[h + i, w + j] pairs with K[i, j]":
            lambda x, K: right_conv_loops(x, K[::-1, ::-1]),
        mirrored.format("rows", "h + i]", "i"): lambda x, K: right_conv_loops(x, K[::-1]),
        mirrored.format("columns", "w + j]", "j"): lambda x, K: right_conv_loops(x, K[:, ::-1]),
        "only the last product is kept: = stands where += belongs": of_taps(lambda k, count: k == count - 1),
        "only the first product is there: is the return within a loop?": of_taps(lambda k, count: k == 0),
        "all products use the pixel x[h, w]: the window's own offset i, j is missing":
            lambda x, K: x[:x.shape[0] - K.shape[0] + 1, :x.shape[1] - K.shape[1] + 1] * K.sum()})


# --- one matrix product -------------------------------------------------------------------------------------------

def library_im2col(x, kh, kw, stride=1, padding=0):
    """The library's, with the learner's arguments."""
    return ops.im2col(x, (kh, kw), strides=stride, padding=padding)[0]


def compare_windows(attempt, library, cases, outputs, mistakes, draw):
    """`compare`; where a result has a wrong shape, say whether it would be right without stride or padding."""
    try:
        compare(attempt, library, cases, outputs, mistakes, draw)
    except Wrong as wrong:
        for sentence, setting in (("the stride is ignored", {"stride": 1}), ("the padding is ignored", {"padding": 0}),
                                  ("stride and padding are ignored", {"stride": 1, "padding": 0})):
            if " has shape " in str(wrong) and ignores(attempt, library, cases[-1], setting):
                raise Wrong(f"{wrong}\n{sentence}") from wrong
        raise


def ignores(attempt, library, case, setting):
    """Whether the attempt gives on this case what is right for another stride or padding."""
    try:
        result, other = np.asarray(run(attempt, case)), library(**{**case, **setting})
    except Wrong:  # what is wrong on a smaller case says more
        return False
    return result.shape == other.shape and np.allclose(result, other)


def other_order(*order):
    """im2col with its last axis in another order of (i, j, c) = (3, 4, 5)."""
    def columns(x, kh, kw, stride=1, padding=0):
        right = library_im2col(x, kh, kw, stride, padding)
        split = right.reshape(*right.shape[:3], kh, kw, x.shape[3])
        return split.transpose(0, 1, 2, *order).reshape(right.shape)
    return columns


def positions_exchanged(x, kh, kw, stride=1, padding=0):
    """im2col with (w, h) in the place of (h, w)."""
    right = library_im2col(x, kh, kw, stride, padding)
    return right.swapaxes(1, 2).reshape(right.shape)


def neighbouring_patches(x, kh, kw, stride=1, padding=0):
    """im2col whose windows start at h, w instead of S h, S w."""
    right = library_im2col(x, kh, kw, stride, padding)
    return library_im2col(x, kh, kw, 1, padding)[:, :right.shape[1], :right.shape[2]]


def padded_at_the_end(x, kh, kw, stride=1, padding=0):
    """im2col with all padding below and on the right."""
    wide = np.pad(x, ((0, 0), (0, 2 * padding), (0, 2 * padding), (0, 0)))
    return library_im2col(wide, kh, kw, stride)


def padded_with_the_edge(x, kh, kw, stride=1, padding=0):
    """im2col whose padding repeats the border."""
    wide = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), mode="edge")
    return library_im2col(wide, kh, kw, stride)


def other_windows(case, rng):
    """Windows that fit into x, with another stride and padding."""
    kh, kw = (int(rng.integers(1, size + 1)) for size in case["x"].shape[1:3])
    return {"kh": kh, "kw": kw, **whole(stride=(1, 3), padding=(0, 2))(case, rng)}


@exercise("07", "Pad first: np.pad(x, ((0, 0), (P, P), (P, P), (0, 0))). Then make an array of zeros for the columns; "
          "own.output_size gives OH and OW.",
          "Loop over the output positions h and w. The patch of a position begins at row S h and column S w, and has the shape "
          "(N, KH, KW, C).",
          "columns[:, h, w] = x[:, S * h:S * h + kh, S * w:S * w + kw].reshape(N, -1)", library=library_im2col)
def im2col(attempt: Attempt) -> None:
    """An array (N, OH, OW, KH*KW*C); a row holds the pixels of a patch in the order (i, j, c)."""
    plain = {"stride": 1, "padding": 0}
    cases = [{"x": np.array([1.0, 2.0, 4.0]).reshape(1, 1, 3, 1), "kh": 1, "kw": 2, **plain},
             {"x": np.arange(1.0, 9.0).reshape(1, 2, 2, 2), "kh": 2, "kw": 2, **plain},
             {"x": np.arange(1.0, 9.0).reshape(2, 2, 2, 1), "kh": 2, "kw": 1, **plain},
             {"x": np.arange(1.0, 7.0).reshape(1, 1, 6, 1), "kh": 1, "kw": 2, "stride": 2, "padding": 0},
             {"x": np.arange(1.0, 3.0).reshape(1, 1, 2, 1), "kh": 3, "kw": 3, "stride": 1, "padding": 1},
             {"x": np.arange(2 * 5 * 4 * 3.0).reshape(2, 5, 4, 3), "kh": 3, "kw": 2, **plain},
             {"x": np.arange(1, 1 + 2 * 7 * 6 * 3.0).reshape(2, 7, 6, 3), "kh": 3, "kw": 2, "stride": 2, "padding": 1}]
    compare_windows(attempt, library_im2col, cases, "columns", {
        "rows hold the right pixels in the order (c, i, j), expected (i, j, c): channels last": other_order(5, 3, 4),
        "rows hold the right pixels in the order (j, i, c), expected (i, j, c): i before j": other_order(4, 3, 5),
        "the patch of (h, w) is at (w, h): rows and columns of the output are exchanged": positions_exchanged,
        "the patches are one pixel apart: the window of position h begins at row S h": neighbouring_patches,
        "all padding is below and on the right, expected P rows and columns on each side": padded_at_the_end,
        "the padding repeats the border, expected zeros": padded_with_the_edge},
        draw=other_windows)


def library_conv2d(x, K, b, stride=1, padding=0):
    """The library's, with the learner's arguments."""
    return ops.conv2d(x, K, b, strides=stride, padding=padding)[0]


def with_kernel(turn):
    """A convolution whose kernel, as a matrix, has its elements in another order."""
    return lambda x, K, b, stride=1, padding=0: library_conv2d(x, turn(K).reshape(K.shape), b, stride, padding)


@exercise("07", "The kernel as a matrix: K.reshape(-1, O). Its rows then have the order (i, j, c), as the columns do.",
          "A dense layer on the rows: own.dense(columns, matrix, b), or a product and a sum. Its input may have more than two "
          "axes.",
          "columns = own.im2col(x, K.shape[0], K.shape[1], stride, padding); return columns @ K.reshape(-1, K.shape[3]) + b",
          library=library_conv2d)
def conv2d(attempt: Attempt) -> None:
    """An array (N, OH, OW, O)."""
    plain = {"stride": 1, "padding": 0}
    row = np.array([1.0, 2.0, 4.0]).reshape(1, 1, 3, 1)
    cases = [{"x": row, "K": np.array([1.0, 10.0]).reshape(1, 2, 1, 1), "b": np.array([0.5]), **plain},
             {"x": np.array([1.0, 2.0]).reshape(1, 1, 2, 1), "K": np.array([[1.0, 10.0], [3.0, 5.0]]).reshape(1, 2, 1, 2),
              "b": np.array([0.5, 0.0]), **plain},
             {"x": np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 2, 2, 1), "K": np.array([1.0, 10.0]).reshape(2, 1, 1, 1),
              "b": np.array([0.5]), **plain},
             {"x": np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 2, 2),
              "K": np.array([1.0, 10.0, 100.0, 1000.0]).reshape(1, 2, 2, 1), "b": np.array([0.5]), **plain},
             {"x": np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 2, 2, 1),
              "K": np.array([1.0, 10.0, 100.0, 1000.0]).reshape(2, 2, 1, 1), "b": np.array([0.5]), **plain},
             {"x": np.arange(1.0, 6.0).reshape(1, 1, 5, 1), "K": np.array([1.0, 10.0]).reshape(1, 2, 1, 1),
              "b": np.array([0.5]), "stride": 2, "padding": 0},
             {"x": row, "K": np.array([1.0, 10.0, 100.0]).reshape(1, 3, 1, 1), "b": np.array([0.5]), "stride": 1, "padding": 1},
             {"x": normal(2, 7, 5, 3), "K": normal(3, 2, 3, 4), "b": normal(4), **plain},
             {"x": normal(2, 8, 6, 3), "K": normal(3, 2, 3, 4), "b": normal(4), "stride": 2, "padding": 1}]
    compare_windows(attempt, library_conv2d, cases, "y", {
        "the kernel's matrix is not K.reshape(-1, O), but that one transposed and reshaped":
            with_kernel(lambda K: K.reshape(-1, K.shape[3]).T),
        "the kernel's matrix is K.reshape(-1, O); K.reshape(O, -1).T tears the channels apart":
            with_kernel(lambda K: K.reshape(K.shape[3], -1).T),
        "the kernel's rows have the order (c, i, j), those of the columns (i, j, c)":
            with_kernel(lambda K: K.transpose(2, 0, 1, 3)),
        "the kernel's rows have the order (j, i, c), those of the columns (i, j, c)":
            with_kernel(lambda K: K.transpose(1, 0, 2, 3))},
        draw=whole(stride=(1, 3), padding=(0, 2)))
