"""Solutions of notebook 15."""
import numpy as np

from nnscratch.course import own

gram_changes = [1, 4, 1, 1024]


def gram(F):
    """(M, C) -> (C, C)"""
    return F.T @ F / len(F)


def gram_backward(dG, F):
    """(C, C), (M, C) -> dF (M, C)"""
    return F @ (dG + dG.T) / len(F)


def style_loss(F, G_s):
    """(M, C), (C, C) -> L, dF (M, C)"""
    difference = own.gram(F) - G_s
    return (difference**2).mean(), own.gram_backward(2 * difference / difference.size, F)


def smoothness(x):
    """(H, W, C) -> L, dx (H, W, C)"""
    down, across = x[1:] - x[:-1], x[:, 1:] - x[:, :-1]
    dx = np.zeros_like(x)
    dx[1:] += down
    dx[:-1] -= down
    dx[:, 1:] += across
    dx[:, :-1] -= across
    return ((down**2).sum() + (across**2).sum()) / x.size, 2 * dx / x.size


def style_step(x, m, v, step, lr, network, targets, weights):
    """x, m, v (H, W, C); network(x) -> F, backward; F_c, G_s; w_c, w_s, w_x -> L, x, m, v"""
    (F_c, G_s), (w_c, w_s, w_x) = targets, weights
    F, backward = network(x)
    rough, dx = own.smoothness(x)
    L, dF = w_x * rough, []
    for k in range(len(F)):
        content, d_content = own.mse(F[k], F_c[k])
        style, d_style = own.style_loss(F[k], G_s[k])
        L = L + w_c[k] * content + w_s[k] * style
        dF.append(w_c[k] * d_content + w_s[k] * d_style)
    x, m, v = own.adam(x, m, v, w_x * dx + backward(dF), step, lr, 0.9, 0.99, 1e-8)
    return L, x.clip(0, 1), m, v
