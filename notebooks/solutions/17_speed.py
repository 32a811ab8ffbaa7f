"""Solutions of notebook 17."""
import numpy as np

from nnscratch import ops


def conv_flop(x_shape, kernel_shape):
    """(N, H, W, C), (KH, KW, C, OC), stride 1, no padding -> FLOP, a number"""
    (n, h, w, c), (kh, kw, _, oc) = x_shape, kernel_shape
    return 2 * n * (h - kh + 1) * (w - kw + 1) * oc * kh * kw * c


def conv_in_blocks(x, kernel, rows):
    """(N, H, W, C), (KH, KW, C, OC) -> (N, OH, OW, OC), columns of `rows` rows of y at a time"""
    (n, h, w, _), (kh, kw, _, oc) = x.shape, kernel.shape
    y = np.zeros((n, h - kh + 1, w - kw + 1, oc))
    for r in range(0, h - kh + 1, rows):
        columns, _ = ops.im2col(x[:, r:r + rows + kh - 1], (kh, kw))
        y[:, r:r + rows] = columns @ kernel.reshape(-1, oc)
    return y


def f23(d, g):
    """(4,), (3,) -> y (2,), with four products"""
    m1 = (d[0] - d[2]) * g[0]
    m2 = (d[1] + d[2]) * (g[0] + g[1] + g[2]) / 2
    m3 = (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2
    m4 = (d[1] - d[3]) * g[2]
    return np.array([m1 + m2 + m3, m2 - m3 - m4])
