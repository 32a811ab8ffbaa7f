"""Solutions of notebook 02."""
from nnscratch.course import own

which_rate = [0.95, 0.05, 1.02, 0.3]  # A, B, C, D


def mse(y, t):
    """y and t of one shape -> L, dy"""
    return ((y - t)**2).mean(), 2 * (y - t) / y.size


def line_gradient(x, t, w, b):
    """(N,), (N,), and numbers w and b -> dy (N,), and numbers dw and db"""
    L, dy = own.mse(w * x + b, t)
    return dy, (dy * x).sum(), dy.sum()


def sgd_step(w, dw, lr):
    """w, and dw of its shape -> the new w"""
    return w - lr * dw


def fit_line(x, t, lr, steps):
    """(N,), (N,), the learning rate and the number of steps -> numbers w and b"""
    w, b = 0.0, 0.0
    for _ in range(steps):
        dy, dw, db = own.line_gradient(x, t, w, b)
        w, b = own.sgd_step(w, dw, lr), own.sgd_step(b, db, lr)
    return w, b
