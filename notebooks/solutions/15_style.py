"""Solutions of notebook 15."""
from nnscratch import ops


def gram(x):
    """(H, W, C) -> (C, C)"""
    F = x.reshape(-1, x.shape[2])
    return F.T @ F / len(F)


def gram_backward(dG, x):
    """dx (H, W, C) for dG (C, C)"""
    F = x.reshape(-1, x.shape[2])
    return (F @ (dG + dG.T) / len(F)).reshape(x.shape)


def gram_loss(x, A):
    """L = mean of (G - A)², a number, and dx (H, W, C)"""
    G, cache = ops.gram_matrix(x[None])
    dG = 2 * (G - A) / A.size
    return ((G - A)**2).mean(), ops.gram_matrix_backward(dG, cache)[0]
