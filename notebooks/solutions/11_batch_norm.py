"""Solutions of notebook 11."""
import numpy as np


def batch_norm(x, gamma, beta, epsilon):
    """(N, H, W, C), (C,), (C,), a number -> (N, H, W, C)"""
    mean = x.mean(axis=(0, 1, 2))
    variance = ((x - mean)**2).mean(axis=(0, 1, 2))
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def batch_norm_backward(dy, x, gamma, epsilon):
    """(N, H, W, C), (N, H, W, C), (C,), a number -> dx (N, H, W, C), dgamma (C,), dbeta (C,)"""
    axes, count = (0, 1, 2), x.size // x.shape[-1]
    centred = x - x.mean(axis=axes)
    r = ((centred**2).mean(axis=axes) + epsilon)**-0.5
    dn = gamma * dy
    dr = (dn * centred).sum(axis=axes)
    dv = -0.5 * r**3 * dr
    dcentred = dn * r + dv * 2 * centred / count
    dmean = -dcentred.sum(axis=axes)
    dx = dcentred + dmean / count
    return dx, (dy * centred * r).sum(axis=axes), dy.sum(axis=axes)


def inference_backward(dy, x, gamma, mean, variance, epsilon):
    """As before, with mean (C,) and variance (C,) given -> dx, dgamma, dbeta"""
    d = np.sqrt(variance + epsilon)
    return gamma / d * dy, (dy * (x - mean) / d).sum(axis=(0, 1, 2)), dy.sum(axis=(0, 1, 2))


def running_average(start, batches, momentum):
    """The running value that was `start`, after batches of these values."""
    for value in batches:
        start = momentum * start + (1 - momentum) * value
    return start
