"""Notebook 12: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S
from nnscratch import ops


def empty(x, K, stride):
    (n, height, width, _), (kh, kw, o, _) = x.shape, K.shape
    return np.zeros((n, (height - 1) * stride + kh, (width - 1) * stride + kw, o))


def by_pixels(x, K, stride, add=True):
    """A transposed convolution, pixel by pixel and kernel element by kernel element; or with = instead of +=."""
    y = empty(x, K, stride)
    for h, w in np.ndindex(x.shape[1:3]):
        for i, j in np.ndindex(K.shape[:2]):
            at = np.s_[:, h * stride + i, w * stride + j]
            y[at] = x[:, h, w] @ K[i, j].T + y[at] * add
    return y


def by_kernels(x, K, stride):
    """Kernel by kernel."""
    y, (kh, kw) = empty(x, K, stride), K.shape[:2]
    for h, w in np.ndindex(x.shape[1:3]):
        y[:, h * stride:h * stride + kh, w * stride:w * stride + kw] += np.einsum("nc,ijoc->nijo", x[:, h, w], K)
    return y


def elements_without_adding(x, K, stride):
    """With = instead of +=, kernel element by kernel element."""
    y, (height, width) = empty(x, K, stride), x.shape[1:3]
    for i, j in np.ndindex(K.shape[:2]):
        y[:, i:i + (height - 1) * stride + 1:stride, j:j + (width - 1) * stride + 1:stride] = x @ K[i, j].T
    return y


def by_zeros(x, K, stride):
    """Zeros between the pixels, then a convolution with the mirrored kernel."""
    (n, height, width, c), (kh, kw) = x.shape, K.shape[:2]
    wide = np.zeros((n, (height - 1) * stride + 2 * kh - 1, (width - 1) * stride + 2 * kw - 1, c))
    wide[:, kh - 1:kh + (height - 1) * stride:stride, kw - 1:kw + (width - 1) * stride:stride] = x
    return ops.conv2d(wide, K[::-1, ::-1].swapaxes(2, 3).copy())[0]


def one_apart(x, K, stride):
    y, close = empty(x, K, stride), S["conv_transpose"](x, K, 1)
    y[:, :close.shape[1], :close.shape[2]] = close
    return y


def windows_one_apart(dy, K, stride):
    rows, columns = ops.conv2d(dy, K, strides=stride)[0].shape[1:3]
    return ops.conv2d(dy, K)[0][:, :rows, :columns]


def dx_by_loops(dy, K, stride):
    (n, height, width, _), (kh, kw, _, c) = dy.shape, K.shape
    dx = np.zeros((n, (height - kh) // stride + 1, (width - kw) // stride + 1, c))
    for h, w in np.ndindex(dx.shape[1:3]):
        window = dy[:, h * stride:h * stride + kh, w * stride:w * stride + kw]
        dx[:, h, w] = np.einsum("nijo,ijoc->nc", window, K)
    return dx


def counts_apart(size, kernel, stride):
    counts = np.zeros((size - 1) * stride + kernel)
    for k in range(size):
        counts[k:k + kernel] += 1
    return counts


def filled(value):
    return lambda size, kernel, stride: np.full((size - 1) * stride + kernel, float(value(kernel, stride)))


RIGHT = [("conv_transpose", by_pixels), ("conv_transpose", by_kernels), ("conv_transpose", by_zeros),
         ("conv_transpose", lambda x, K, stride: ops.conv2d_transpose(x, K, strides=stride, padding=0)[0]),
         ("conv_transpose_dx", dx_by_loops), ("conv_transpose_dx", lambda dy, K, stride: ops.conv2d(dy, K, strides=stride)[0]),
         ("transposed_size", lambda size, kernel, stride, padding: size * stride + (kernel - stride) - 2 * padding),
         ("transposed_size", lambda size, kernel, stride, padding: float((size - 1) * stride + kernel - 2 * padding)),
         ("overlap", lambda size, kernel, stride: S["conv_transpose"](
             np.ones((1, size, 1, 1)), np.ones((kernel, 1, 1, 1)), stride).ravel()),
         ("overlap", lambda size, kernel, stride: [sum(0 <= k - stride * m < kernel for m in range(size))
                                                   for k in range((size - 1) * stride + kernel)])]

WRONG = [
    ("transposed_size", lambda size, kernel, stride, padding: size * stride + kernel - 2 * padding, "size - 1 steps"),
    ("transposed_size", lambda size, kernel, stride, padding: (size - 1) * stride + kernel - padding, "on both sides"),
    ("transposed_size", lambda size, kernel, stride, padding: (size - 1) * stride + kernel, "padding is forgotten"),
    ("transposed_size", lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride + 1,
     "size of a convolution"),
    ("transposed_size", lambda size, kernel, stride, padding: S["transposed_size"](size, max(kernel, stride), stride, padding),
     "larger than that"),
    ("transposed_size", lambda size, kernel, stride, padding: size * stride - 2 * padding, "reaches beyond"),
    ("transposed_size", lambda size, kernel, stride, padding: (size - 1) * stride + 1 - 2 * padding, "it covers `kernel`"),
    ("transposed_size", lambda size, kernel, stride, padding: (size - 1) * stride + kernel + 2 * padding, "to cut them off"),
    ("conv_transpose", lambda x, K, stride: by_pixels(x, K, stride, add=False), "= stands where += belongs"),
    ("conv_transpose", elements_without_adding, "= stands where += belongs"),
    ("conv_transpose", lambda x, K, stride: S["conv_transpose"](x, K[::-1, ::-1], stride), "the kernel is mirrored: element"),
    ("conv_transpose", lambda x, K, stride: S["conv_transpose"](x, K[::-1], stride), "mirrored along its rows"),
    ("conv_transpose", lambda x, K, stride: S["conv_transpose"](x, K[:, ::-1], stride), "mirrored along its columns"),
    ("conv_transpose", one_apart, "the kernels stand one pixel apart"),
    ("conv_transpose", lambda x, K, stride: S["conv_transpose"](x, K, stride)[:, :, :-1], "y has shape"),
    ("conv_transpose", lambda x, K, stride: -S["conv_transpose"](x, K, stride), "right but for the sign"),
    ("conv_transpose_dx", lambda dy, K, stride: ops.conv2d(dy, K)[0], "dx has shape"),
    ("conv_transpose_dx", lambda dy, K, stride: ops.conv2d(dy, K[::-1, ::-1], strides=stride)[0], "is mirrored"),
    ("conv_transpose_dx", windows_one_apart, "the windows stand one pixel apart"),
    ("conv_transpose_dx", lambda dy, K, stride: dy[:, :1 - len(K) or None:stride, :1 - K.shape[1] or None:stride] @ K[0, 0],
     "only the first element"),
    ("conv_transpose_dx", lambda dy, K, stride: ops.conv2d(dy, K * 0 + 1, strides=stride)[0], "without the kernel"),
    ("conv_transpose_dx", lambda dy, K, stride: ops.conv2d(dy, K.swapaxes(2, 3), strides=stride)[0], "raised"),
    ("covering", [2, 2, 4, 2], "the second kernel begins at 2"),
    ("covering", [0, 2, 4, 2], "the first kernel covers 0, 1 and 2"),
    ("covering", [1, 1, 4, 2], "ends where the second begins"),
    ("covering", [1, 2, 2, 2], "every pair counts"),
    ("covering", [1, 2, 9, 2], "the elements of one kernel"),
    ("covering", [1, 2, 4, 4], "here it is a row"),
    ("covering", [1, 2, 4, 1], "two cover each value"),
    ("overlap", filled(lambda kernel, stride: 1), "every value gets 1"),
    ("overlap", filled(lambda kernel, stride: kernel), "the size of the kernel"),
    ("overlap", filled(lambda kernel, stride: np.ceil(kernel / stride)), "that is the number inside"),
    ("overlap", lambda size, kernel, stride: np.minimum(S["overlap"](size, kernel, stride), 2), "more than two kernels"),
    ("overlap", lambda size, kernel, stride: np.maximum(S["overlap"](size, kernel, stride), 1), "that no kernel covers"),
    ("overlap", counts_apart, "the kernels stand one apart"),
    ("overlap", lambda size, kernel, stride: np.ones(size * stride), "counts has shape"),
]
