"""Pooling by one kernel forward and one backward (pool.cu); the rules are those of ops/pool.py.

Shapes: x, dx (N, H, W, C), y, dy (N, OH, OW, C).

Why it is faster: one thread computes one value of the result from its whole window, so each value is written once, where the
formula passes over whole arrays once for each of the KH*KW taps.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.fast.cuda.launcher import launch
from nnscratch.ops.pool import pooling_window
from nnscratch.ops.validation import check_dy

__all__: list[str] = []

OPS = ["avg_pool2d", "avg_pool2d_backward", "max_pool2d", "max_pool2d_backward"]


def max_pool2d(x: Array, pool_size: Any = 2, strides: Any = None, *, padding: Any = "valid") -> tuple[Array, Any]:
    """As ops.max_pool2d."""
    window = pooling_window("max_pool2d", x, pool_size, strides, padding)
    xp, c = array_module(x), x.shape[3]
    y = xp.empty((len(x), *window.output, c), dtype=np.float32)
    launch("max_pool", y.size, xp.ascontiguousarray(x), y, window, c, y.size)
    return y, (x, y, window)


def max_pool2d_backward(dy: Array, cache: Any) -> Array:
    """As ops.max_pool2d_backward."""
    x, y, window = cache
    check_dy("max_pool2d_backward", dy, y.shape)
    xp = array_module(dy)
    dx, dy = xp.empty(x.shape, dtype=np.float32), xp.ascontiguousarray(dy, dtype=np.float32)
    launch("max_pool_backward", dx.size, dy, xp.ascontiguousarray(x), y, dx, window, x.shape[3], dx.size)
    return dx


def avg_pool2d(x: Array, pool_size: Any = 2, strides: Any = None, *, padding: Any = "valid",
               count_include_pad: bool = False) -> tuple[Array, Any]:
    """As ops.avg_pool2d."""
    window = pooling_window("avg_pool2d", x, pool_size, strides, padding)
    xp, c = array_module(x), x.shape[3]
    y = xp.empty((len(x), *window.output, c), dtype=np.float32)
    launch("average_pool", y.size, xp.ascontiguousarray(x), y, window, c, int(count_include_pad), y.size)
    return y, (x.shape, window, count_include_pad)


def avg_pool2d_backward(dy: Array, cache: Any) -> Array:
    """As ops.avg_pool2d_backward."""
    shape, window, count_include_pad = cache
    check_dy("avg_pool2d_backward", dy, (shape[0], *window.output, shape[3]))
    xp = array_module(dy)
    dx, dy = xp.empty(shape, dtype=np.float32), xp.ascontiguousarray(dy, dtype=np.float32)
    launch("average_pool_backward", dx.size, dy, dx, window, shape[3], int(count_include_pad), dx.size)
    return dx
