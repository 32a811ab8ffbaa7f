"""Normalisation: give each channel mean 0 and variance 1, then let it be scaled by gamma and shifted by beta.

Shapes: x (..., C) with channels last, gamma, beta and running statistics (C,). M is the number of values a mean is
taken over: all but the last axis for batch normalisation, H*W of one picture for instance normalisation.
"""
from math import gcd
from numbers import Real
from typing import NamedTuple

from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.fast import cuda
from nnscratch.ops.validation import check_array, check_dy, check_shape


class OnGPU(NamedTuple):
    """In the cache in place of x - mean, which a GPU makes again in less time than it would take to read."""
    x: object
    mean: object


def batch_norm(x, gamma, beta, running_mean, running_variance, *, training, momentum=0.99, epsilon=1e-3, unbiased=False):
    """Normalise each channel over the batch (training) or by the running statistics (inference).

        x̂ = (x - mean) / sqrt(variance + epsilon)          y = gamma * x̂ + beta
        new running value = momentum * old + (1 - momentum) * value of this batch

    Parameters
    ----------
    x : array (..., C), for instance (N, H, W, C) or (N, C)
    gamma, beta, running_mean, running_variance : array (C,)
    training : bool, which statistics to use
    momentum : float in [0, 1], the share of the OLD running value, as in Keras (PyTorch's 0.1 is 0.9 here)
    epsilon : float > 0, keeps the root away from 0
    unbiased : bool, whether the running variance divides by M - 1 (PyTorch) and not by M (Keras 3).
        The variance that normalises always divides by M.

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
    check_array("batch_norm", "x", x, max(2, getattr(x, "ndim", 2)), "(..., C)")
    check_normalisation("batch_norm", x, epsilon, gamma=gamma, beta=beta, running_mean=running_mean,
                        running_variance=running_variance)
    if not 0 <= momentum <= 1:
        raise InputError(f"batch_norm: momentum is {momentum!r}, expected a share between 0 and 1, such as 0.99")
    momentum = float(momentum)
    if cuda.able(x, gamma, beta, running_mean, running_variance):
        y, running, mean, inverse_deviation = cuda.batch_norm(
            x, gamma, beta, running_mean, running_variance, training, momentum, epsilon, unbiased)
        return y, running, (OnGPU(x, mean), gamma, inverse_deviation, training)
    rows, repeat = in_long_rows(x)
    if training:
        count = x.size // x.shape[-1]
        mean = channel_sum(x) / count
        centred = rows - repeat(mean)
        # The square is taken before the mean (no E[x²] - E[x]², which cancels), and without abs: it stays analytic.
        variance = channel_dot(centred, centred, x.shape[-1]) / count
        correction = count / max(count - 1, 1) if unbiased else 1.0
        new_mean = momentum * running_mean + (1 - momentum) * mean.astype(running_mean.dtype)
        new_variance = momentum * running_variance + (1 - momentum) * correction * variance.astype(running_variance.dtype)
    else:
        centred, variance = rows - repeat(running_mean), running_variance
        new_mean, new_variance = running_mean, running_variance
    inverse_deviation = (variance + float(epsilon))**-0.5
    y = centred * repeat(gamma * inverse_deviation)  # x̂ itself is never written out
    y += repeat(beta)
    cache = centred.reshape(x.shape), gamma, inverse_deviation, training
    return y.reshape(x.shape), (new_mean, new_variance), cache


def batch_norm_backward(dy, cache, wrt="all"):
    """Gradients of `batch_norm`.

    y = gamma * x̂ + beta gives at once

        dL/dgamma = Σ dy * x̂        dL/dbeta = Σ dy        dL/dx̂ = gamma * dy

    At inference mean and variance are constants: dx = dL/dx̂ / deviation. In training they depend on every x too.
    With d = sqrt(variance + epsilon), x̂_m = (x_m - mean) / d, and the two facts Σ x̂ = 0 and

        dmean/dx_k = 1/M        dd/dx_k = x̂_k / M        dx̂_m/dx_k = ([m = k] - 1/M - x̂_m x̂_k / M) / d

    the sum over m of dL/dx̂_m * dx̂_m/dx_k is

        dL/dx = gamma / d * (dy - mean(dy) - x̂ * mean(dy * x̂)),

    dy without its mean and without its part along x̂: what cannot change y cannot receive gradient. For dy = 1 it is
    exactly 0, which is why a test by sum(y) proves nothing here.

    `wrt` is "all", "input" or "parameters". Returns dx, dgamma, dbeta; None where not asked for.
    """
    centred, gamma, inverse_deviation, training = cache  # x̂ = centred * inverse_deviation
    if isinstance(centred, OnGPU):
        check_dy("batch_norm_backward", dy, centred.x.shape)
        return cuda.batch_norm_backward(dy, *centred, gamma, inverse_deviation, training, wrt)
    check_dy("batch_norm_backward", dy, centred.shape)
    dx = dgamma = dbeta = None
    if training or wrt != "input":  # in training dx is made of these two sums
        dbeta, dgamma = channel_sum(dy), channel_dot(dy, centred, dy.shape[-1]) * inverse_deviation
    if wrt != "parameters":
        rows, repeat = in_long_rows(dy)
        scale = repeat(gamma * inverse_deviation)
        if training:
            count = dy.size // dy.shape[-1]
            dx = in_long_rows(centred)[0] * repeat(inverse_deviation * dgamma / -count)
            dx += rows  # in place: every array more is a way to memory and back
            dx -= repeat(dbeta / count)
            dx *= scale
        else:
            dx = rows * scale
        dx = dx.reshape(dy.shape)
    return (dx, None, None) if wrt == "input" else (dx, dgamma, dbeta)


def instance_norm(x, gamma, beta, *, epsilon=1e-5):
    """Normalise each channel of each picture by its own mean and variance; the same in training and inference.

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
    check_normalisation("instance_norm", x, epsilon, gamma=gamma, beta=beta)
    centred = x - picture_mean(x)
    inverse_deviation = (picture_mean(centred * centred) + float(epsilon))**-0.5
    return centred * (gamma * inverse_deviation) + beta, (centred, gamma, inverse_deviation)


