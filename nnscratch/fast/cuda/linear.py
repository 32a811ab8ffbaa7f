"""Dense layers and Gram matrices on a GPU: the formulas of ops, multiplied by our own call of cuBLAS (cublas.py).

Shapes: x (..., inputs), weights (inputs, units), bias (units,); Gram matrices x (N, H, W, C), y (N, C, C).

Why not CuPy's `@`: cublas.py says what it cannot do, such as being recorded.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.fast.cuda.cublas import product
from nnscratch.ops.linear import check_dense
from nnscratch.ops.validation import check_array, check_dy

__all__: list[str] = []

OPS = ["dense", "dense_backward", "gram_matrix", "gram_matrix_backward"]


def dense(x: Array, weights: Array, bias: Array | None = None) -> tuple[Array, Any]:
    """As ops.dense."""
    check_dense(x, weights, bias)
    y = product(x.reshape(-1, x.shape[-1]), weights)
    if bias is not None:
        y = y + bias
    return y.reshape(*x.shape[:-1], -1), (x, weights, bias is not None)


def dense_backward(dy: Array, cache: Any, wrt: str = "all") -> tuple[Array, Array, Array]:
    """As ops.dense_backward."""
    x, weights, has_bias = cache
    check_dy("dense_backward", dy, (*x.shape[:-1], weights.shape[1]), wrt)
    dy_rows, x_rows = dy.reshape(-1, dy.shape[-1]), x.reshape(-1, x.shape[-1])
    dx = product(dy_rows, weights.T).reshape(x.shape) if wrt != "parameters" else None
    dweights = product(x_rows.T, dy_rows) if wrt != "input" else None
    dbias = dy_rows.sum(axis=0) if has_bias and wrt != "input" else None
    return dx, dweights, dbias


def gram_matrix(x: Array) -> tuple[Array, Any]:
    """As ops.gram_matrix, image by image: each product of two matrices is large enough for a whole GPU."""
    check_array("gram_matrix", "x", x, 4)
    n, h, w, c = x.shape
    y = array_module(x).empty((n, c, c), dtype=np.float32)
    for f, gram in zip(x.reshape(n, h * w, c), y):
        product(f.T, f, out=gram)
    return y / (h * w), x


def gram_matrix_backward(dy: Array, cache: Any) -> Array:
    """As ops.gram_matrix_backward."""
    x = cache
    n, h, w, c = x.shape
    check_dy("gram_matrix_backward", dy, (n, c, c))
    both = (dy + dy.swapaxes(1, 2)) / (h * w)
    dx = array_module(x).empty((n, h * w, c), dtype=array_module(x).result_type(x, dy))
    for f, d, df in zip(x.reshape(n, h * w, c), both, dx):
        product(f, d, out=df)
    return dx.reshape(x.shape)
