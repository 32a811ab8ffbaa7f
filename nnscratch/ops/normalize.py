"""Normalization: give each channel mean 0 and variance 1, then scale it by gamma and shift it by beta.

Shapes: x (..., C) with channels last, gamma, beta and running statistics (C,). M is the number of values a mean is
taken over: all but the last axis for batch normalization, H*W of one image for instance normalization.
"""
from numbers import Real
from typing import Any

from nnscratch.errors import InputError
from nnscratch.ops.validation import check_array, check_dy, check_shape

__all__ = ["batch_norm", "batch_norm_backward", "instance_norm", "instance_norm_backward"]


def batch_norm(x: Any, gamma: Any, beta: Any, running_mean: Any, running_variance: Any, *, training: bool,
               momentum: float = 0.99, epsilon: float = 1e-3, unbiased: bool = False) -> tuple[Any, tuple[Any, Any], Any]:
    """Normalize each channel over the batch (training) or by the running statistics (inference).

        x̂ = (x - mean) / sqrt(variance + epsilon)          y = gamma * x̂ + beta
        new running value = momentum * old + (1 - momentum) * value of this batch

    Parameters
    ----------
    x : array (..., C), for instance (N, H, W, C) or (N, C)
    gamma, beta, running_mean, running_variance : array (C,)
    training : bool, which statistics to use
    momentum : float in [0, 1], the fraction of the OLD running value, as in Keras (PyTorch's 0.1 is 0.9 here)
    epsilon : float > 0, keeps the root away from 0
    unbiased : bool, whether the running variance divides by M - 1 (PyTorch) and not by M (Keras 3).
        The variance that normalizes always divides by M.

    Returns
    -------
    y : array (..., C)
    (new_mean, new_variance) : arrays (C,); at inference the running statistics as they were
    cache : for `batch_norm_backward`

    Raises
    ------
    InputError : a wrong shape, dtype or option.

    Source: Ioffe and Szegedy, "Batch normalization" (2015), algorithms 1 and 2.
    """
    check_batch_norm(x, gamma, beta, running_mean, running_variance, momentum, epsilon)
    axes = tuple(range(x.ndim - 1))
    if training:
        mean = x.mean(axes)
        centred = x - mean
        variance = (centred * centred).mean(axes)  # without abs: the formula stays analytic
        count = x.size // x.shape[-1]
        correction = count / max(count - 1, 1) if unbiased else 1.0
        new_mean = momentum * running_mean + (1 - momentum) * mean.astype(running_mean.dtype)
        new_variance = momentum * running_variance + (1 - momentum) * correction * variance.astype(running_variance.dtype)
    else:
        centred, variance = x - running_mean, running_variance
        new_mean, new_variance = running_mean, running_variance
    inverse_std = (variance + float(epsilon))**-0.5
    normal = centred * inverse_std
    return gamma * normal + beta, (new_mean, new_variance), (normal, gamma, inverse_std, training)


def batch_norm_backward(dy: Any, cache: Any, wrt: str = "all") -> tuple[Any, Any, Any]:
    """Gradients of `batch_norm`.

    y = gamma * x̂ + beta gives at once

        dL/dgamma = Σ dy * x̂        dL/dbeta = Σ dy        dL/dx̂ = gamma * dy

    At inference mean and variance are constants: dx = dL/dx̂ / standard deviation. In training they depend on every x too.
    With d = sqrt(variance + epsilon), x̂_m = (x_m - mean) / d, and the two facts Σ x̂ = 0 and

        dmean/dx_k = 1/M        dd/dx_k = x̂_k / M        dx̂_m/dx_k = ([m = k] - 1/M - x̂_m x̂_k / M) / d

    the sum over m of dL/dx̂_m * dx̂_m/dx_k is

        dL/dx = gamma / d * (dy - mean(dy) - x̂ * mean(dy * x̂)),

    dy without its mean and without its part along x̂: what cannot change y cannot receive gradient. For dy = 1 it is
    exactly 0, which is why a test by sum(y) proves nothing here.

    `wrt` is "all", "input" or "parameters". Returns dx, dgamma, dbeta; None where not asked for.
    """
    normal, gamma, inverse_std, training = cache
    check_dy("batch_norm_backward", dy, normal.shape)
    axes = tuple(range(dy.ndim - 1))
    dx = dgamma = dbeta = None
    if wrt != "input":
        dgamma, dbeta = (dy * normal).sum(axes), dy.sum(axes)
    if wrt != "parameters":
        if training:
            dx = gamma * inverse_std * (dy - dy.mean(axes) - normal * (dy * normal).mean(axes))
        else:
            dx = gamma * inverse_std * dy
    return dx, dgamma, dbeta


