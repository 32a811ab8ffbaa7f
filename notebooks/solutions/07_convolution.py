"""Solutions of notebook 07."""
import numpy as np

from nnscratch import ops


def output_size(size, kernel, stride, padding):
    """How many places the window has along a side."""
    return (size + 2 * padding - kernel) // stride + 1


def conv_loops(x, kernel):
    """(H, W), (KH, KW) -> (OH, OW)"""
    (h, w), (kh, kw) = x.shape, kernel.shape
    y = np.zeros((h - kh + 1, w - kw + 1))
    for oh, ow in np.ndindex(y.shape):
        for i, j in np.ndindex(kernel.shape):
            y[oh, ow] += x[oh + i, ow + j] * kernel[i, j]
    return y


def im2col(x, kh, kw):
    """(N, H, W, C) -> (N, OH, OW, KH*KW*C)"""
    n, h, w, c = x.shape
    columns = np.zeros((n, h - kh + 1, w - kw + 1, kh * kw * c))
    for oh, ow in np.ndindex(columns.shape[1:3]):
        columns[:, oh, ow] = x[:, oh:oh + kh, ow:ow + kw].reshape(n, -1)
    return columns


def conv2d(x, kernel, bias):
    """(N, H, W, C), (KH, KW, C, OC), (OC,) -> (N, OH, OW, OC)"""
    columns, _ = ops.im2col(x, kernel.shape[:2])
    return columns @ kernel.reshape(-1, kernel.shape[3]) + bias
