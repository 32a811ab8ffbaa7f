"""Solutions of notebook 08."""
import numpy as np

from nnscratch.course import own
from nnscratch.course.checks.wrong_gradients import suspects


def conv_dkernel(dy, x):
    """(N, OH, OW, O), (N, H, W, C) -> (KH, KW, C, O)"""
    (_, OH, OW, O), (_, H, W, C) = dy.shape, x.shape
    dK = np.zeros((H - OH + 1, W - OW + 1, C, O))
    for i, j in np.ndindex(dK.shape[:2]):
        dK[i, j] = x[:, i:i + OH, j:j + OW].reshape(-1, C).T @ dy.reshape(-1, O)
    return dK


def conv_dx(dy, K):
    """(N, OH, OW, O), (KH, KW, C, O) -> (N, H, W, C)"""
    (N, OH, OW, _), (KH, KW, C, _) = dy.shape, K.shape
    dx = np.zeros((N, OH + KH - 1, OW + KW - 1, C))
    for i, j in np.ndindex(KH, KW):
        dx[:, i:i + OH, j:j + OW] += dy @ K[i, j].T
    return dx


def col2im(columns, kh, kw):
    """(N, OH, OW, kh*kw*C) -> (N, H, W, C)"""
    N, OH, OW, width = columns.shape
    x = np.zeros((N, OH + kh - 1, OW + kw - 1, width // (kh * kw)))
    for h, w in np.ndindex(OH, OW):
        x[:, h:h + kh, w:w + kw] += columns[:, h, w].reshape(N, kh, kw, -1)
    return x


def conv2d_backward(dy, x, K):
    """(N, OH, OW, O), (N, H, W, C), (KH, KW, C, O) -> dx, dK, db"""
    KH, KW, C, O = K.shape
    columns = own.im2col(x, KH, KW)
    dcolumns, dmatrix, db = own.dense_backward(
        dy.reshape(-1, O), columns.reshape(-1, KH * KW * C), K.reshape(-1, O))
    return own.col2im(dcolumns.reshape(columns.shape), KH, KW), dmatrix.reshape(K.shape), db


coverage = [1, 2, 2, 4]


def guilty():
    """The letters of the wrong ones, as a set such as {"A"}."""
    rng = np.random.default_rng(0)
    x, K, dy = (rng.normal(size=s) for s in ((2, 6, 5, 3), (3, 2, 3, 4), (2, 4, 4, 4)))
    right = own.conv2d_backward(dy, x, K)
    return {letter for letter, backward in suspects().items()
            if not all(np.allclose(a, b) for a, b in zip(backward(dy, x, K), right))}
