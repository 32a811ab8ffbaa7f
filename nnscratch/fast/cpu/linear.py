"""Dense layers on the CPU: the formula of ops on the rows of one matrix.

Shapes: x (..., inputs), weights (inputs, units), bias (units,), y (..., units).

NumPy multiplies an array of more than two axes matrix by matrix, (N, H, W, C) as N*H small products. As the rows of one matrix
they are one product.
"""
from typing import Any

from nnscratch import ops
from nnscratch.backend import Array
from nnscratch.fast.cpu.conv import add
from nnscratch.ops.linear import check_dense
from nnscratch.ops.validation import check_dy

__all__: list[str] = []

OPS = ["dense", "dense_backward"]


def dense(x: Array, weights: Array, bias: Array | None = None) -> tuple[Array, Any]:
    """As ops.dense."""
    check_dense(x, weights, bias)
    y = add(x.reshape(-1, x.shape[-1]) @ weights, bias)
    return y.reshape(*x.shape[:-1], -1), (x, weights, bias is not None)


def dense_backward(dy: Array, cache: Any, wrt: str = "all") -> tuple[Array, Array, Array]:
    """As ops.dense_backward."""
    x, weights, has_bias = cache
    check_dy("dense_backward", dy, (*x.shape[:-1], weights.shape[1]), wrt)
    rows = x.reshape(-1, x.shape[-1]), weights, has_bias
    dx, dweights, dbias = ops.dense_backward(dy.reshape(-1, dy.shape[-1]), rows, wrt)
    return None if dx is None else dx.reshape(x.shape), dweights, dbias
