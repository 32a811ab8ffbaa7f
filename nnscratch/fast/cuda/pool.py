"""Pooling by one kernel each way (pool.cu); the rules are those of ops/pool.py.

Shapes: x, dx (N, H, W, C), y, dy (N, OH, OW, C).
"""
import numpy as np

from nnscratch.backend import array_module
from nnscratch.fast.cuda.launch import launch


def max_pool2d(x, window):
    """The maximum of each window."""
    xp, c = array_module(x), x.shape[3]
    y = xp.empty((len(x), *window.output, c), dtype=np.float32)
    launch("max_pool", y.size, xp.ascontiguousarray(x), y, window, c, y.size)
    return y


def max_pool2d_backward(dy, x, y, window):
    """All of dy to the first pixel that has the maximum."""
    xp = array_module(dy)
    dx = xp.empty(x.shape, dtype=np.float32)
    launch("max_pool_backward", dx.size, xp.ascontiguousarray(dy), xp.ascontiguousarray(x), y, dx, window, x.shape[3], dx.size)
    return dx


def avg_pool2d(x, window, count_include_pad):
    """The average of each window."""
    xp, c = array_module(x), x.shape[3]
    y = xp.empty((len(x), *window.output, c), dtype=np.float32)
    launch("average_pool", y.size, xp.ascontiguousarray(x), y, window, c, int(count_include_pad), y.size)
    return y


def avg_pool2d_backward(dy, shape, window, count_include_pad):
    """dy / pixels counted, to every pixel of the window."""
    xp = array_module(dy)
    dx = xp.empty(shape, dtype=np.float32)
    launch("average_pool_backward", dx.size, xp.ascontiguousarray(dy), dx, window, shape[3], int(count_include_pad), dx.size)
    return dx
