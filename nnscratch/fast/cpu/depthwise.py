"""Depthwise convolution: every channel has a filter of its own and sees no other channel (groups = channels).

Shapes: x (N, H, W, C), kernel (KH, KW, 1, C), y (N, OH, OW, C).

    y[n, oh, ow, c] = Σ_i Σ_j x[n, oh*SH + i*DH - top, ow*SW + j*DW - left, c] * kernel[i, j, c]

There is no sum over channels, so there is no matrix product, and columns would only be read once: `einsum` runs through the
windows where they lie, and computes the formula as it stands. The time goes into reading memory.
"""
from typing import Any

import numpy as np

from nnscratch.backend import common_dtype
from nnscratch.ops.window import Window, crop, each_tap, pad, padded_zeros


def convolve(x: Any, kernel: Any, window: Window) -> Any:
    """y = Σ_ij x[window] * K, channel by channel."""
    y = np.einsum("nhwijc,ijc->nhwc", windows(pad(x, window), window), kernel[:, :, 0])
    return y.astype(common_dtype(x, kernel), copy=False)


def convolve_dx(dy: Any, kernel: Any, window: Window) -> Any:
    """dx[window] += dy * K: every tap sends its part back."""
    padded = padded_zeros(np, len(dy), window, dy.shape[3], common_dtype(dy, kernel))
    for n in range(len(dy)):  # image by image: the products are a temporary array, and should stay in the cache
        for i, j, tap in each_tap(padded[n:n + 1], window):
            tap += dy[n] * kernel[i, j, 0]
    return crop(padded, window)


def convolve_dkernel(x: Any, dy: Any, window: Window) -> Any:
    """dK = Σ x[window] * dy; row by row first, since float32 adds few numbers more exactly than many."""
    rows = np.einsum("nhwijc,nhwc->nhijc", windows(pad(x, window), window), dy)
    return rows.sum(axis=(0, 1))[:, :, None]


def windows(padded: Any, window: Window) -> Any:
    """The pixels under every window, (N, OH, OW, KH, KW, C), as a view: nothing is copied."""
    (n, _, _, c), (a, b, d, e), (sh, sw), (dh, dw) = padded.shape, padded.strides, window.strides, window.dilation
    return np.lib.stride_tricks.as_strided(
        padded, (n, *window.output, *window.taps, c), (a, sh * b, sw * d, dh * b, dw * d, e))
