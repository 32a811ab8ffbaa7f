"""ReLU and LeakyReLU on the CPU, also after a bias, in one pass over memory.

Shapes: x, y, dy, dx (..., C), bias (C,).

Two tricks. For slopes s from 0 to 1, f(x) = max(x, s x), which needs no decision for each element: a processor predicts how a
decision will go, and on data without a pattern it is wrong half the time, which costs twenty times as much. And every further
array costs a trip to memory and back: so rows are processed in pieces, whose intermediate results stay in the cache.
"""
from collections.abc import Iterator
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.backend import Array
from nnscratch.fast.cpu.normalize import channel_sum, in_long_rows
from nnscratch.ops.bias_activation import check_bias_leaky_relu
from nnscratch.ops.validation import check_dy, check_number

__all__: list[str] = []

OPS = ["bias_leaky_relu", "bias_leaky_relu_backward", "leaky_relu", "leaky_relu_backward", "relu", "relu_backward"]

PIECE = 2**17  # values processed at once: they and what is computed from them fit in the cache


def leaky_relu(x: Array, negative_slope: float = 0.2) -> Any:
    """As ops.leaky_relu, for real numbers and slopes above 0, up to 1; else NotImplemented."""
    s = check_number(negative_slope, "leaky_relu: negative_slope")
    if x.dtype.kind != "f" or not 0 < s <= 1 or not x.flags.c_contiguous:
        return NotImplemented
    y = np.empty_like(x)
    for source, target in pieces(x.reshape(1, -1), y.reshape(1, -1)):
        np.multiply(source, s, out=target)
        np.maximum(source, target, out=target)
    return y, (x, s)


def leaky_relu_backward(dy: Array, cache: Any) -> Array:
    """As ops.leaky_relu_backward."""
    x, s = cache
    check_dy("leaky_relu_backward", dy, x.shape)
    return slope_times(dy, x, s)


def bias_leaky_relu(x: Array, bias: Array, negative_slope: float = 0.2) -> Any:
    """As ops.bias_leaky_relu, for real numbers and slopes from 0 to 1; else NotImplemented. y has the sign of x + bias."""
    check_bias_leaky_relu(x, bias)
    s = check_number(negative_slope, "bias_leaky_relu: negative_slope")
    if x.dtype.kind != "f" or x.dtype != bias.dtype or not 0 <= s <= 1 or not x.flags.c_contiguous:
        return NotImplemented
    y, (rows, repeat) = np.empty_like(x), in_long_rows(x)
    bias = repeat(bias)
    for source, target in pieces(rows, y.reshape(rows.shape)):
        np.add(source, bias, out=target)
        np.maximum(target, 0 if s == 0 else s * target, out=target)
    return y, (y, s)


def bias_leaky_relu_backward(dy: Array, cache: Any) -> Array:
    """As ops.bias_leaky_relu_backward."""
    y, s = cache
    check_dy("bias_leaky_relu_backward", dy, y.shape)
    dx = slope_times(dy, y, s)
    return dx, channel_sum(dx)


def relu(x: Array) -> Any:
    """As ops.relu, for real numbers; else NotImplemented."""
    if x.dtype.kind != "f" or not x.flags.c_contiguous:
        return NotImplemented
    y, zeros = np.empty_like(x), np.zeros((1, min(PIECE, x.size)), x.dtype)  # an array of zeros is faster than the number
    for source, target in pieces(x.reshape(1, -1), y.reshape(1, -1)):
        np.maximum(source, zeros[:, :source.size], out=target)
    return y, y


def relu_backward(dy: Array, cache: Array) -> Array:
    """As ops.relu_backward."""
    check_dy("relu_backward", dy, cache.shape)
    return slope_times(dy, cache, 0.0) if dy.dtype == cache.dtype else ops.relu_backward(dy, cache)


def slope_times(dy: Array, x: Array, s: float) -> Array:
    """dy where x > 0, else s dy; x is C-contiguous."""
    dx = np.empty(x.shape, np.result_type(dy, x))
    dy, lowest = np.ascontiguousarray(dy), np.full((1, min(PIECE, x.size)), s, x.dtype)
    for upstream, source, target in pieces(*(array.reshape(1, -1) for array in (dy, x, dx))):
        slope = (source > 0).astype(x.dtype)
        if s:
            np.maximum(slope, lowest[:, :source.size], out=slope)
        np.multiply(upstream, slope, out=target)
    return dx


def pieces(*arrays: Array) -> Iterator[tuple]:
    """Yield the same piece of every array (rows, columns), from first to last: some rows, or part of a single row."""
    rows, columns = arrays[0].shape
    if rows == 1:
        for first in range(0, columns, PIECE):
            yield tuple(array[:, first:first + PIECE] for array in arrays)
    else:
        step = max(1, PIECE // columns)
        for first in range(0, rows, step):
            yield tuple(array[first:first + step] for array in arrays)
