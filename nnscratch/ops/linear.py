"""The dense layer, the formula everything else is made of: y = x @ W + b.

Shapes: x (..., inputs), weights (inputs, units), bias (units,), y (..., units). Leading axes are a batch of any rank.
"""
from typing import Any

from nnscratch.ops.validation import check_array, check_dy, check_shape

__all__ = ["dense", "dense_backward", "dot", "dot_backward"]


def dense(x: Any, weights: Any, bias: Any = None) -> tuple[Any, Any]:
    """y = x @ weights + bias.

    Parameters
    ----------
    x : array (..., inputs), at least 2 axes
    weights : array (inputs, units)
    bias : array (units,), optional

    Returns
    -------
    y : array (..., units)
    cache : for `dense_backward`

    Raises
    ------
    InputError : a wrong shape or dtype.

    Source: Goodfellow, Bengio, Courville, "Deep Learning" (2016), section 6.5.6.
    """
    check_array("dense", "x", x, max(2, getattr(x, "ndim", 2)), "(batch, inputs)")
    check_array("dense", "weights", weights, 2, "(inputs, units)")
    check_shape("dense", "weights", weights, (x.shape[-1], weights.shape[1]), "(inputs, units) for this x")
    rows = x.reshape(-1, x.shape[-1])
    y = rows @ weights
    if bias is not None:
        check_shape("dense", "bias", bias, weights.shape[1:], "(units,)")
        y = y + bias
    return y.reshape(*x.shape[:-1], -1), (x, weights, bias is not None)


def dense_backward(dy: Any, cache: Any, wrt: str = "all") -> tuple[Any, Any, Any]:
    """Gradients of `dense`.

    One element is y[n, u] = Σ_k x[n, k] * W[k, u] + b[u], so by the chain rule

        dL/dx[n, k] = Σ_u dy[n, u] * W[k, u]      dx = dy @ Wᵀ
        dL/dW[k, u] = Σ_n x[n, k] * dy[n, u]      dW = xᵀ @ dy
        dL/db[u]    = Σ_n dy[n, u]

    `wrt` is "all", "input" or "parameters". Returns dx, dweights, dbias; None where not asked for, or without a bias.
    """
    x, weights, has_bias = cache
    check_dy("dense_backward", dy, (*x.shape[:-1], weights.shape[1]))
    dy_rows, x_rows = dy.reshape(-1, dy.shape[-1]), x.reshape(-1, x.shape[-1])
    dx = (dy_rows @ weights.T).reshape(x.shape) if wrt != "parameters" else None
    dweights = x_rows.T @ dy_rows if wrt != "input" else None
    dbias = dy_rows.sum(axis=0) if has_bias and wrt != "input" else None
    return dx, dweights, dbias


def dot(a: Any, b: Any) -> tuple[Any, Any]:
    """y = Σ_k a[n, k] * b[n, k]: how far two vectors of a sample agree, (N, K) and (N, K) -> (N, 1).

    Raises InputError for wrong shapes. Source: Miyato and Koyama, "cGANs with projection discriminator" (2018), equation 4.
    """
    check_array("dot", "a", a, 2, "(N, K)")
    check_array("dot", "b", b, 2, "(N, K)")
    check_shape("dot", "b", b, a.shape, "like a")
    return (a * b).sum(axis=1, keepdims=True), (a, b)


def dot_backward(dy: Any, cache: Any) -> tuple[Any, Any]:
    """dL/da[n, k] = dy[n] * b[n, k], and dL/db the other way round. Returns da, db."""
    a, b = cache
    check_dy("dot_backward", dy, (len(a), 1))
    return dy * b, dy * a
