"""Pooling on the CPU: the rules of ops/pool.py in fewer steps.

Shapes: x, dx (N, H, W, C), y, dy (N, OH, OW, C).

Two tricks. The maximum (or sum) of a window is that of its columns' maxima: combining first down the rows, then along them,
takes KH + KW passes instead of KH * KW. And where windows do not overlap, gradients are written, not added to zeros.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.ops.pool import pixels_counted, pooling_window
from nnscratch.ops.validation import check_dy, check_flag
from nnscratch.ops.window import Window, crop, each_tap, pad, padded_zeros

__all__: list[str] = []

OPS = ["avg_pool2d", "avg_pool2d_backward", "max_pool2d", "max_pool2d_backward"]


def max_pool2d(x: Array, pool_size: Any = 2, strides: Any = None, *, padding: Any = "valid") -> tuple[Array, Any]:
    """As ops.max_pool2d."""
    window = pooling_window("max_pool2d", x, pool_size, strides, padding)
    y = combine(np.maximum, pad(x, window, value=-float("inf")), window)
    return y, (x, y, window)


def max_pool2d_backward(dy: Array, cache: Any) -> Array:
    """As ops.max_pool2d_backward."""
    x, y, window = cache
    check_dy("max_pool2d_backward", dy, y.shape)
    undecided, dpadded = np.ones(y.shape, dtype=bool), pixels_to_fill(x.shape, window, dy.dtype)
    pixels = each_tap(pad(x, window, value=-float("inf")), window)
    for (_, _, tap), (_, _, dtap) in zip(pixels, each_tap(dpadded, window)):
        wins = undecided & (tap == y)
        accumulate(dtap, dy, wins, window)
        undecided &= ~wins
    return crop(dpadded, window)


def avg_pool2d(x: Array, pool_size: Any = 2, strides: Any = None, *, padding: Any = "valid",
               count_include_pad: bool = False) -> tuple[Array, Any]:
    """As ops.avg_pool2d."""
    window = pooling_window("avg_pool2d", x, pool_size, strides, padding)
    check_flag(count_include_pad, "avg_pool2d: count_include_pad")
    y = combine(np.add, pad(x, window), window)
    y *= 1 / pixels_counted(x, window, count_include_pad)
    return y, (x.shape, window, count_include_pad)


def avg_pool2d_backward(dy: Array, cache: Any) -> Array:
    """As ops.avg_pool2d_backward."""
    shape, window, count_include_pad = cache
    check_dy("avg_pool2d_backward", dy, (shape[0], *window.output, shape[3]))
    weight, dpadded = 1 / pixels_counted(dy, window, count_include_pad), pixels_to_fill(shape, window, dy.dtype)
    for _, _, dtap in each_tap(dpadded, window):
        accumulate(dtap, dy, weight, window)
    return crop(dpadded, window)


def combine(operation: np.ufunc, padded: Array, window: Window) -> Array:
    """The maximum or sum of each window: first down the rows, then along them."""
    (kh, kw), (sh, sw), (oh, ow) = window.taps, window.strides, window.output
    rows = [padded[:, i:i + (oh - 1) * sh + 1:sh] for i in range(kh)]
    column = operation(rows[0], rows[1]) if kh > 1 else rows[0]
    for row in rows[2:]:
        operation(column, row, out=column)
    y = column[:, :, :(ow - 1) * sw + 1:sw].copy()
    for j in range(1, kw):
        operation(y, column[:, :, j:j + (ow - 1) * sw + 1:sw], out=y)
    return y


def disjoint(window: Window) -> bool:
    """Whether every pixel of the padded image lies under exactly one window."""
    (top, bottom), (left, right) = window.pads
    covered = tuple(places * taps for places, taps in zip(window.output, window.taps))
    return window.taps == window.strides and covered == (window.input[0] + top + bottom, window.input[1] + left + right)


def pixels_to_fill(shape: tuple[int, ...], window: Window, dtype: np.dtype) -> Array:
    """A padded image for gradients: zeros to add to, or uninitialized where each pixel is written exactly once."""
    if disjoint(window):
        (top, bottom), (left, right) = window.pads
        return np.empty((shape[0], shape[1] + top + bottom, shape[2] + left + right, shape[3]), dtype=dtype)
    return padded_zeros(np, shape[0], window, shape[3], dtype)


def accumulate(dtap: Array, dy: Array, weight: Array, window: Window) -> None:
    """dtap += dy * weight; where windows do not overlap, dtap = dy * weight."""
    if disjoint(window):
        np.multiply(dy, weight, out=dtap)
    else:
        dtap += dy * weight