def instance_norm(x: Any, gamma: Any, beta: Any, *, epsilon: float = 1e-5) -> tuple[Any, Any]:
    """Normalize each channel of each image by its own mean and variance; the same in training and inference.

    Parameters
    ----------
    x : array (N, H, W, C)
    gamma, beta : array (C,)
    epsilon : float > 0

    Returns
    -------
    y : array (N, H, W, C)
    cache : for `instance_norm_backward`

    Raises
    ------
    InputError : a wrong shape, dtype or option.

    Source: Ulyanov, Vedaldi, Lempitsky, "Instance normalization" (2016), equation 3.
    """
    check_array("instance_norm", "x", x, 4)
    check_normalization("instance_norm", x, epsilon, gamma=gamma, beta=beta)
    centred = x - x.mean((1, 2), keepdims=True)
    inverse_std = ((centred * centred).mean((1, 2), keepdims=True) + float(epsilon))**-0.5
    normal = centred * inverse_std
    return gamma * normal + beta, (normal, gamma, inverse_std)


def instance_norm_backward(dy: Any, cache: Any, wrt: str = "all") -> tuple[Any, Any, Any]:
    """Gradients of `instance_norm`: those of batch normalization in training, with means over H and W alone.

    `wrt` is "all", "input" or "parameters". Returns dx, dgamma, dbeta; None where not asked for.
    """
    normal, gamma, inverse_std = cache
    check_dy("instance_norm_backward", dy, normal.shape)
    dx = dgamma = dbeta = None
    if wrt != "parameters":
        mean_dy, mean_dy_normal = dy.mean((1, 2), keepdims=True), (dy * normal).mean((1, 2), keepdims=True)
        dx = gamma * inverse_std * (dy - mean_dy - normal * mean_dy_normal)
    if wrt != "input":
        dgamma, dbeta = (dy * normal).sum((0, 1, 2)), dy.sum((0, 1, 2))
    return dx, dgamma, dbeta


def check_batch_norm(x: Any, gamma: Any, beta: Any, running_mean: Any, running_variance: Any, momentum: float,
                     epsilon: float) -> None:
    """Check the arguments of `batch_norm`."""
    check_array("batch_norm", "x", x, max(2, getattr(x, "ndim", 2)), "(..., C)")
    check_normalization("batch_norm", x, epsilon, gamma=gamma, beta=beta, running_mean=running_mean,
                        running_variance=running_variance)
    if not 0 <= momentum <= 1:
        raise InputError(f"batch_norm: momentum is {momentum!r}, expected a fraction between 0 and 1, such as 0.99")


def check_normalization(op: str, x: Any, epsilon: float, **per_channel: Any) -> None:
    """One number for each channel in every array of `per_channel`, and an epsilon that keeps the root away from 0."""
    for name, array in per_channel.items():
        check_array(op, name, array, 1, "(C,)")
        check_shape(op, name, array, x.shape[-1:], "(C,), one number for each channel of x")
    if not (isinstance(epsilon, Real) and epsilon > 0):
        raise InputError(f"{op}: epsilon is {epsilon!r}, expected a number above 0, such as 1e-3")
