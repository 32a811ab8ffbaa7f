"""The dense layer, the formula that everything else is built from: y = x @ W + b.

Shapes: x (..., inputs), weights (inputs, units), bias (units,), y (..., units). The leading axes are a batch of any rank.
"""
from nnscratch.backend import Array
from nnscratch.ops.validation import ARRAY, FLAG, check_array, check_cache, check_dy, check_shape

__all__ = ["dense", "dense_backward", "dot", "dot_backward"]


def dense(x: Array, weights: Array, bias: Array | None = None) -> tuple[Array, tuple]:
    """y = x @ weights + bias.

    Parameters
    ----------
    x : array (..., inputs), at least 2 axes
    weights : array (inputs, units)
    bias : array (units,), optional

    Returns
    -------
    y : array (..., units)
        The weighted sums.
    cache : tuple
        What `dense_backward` needs.

    Raises
    ------
    InputError
        A wrong shape or dtype.

    References
    ----------
    Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 6.5.6.

    Examples
    --------
    >>> import numpy as np
    >>> dense(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([0.5]))[0].tolist()
    [[11.5]]
    """
    check_dense(x, weights, bias)
    y = x @ weights
    return (y if bias is None else y + bias), (x, weights, bias is not None)


def dense_backward(dy: Array, cache: tuple, wrt: str = "all") -> tuple[Array, Array, Array]:
    """Gradients of the loss with respect to x, weights and bias, given dy = dL/dy.

    One element is y[n, u] = Σ_k x[n, k] * W[k, u] + b[u], so by the chain rule

        dL/dx[n, k] = Σ_u dy[n, u] * W[k, u]      dx = dy @ Wᵀ
        dL/dW[k, u] = Σ_n x[n, k] * dy[n, u]      dW = xᵀ @ dy
        dL/db[u]    = Σ_n dy[n, u]

    Parameters
    ----------
    dy : array (..., units)
    cache : tuple, from `dense`
    wrt : "all" | "input" | "parameters", the gradients to compute

    Returns
    -------
    dx, dweights, dbias : arrays in the shapes of x, weights and bias
        None for what `wrt` leaves out, and for a missing bias.

    Raises
    ------
    InputError
        dy has another shape than y.
    """
    check_cache("dense_backward", cache, ARRAY, ARRAY, FLAG)
    x, weights, has_bias = cache
    check_dy("dense_backward", dy, (*x.shape[:-1], weights.shape[1]), wrt)
    dx = dweights = dbias = None
    if wrt != "parameters":
        dx = dy @ weights.T
    if wrt != "input":
        x_rows, dy_rows = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])  # the batch as the rows of a matrix
        dweights = x_rows.T @ dy_rows
        dbias = dy_rows.sum(axis=0) if has_bias else None
    return dx, dweights, dbias


def dot(a: Array, b: Array) -> tuple[Array, tuple]:
    """The dot product of two vectors for each sample: y[n] = Σ_k a[n, k] * b[n, k].

    Parameters
    ----------
    a, b : array (N, K)

    Returns
    -------
    y : array (N, 1)
        The products.
    cache : tuple
        What `dot_backward` needs.

    Raises
    ------
    InputError
        A wrong shape or dtype.

    References
    ----------
    Miyato and Koyama, "cGANs with projection discriminator", 2018, equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> dot(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))[0].tolist()
    [[11.0]]
    """
    check_array("dot", "a", a, 2, "(N, K)")
    check_array("dot", "b", b, 2, "(N, K)")
    check_shape("dot", "b", b, a.shape, "like a")
    return (a * b).sum(axis=1, keepdims=True), (a, b)


def dot_backward(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """dL/da[n, k] = dy[n] * b[n, k] and dL/db[n, k] = dy[n] * a[n, k].

    Parameters
    ----------
    dy : array (N, 1)
    cache : tuple, from `dot`

    Returns
    -------
    da, db : arrays (N, K)
        The gradients with respect to a and b.
    """
    check_cache("dot_backward", cache, ARRAY, ARRAY)
    a, b = cache
    check_dy("dot_backward", dy, (len(a), 1))
    return dy * b, dy * a


def check_dense(x: Array, weights: Array, bias: Array | None) -> None:
    """Raise InputError unless the arguments of `dense` fit together."""
    check_array("dense", "x", x, max(2, getattr(x, "ndim", 2)), "(batch, inputs)")
    check_array("dense", "weights", weights, 2, "(inputs, units)")
    check_shape("dense", "weights", weights, (x.shape[-1], weights.shape[1]), "(inputs, units) for this x")
    if bias is not None:
        check_array("dense", "bias", bias, 1, "(units,)")
        check_shape("dense", "bias", bias, weights.shape[1:], "(units,), one number for each unit")
