"""LeakyReLU, alone or with a bias in one pass, and sums over all rows of each channel (activations.cu, channels.h).

Shapes: x, y, dy, dx (..., C), bias (C,).

Why it is faster: bias and activation are one pass over memory instead of several, and so are dx and the bias's gradient, whose
rows are added while they are in registers. Sums are cut into parts, which different blocks of threads add at the same time.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.fast.cuda.launcher import launch
from nnscratch.ops.bias_activation import check_bias_leaky_relu
from nnscratch.ops.validation import check_array, check_dy, check_number

__all__: list[str] = []

OPS = ["bias_leaky_relu", "bias_leaky_relu_backward", "leaky_relu", "leaky_relu_backward"]

LANES = 32                     # channels that a block of channels.h sums
MAX_PARTS, MIN_ROWS = 256, 64  # the most parts that rows are cut into, and the fewest rows of a part


def parts_of(rows: int) -> tuple[int, int]:
    """(parts, rows of a part) for sums over so many rows: more parts keep more blocks busy at the same time."""
    part_rows = max(MIN_ROWS, -(-rows // MAX_PARTS))
    return -(-rows // part_rows), part_rows


def channel_blocks(channels: int) -> int:
    """How many blocks of LANES channels there are, the last one perhaps partly filled."""
    return -(-channels // LANES)


def leaky_relu(x: Array, negative_slope: float = 0.2) -> tuple[Array, Any]:
    """As ops.leaky_relu."""
    check_array("leaky_relu", "x", x, None)
    xp, slope = array_module(x), check_number(negative_slope, "leaky_relu: negative_slope")
    y = xp.empty(x.shape, dtype=np.float32)
    launch("leaky_relu", y.size, xp.ascontiguousarray(x), y, slope, y.size)
    return y, (x, slope)


def leaky_relu_backward(dy: Array, cache: Any) -> Array:
    """As ops.leaky_relu_backward."""
    x, slope = cache
    check_dy("leaky_relu_backward", dy, x.shape)
    xp = array_module(dy)
    dx, dy = xp.empty(x.shape, dtype=np.float32), xp.ascontiguousarray(dy, dtype=np.float32)
    launch("leaky_relu_backward", dx.size, dy, xp.ascontiguousarray(x), dx, slope, dx.size)
    return dx


def bias_leaky_relu(x: Array, bias: Array, negative_slope: float = 0.2) -> Any:
    """As ops.bias_leaky_relu, for slopes of at least 0. y > 0 where x + bias > 0, so the backward pass needs only y."""
    check_bias_leaky_relu(x, bias)
    slope = check_number(negative_slope, "bias_leaky_relu: negative_slope")
    if slope < 0:
        return NotImplemented
    y = x.copy(order="C")
    launch("bias_leaky_relu", y.size, y, bias, slope, y.shape[-1], y.size)
    return y, (y, slope)


def bias_leaky_relu_backward(dy: Array, cache: Any) -> tuple[Array, Any]:
    """As ops.bias_leaky_relu_backward, in one pass."""
    y, slope = cache
    check_dy("bias_leaky_relu_backward", dy, y.shape)
    xp, c = array_module(dy), dy.shape[-1]
    dy, rows, (parts, part_rows) = xp.ascontiguousarray(dy, dtype=np.float32), dy.size // c, parts_of(dy.size // c)
    dx, sums = xp.empty(dy.shape, dtype=np.float32), xp.empty((parts, c), dtype=np.float32)
    launch("bias_leaky_relu_backward", (channel_blocks(c), parts), dy, y, dx, sums, slope, rows, c, part_rows)
    return dx, sums.sum(axis=0)


def channel_sum(x: Array) -> Array:
    """The sum over all axes but the last: (..., C) -> (C,)."""
    xp, c = array_module(x), x.shape[-1]
    rows, (parts, part_rows) = x.size // c, parts_of(x.size // c)
    sums = xp.empty((parts, c), dtype=np.float32)
    launch("channel_sums", (channel_blocks(c), parts), xp.ascontiguousarray(x, dtype=np.float32), sums, rows, c, part_rows)
    return sums.sum(axis=0)
