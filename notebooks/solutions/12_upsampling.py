"""Solutions of notebook 12."""
import numpy as np

from nnscratch.course import own


def transposed_size(size, kernel, stride, padding):
    """whole numbers -> the size of the output along one side"""
    return (size - 1) * stride + kernel - 2 * padding


def conv_transpose(x, K, stride):
    """(N, H, W, C), (KH, KW, O, C) -> y (N, (H-1) stride + KH, (W-1) stride + KW, O)"""
    (n, h, w, _), (kh, kw, o, _) = x.shape, K.shape
    y = np.zeros((n, (h - 1) * stride + kh, (w - 1) * stride + kw, o))
    for i, j in np.ndindex(kh, kw):
        y[:, i:i + (h - 1) * stride + 1:stride, j:j + (w - 1) * stride + 1:stride] += x @ K[i, j].T
    return y


def conv_transpose_dx(dy, K, stride):
    """dy in the shape of y, K (KH, KW, O, C) -> dx (N, H, W, C)"""
    return own.conv2d(dy, K, np.zeros(K.shape[3]), stride)


covering = [1, 2, 4, 2]


def overlap(size, kernel, stride):
    """-> how many kernels cover each of the (size - 1) stride + kernel values of a row"""
    counts = np.zeros((size - 1) * stride + kernel)
    for k in range(size):
        counts[k * stride:k * stride + kernel] += 1
    return counts
