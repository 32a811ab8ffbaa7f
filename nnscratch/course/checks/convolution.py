"""Exercises of notebook 07: the size of the output, convolution in loops, im2col, and both together.

Shapes: x (H, W) and kernel (KH, KW) in the loops; then x (N, H, W, C), kernel (KH, KW, C, OC), columns (N, OH, OW, KH*KW*C).
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.neurons import normal

__all__ = ["conv2d", "conv_loops", "im2col", "output_size"]


def right_output_size(size, kernel, stride, padding):
    """The solution."""
    return (size + 2 * padding - kernel) // stride + 1


@exercise("07", "Without stride and padding the first pixel of the window can stand on size - kernel + 1 places.",
          "Padding makes the image larger on both sides: size + 2 padding. With stride s only every s-th place counts.",
          "(size + 2 * padding - kernel) // stride + 1")
def output_size(attempt: Attempt) -> None:
    """How many places a window has along one side."""
    cases = [dict(zip(("size", "kernel", "stride", "padding"), numbers)) for numbers in
             [(3, 1, 1, 0), (5, 3, 1, 0), (5, 3, 2, 0), (6, 3, 2, 0), (5, 3, 1, 1), (28, 4, 2, 1), (11, 5, 3, 2)]]
    compare(attempt, right_output_size, cases, "size", {
        "the + 1 is missing: a window as large as the image has one place, not none":
            lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride,
        "padding stands on both sides: 2 padding":
            lambda size, kernel, stride, padding: (size + padding - kernel) // stride + 1,
        "the + 1 comes after the division by the stride: the first place counts":
            lambda size, kernel, stride, padding: (size + 2 * padding - kernel + 1) // stride,
        "places are whole numbers: use //, which rounds down":
            lambda size, kernel, stride, padding: (size + 2 * padding - kernel) / stride + 1,
        "it is rounded up: a window that hangs over the edge does not count":
            lambda size, kernel, stride, padding: -(-(size + 2 * padding - kernel) // stride) + 1})


def right_conv_loops(x, kernel):
    """The solution."""
    return ops.conv2d(x[None, :, :, None], kernel[:, :, None, None])[0][0, :, :, 0]


@exercise("07", "Make y = np.zeros((OH, OW)) first, with OH = H - KH + 1 and OW = W - KW + 1.",
          "Four loops, one for each letter: oh, ow, i, j; inside, y[oh, ow] += x[oh + i, ow + j] * kernel[i, j].")
def conv_loops(attempt: Attempt) -> None:
    """y[oh, ow] = Σ_i Σ_j x[oh + i, ow + j] kernel[i, j]."""
    cases = [{"x": np.array([[1.0, 2.0, 4.5]]), "kernel": np.array([[1.0, 10.0]])},
             {"x": np.arange(1.0, 10.0).reshape(3, 3), "kernel": np.array([[1.0, 2.0], [3.0, -5.0]])},
             {"x": normal(7, 5), "kernel": normal(3, 2)}]
    compare(attempt, right_conv_loops, cases, "y", {
        "the kernel is mirrored: as everywhere in this field, x[oh + i] meets kernel[i]":
            lambda x, kernel: right_conv_loops(x, kernel[::-1, ::-1]),
        "only the last product is kept: = stands where += belongs":
            lambda x, kernel: right_conv_loops(x, kernel * (np.arange(kernel.size).reshape(kernel.shape) == kernel.size - 1)),
        "only the first tap of the kernel is used":
            lambda x, kernel: right_conv_loops(x, kernel * (np.arange(kernel.size).reshape(kernel.shape) == 0))})


def right_im2col(x, kh, kw):
    """The solution."""
    return ops.im2col(x, (kh, kw))[0]


def other_order(order):
    """im2col with its last axis in another order of (i, j, c) = (3, 4, 5)."""
    def columns(x, kh, kw):
        right = right_im2col(x, kh, kw)
        split = right.reshape(*right.shape[:3], kh, kw, x.shape[3])
        return split.transpose(0, 1, 2, *order).reshape(right.shape)
    return columns


@exercise("07", "columns = np.zeros((N, OH, OW, KH * KW * C)); then fill columns[:, oh, ow] in a loop over oh and ow.",
          "The patch x[:, oh:oh + kh, ow:ow + kw] has shape (N, KH, KW, C); .reshape(N, -1) lays it out in the right order.")
def im2col(attempt: Attempt) -> None:
    """columns[n, oh, ow] = the pixels x[n, oh + i, ow + j, c], in the order (i, j, c)."""
    cases = [{"x": np.array([1.0, 2.0, 4.0]).reshape(1, 1, 3, 1), "kh": 1, "kw": 2},
             {"x": np.arange(1.0, 9.0).reshape(1, 2, 2, 2), "kh": 2, "kw": 2},
             {"x": np.arange(1.0, 9.0).reshape(2, 2, 2, 1), "kh": 2, "kw": 1},
             {"x": np.arange(2 * 5 * 4 * 3.0).reshape(2, 5, 4, 3), "kh": 3, "kw": 2}]
    compare(attempt, right_im2col, cases, "columns", {
        "rows hold the right pixels in the order (c, i, j), expected (i, j, c): channels last": other_order((5, 3, 4)),
        "rows hold the right pixels in the order (j, i, c), expected (i, j, c): i before j": other_order((4, 3, 5)),
        "the windows stand at (ow, oh): rows and columns of the output are exchanged": lambda x, kh, kw: right_im2col(
            x, kh, kw).swapaxes(1, 2).reshape(right_im2col(x, kh, kw).shape)})


@exercise("07", "The kernel as a matrix: kernel.reshape(-1, OC). Its rows then go (i, j, c), as the columns do.",
          "columns @ matrix + bias, columns being ops.im2col(x, kernel.shape[:2])[0].")
def conv2d(attempt: Attempt) -> None:
    """y = im2col(x) @ K + bias."""
    cases = [{"x": np.array([1.0, 2.0, 4.0]).reshape(1, 1, 3, 1), "kernel": np.array([1.0, 10.0]).reshape(1, 2, 1, 1),
              "bias": np.array([0.5])},
             {"x": np.array([1.0, 2.0]).reshape(1, 1, 2, 1), "kernel": np.array([[1.0, 10.0], [3.0, 5.0]]).reshape(1, 2, 1, 2),
              "bias": np.array([0.5, 0.0])},
             {"x": np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 2, 2, 1), "kernel": np.array([1.0, 10.0]).reshape(2, 1, 1, 1),
              "bias": np.array([0.5])},
             {"x": np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 2, 2),
              "kernel": np.array([1.0, 10.0, 100.0, 1000.0]).reshape(1, 2, 2, 1), "bias": np.array([0.5])},
             {"x": normal(2, 7, 5, 3), "kernel": normal(3, 2, 3, 4), "bias": normal(4)}]

    def with_matrix(turn):
        return lambda x, kernel, bias: ops.conv2d(x, turn(kernel).reshape(kernel.shape), bias)[0]

    compare(attempt, lambda x, kernel, bias: ops.conv2d(x, kernel, bias)[0], cases, "y", {
        "the kernel's matrix is not kernel.reshape(-1, OC), but that one transposed and reshaped":
            with_matrix(lambda kernel: kernel.reshape(-1, kernel.shape[3]).T),
        "the kernel's matrix is kernel.reshape(-1, OC); kernel.reshape(OC, -1).T tears the channels apart":
            with_matrix(lambda kernel: kernel.reshape(kernel.shape[3], -1).T),
        "the kernel's rows go (c, i, j), those of the columns (i, j, c)": with_matrix(lambda k: k.transpose(2, 0, 1, 3)),
        "the kernel's rows go (j, i, c), those of the columns (i, j, c)": with_matrix(lambda k: k.transpose(1, 0, 2, 3))})
