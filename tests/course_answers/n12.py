"""Notebook 12: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S
from nnscratch import ops


def overwriting(x, kernel, stride):
    """A transposed convolution with = instead of +=."""
    (n, height, width, _), (kh, kw, oc, _) = x.shape, kernel.shape
    y = np.zeros((n, (height - 1) * stride + kh, (width - 1) * stride + kw, oc))
    for h, w in np.ndindex(height, width):
        for i, j in np.ndindex(kh, kw):
            y[:, h * stride + i, w * stride + j] = x[:, h, w] @ kernel[i, j].T
    return y


def without_stride(x, kernel, stride):
    y, close = 0 * S["conv_transpose"](x, kernel, stride), S["conv_transpose"](x, kernel, 1)
    y[:, :close.shape[1], :close.shape[2]] = close
    return y


WRONG = [
    ("transposed_size", lambda size, kernel, stride, crop: size * stride + kernel - 2 * crop, "size - 1 steps"),
    ("transposed_size", lambda size, kernel, stride, crop: (size - 1) * stride + kernel - crop, "on both sides"),
    ("transposed_size", lambda size, kernel, stride, crop: (size - 1) * stride + kernel, "cropping is forgotten"),
    ("transposed_size", lambda size, kernel, stride, crop: (size + 2 * crop - kernel) // stride + 1, "size of a convolution"),
    ("transposed_size", lambda size, kernel, stride, crop: S["transposed_size"](size, max(kernel, stride), stride, crop),
     "larger than that"),
    ("overlap", lambda h, w, kernel, stride: np.minimum(S["overlap"](h, w, kernel, stride), 4), "is 4, expected 6"),
    ("conv_transpose", overwriting, "= stands where += belongs"),
    ("conv_transpose", lambda x, kernel, stride: S["conv_transpose"](x, kernel[::-1, ::-1], stride), "the kernel is mirrored"),
    ("conv_transpose", without_stride, "the kernels stand one pixel apart"),
    ("conv_transpose", lambda x, kernel, stride: S["conv_transpose"](x, kernel, stride)[:, :, :-1], "y has shape"),
    ("conv_transpose", lambda x, kernel, stride: -S["conv_transpose"](x, kernel, stride), "right but for the sign"),
    ("conv_transpose_dx", lambda dy, kernel, stride: ops.conv2d(dy, kernel)[0], "dx has shape"),
    ("conv_transpose_dx", lambda dy, kernel, stride: ops.conv2d(dy, kernel[::-1, ::-1], strides=stride)[0], "is mirrored"),
    ("conv_transpose_dx", lambda dy, kernel, stride: dy[:, :1 - len(kernel) or None:stride, :1 - kernel.shape[1] or None:stride]
     @ kernel[0, 0], "only the first tap"),
    ("conv_transpose_dx", lambda dy, kernel, stride: ops.conv2d(dy, kernel * 0 + 1, strides=stride)[0], "without the kernel"),
    ("conv_transpose_dx", lambda dy, kernel, stride: ops.conv2d(dy, kernel.swapaxes(2, 3), strides=stride)[0], "raised"),
    ("overlap", lambda h, w, kernel, stride: np.ones(((h - 1) * stride + kernel, (w - 1) * stride + kernel)), "pixel gets 1"),
    ("overlap", lambda h, w, kernel, stride: np.full(((h - 1) * stride + kernel, (w - 1) * stride + kernel), kernel**2),
     "the size of the kernel"),
    ("overlap", lambda h, w, kernel, stride: S["overlap"](1, w, kernel, stride)[:1] * np.ones(((h - 1) * stride + kernel, 1)),
     "only the columns"),
    ("overlap", lambda h, w, kernel, stride: np.ones((h * stride, w * stride)), "counts has shape"),
]
