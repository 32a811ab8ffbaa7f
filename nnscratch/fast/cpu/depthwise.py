"""Depthwise convolution: every channel has a filter of its own and sees no other channel (groups = channels).

Shapes: x (N, H, W, C), kernel (KH, KW, 1, C), y (N, OH, OW, C).

    y[n, oh, ow, c] = Σ_i Σ_j x[n, oh*SH + i*DH - top, ow*SW + j*DW - left, c] * kernel[i, j, c]

There is no sum over channels, so there is no matrix product, and every column would be read only once. So `einsum` reads the
windows where they lie in memory, without columns, and computes the formula directly. Reading memory is what takes the time.
"""

import numpy as np

from nnscratch.backend import Array, common_dtype
from nnscratch.ops.window import Window, crop, each_tap, empty_padded, pad

__all__ = ["convolve", "convolve_dkernel", "convolve_dx"]


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
    y = np.einsum("nhwijc,ijc->nhwc", windows(pad(x, window), window), kernel[:, :, 0])
    return y.astype(common_dtype(x, kernel), copy=False)


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
    padded = empty_padded(np, len(dy), window, dy.shape[3], common_dtype(dy, kernel))
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
