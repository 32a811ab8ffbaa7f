"""Group normalization: like batch normalization, but over the pixels and a group of channels of one sample.

Shapes: x (N, H, W, C), gamma and beta (C,), y (N, H, W, C). G groups of C/G channels each; inside (N, H*W, G, C/G).

It does not depend on the batch. G = C is instance normalization, G = 1 layer normalization over an image.
"""
from typing import Any

from nnscratch.errors import InputError
from nnscratch.ops.normalize import check_normalization
from nnscratch.ops.validation import check_array, check_dy, check_int

__all__ = ["group_norm", "group_norm_backward"]


def group_norm(x: Any, gamma: Any, beta: Any, *, groups: int = 32, epsilon: float = 1e-3) -> tuple[Any, Any]:
    """Normalize each group of channels of each image, then scale by gamma and shift by beta.

        x̂ = (x - mean) / sqrt(variance + epsilon)          y = gamma * x̂ + beta

    Parameters
    ----------
    x : array (N, H, W, C)
    gamma, beta : array (C,)
    groups : int, a divisor of C
    epsilon : float > 0, keeps the root away from 0

    Returns
    -------
    y : array (N, H, W, C)
    cache : what `group_norm_backward` needs

    Raises
    ------
    InputError
        A wrong shape, dtype or option.

    References
    ----------
    Wu and He, "Group normalization", 2018, equations 1 to 7.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 3.0, 10.0, 10.0]).reshape(1, 1, 1, 4)
    >>> y, _ = group_norm(x, np.ones(4), np.zeros(4), groups=2, epsilon=1e-9)
    >>> y.round(3).ravel().tolist()
    [-1.0, 1.0, 0.0, 0.0]
    """
    check_array("group_norm", "x", x, 4)
    check_normalization("group_norm", x, epsilon, gamma=gamma, beta=beta)
    if x.shape[3] % check_int(groups, "group_norm: groups", 1):
        raise InputError(f"group_norm: groups is {groups}, expected a divisor of the {x.shape[3]} channels")
    grouped = x.reshape(len(x), -1, groups, x.shape[3] // groups)
    centred = grouped - grouped.mean((1, 3), keepdims=True)
    inverse_std = ((centred * centred).mean((1, 3), keepdims=True) + float(epsilon))**-0.5
    normal = centred * inverse_std
    return gamma * normal.reshape(x.shape) + beta, (normal, gamma, inverse_std, x.shape)


def group_norm_backward(dy: Any, cache: Any, wrt: str = "all") -> tuple[Any, Any, Any]:
    """Gradients of the loss with respect to x, gamma and beta, given dy = dL/dy.

    Mean and variance depend on every value of the group, as in `batch_norm_backward`, whose derivation holds with means over
    the group. Only, gamma differs within it, so it must be in before the means are taken: with d = gamma * dy

        dL/dx = (d - mean(d) - x̂ * mean(d * x̂)) / sqrt(variance + epsilon)
        dL/dgamma = Σ dy * x̂        dL/dbeta = Σ dy

    Parameters
    ----------
    dy : array (N, H, W, C)
    cache : from `group_norm`
    wrt : "all" | "input" | "parameters"; what is not asked for comes back as None.

    Returns
    -------
    dx, dgamma, dbeta : arrays in the shapes of x, gamma and beta

    Raises
    ------
    InputError
        dy of another shape than y.
    """
    normal, gamma, inverse_std, shape = cache
    check_dy("group_norm_backward", dy, shape)
    dx = dgamma = dbeta = None
    if wrt != "parameters":
        d = (gamma * dy).reshape(normal.shape)
        dx = inverse_std * (d - d.mean((1, 3), keepdims=True) - normal * (d * normal).mean((1, 3), keepdims=True))
        dx = dx.reshape(shape)
    if wrt != "input":
        dgamma, dbeta = (dy * normal.reshape(shape)).sum((0, 1, 2)), dy.sum((0, 1, 2))
    return dx, dgamma, dbeta
