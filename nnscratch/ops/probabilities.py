"""Softmax: scores, real numbers, become probabilities, which are positive and sum to 1.

Shapes: x, y, dy and dx (..., K), one score for each of K classes.
"""
from nnscratch.backend import Array, array_module
from nnscratch.ops.validation import check_array, check_cache, check_dy

__all__ = ["softmax", "softmax_backward"]


def softmax(x: Array) -> tuple[Array, Array]:
    """y_k = exp(x_k) / Σ_j exp(x_j) over the last axis.

    Subtracting the largest x first does not change y, but keeps exp from overflowing.

    Parameters
    ----------
    x : array (..., K)

    Returns
    -------
    y, cache : array (..., K), array
        The cache is y.

    References
    ----------
    Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.log([[1.0, 3.0]]))[0].round(3).tolist()
    [[0.25, 0.75]]
    """
    check_array("softmax", "x", x, None)
    xp = array_module(x)
    powers = xp.exp(x - x.real.max(axis=-1, keepdims=True))
    y = powers / powers.sum(axis=-1, keepdims=True)
    return y, y


def softmax_backward(dy: Array, cache: Array) -> Array:
    """dy_k/dx_j = y_k ([k = j] - y_j), so dx_j = y_j * (dy_j - Σ_k dy_k y_k).

    Parameters
    ----------
    dy : array (..., K)
    cache : array, from `softmax`

    Returns
    -------
    dx : array (..., K)
        The gradient with respect to x.
    """
    check_cache("softmax_backward", cache)
    y = cache
    check_dy("softmax_backward", dy, y.shape)
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))
