"""Depthwise convolution: every channel has a filter of its own and sees no other channel (groups = channels).

Shapes: x (N, H, W, C), kernel (KH, KW, 1, C), y (N, OH, OW, C).

    y[n, oh, ow, c] = Σ_i Σ_j x[n, oh*SH + i*DH - top, ow*SW + j*DW - left, c] * kernel[i, j, c]

There is no sum over channels, so there is no matrix product. A row of y is a sum of KH*KW rows of x, each times a row of
factors: with stride 1 along the row, OW * C values that are neighbours in memory, so that NumPy's loops are long. A few rows at
a time stay in the cache. With other strides `einsum` reads the windows where they lie in memory.
"""
from itertools import product

import numpy as np

from nnscratch.backend import Array, common_dtype
from nnscratch.fast.cpu.col2im import adjoint_window
from nnscratch.ops.window import Window, crop, each_tap, pad, padded_zeros

__all__ = ["convolve", "convolve_dkernel", "convolve_dx"]

BAND = 2**17  # values of y


def convolve(x: Array, kernel: Array, window: Window) -> Array:
    """Compute y = Σ_ij x[window] * K, channel by channel.

    Parameters
    ----------
    x : array (N, H, W, C)
        The images.
    kernel : array (KH, KW, 1, C)
        A filter for each channel.
    window : Window
        Where the kernel stands on x.

    Returns
    -------
    array (N, OH, OW, C)
        y.
    """
    if window.strides[1] != 1:
        y = np.einsum("nhwijc,ijc->nhwc", windows(pad(x, window), window), kernel[:, :, 0])
        return y.astype(common_dtype(x, kernel), copy=False)
    (oh, ow), c, dtype = window.output, x.shape[3], common_dtype(x, kernel)
    padded, y = np.ascontiguousarray(pad(x, window)), np.empty((len(x), oh, ow * c), dtype)
    factors = kernel.repeat(ow, axis=2).reshape(*window.taps, -1)  # (KH, KW, OW*C)
    images, rows = max(1, BAND // (oh * ow * c)), max(1, min(oh, BAND // (ow * c)))
    for n, first in product(range(0, len(x), images), range(0, oh, rows)):
        total = y[n:n + images, first:first + rows]
        term, part = np.empty_like(total), window._replace(output=(total.shape[1], ow))
        for i, j, tap in each_tap(padded[n:n + images, first * window.strides[0]:], part):
            np.multiply(tap.reshape(total.shape), factors[i, j], out=total if i == j == 0 else term)  # reshape: a view
            if (i, j) != (0, 0):
                total += term
    return y.reshape(len(x), oh, ow, c)


def convolve_dx(dy: Array, kernel: Array, window: Window) -> Array:
    """Compute dx: dx[window] += dy * K for every tap.

    Parameters
    ----------
    dy : array (N, OH, OW, C)
        Gradient of the loss with respect to y.
    kernel : array (KH, KW, 1, C)
        A filter for each channel.
    window : Window
        Where the kernel stands on x.

    Returns
    -------
    array (N, H, W, C)
        Gradient of the loss with respect to x.
    """
    if window.strides == window.dilation == (1, 1) and min(map(min, adjoint_window(window).pads)) >= 0:
        return convolve(dy, np.ascontiguousarray(kernel[::-1, ::-1]), adjoint_window(window))
    padded = padded_zeros(np, len(dy), window, dy.shape[3], common_dtype(dy, kernel))
    for n in range(len(dy)):  # image by image, so that the temporary products stay in the cache
        for i, j, tap in each_tap(padded[n:n + 1], window):
            tap += dy[n] * kernel[i, j, 0]
    return crop(padded, window)


def convolve_dkernel(x: Array, dy: Array, window: Window) -> Array:
    """Compute dK = Σ x[window] * dy.

    Parameters
    ----------
    x : array (N, H, W, C)
        The images.
    dy : array (N, OH, OW, C)
        Gradient of the loss with respect to y.
    window : Window
        Where the kernel stands on x.

    Returns
    -------
    array (KH, KW, 1, C)
        Gradient of the loss with respect to the kernel.
    """
    # Each row is summed first: in float32 a sum of few numbers is more accurate than one of many.
    rows = np.einsum("nhwijc,nhwc->nhijc", windows(pad(x, window), window), dy)
    return rows.sum(axis=(0, 1))[:, :, None]


def windows(padded: Array, window: Window) -> Array:
    """The pixels under every window, (N, OH, OW, KH, KW, C), as a view: nothing is copied."""
    (n, _, _, c), (a, b, d, e), (sh, sw), (dh, dw) = padded.shape, padded.strides, window.strides, window.dilation
    return np.lib.stride_tricks.as_strided(
        padded, (n, *window.output, *window.taps, c), (a, sh * b, sw * d, dh * b, dw * d, e))
