"""Solutions of notebook 11."""
import numpy as np


def batch_norm(x, gamma, beta, epsilon):
    """x (N, H, W, C) or (N, C), gamma and beta (C,), epsilon a number -> y like x"""
    axes = tuple(range(x.ndim - 1))
    mean = x.mean(axis=axes)
    var = ((x - mean)**2).mean(axis=axes)
    return gamma * (x - mean) / np.sqrt(var + epsilon) + beta


def batch_norm_steps(dy, x, gamma, epsilon):
    """dy and x (M,), gamma and epsilon numbers -> d_x_hat, d_inv_std, d_var, d_c, d_mean, dx"""
    c = x - x.mean()
    var = (c**2).mean()
    inv_std = (var + epsilon)**-0.5
    d_x_hat = gamma * dy
    d_inv_std = (d_x_hat * c).sum()
    d_var = -0.5 * (var + epsilon)**-1.5 * d_inv_std
    d_c = d_x_hat * inv_std + d_var * 2 * c / x.size
    d_mean = -d_c.sum()
    dx = d_c + d_mean / x.size
    return d_x_hat, d_inv_std, d_var, d_c, d_mean, dx


def batch_norm_backward(dy, x, gamma, epsilon):
    """dy, x (N, H, W, C) or (N, C), gamma (C,), epsilon -> dx like x, dgamma and dbeta (C,)"""
    axes = tuple(range(x.ndim - 1))
    c = x - x.mean(axis=axes)
    inv_std = ((c**2).mean(axis=axes) + epsilon)**-0.5
    x_hat = c * inv_std
    dx = gamma * inv_std * (dy - dy.mean(axis=axes) - x_hat * (dy * x_hat).mean(axis=axes))
    return dx, (dy * x_hat).sum(axis=axes), dy.sum(axis=axes)


def upstream(shape):
    """-> dy of this shape, the same at every call"""
    return np.random.default_rng(0).standard_normal(shape)


running_mean = [1.0, 2.9, 0.366]


def inference_backward(dy, x, gamma, mean, var, epsilon):
    """as batch_norm_backward, with mean (C,) and var (C,) given -> dx, dgamma, dbeta"""
    axes = tuple(range(x.ndim - 1))
    inv_std = (var + epsilon)**-0.5
    x_hat = (x - mean) * inv_std
    return gamma * inv_std * dy, (dy * x_hat).sum(axis=axes), dy.sum(axis=axes)
