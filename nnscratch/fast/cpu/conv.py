"""The three products of a convolution on the CPU, each by the algorithm that dispatch.py chooses.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC); a bias has the channels of the result.
"""
from math import prod

import numpy as np

from nnscratch.backend import Array
from nnscratch.fast.cpu import col2im, depthwise, folded, im2col, subpixel, winograd
from nnscratch.fast.cpu.col2im import adjoint_window, flip_kernel
from nnscratch.fast.dispatch import Problem, choose_convolution, keeps_columns, shares_columns
from nnscratch.ops.window import Window

__all__: list[str] = []


def convolve(x: Array, kernel: Array, window: Window, bias: Array | None = None, groups: int = 1) -> Array:
    """y = im2col(x) @ K + b."""
    x, kernel = plain_strides(x), plain_strides(kernel)
    problem = Problem(window, len(x), kernel.shape[2], kernel.shape[3] // groups, groups)
    algorithm = choose_convolution("convolve", problem)
    if algorithm == "winograd":
        return winograd.convolve(x, kernel, window, bias)
    if algorithm == "im2col":
        return im2col.convolve(x, kernel, window, bias)
    if algorithm == "adjoint":
        y = col2im.convolve_dx(x, flip_kernel(kernel), adjoint_window(window))
    else:
        y = {"depthwise": depthwise.convolve, "wide": im2col.convolve_wide}[algorithm](x, kernel, window)
    return add(y, bias)


def convolve_dx(dy: Array, kernel: Array, window: Window, bias: Array | None = None, groups: int = 1) -> Array:
    """dx = col2im(dy @ Kᵀ) + b."""
    dy, kernel = plain_strides(dy), plain_strides(kernel)
    problem = Problem(window, len(dy), kernel.shape[2], kernel.shape[3] // groups, groups)
    algorithm = choose_convolution("convolve_dx", problem)
    if algorithm == "as convolve":
        return convolve(dy, flip_kernel(kernel), adjoint_window(window), bias)
    if algorithm == "subpixel winograd":
        return add(subpixel.convolve_dx(dy, kernel, window, by_winograd=True), bias)
    functions = {"depthwise": depthwise.convolve_dx, "col2im": col2im.convolve_dx, "subpixel": subpixel.convolve_dx}
    return add(functions[algorithm](dy, kernel, window), bias)


def convolve_dkernel(x: Array, dy: Array, window: Window, groups: int = 1) -> Array:
    """dK = im2col(x)ᵀ @ dy."""
    x, dy = plain_strides(x), plain_strides(dy)
    problem = Problem(window, len(x), x.shape[3] // groups, dy.shape[3] // groups, groups)
    algorithm = choose_convolution("convolve_dkernel", problem)
    if algorithm == "swapped":  # x and dy exchanged: the columns are those of dy, which has fewer channels
        return flip_kernel(im2col.convolve_dkernel(dy, x, adjoint_window(window)))
    functions = {"depthwise": depthwise.convolve_dkernel, "winograd": winograd.convolve_dkernel,
                 "folded winograd": folded.convolve_dkernel, "im2col": im2col.convolve_dkernel}
    return functions[algorithm](x, dy, window)


def convolve_and_dkernel(x: Array, kernel: Array, dy: Array, window: Window) -> tuple[Array, Array]:
    """y = im2col(x) @ K and dK = im2col(x)ᵀ @ dy: both of them, as the backward pass of a transposed convolution needs them."""
    if one_dtype(x, kernel, dy) and shares_columns(Problem(window, len(x), kernel.shape[2], kernel.shape[3])):
        return im2col.convolve_and_dkernel(plain_strides(x), plain_strides(kernel), plain_strides(dy), window)
    return convolve(x, kernel, window), convolve_dkernel(x, dy, window)


def convolve_keeping(x: Array, kernel: Array, window: Window, bias: Array | None) -> tuple[Array, Array | None]:
    """y, and its columns, which the backward pass then need not gather again; None where they are too large to keep."""
    problem = Problem(window, len(x), kernel.shape[2], kernel.shape[3])
    if not (one_dtype(x, kernel, bias) and keeps_columns(problem, x.itemsize)):
        return convolve(x, kernel, window, bias), None
    columns = np.empty((len(x) * prod(window.output), prod(kernel.shape[:3])), x.dtype)
    return im2col.convolve(plain_strides(x), plain_strides(kernel), window, bias, columns), columns


def one_dtype(*arrays: Array | None) -> bool:
    """Whether all arrays have the same dtype: then so have y and both gradients."""
    return len({array.dtype for array in arrays if array is not None}) == 1


def add(y: Array, bias: Array | None) -> Array:
    """y + bias, in place where y can hold it."""
    if bias is None:
        return y
    if np.result_type(y, bias) != y.dtype:
        return y + bias
    y += bias
    return y


def plain_strides(x: Array) -> Array:
    """The same array with the strides that follow from its shape, for each axis of length 1.

    NumPy leaves the stride of such an axis arbitrary, 0 after `x[..., None]`, and still calls the array contiguous. The
    algorithms compute addresses from the strides.
    """
    if 1 not in x.shape:
        return x
    strides, step = list(x.strides), x.itemsize
    for axis in reversed(range(x.ndim)):
        if x.shape[axis] == 1:
            strides[axis] = step
        step = strides[axis] * x.shape[axis]
    if tuple(strides) == x.strides:
        return x
    return np.lib.stride_tricks.as_strided(x, strides=strides, writeable=False)
