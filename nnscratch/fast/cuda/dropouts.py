"""Dropout's mask, drawn on the GPU from a counter (dropouts.cu).

Shapes: mask any, calls one number.

Why a counter: the number of the call is an array on the GPU, so a step recorded as a CUDA graph draws another mask at each
replay. NumPy draws the same mask from the same seed and number of the call, which is what the CPU does (ops/dropouts.py).
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.fast.cuda.launcher import launch
from nnscratch.ops.dropouts import check_rate_and_seed
from nnscratch.ops.dropouts import dropout_backward as dropout_backward  # the same formula on a GPU
from nnscratch.ops.dropouts import spatial_dropout2d_backward as spatial_dropout2d_backward
from nnscratch.ops.validation import check_array
from nnscratch.shard import WHOLE, Shard

__all__: list[str] = []

OPS = ["dropout", "dropout_backward", "spatial_dropout2d", "spatial_dropout2d_backward"]


def dropout(x: Array, rate: float, *, seed: Any, shard: Shard = WHOLE) -> Any:
    """As ops.dropout, if the number of the call is an array on the GPU; else NotImplemented."""
    check_array("dropout", "x", x, None)
    return masked("dropout", x, x.shape, rate, seed, shard)


def spatial_dropout2d(x: Array, rate: float, *, seed: Any, shard: Shard = WHOLE) -> Any:
    """As ops.spatial_dropout2d, if the number of the call is an array on the GPU; else NotImplemented."""
    check_array("spatial_dropout2d", "x", x, 4)
    return masked("spatial_dropout2d", x, (x.shape[0], 1, 1, x.shape[3]), rate, seed, shard)


def masked(op: str, x: Array, shape: tuple[int, ...], rate: float, seed: Any, shard: Shard) -> Any:
    """x times a mask of this shape, and the cache."""
    rate, (key, call) = check_rate_and_seed(op, rate, seed)
    if array_module(call) is np:
        return NotImplemented
    if shard.world.size > 1:
        mask = dropout_mask(array_module(x), (shard.batch_size, *shape[1:]), rate, key, call)[shard.rows]
    else:
        mask = dropout_mask(array_module(x), shape, rate, key, call)
    return x * mask, (mask, x.shape)


def dropout_mask(xp: Any, shape: tuple[int, ...], rate: float, seed: int, calls: Array) -> Array:
    """A mask: 0 with probability `rate`, else 1 / (1 - rate).

    `calls`, the number of the call, is an array of one 64-bit integer on the GPU; its owner adds 1 after each call
    (`calls += 1`). The same seed and number give the same mask, that of NumPy's
    `Generator(Philox(key=[seed, calls])).random(shape) >= rate`.
    """
    mask, calls = xp.empty(shape, dtype=np.float32), calls.reshape(1).view(np.uint64)
    launch("dropout_mask", -(-mask.size // 4), mask, calls, seed, rate, 1 / (1 - rate), mask.size)
    return mask
