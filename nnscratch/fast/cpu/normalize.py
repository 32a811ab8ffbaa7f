"""Normalization on the CPU: the formulas of ops/normalize.py with fewer passes over memory.

Shapes: x (..., C), gamma, beta, statistics (C,).

Three tricks. Several pixels are seen as one long row: NumPy has a cost for each row, and rows of a few channels are too short.
Sums over pixels are products with a vector of ones: BLAS adds in blocks, several times faster than adding row after row in
float32, and with a smaller rounding error. And x̂ is never written out: x - mean and a factor for each channel are enough.
"""
from collections.abc import Callable
from math import gcd
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.ops.normalize import bessel, check_batch_norm, check_normalization
from nnscratch.ops.validation import check_array, check_dy
from nnscratch.shard import WHOLE, Shard

__all__: list[str] = []

OPS = ["batch_norm", "batch_norm_backward", "instance_norm", "instance_norm_backward"]


def batch_norm(x: Array, gamma: Array, beta: Array, moving_mean: Array, moving_variance: Array, *, training: bool,
               momentum: float = 0.99, epsilon: float = 1e-3, unbiased: bool = False,
               shard: Shard = WHOLE) -> tuple[Array, tuple[Array, Array], Any]:
    """As ops.batch_norm."""
    check_batch_norm(x, gamma, beta, moving_mean, moving_variance, momentum, epsilon, training, unbiased, shard)
    momentum, (rows, repeat) = float(momentum), in_long_rows(x)
    if training:
        count = x.size // x.shape[-1]
        mean = shard.mean(channel_sum(x) / count)
        centered = rows - repeat(mean)
        # The square is taken before the mean (no E[x²] - E[x]², which cancels), and without abs: it stays analytic.
        variance = shard.mean(channel_dot(centered, centered, x.shape[-1]) / count)
        correction = bessel(x, shard) if unbiased else 1.0
        new_mean = momentum * moving_mean + (1 - momentum) * mean.astype(moving_mean.dtype)
        new_variance = momentum * moving_variance + (1 - momentum) * correction * variance.astype(moving_variance.dtype)
    else:
        centered, variance = rows - repeat(moving_mean), moving_variance
        new_mean, new_variance = moving_mean, moving_variance
    inverse_std = (variance + float(epsilon))**-0.5
    y = centered * repeat(gamma * inverse_std)
    y += repeat(beta)
    return y.reshape(x.shape), (new_mean, new_variance), (centered.reshape(x.shape), gamma, inverse_std, training, shard)


def batch_norm_backward(dy: Array, cache: Any, wrt: str = "all") -> tuple[Array, Array, Array]:
    """As ops.batch_norm_backward, with x̂ = centered * inverse_std."""
    centered, gamma, inverse_std, training, shard = cache
    check_dy("batch_norm_backward", dy, centered.shape, wrt)
    dx = dgamma = dbeta = None  # type: Any
    if training or wrt != "input":  # in training dx needs these two sums
        dbeta, dgamma = channel_sum(dy), channel_dot(dy, centered, dy.shape[-1]) * inverse_std
    if wrt != "parameters":
        rows, repeat = in_long_rows(dy)
        scale = repeat(gamma * inverse_std)
        if training:
            mean_dy, mean_dy_x_hat = shard.mean(np.stack([dbeta, dgamma]) / (dy.size // dy.shape[-1]))
            dx = in_long_rows(centered)[0] * repeat(-inverse_std * mean_dy_x_hat)
            dx += rows  # in place: every further array is a trip to memory and back
            dx -= repeat(mean_dy)
            dx *= scale
        else:
            dx = rows * scale
        dx = dx.reshape(dy.shape)
    return (dx, None, None) if wrt == "input" else (dx, dgamma, dbeta)


def instance_norm(x: Array, gamma: Array, beta: Array, *, epsilon: float = 1e-5) -> tuple[Array, Any]:
    """As ops.instance_norm."""
    check_array("instance_norm", "x", x, 4)
    check_normalization("instance_norm", x, epsilon, gamma=gamma, beta=beta)
    centered = x - image_mean(x)
    inverse_std = (image_mean(centered * centered) + float(epsilon))**-0.5
    return centered * (gamma * inverse_std) + beta, (centered, gamma, inverse_std)


def instance_norm_backward(dy: Array, cache: Any, wrt: str = "all") -> tuple[Array, Array, Array]:
    """As ops.instance_norm_backward."""
    centered, gamma, inverse_std = cache
    check_dy("instance_norm_backward", dy, centered.shape, wrt)
    dx = dgamma = dbeta = None
    mean_dy_x_hat, mean_dy = image_mean(dy * centered) * inverse_std, image_mean(dy)
    if wrt != "parameters":
        dx = (dy - centered * (inverse_std * mean_dy_x_hat) - mean_dy) * (gamma * inverse_std)
    if wrt != "input":
        pixels = dy.shape[1] * dy.shape[2]
        dgamma, dbeta = (pixels * mean.sum(axis=(0, 1, 2)) for mean in (mean_dy_x_hat, mean_dy))
    return dx, dgamma, dbeta


def in_long_rows(x: Array) -> tuple[Array, Callable[[Array], Array]]:
    """x with k pixels in each row, (..., C) -> (pixels / k, k C), and `repeat`, which makes (C,) as long as such a row."""
    channels = x.shape[-1]
    together = gcd(x.size // channels, 2 ** (8192 // channels).bit_length())  # pixels, a power of two
    return x.reshape(-1, together * channels), lambda numbers: numbers[None].repeat(together, axis=0).reshape(-1)


def image_mean(x: Array) -> Array:
    """The mean over each image's pixels: (N, H, W, C) -> (N, 1, 1, C)."""
    n, h, w, c = x.shape
    return (np.ones((1, h * w), x.dtype) @ x.reshape(n, h * w, c))[:, None] / (h * w)


def channel_sum(x: Array) -> Array:
    """The sum over all axes but the last: (..., C) -> (C,)."""
    rows = x.reshape(-1, x.shape[-1])
    return np.ones(len(rows), x.dtype) @ rows


def channel_dot(a: Array, b: Array, channels: int) -> Array:
    """Σ a * b over all axes but the last: -> (C,). Each product is added at once and never stored."""
    rows, others = (in_long_rows(array.reshape(-1, channels))[0] for array in (a, b))
    return np.einsum("rc,rc->c", rows, others).reshape(-1, channels).sum(axis=0)
