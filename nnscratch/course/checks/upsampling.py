"""Exercises of notebook 12: the size of a transposed convolution, its forward and backward pass, how many kernels overlap.

Shapes: x (N, H, W, C), K (KH, KW, O, C), y and dy (N, (H-1) stride + KH, (W-1) stride + KW, O): nothing is cropped.
"""
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.convolution_backward import taps_without_adding, windows_without_adding, zeros_like_dx
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.fresh import whole
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.prediction import predicted

__all__ = ["conv_transpose", "conv_transpose_dx", "covering", "overlap", "transposed_size"]


def right_transposed_size(size, kernel, stride, padding):
    """The solution."""
    return (size - 1) * stride + kernel - 2 * padding


@exercise("12", "Where does the last kernel begin, and how many values does it cover from there on?",
          "The first kernel begins at 0, the last at (size - 1) * stride. A convolution with padding reads values outside of "
          "the image; its transpose adds to them, and they are cut off, on both sides.",
          "(size - 1) * stride + kernel - 2 * padding", library=right_transposed_size)
def transposed_size(attempt: Attempt) -> None:
    """A whole number."""
    cases = [dict(zip(("size", "kernel", "stride", "padding"), numbers)) for numbers in
             [(1, 3, 2, 0), (3, 3, 1, 0), (3, 3, 2, 0), (4, 5, 3, 0), (3, 4, 2, 1), (14, 4, 2, 1), (7, 5, 3, 2), (3, 2, 4, 0)]]
    compare(attempt, right_transposed_size, cases, "size", {
        "this is the size of a convolution, which makes images smaller":
            lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride + 1,
        "there are size - 1 steps between the first kernel and the last":
            lambda size, kernel, stride, padding: size * stride + kernel - 2 * padding,
        "the last kernel reaches beyond size * stride": lambda size, kernel, stride, padding: size * stride - 2 * padding,
        "the place where the last kernel begins is not the size yet: it covers `kernel` values":
            lambda size, kernel, stride, padding: (size - 1) * stride + 1 - 2 * padding,
        "the last kernel covers `kernel` values, also where the stride is larger than that":
            lambda size, kernel, stride, padding: (size - 1) * stride + max(kernel, stride) - 2 * padding,
        "padding is cut off on both sides: 2 padding":
            lambda size, kernel, stride, padding: (size - 1) * stride + kernel - padding,
        "padding is forgotten": lambda size, kernel, stride, padding: (size - 1) * stride + kernel,
        "padding makes the output smaller: the adjoint of adding values is to cut them off":
            lambda size, kernel, stride, padding: (size - 1) * stride + kernel + 2 * padding},
        draw=whole(size=(1, 20), kernel=(5, 9), stride=(1, 5), padding=(0, 2)))


def right_conv_transpose(x, K, stride):
    """The library's, with the learner's arguments."""
    return ops.conv2d_transpose(x, K, strides=stride, padding=0)[0]


def one_apart(x, K, stride):
    """Kernels one pixel apart, whatever the stride is."""
    y, close = zeros_like_dx(x, K, stride), right_conv_transpose(x, K, 1)
    y[:, :close.shape[1], :close.shape[2]] = close
    return y


@exercise("12", "y has (H - 1) * stride + KH rows, (W - 1) * stride + KW columns and O channels. Make it of zeros, and add.",
          "Your conv_dx does this for stride 1: element (i, j) of the kernel goes to the pixels h + i, w + j. Now they are "
          "h * stride + i, w * stride + j.",
          "for i, j: y[:, i:i + stride * (H - 1) + 1:stride, j:j + stride * (W - 1) + 1:stride] += x @ K[i, j].T",
          library=right_conv_transpose)
def conv_transpose(attempt: Attempt) -> None:
    """y (N, (H-1) stride + KH, (W-1) stride + KW, O)."""
    two, three = np.array([2.0, 1.0]), np.array([1.0, 10.0, 100.0])
    cases = [{"x": two.reshape(1, 1, 2, 1), "K": three.reshape(1, 3, 1, 1), "stride": 2},
             {"x": two.reshape(1, 2, 1, 1), "K": three.reshape(3, 1, 1, 1), "stride": 2},
             {"x": two.reshape(1, 1, 1, 2), "K": np.array([1.0, 10.0, 100.0, 1.0, 2.0, 3.0]).reshape(1, 1, 3, 2), "stride": 1},
             {"x": normal(2, 4, 3, 3), "K": normal(3, 2, 4, 3), "stride": 1},
             {"x": normal(2, 4, 3, 3), "K": normal(5, 4, 6, 3), "stride": 3}]
    overwritten = "= stands where += belongs: where kernels overlap their values add up"
    compare(attempt, right_conv_transpose, cases, "y", {
        overwritten: taps_without_adding, overwritten + ".": windows_without_adding,
        "the kernel is mirrored: element (0, 0) belongs to the upper left pixel of each window":
            lambda x, K, stride: right_conv_transpose(x, K[::-1, ::-1], stride),
        "the kernel is mirrored along its rows": lambda x, K, stride: right_conv_transpose(x, K[::-1], stride),
        "the kernel is mirrored along its columns": lambda x, K, stride: right_conv_transpose(x, K[:, ::-1], stride),
        "the kernels stand one pixel apart: that of x[h, w] begins at (h stride, w stride)": one_apart},
        draw=whole(stride=(1, 3)))


def right_conv_transpose_dx(dy, K, stride):
    """The library's, with the learner's arguments."""
    return ops.conv2d(dy, K, strides=stride)[0]


