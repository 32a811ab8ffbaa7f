"""Notebook 07: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, flip, spoiled
from nnscratch import ops


def windows(x, kh, kw):
    return np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(1, 2))  # (N, OH, OW, C, KH, KW)


def last_product(x, kernel):
    y = np.zeros((x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1))
    for oh, ow in np.ndindex(y.shape):
        for i, j in np.ndindex(kernel.shape):
            y[oh, ow] = x[oh + i, ow + j] * kernel[i, j]
    return y


WRONG = [
    ("output_size", lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride, "+ 1 is missing"),
    ("output_size", lambda size, kernel, stride, padding: (size + padding - kernel) // stride + 1, "both sides"),
    ("output_size", lambda size, kernel, stride, padding: (size + 2 * padding - kernel) / stride + 1, "use //"),
    ("output_size", lambda size, kernel, stride, padding: (size + 2 * padding - kernel + 1) // stride, "after the division"),
    ("conv_loops", lambda x, kernel: S["conv_loops"](x, flip(kernel)), "mirrored"),
    ("conv_loops", last_product, "= stands where += belongs"),
    ("conv_loops", lambda x, kernel: np.pad(S["conv_loops"](x, kernel), 1), "y has shape"),
    ("conv_loops", spoiled("conv_loops", None, lambda y: -y), "right but for the sign"),
    ("im2col", lambda x, kh, kw: windows(x, kh, kw).reshape(*windows(x, kh, kw).shape[:3], -1), "in the order (c, i, j)"),
    ("im2col", lambda x, kh, kw: windows(x, kh, kw).transpose(0, 1, 2, 5, 4, 3).reshape(
        *windows(x, kh, kw).shape[:3], -1), "in the order (j, i, c)"),
    ("im2col", lambda x, kh, kw: windows(x, kh, kw).transpose(0, 1, 2, 4, 5, 3), "columns has shape"),
    ("im2col", lambda x, kh, kw: S["im2col"](x[::-1], kh, kw), "mirrored along axes (0,)"),
    ("conv2d", lambda x, kernel, bias: S["conv2d"](x, kernel, 0), "off by exactly bias: bias is missing"),
    ("conv2d", lambda x, kernel, bias: S["conv2d"](x, kernel.transpose(2, 0, 1, 3).reshape(kernel.shape), bias), "(c, i, j)"),
    ("conv2d", lambda x, kernel, bias: ops.im2col(x, kernel.shape[:2])[0] @ kernel.reshape(kernel.shape[3], -1).T + bias,
     "tears the channels apart"),
    ("conv2d", lambda x, kernel, bias: S["conv2d"](x, kernel.reshape(-1, kernel.shape[3]).T.reshape(kernel.shape), bias),
     "transposed and reshaped"),
    ("conv2d", lambda x, kernel, bias: S["conv2d"](x, flip(kernel), bias), "mirrored kernel"),
    ("conv2d", lambda x, kernel, bias: ops.conv2d(x, kernel, bias), "returns a tuple of 2, expected y alone (no cache"),
    ("conv2d", lambda x, kernel, bias: (S["conv2d"](x, kernel, bias),), "is there a comma behind it?"),
    ("conv2d", lambda x, kernel, bias: (x, [x], bias), "y is a tuple of parts of different shapes"),
]
