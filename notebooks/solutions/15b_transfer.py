"""Solutions of notebook 15."""
import numpy as np

from nnscratch.style.colour import matrix_power


def content_gradient(F, P):
    """Features of the picture and of the photograph (H, W, C) -> L, dF (H, W, C)"""
    whole = (P**2).sum()
    return ((F - P)**2).sum() / whole, 2 * (F - P) / whole


def total_variation(x):
    """A picture (H, W, C) -> L, dx (H, W, C)"""
    down, across = x[1:] - x[:-1], x[:, 1:] - x[:, :-1]
    dx = np.zeros_like(x)
    dx[1:] += down
    dx[:-1] -= down
    dx[:, 1:] += across
    dx[:, :-1] -= across
    return ((down**2).sum() + (across**2).sum()) / x.size, 2 * dx / x.size


def matched_colours(x, y):
    """Colours as rows, x (M, C) and y (K, C) -> x with the mean and the covariance of y"""
    x, centred = x - x.mean(axis=0), y - y.mean(axis=0)
    A = matrix_power(centred.T @ centred / len(y), 0.5) @ matrix_power(x.T @ x / len(x), -0.5)
    return x @ A.T + y.mean(axis=0)
