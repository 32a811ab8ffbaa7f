"""Solutions of notebook 07."""
import numpy as np

from nnscratch.course import own

filters = ["D", "A", "C", "B"]


def output_size(size, kernel, stride, padding):
    """How many positions the window has along one side."""
    return (size + 2 * padding - kernel) // stride + 1


def conv_loops(x, K):
    """(H, W), (KH, KW) -> (H - KH + 1, W - KW + 1)"""
    (H, W), (KH, KW) = x.shape, K.shape
    y = np.zeros((H - KH + 1, W - KW + 1))
    for h, w in np.ndindex(y.shape):
        for i, j in np.ndindex(K.shape):
            y[h, w] += x[h + i, w + j] * K[i, j]
    return y


def im2col(x, kh, kw, stride=1, padding=0):
    """(N, H, W, C) -> (N, OH, OW, kh*kw*C)"""
    N, H, W, C = x.shape
    OH, OW = own.output_size(H, kh, stride, padding), own.output_size(W, kw, stride, padding)
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    columns = np.zeros((N, OH, OW, kh * kw * C))
    for h, w in np.ndindex(OH, OW):
        patch = x[:, stride * h:stride * h + kh, stride * w:stride * w + kw]
        columns[:, h, w] = patch.reshape(N, -1)
    return columns


def conv2d(x, K, b, stride=1, padding=0):
    """(N, H, W, C), (KH, KW, C, O), (O,) -> (N, OH, OW, O)"""
    KH, KW, C, O = K.shape
    columns = own.im2col(x, KH, KW, stride, padding)
    return columns @ K.reshape(-1, O) + b
