"""Normalization: give each channel mean 0 and variance 1, then scale it by gamma and shift it by beta.

Shapes: x (..., C) with channels last, gamma, beta and moving statistics (C,). A mean is taken over M values: all axes but the
last for batch normalization, the H*W pixels of one image for instance normalization.
"""
from nnscratch.backend import Array, array_module
from nnscratch.ops.validation import (
    ARRAY,
    FLAG,
    check_array,
    check_cache,
    check_dy,
    check_flag,
    check_fraction,
    check_positive,
    check_shape,
    check_type,
)
from nnscratch.shard import WHOLE, Shard

__all__ = ["batch_norm", "batch_norm_backward", "instance_norm", "instance_norm_backward"]


def batch_norm(x: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array, *, training: bool,
               momentum: float = 0.99, epsilon: float = 1e-3, unbiased: bool = False,
               shard: Shard = WHOLE) -> tuple[Array, tuple[Array, Array], tuple]:
    """Normalize each channel by the statistics of the batch (training) or by the moving statistics (inference).

        x̂ = (x - mean) / sqrt(variance + epsilon)          y = gamma * x̂ + beta
        new running value = momentum * old + (1 - momentum) * value of this batch

    Parameters
    ----------
    x : array (..., C), for instance (N, H, W, C) or (N, C)
    gamma, beta, moving_mean, moving_variance : array (C,)
    training : bool, whether to use the statistics of the batch
    momentum : float in [0, 1], the weight of the OLD running value, as in Keras (PyTorch's 0.1 is 0.9 here)
    epsilon : float > 0, keeps the root away from 0
    unbiased : bool, whether the moving variance divides by M - 1 (PyTorch) and not by M (Keras 3)
        The variance that normalizes always divides by M.
    shard : Shard, which rows of the batch x is, where several processes share it; the statistics are those of the whole batch

    Returns
    -------
    y : array (..., C)
        The normalized values, scaled and shifted.
    statistics : tuple of two arrays (C,)
        New moving mean and variance; at inference the old ones.
    cache : tuple
        What `batch_norm_backward` needs.

    Raises
    ------
    InputError
        A wrong shape, dtype or option.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization", 2015, algorithms 1 and 2.

    Examples
    --------
    >>> import numpy as np
    >>> x, one, zero = np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1)
    >>> y, (new_mean, new_variance), cache = batch_norm(x, one, zero, zero, one, training=True, epsilon=1e-9)
    >>> y.round(3).tolist(), new_mean.round(3).tolist()
    ([[-1.0], [1.0]], [0.02])
    """
    check_batch_norm(x, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training, unbiased, shard)
    axes = tuple(range(x.ndim - 1))
    if training:
        mean = shard.mean(x.mean(axes))
        centered = x - mean
        variance = shard.mean((centered * centered).mean(axes))  # without abs: the formula stays analytic
        correction = bessel(x, shard) if unbiased else 1.0
        new_mean = momentum * moving_mean + (1 - momentum) * mean.astype(moving_mean.dtype)
        new_variance = momentum * moving_variance + (1 - momentum) * correction * variance.astype(moving_variance.dtype)
    else:
        centered, variance = x - moving_mean, moving_variance
        new_mean, new_variance = moving_mean, moving_variance
    inverse_std = (variance + float(epsilon))**-0.5
    x_hat = centered * inverse_std
    return gamma * x_hat + beta, (new_mean, new_variance), (x_hat, gamma, inverse_std, training, shard)


