"""The adjoint way: multiply first, then add every product to the pixels of its window.

Shapes: dy (N, OH, OW, OC), kernel (KH, KW, C, OC), dx (N, H, W, C), columns (windows of a block, KH*KW*C).

    dx = col2im(dy @ Kᵀ)

It takes any window. It is the fastest way where KH*KW*C is small, such as images of one channel, and where there are few
windows; else adding KH*KW times costs more than the product.
"""
from itertools import product
from typing import Any

import numpy as np

from nnscratch.backend import common_dtype
from nnscratch.fast.workspace import WINDOWS, scratch
from nnscratch.ops.window import Window, crop, each_tap, padded_zeros

COLUMN_BYTES = 2 * 2**20


def convolve_dx(dy: Any, kernel: Any, window: Window) -> Any:
    """dx = col2im(dy @ Kᵀ), some windows at a time."""
    n, (kh, kw, c, oc), (oh, ow), dtype = len(dy), kernel.shape, window.output, common_dtype(dy, kernel)
    padded, matrix = padded_zeros(np, n, window, c, dtype), kernel.reshape(-1, oc).T
    fit, (sh, sw) = max(1, COLUMN_BYTES // (kh * kw * c * dtype.itemsize)), window.strides
    images, rows, places = max(1, fit // (oh * ow)), max(1, min(oh, fit // ow)), min(ow, fit)
    for first, r, q in product(range(0, n, images), range(0, oh, rows), range(0, ow, places)):
        upstream = dy[first:first + images, r:r + rows, q:q + places]
        columns = scratch(np, WINDOWS, (upstream.size // oc, kh * kw * c), dtype)
        np.matmul(upstream.reshape(-1, oc), matrix, out=columns)
        columns = columns.reshape(*upstream.shape[:3], kh, kw, c)
        under = padded[first:first + images, r * sh:, q * sw:]
        for i, j, tap in each_tap(under, window._replace(output=upstream.shape[1:3])):
            tap += columns[:, :, :, i, j]
    return crop(padded, window)


def adjoint_window(window: Window) -> Window:
    """For stride and dilation 1: the window of the convolution from the shape of y to that of x."""
    pads = tuple((t - 1 - before, n + before - out) for t, (before, _), n, out in
                 zip(window.taps, window.pads, window.input, window.output))
    return window._replace(input=window.output, output=window.input, pads=pads)


def flip_kernel(kernel: Any) -> Any:
    """The kernel of that convolution: turned by 180 degrees, inputs and outputs exchanged."""
    return kernel[::-1, ::-1].swapaxes(2, 3)