def windows_one_apart(dy, K, stride):
    """Windows one pixel apart, whatever the stride is."""
    rows, columns = right_conv_transpose_dx(dy, K, stride).shape[1:3]
    return ops.conv2d(dy, K)[0][:, :rows, :columns]


def other_stride(case, rng):
    """Another stride, and a dy that fits."""
    K, stride = case["K"], int(rng.integers(1, 4))
    h, w = ((size - 1) * stride + kernel for size, kernel in zip(rng.integers(2, 5, 2), K.shape))
    return {"dy": rng.normal(size=(len(case["dy"]), h, w, K.shape[2])), "stride": stride}


@exercise("12", "Forward, x[h, w] went to the pixels h * stride + i, w * stride + j of y, times K[i, j]. So its gradient is a "
          "sum over these pixels of dy, times K[i, j]. Which of your functions sums a window times a kernel?",
          "The adjoint of the adjoint is the map itself. The axes of K fit as they are, (KH, KW, in, out), if dy is the input.",
          "own.conv2d(dy, K, b, stride) with a bias b of zeros, one for each channel of x", library=right_conv_transpose_dx)
def conv_transpose_dx(attempt: Attempt) -> None:
    """dx (N, H, W, C)."""
    cases = [{"dy": np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 1, 5, 1),
              "K": np.array([1.0, 10.0, 100.0]).reshape(1, 3, 1, 1), "stride": 2},
             {"dy": np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3),
              "K": np.array([1.0, 10.0, 100.0, 1.0, 2.0, 3.0]).reshape(1, 1, 3, 2), "stride": 1},
             {"dy": normal(2, 6, 4, 4), "K": normal(3, 2, 4, 3), "stride": 1},
             {"dy": normal(2, 14, 10, 6), "K": normal(5, 4, 6, 3), "stride": 3}]
    compare(attempt, right_conv_transpose_dx, cases, "dx", {
        "the kernel is mirrored: what went forward through K[i, j] gets its gradient through K[i, j]":
            lambda dy, K, stride: right_conv_transpose_dx(dy, K[::-1, ::-1], stride),
        "the windows stand one pixel apart, expected `stride`": windows_one_apart,
        "only the first element of the kernel is used": lambda dy, K, stride: right_conv_transpose_dx(
            dy, K * (np.arange(K.shape[0] * K.shape[1]) == 0).reshape(*K.shape[:2], 1, 1), stride),
        "dy is summed without the kernel": lambda dy, K, stride: right_conv_transpose_dx(dy, np.ones_like(K), stride)},
        draw=other_stride)


@exercise("12", "Draw a row of seven values, and three brackets of three values each, two apart.",
          "y[2] is the last value of the first kernel and the first of the second.",
          "In an image the counts of the rows and of the columns multiply.")
def covering(attempt: Any) -> None:
    """Four whole numbers."""
    single, double, most, even = ("kernels of 3 on y[1]", "kernels of 3 on y[2]", "most kernels of 3 x 3 on a pixel",
                                  "kernels of 4 on a value inside")
    predicted(attempt, {single: 1, double: 2, most: 4, even: 2}, {
        "the second kernel begins at 2": (single, 2), "the first kernel covers 0, 1 and 2": (single, 0),
        "the first kernel ends where the second begins": (double, 1),
        "two kernels meet in a row and two in a column: every pair counts": (most, 2),
        "these are the elements of one kernel": (most, 9),
        "that is in an image; here it is a row": (even, 4),
        "two apart and four long: two cover each value": (even, 1)})


def right_overlap(size, kernel, stride):
    """The library's count: a transposed convolution of ones with ones."""
    return right_conv_transpose(np.ones((1, 1, size, 1)), np.ones((1, kernel, 1, 1)), (1, stride))[0, 0, :, 0]


def overlap_one_apart(size, kernel, stride):
    """Kernels one apart, whatever the stride is."""
    counts, close = 0 * right_overlap(size, kernel, stride), right_overlap(size, kernel, 1)
    counts[:len(close)] = close[:len(counts)]
    return counts


@exercise("12", "Every input adds 1 to all values that its kernel covers.",
          "Start from zeros; how many there are, own.transposed_size knows. Or let own.conv_transpose count.",
          "for k in range(size): counts[k * stride:k * stride + kernel] += 1", library=right_overlap)
def overlap(attempt: Attempt) -> None:
    """counts ((size - 1) stride + kernel,)."""
    cases = [dict(zip(("size", "kernel", "stride"), numbers)) for numbers in
             [(2, 2, 1), (2, 3, 2), (3, 3, 1), (2, 4, 1), (3, 2, 3), (5, 4, 2), (4, 5, 3)]]
    compare(attempt, right_overlap, cases, "counts", {
        "every value gets 1, but where kernels overlap there are more":
            lambda size, kernel, stride: np.ones_like(right_overlap(size, kernel, stride)),
        "every value gets the size of the kernel, but that is how many values one kernel covers":
            lambda size, kernel, stride: np.full_like(right_overlap(size, kernel, stride), kernel),
        "that is the number inside: at the border there are fewer": lambda size, kernel, stride: np.full_like(
            right_overlap(size, kernel, stride), -(-kernel // stride)),
        "more than two kernels may overlap": lambda size, kernel, stride: np.minimum(right_overlap(size, kernel, stride), 2),
        "with a stride larger than the kernel there are values that no kernel covers":
            lambda size, kernel, stride: np.maximum(right_overlap(size, kernel, stride), 1),
        "the kernels stand one apart, expected `stride`": overlap_one_apart},
        draw=whole(size=(2, 6), kernel=(1, 6), stride=(1, 4)))