def batch_norm_backward(dy: Array, cache: tuple, wrt: str = "all") -> tuple[Array, Array, Array]:
    """Gradients of the loss with respect to x, gamma and beta, given dy = dL/dy.

    y = gamma * x̂ + beta gives at once

        dL/dgamma = Σ dy * x̂        dL/dbeta = Σ dy        dL/dx̂ = gamma * dy

    At inference mean and variance are constants: dx = dL/dx̂ / sqrt(variance + epsilon). In training they depend on every x.
    With d = sqrt(variance + epsilon), x̂_m = (x_m - mean) / d, and the two facts Σ x̂ = 0 and

        dmean/dx_k = 1/M        dd/dx_k = x̂_k / M        dx̂_m/dx_k = ([m = k] - 1/M - x̂_m x̂_k / M) / d

    the sum over m of dL/dx̂_m * dx̂_m/dx_k is

        dL/dx = gamma / d * (dy - mean(dy) - x̂ * mean(dy * x̂)),

    which is dy without its mean and without its component along x̂: a change of x in these two directions does not change y.
    For dy = 1 the gradient is exactly 0, which is why a test by sum(y) proves nothing here.

    Parameters
    ----------
    dy : array (..., C)
    cache : tuple, from `batch_norm`
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
    check_cache("batch_norm_backward", cache, ARRAY, ARRAY, ARRAY, FLAG, Shard)
    x_hat, gamma, inverse_std, training, shard = cache
    check_dy("batch_norm_backward", dy, x_hat.shape, wrt)
    axes = tuple(range(dy.ndim - 1))
    dx = dgamma = dbeta = None
    if wrt != "input":
        dgamma, dbeta = (dy * x_hat).sum(axes), dy.sum(axes)
    if wrt != "parameters":
        if training:
            means = array_module(dy).stack([dy.mean(axes), (dy * x_hat).mean(axes)])
            mean_dy, mean_dy_x_hat = shard.mean(means)  # both in one message
            dx = gamma * inverse_std * (dy - mean_dy - x_hat * mean_dy_x_hat)
        else:
            dx = gamma * inverse_std * dy
    return dx, dgamma, dbeta


def instance_norm(x: Array, gamma: Array, beta: Array, *, epsilon: float = 1e-5) -> tuple[Array, tuple]:
    """Normalize each channel of each image by its own mean and variance, in training and inference alike.

        x̂ = (x - mean) / sqrt(variance + epsilon)          y = gamma * x̂ + beta

    Parameters
    ----------
    x : array (N, H, W, C)
    gamma, beta : array (C,)
    epsilon : float > 0, keeps the root away from 0

    Returns
    -------
    y, cache : array (N, H, W, C), tuple
        The output, and what `instance_norm_backward` needs.

    Raises
    ------
    InputError
        A wrong shape, dtype or option.

    References
    ----------
    Ulyanov, Vedaldi, Lempitsky, "Instance normalization", 2016, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 3.0, 5.0, 5.0]).reshape(2, 1, 2, 1)
    >>> instance_norm(x, np.ones(1), np.zeros(1), epsilon=1e-9)[0].round(3).ravel().tolist()
    [-1.0, 1.0, 0.0, 0.0]
    """
    check_array("instance_norm", "x", x, 4)
    check_normalization("instance_norm", x, epsilon, gamma=gamma, beta=beta)
    centered = x - x.mean((1, 2), keepdims=True)
    inverse_std = ((centered * centered).mean((1, 2), keepdims=True) + float(epsilon))**-0.5
    x_hat = centered * inverse_std
    return gamma * x_hat + beta, (x_hat, gamma, inverse_std)


def instance_norm_backward(dy: Array, cache: tuple, wrt: str = "all") -> tuple[Array, Array, Array]:
    """Gradients as in `batch_norm_backward` in training, with means over H and W alone.

    Parameters
    ----------
    dy : array (N, H, W, C)
    cache : tuple, from `instance_norm`
    wrt : "all" | "input" | "parameters", the gradients to compute

    Returns
    -------
    dx, dgamma, dbeta : arrays in the shapes of x, gamma and beta
        None for what `wrt` leaves out.
    """
    check_cache("instance_norm_backward", cache, ARRAY, ARRAY, ARRAY)
    x_hat, gamma, inverse_std = cache
    check_dy("instance_norm_backward", dy, x_hat.shape, wrt)
    dx = dgamma = dbeta = None
    if wrt != "parameters":
        mean_dy, mean_dy_x_hat = dy.mean((1, 2), keepdims=True), (dy * x_hat).mean((1, 2), keepdims=True)
        dx = gamma * inverse_std * (dy - mean_dy - x_hat * mean_dy_x_hat)
    if wrt != "input":
        dgamma, dbeta = (dy * x_hat).sum((0, 1, 2)), dy.sum((0, 1, 2))
    return dx, dgamma, dbeta


def bessel(x: Array, shard: Shard) -> float:
    """M / (M - 1), Bessel's correction of a variance of M values, those of x in all processes."""
    count = round(x.size // x.shape[-1] / shard.weight)
    return count / max(count - 1, 1)


def check_batch_norm(x: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array, momentum: float,
                     epsilon: float, training: bool, unbiased: bool, shard: Shard) -> None:
    """Check the arguments of `batch_norm`."""
    check_array("batch_norm", "x", x, max(2, getattr(x, "ndim", 2)), "(..., C)")
    check_normalization("batch_norm", x, epsilon, gamma=gamma, beta=beta, moving_mean=moving_mean,
                        moving_variance=moving_variance)
    check_fraction(momentum, "batch_norm: momentum", or_one=True)
    check_flag(training, "batch_norm: training")
    check_flag(unbiased, "batch_norm: unbiased")
    check_type(shard, "batch_norm: shard", Shard)


def check_normalization(op: str, x: Array, epsilon: float, **per_channel: Array) -> None:
    """Check that every array of `per_channel` has one number for each channel, and that epsilon is positive."""
    for name, array in per_channel.items():
        check_array(op, name, array, 1, "(C,)")
        check_shape(op, name, array, x.shape[-1:], "(C,), one number for each channel of x")
    check_positive(epsilon, f"{op}: epsilon")
