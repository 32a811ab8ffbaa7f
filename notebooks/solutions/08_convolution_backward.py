"""Solutions of notebook 08."""
import numpy as np

from nnscratch import ops


def conv_dkernel(dy, x):
    """(N, OH, OW, OC), (N, H, W, C) -> (KH, KW, C, OC)"""
    (_, oh, ow, oc), (_, h, w, c) = dy.shape, x.shape
    dkernel = np.zeros((h - oh + 1, w - ow + 1, c, oc))
    for i, j in np.ndindex(dkernel.shape[:2]):
        dkernel[i, j] = x[:, i:i + oh, j:j + ow].reshape(-1, c).T @ dy.reshape(-1, oc)
    return dkernel


def conv_dx(dy, kernel):
    """(N, OH, OW, OC), (KH, KW, C, OC) -> (N, H, W, C)"""
    (n, oh, ow, _), (kh, kw, c, _) = dy.shape, kernel.shape
    dx = np.zeros((n, oh + kh - 1, ow + kw - 1, c))
    for i, j in np.ndindex(kh, kw):
        dx[:, i:i + oh, j:j + ow] += dy @ kernel[i, j].T
    return dx


def col2im(columns, kh, kw):
    """(N, OH, OW, KH*KW*C) -> (N, H, W, C)"""
    n, oh, ow, width = columns.shape
    x = np.zeros((n, oh + kh - 1, ow + kw - 1, width // (kh * kw)))
    for r, s in np.ndindex(oh, ow):
        x[:, r:r + kh, s:s + kw] += columns[:, r, s].reshape(n, kh, kw, -1)
    return x


def coverage(h, w, kh, kw):
    """How many windows see each pixel of an (h, w) picture."""
    columns, window = ops.im2col(np.ones((1, h, w, 1)), (kh, kw))
    return ops.col2im(columns, window)[0, :, :, 0]
