"""Exercises of notebook 12: the size of a transposed convolution, its forward and backward, how many kernels lie on a pixel.

Shapes: x (N, H, W, C), kernel (KH, KW, OC, C), y and dy (N, (H-1) stride + KH, (W-1) stride + KW, OC): nothing is cropped.
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.neurons import normal

__all__ = ["conv_transpose", "conv_transpose_dx", "overlap", "transposed_size"]


def right_transposed_size(size, kernel, stride, crop):
    """The solution."""
    return (size - 1) * stride + kernel - 2 * crop


@exercise("12", "Where does the last kernel begin, and how many pixels does it cover from there on?",
          "The first kernel begins at 0, the last at (size - 1) * stride, and it covers `kernel` pixels.",
          "(size - 1) * stride + kernel - 2 * crop")
def transposed_size(attempt: Attempt) -> None:
    """How many pixels a transposed convolution paints along one side, after cropping."""
    cases = [dict(zip(("size", "kernel", "stride", "crop"), numbers)) for numbers in
             [(1, 3, 2, 0), (3, 3, 1, 0), (3, 3, 2, 0), (4, 5, 3, 0), (3, 4, 2, 1), (14, 4, 2, 1), (7, 5, 3, 2), (3, 2, 4, 0)]]
    compare(attempt, right_transposed_size, cases, "size", {
        "this is the size of a convolution, which makes images smaller":
            lambda size, kernel, stride, crop: (size + 2 * crop - kernel) // stride + 1,
        "there are size - 1 steps between the first kernel and the last":
            lambda size, kernel, stride, crop: size * stride + kernel - 2 * crop,
        "the last kernel reaches beyond size * stride": lambda size, kernel, stride, crop: size * stride - 2 * crop,
        "the place where the last kernel begins is not the size yet: it covers `kernel` pixels":
            lambda size, kernel, stride, crop: (size - 1) * stride + 1 - 2 * crop,
        "the last kernel covers `kernel` pixels, also where the stride is larger than that":
            lambda size, kernel, stride, crop: (size - 1) * stride + max(kernel, stride) - 2 * crop,
        "cropping happens on both sides: 2 crop": lambda size, kernel, stride, crop: (size - 1) * stride + kernel - crop,
        "cropping is forgotten": lambda size, kernel, stride, crop: (size - 1) * stride + kernel,
        "cropping takes pixels away": lambda size, kernel, stride, crop: (size - 1) * stride + kernel + 2 * crop})


def painted(x, kernel, stride):
    """Zeros in the shape of y."""
    (n, h, w, _), (kh, kw, oc, _) = x.shape, kernel.shape
    return np.zeros((n, (h - 1) * stride + kh, (w - 1) * stride + kw, oc))


def right_conv_transpose(x, kernel, stride):
    """The solution."""
    return ops.conv2d_transpose(x, kernel, strides=stride, padding=0)[0]


def taps_without_adding(x, kernel, stride):
    """y with = in place of +=, tap by tap."""
    y, (_, h, w, _) = painted(x, kernel, stride), x.shape
    for i, j in np.ndindex(kernel.shape[:2]):
        y[:, i:i + (h - 1) * stride + 1:stride, j:j + (w - 1) * stride + 1:stride] = x @ kernel[i, j].T
    return y


def stamps_without_adding(x, kernel, stride):
    """y with = in place of +=, number by number."""
    y, (kh, kw) = painted(x, kernel, stride), kernel.shape[:2]
    for r, s in np.ndindex(x.shape[1:3]):
        y[:, r * stride:r * stride + kh, s * stride:s * stride + kw] = np.einsum("nc,ijoc->nijo", x[:, r, s], kernel)
    return y


@exercise("12", "y has (H - 1) * stride + KH rows, (W - 1) * stride + KW columns and OC channels. Make it of zeros, and add.",
          "x[:, h, w] has shape (N, C), kernel[i, j] (OC, C): what is painted at tap (i, j) is x[:, h, w] @ kernel[i, j].T.",
          "for h, w and for i, j: y[:, h * stride + i, w * stride + j] += x[:, h, w] @ kernel[i, j].T")
def conv_transpose(attempt: Attempt) -> None:
    """y[n, h stride + i, w stride + j, o] += Σ_c x[n, h, w, c] kernel[i, j, o, c]."""
    cases = [{"x": np.array([2.0, 1.0]).reshape(1, 1, 2, 1), "kernel": np.array([1.0, 10.0, 100.0]).reshape(1, 3, 1, 1),
              "stride": 2},
             {"x": np.array([2.0, 1.0]).reshape(1, 1, 1, 2),
              "kernel": np.array([1.0, 10.0, 100.0, 1.0, 2.0, 3.0]).reshape(1, 1, 3, 2), "stride": 1},
             {"x": normal(2, 4, 3, 3), "kernel": normal(3, 2, 4, 3), "stride": 1},
             {"x": normal(2, 4, 3, 3), "kernel": normal(5, 4, 6, 3), "stride": 3}]
    overwritten = "= stands where += belongs: where kernels overlap their values add up"
    compare(attempt, right_conv_transpose, cases, "y", {
        overwritten: stamps_without_adding, f"{overwritten} ": taps_without_adding,
        "the kernel is mirrored: painting uses it as it is":
            lambda x, kernel, stride: right_conv_transpose(x, kernel[::-1, ::-1], stride),
        "the kernels stand one pixel apart: x[h, w] paints from (h stride, w stride) on": stamps_side_by_side})


def stamps_side_by_side(x, kernel, stride):
    """Kernels one pixel apart, whatever the stride is."""
    y, close = painted(x, kernel, stride), right_conv_transpose(x, kernel, 1)
    y[:, :close.shape[1], :close.shape[2]] = close
    return y


def right_conv_transpose_dx(dy, kernel, stride):
    """The solution."""
    return ops.conv2d(dy, kernel, strides=stride)[0]


def one_apart(dy, kernel, stride):
    """Windows one pixel apart, whatever the stride is."""
    rows, columns = right_conv_transpose_dx(dy, kernel, stride).shape[1:3]
    return ops.conv2d(dy, kernel)[0][:, :rows, :columns]


@exercise("12", "x[h, w] painted the pixels h * stride + i, w * stride + j of y. So it collects from them, times kernel[i, j].",
          "For one place: the window dy[:, h * stride:h * stride + KH, w * stride:w * stride + KW] times the kernel, summed "
          "over i, j and o.",
          "That is a convolution with a stride: ops.conv2d(dy, kernel, strides=stride)[0]. The kernel's axes fit as they are.")
def conv_transpose_dx(attempt: Attempt) -> None:
    """dx[n, h, w, c] = Σ_i Σ_j Σ_o dy[n, h stride + i, w stride + j, o] kernel[i, j, o, c]."""
    cases = [{"dy": np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 1, 5, 1),
              "kernel": np.array([1.0, 10.0, 100.0]).reshape(1, 3, 1, 1), "stride": 2},
             {"dy": np.array([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3),
              "kernel": np.array([1.0, 10.0, 100.0, 1.0, 2.0, 3.0]).reshape(1, 1, 3, 2), "stride": 1},
             {"dy": normal(2, 6, 4, 4), "kernel": normal(3, 2, 4, 3), "stride": 1},
             {"dy": normal(2, 14, 10, 6), "kernel": normal(5, 4, 6, 3), "stride": 3}]
    compare(attempt, right_conv_transpose_dx, cases, "dx", {
        "the kernel is mirrored: what was painted through kernel[i, j] comes back through kernel[i, j]":
            lambda dy, kernel, stride: right_conv_transpose_dx(dy, kernel[::-1, ::-1], stride),
        "the windows stand one pixel apart, expected `stride`": one_apart,
        "only the first tap of each window is collected": lambda dy, kernel, stride: right_conv_transpose_dx(
            dy, kernel * (np.arange(kernel.shape[0] * kernel.shape[1]) == 0).reshape(*kernel.shape[:2], 1, 1), stride),
        "dy is collected without the kernel": lambda dy, kernel, stride: right_conv_transpose_dx(
            dy, np.ones_like(kernel), stride)})


def right_overlap(h, w, kernel, stride):
    """The solution."""
    return right_conv_transpose(np.ones((1, h, w, 1)), np.ones((kernel, kernel, 1, 1)), stride)[0, :, :, 0]


@exercise("12", "Let every pixel of x paint a 1 on all it reaches: then each pixel of y counts its kernels.",
          "x = np.ones((1, h, w, 1)) and a kernel of ones, (kernel, kernel, 1, 1).",
          "ops.conv2d_transpose(x, ones, strides=stride, padding=0)[0][0, :, :, 0]")
def overlap(attempt: Attempt) -> None:
    """How many kernels lie on each painted pixel."""
    cases = [{"h": 1, "w": 2, "kernel": 2, "stride": 1}, {"h": 1, "w": 2, "kernel": 3, "stride": 2},
             {"h": 2, "w": 1, "kernel": 2, "stride": 1}, {"h": 4, "w": 3, "kernel": 3, "stride": 2},
             {"h": 3, "w": 3, "kernel": 3, "stride": 1}, {"h": 4, "w": 5, "kernel": 5, "stride": 3}]

    def full(h, w, kernel, stride):
        return np.ones_like(right_overlap(h, w, kernel, stride))

    compare(attempt, right_overlap, cases, "counts", {
        "every pixel gets 1, but where kernels overlap there are more": full,
        "every pixel gets the size of the kernel, but that is how many pixels one kernel covers":
            lambda h, w, kernel, stride: full(h, w, kernel, stride) * kernel**2,
        "only the columns are counted: the kernels of several rows overlap, too": lambda h, w, kernel, stride: np.tile(
            right_overlap(1, w, kernel, stride)[0], ((h - 1) * stride + kernel, 1)),
        "only the rows are counted: the kernels of several columns overlap, too": lambda h, w, kernel, stride: np.tile(
            right_overlap(h, 1, kernel, stride)[:, :1], (1, (w - 1) * stride + kernel)),
        "h and w are exchanged": lambda h, w, kernel, stride: right_overlap(w, h, kernel, stride)})
