"""Dropout's mask drawn on the GPU from a counter (dropouts.cu): a step recorded as a CUDA graph draws a new one each time.

NumPy draws the same mask from the same seed and number of the call: it is what the CPU does (ops/dropouts.py).
Shapes: mask any, calls one number.
"""
from typing import Any

import numpy as np

from nnscratch.backend import array_module
from nnscratch.fast.cuda.launcher import launch
from nnscratch.ops.dropouts import check_rate_and_seed, dropout_backward, spatial_dropout2d_backward
from nnscratch.ops.validation import check_array

__all__ = ["dropout", "dropout_backward", "spatial_dropout2d", "spatial_dropout2d_backward"]


def dropout(x: Any, rate: float, *, seed: Any) -> Any:
    """As ops.dropout, where the number of the call is an array on the GPU, as a recorded step needs it."""
    check_array("dropout", "x", x, None)
    return masked("dropout", x, x.shape, rate, seed)


def spatial_dropout2d(x: Any, rate: float, *, seed: Any) -> Any:
    """As ops.spatial_dropout2d, likewise."""
    check_array("spatial_dropout2d", "x", x, 4)
    return masked("spatial_dropout2d", x, (x.shape[0], 1, 1, x.shape[3]), rate, seed)


def masked(op: str, x: Any, shape: tuple, rate: float, seed: Any) -> Any:
    """x times a mask of this shape, and the cache."""
    rate, (key, call) = check_rate_and_seed(op, rate, seed)
    if array_module(call) is np:
        return NotImplemented
    mask = dropout_mask(array_module(x), shape, rate, key, call)
    return x * mask, (mask, x.shape)


def dropout_mask(xp: Any, shape: tuple, rate: float, seed: int, calls: Any) -> Any:
    """A mask: 0 with probability `rate`, else 1 / (1 - rate).

    `calls` is an array of one whole number of 64 bits on the GPU, the number of the call; whoever owns it adds 1 after each
    (`calls += 1`). The same seed and number give the same mask, that of NumPy's
    `Generator(Philox(key=[seed, calls])).random(shape) >= rate`.
    """
    mask, calls = xp.empty(shape, dtype=np.float32), calls.reshape(1).view(np.uint64)
    launch("dropout_mask", -(-mask.size // 4), mask, calls, seed, rate, 1 / (1 - rate), mask.size)
    return mask
