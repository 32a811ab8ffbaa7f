"""Batch normalization in training, one channel and one pixel at a time.

Shapes: x and y (N, H, W, C), gamma and beta (C,).
"""
from nnscratch.backend import Array, array_module
from nnscratch.ops.reference.loops import ranges

__all__ = ["batch_norm", "batch_norm_backward"]


def batch_norm(x: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, mean and variance over n, h and w.

    Parameters
    ----------
    x : array (N, H, W, C)
    gamma, beta : array (C,)
    epsilon : float

    Returns
    -------
    y : array (N, H, W, C)
        The output of training mode.
    """
    xp, (n_count, h_count, w_count, c_count) = array_module(x), x.shape
    count, y = n_count * h_count * w_count, xp.empty_like(x)
    for c in range(c_count):
        pixels = list(ranges(n_count, h_count, w_count))
        mean = sum(x[n, h, w, c] for n, h, w in pixels) / count
        variance = sum((x[n, h, w, c] - mean)**2 for n, h, w in pixels) / count
        for n, h, w in pixels:
            y[n, h, w, c] = gamma[c] * (x[n, h, w, c] - mean) / (variance + epsilon)**0.5 + beta[c]
    return y


def batch_norm_backward(dy: Array, x: Array, gamma: Array, epsilon: float) -> tuple[Array, Array, Array]:
    """The chain rule node by node: y <- (gamma, beta, x_hat) <- (centered, std) <- (x, mean, variance).

    Parameters
    ----------
    dy, x : array (N, H, W, C)
    gamma : array (C,)
    epsilon : float

    Returns
    -------
    dx, dgamma, dbeta : arrays in the shapes of x, gamma and beta
        The gradients.
    """
    xp, (n_count, h_count, w_count, c_count) = array_module(x), x.shape
    count, pixels = n_count * h_count * w_count, list(ranges(n_count, h_count, w_count))
    dx, dgamma, dbeta = xp.empty_like(x), xp.zeros_like(gamma), xp.zeros_like(gamma)
    for c in range(c_count):
        mean = sum(x[n, h, w, c] for n, h, w in pixels) / count
        centered = {p: x[(*p, c)] - mean for p in pixels}
        std = (sum(value**2 for value in centered.values()) / count + epsilon)**0.5
        for p in pixels:
            dgamma[c] += dy[(*p, c)] * centered[p] / std
            dbeta[c] += dy[(*p, c)]
        dx_hat = {p: dy[(*p, c)] * gamma[c] for p in pixels}
        dstd = sum(dx_hat[p] * -centered[p] / std**2 for p in pixels)
        dvariance = dstd / (2 * std)
        dcentered = {p: dx_hat[p] / std + dvariance * 2 * centered[p] / count for p in pixels}
        dmean = -sum(dcentered.values())
        for p in pixels:
            dx[(*p, c)] = dcentered[p] + dmean / count
    return dx, dgamma, dbeta
