"""dx by its definition: multiply first, then add every product to the pixel that it belongs to.

Shapes: dy (N, OH, OW, OC), kernel (KH, KW, C, OC), dx (N, H, W, C), columns (windows of a block, KH*KW*C).

    dx = col2im(dy @ Kᵀ)

This works for every window. It is fastest where KH*KW*C is small, as for images of one channel, and where there are few
windows; elsewhere the KH*KW additions of whole arrays cost more than the product. The columns are made COLUMN_BYTES at a time,
so that they stay in the processor's cache between being written and being read.
"""
from itertools import product

import numpy as np

from nnscratch.backend import Array, common_dtype
from nnscratch.fast.workspace import WINDOWS, scratch
from nnscratch.ops.window import Window, crop, each_tap, padded_zeros

__all__ = ["adjoint_window", "convolve_dx", "flip_kernel"]

COLUMN_BYTES = 2 * 2**20


def convolve_dx(dy: Array, kernel: Array, window: Window) -> Array:
    """Compute dx = col2im(dy @ Kᵀ), some windows at a time.

    Parameters
    ----------
    dy : array (N, OH, OW, OC)
        Gradient of the loss with respect to y.
    kernel : array (KH, KW, C, OC)
        The kernel.
    window : Window
        Where the kernel stands on x.

    Returns
    -------
    array (N, H, W, C)
        Gradient of the loss with respect to x.
    """
    n, (kh, kw, c, oc), (oh, ow), dtype = len(dy), kernel.shape, window.output, common_dtype(dy, kernel)
    padded, matrix = padded_zeros(np, n, window, c, dtype), kernel.reshape(-1, oc).T
    fit, (sh, sw) = max(1, COLUMN_BYTES // (kh * kw * c * dtype.itemsize)), window.strides
    images, rows, places = max(1, fit // (oh * ow)), max(1, min(oh, fit // ow)), min(ow, fit)
    for first, r, q in product(range(0, n, images), range(0, oh, rows), range(0, ow, places)):
        upstream = dy[first:first + images, r:r + rows, q:q + places]
        columns = scratch(WINDOWS, (upstream.size // oc, kh * kw * c), dtype)
        np.matmul(upstream.reshape(-1, oc), matrix, out=columns)
        columns = columns.reshape(*upstream.shape[:3], kh, kw, c)
        under = padded[first:first + images, r * sh:, q * sw:]
        for i, j, tap in each_tap(under, window._replace(output=upstream.shape[1:3])):
            tap += columns[:, :, :, i, j]
    return crop(padded, window)


def adjoint_window(window: Window) -> Window:
    """Find the window of the convolution that takes dy to dx, for stride and dilation 1.

    Parameters
    ----------
    window : Window
        That of the convolution from x to y.

    Returns
    -------
    Window
        That of the convolution of dy with `flip_kernel(kernel)`.
    """
    pads = tuple((t - 1 - before, n + before - out) for t, (before, _), n, out in
                 zip(window.taps, window.pads, window.input, window.output))
    return window._replace(input=window.output, output=window.input, pads=pads)


def flip_kernel(kernel: Array) -> Array:
    """Rotate a kernel by 180 degrees, and exchange its inputs and outputs.

    Parameters
    ----------
    kernel : array (KH, KW, C, OC)
        The kernel of a convolution with stride 1.

    Returns
    -------
    array (KH, KW, OC, C)
        The kernel of the convolution that takes dy to dx; a view.
    """
    return kernel[::-1, ::-1].swapaxes(2, 3)
