"""Group normalization: like batch normalization, but over the pixels and a group of channels of one image.

Shapes: x (N, H, W, C), gamma and beta (C,), y (N, H, W, C). G groups of C/G channels each; inside (N, H*W, G, C/G).

It does not depend on the batch. G = C is instance normalization, G = 1 layer normalization over an image.
"""
from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.ops.normalize import check_normalization
from nnscratch.ops.validation import ARRAY, check_array, check_cache, check_dy, check_int

__all__ = ["group_norm", "group_norm_backward"]


def group_norm(x: Array, gamma: Array, beta: Array, *, groups: int = 32, epsilon: float = 1e-3) -> tuple[Array, tuple]:
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
    y, cache : array (N, H, W, C), tuple
        The output, and what `group_norm_backward` needs.

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
    centered = grouped - grouped.mean((1, 3), keepdims=True)
    inverse_std = ((centered * centered).mean((1, 3), keepdims=True) + float(epsilon))**-0.5
    x_hat = centered * inverse_std
    return gamma * x_hat.reshape(x.shape) + beta, (x_hat, gamma, inverse_std, x.shape)


def group_norm_backward(dy: Array, cache: tuple, wrt: str = "all") -> tuple[Array, Array, Array]:
    """Gradients of the loss with respect to x, gamma and beta, given dy = dL/dy.

    Mean and variance depend on every value of the group, so the derivation in `batch_norm_backward` holds with means over the
    group. But gamma differs within a group, so it must be multiplied in before the means are taken: with d = gamma * dy

        dL/dx = (d - mean(d) - x̂ * mean(d * x̂)) / sqrt(variance + epsilon)
        dL/dgamma = Σ dy * x̂        dL/dbeta = Σ dy

    Parameters
    ----------
    dy : array (N, H, W, C)
    cache : tuple, from `group_norm`
    wrt : "all" | "input" | "parameters", the gradients to compute

    Returns
    -------
    dx, dgamma, dbeta : arrays in the shapes of x, gamma and beta
        None for what `wrt` leaves out.

    Raises
    ------
    InputError
        dy has another shape than y.
    """
    check_cache("group_norm_backward", cache, ARRAY, ARRAY, ARRAY, tuple)
    x_hat, gamma, inverse_std, shape = cache
    check_dy("group_norm_backward", dy, shape, wrt)
    dx = dgamma = dbeta = None
    if wrt != "parameters":
        d = (gamma * dy).reshape(x_hat.shape)
        dx = inverse_std * (d - d.mean((1, 3), keepdims=True) - x_hat * (d * x_hat).mean((1, 3), keepdims=True))
        dx = dx.reshape(shape)
    if wrt != "input":
        dgamma, dbeta = (dy * x_hat.reshape(shape)).sum((0, 1, 2)), dy.sum((0, 1, 2))
    return dx, dgamma, dbeta