def instance_norm_backward(dy, cache, wrt="all"):
    """Gradients of `instance_norm`: those of batch normalisation in training, with means over H and W alone.

    `wrt` is "all", "input" or "parameters". Returns dx, dgamma, dbeta; None where not asked for.
    """
    centred, gamma, inverse_deviation = cache
    check_dy("instance_norm_backward", dy, centred.shape)
    dx = dgamma = dbeta = None
    mean_dy_normal = picture_mean(dy * centred) * inverse_deviation
    mean_dy = picture_mean(dy)
    if wrt != "parameters":
        dx = (dy - centred * (inverse_deviation * mean_dy_normal) - mean_dy) * (gamma * inverse_deviation)
    if wrt != "input":
        pixels = dy.shape[1] * dy.shape[2]
        dgamma, dbeta = (pixels * mean.sum(axis=(0, 1, 2)) for mean in (mean_dy_normal, mean_dy))
    return dx, dgamma, dbeta


def in_long_rows(x):
    """x with several pixels in a row, (..., C) -> (pixels / k, k C), and `repeat`, which makes (C,) as long as such a row.

    NumPy goes through an array row by row, and rows of a few channels are too short to be fast.
    """
    channels = x.shape[-1]
    together = gcd(x.size // channels, 2 ** (8192 // channels).bit_length())  # pixels, a power of two
    return x.reshape(-1, together * channels), lambda numbers: array_module(x).tile(numbers, together)


def picture_mean(x):
    """The mean over each picture's pixels: (N, H, W, C) -> (N, 1, 1, C)."""
    if cuda.able(x):
        return x.mean(axis=(1, 2), keepdims=True)
    n, h, w, c = x.shape
    return (array_module(x).ones((1, h * w), dtype=x.dtype) @ x.reshape(n, h * w, c))[:, None] / (h * w)


def channel_sum(x):
    """The sum over all axes but the last: (..., C) -> (C,).

    Written as a product with ones: BLAS adds in blocks, several times faster than adding row after row in float32, and
    with a smaller rounding error.
    """
    if cuda.able(x):
        return cuda.channel_sum(x)
    rows = x.reshape(-1, x.shape[-1])
    return array_module(x).ones(len(rows), dtype=x.dtype) @ rows


def channel_dot(a, b, channels):
    """Σ a * b over all axes but that of the channels: -> (C,). The products are added up as they are made, never stored."""
    rows, others = (in_long_rows(array.reshape(-1, channels))[0] for array in (a, b))
    return array_module(a).einsum("rc,rc->c", rows, others).reshape(-1, channels).sum(axis=0)


def check_normalisation(op, x, epsilon, **per_channel):
    """One number for each channel in every array of `per_channel`, and an epsilon that keeps the root away from 0."""
    for name, array in per_channel.items():
        check_array(op, name, array, 1, "(C,)")
        check_shape(op, name, array, x.shape[-1:], "(C,), one number for each channel of x")
    if not (isinstance(epsilon, Real) and epsilon > 0):
        raise InputError(f"{op}: epsilon is {epsilon!r}, expected a number above 0, such as 1e-3")
