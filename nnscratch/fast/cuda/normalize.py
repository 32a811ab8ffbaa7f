"""Batch normalization by two kernels forward and two backward (normalize.cu); formulas and names as in ops/normalize.py.

Shapes: x, y, dy, dx (..., C); gamma, beta, statistics (C,).

Why it is faster: x is read twice forward, once for both statistics and once for y, where the formula in CuPy's operations reads
and writes several arrays of that size.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.fast.cuda.activations import channel_blocks, parts_of
from nnscratch.fast.cuda.launcher import launch
from nnscratch.ops.normalize import check_batch_norm
from nnscratch.ops.validation import check_dy
from nnscratch.shard import WHOLE, Shard

__all__: list[str] = []

OPS = ["batch_norm", "batch_norm_backward"]


def batch_norm(x: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array, *, training: bool,
               momentum: float = 0.99, epsilon: float = 1e-3, unbiased: bool = False,
               shard: Shard = WHOLE) -> tuple[Array, tuple[Array, Array], Any]:
    """As ops.batch_norm, for statistics of a single process.

    The cache holds x and mean: recomputing x - mean is faster than reading it.
    """
    check_batch_norm(x, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training, unbiased, shard)
    if training and shard.world.size > 1:
        return NotImplemented  # type: ignore[return-value]  # the kernels do not wait for other processes
    momentum, epsilon = float(momentum), float(epsilon)
    xp, c = array_module(x), x.shape[-1]
    x, rows, (parts, part_rows) = xp.ascontiguousarray(x), x.size // c, parts_of(x.size // c)
    grid = channel_blocks(c), parts
    if training:
        moments = xp.empty((3, parts, c), dtype=np.float32)
        launch("batch_norm_moments", grid, x, moments, rows, c, part_rows)
    else:  # the running statistics, as one part of one value
        parts, moments = 1, xp.ones((3, 1, c), dtype=np.float32)
        moments[1], moments[2] = moving_mean, moving_variance
    y, statistics = xp.empty(x.shape, dtype=np.float32), xp.empty((4, c), dtype=np.float32)
    correction = rows / max(rows - 1, 1) if unbiased else 1.0
    launch("batch_norm", grid, x, moments, gamma, beta, moving_mean, moving_variance, y, statistics, epsilon, momentum,
           correction, parts, rows, c, part_rows)
    mean, inverse_std, new_mean, new_variance = statistics
    running = (new_mean, new_variance) if training else (moving_mean, moving_variance)
    return y, running, (x, mean, gamma, inverse_std, training)


def batch_norm_backward(dy: Array, cache: Any, wrt: str = "all") -> tuple[Array, Array, Array]:
    """As ops.batch_norm_backward."""
    x, mean, gamma, inverse_std, training = cache
    check_dy("batch_norm_backward", dy, x.shape, wrt)
    xp, c = array_module(dy), dy.shape[-1]
    dy, x, rows = xp.ascontiguousarray(dy, dtype=np.float32), xp.ascontiguousarray(x), dy.size // c
    parts, part_rows = parts_of(rows)
    grid, sums = (channel_blocks(c), parts), xp.empty((2, parts, c), dtype=np.float32)
    launch("batch_norm_backward_sums", grid, dy, x, mean, inverse_std, sums, rows, c, part_rows)
    dbeta, dgamma = sums.sum(axis=1)
    if wrt == "parameters":
        return None, dgamma, dbeta
    dx, weight = xp.empty(dy.shape, dtype=np.float32), 1 / rows if training else 0.0
    launch("batch_norm_backward", grid, dy, x, mean, inverse_std, gamma, dgamma, dbeta, dx, weight, rows, c, part_rows)
    return (dx, None, None) if wrt == "input" else (dx, dgamma, dbeta)
