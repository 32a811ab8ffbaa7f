"""Solutions of notebook 09."""
import numpy as np


def max_pool(x, p):
    """(N, H, W, C) -> (N, H/p, W/p, C)"""
    n, h, w, c = x.shape
    return x.reshape(n, h // p, p, w // p, p, c).max(axis=(2, 4))


def max_pool_backward(dy, x, p):
    """(N, H/p, W/p, C), (N, H, W, C) -> (N, H, W, C)"""
    dx = np.zeros_like(x)
    for n, oh, ow, c in np.ndindex(dy.shape):
        window = x[n, oh * p:(oh + 1) * p, ow * p:(ow + 1) * p, c]
        i, j = np.unravel_index(window.argmax(), window.shape)
        dx[n, oh * p + i, ow * p + j, c] = dy[n, oh, ow, c]
    return dx


def leaky_relu_backward(dy, x, slope):
    """Arrays of the same shape; slope is the slope below 0, and at 0."""
    return dy * np.where(x > 0, 1, slope)


def dropout(x, rate, chance, training):
    """chance holds a number from 0 to 1 for each value of x: drop where it is below rate."""
    return x * (chance >= rate) / (1 - rate) if training else x
