"""Solutions of notebook 12."""
import numpy as np

from nnscratch import ops


def transposed_size(size, kernel, stride, crop):
    """How many pixels are painted along one side, `crop` cut off at either end."""
    return (size - 1) * stride + kernel - 2 * crop


def conv_transpose(x, kernel, stride):
    """(N, H, W, C), (KH, KW, OC, C) -> (N, (H-1) stride + KH, (W-1) stride + KW, OC)"""
    (n, height, width, _), (kh, kw, oc, _) = x.shape, kernel.shape
    y = np.zeros((n, (height - 1) * stride + kh, (width - 1) * stride + kw, oc))
    for h, w in np.ndindex(height, width):
        for i, j in np.ndindex(kh, kw):
            y[:, h * stride + i, w * stride + j] += x[:, h, w] @ kernel[i, j].T
    return y


def conv_transpose_dx(dy, kernel, stride):
    """The shape of y, (KH, KW, OC, C) -> (N, H, W, C)"""
    return ops.conv2d(dy, kernel, strides=stride)[0]


def overlap(h, w, kernel, stride):
    """How many kernels of kernel x kernel lie on each pixel painted from (h, w) pixels."""
    x, ones = np.ones((1, h, w, 1)), np.ones((kernel, kernel, 1, 1))
    return ops.conv2d_transpose(x, ones, strides=stride, padding=0)[0][0, :, :, 0]
