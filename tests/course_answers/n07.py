"""Notebook 07: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, flip, spoiled
from nnscratch import ops


def windows(x, kh, kw, stride=1, padding=0):
    """(N, OH, OW, C, KH, KW)"""
    wide = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(wide, (kh, kw), axis=(1, 2))[:, ::stride, ::stride]


def in_order(*order):
    """im2col with the axes (N, OH, OW, C, KH, KW) in another order."""
    def columns(x, kh, kw, stride=1, padding=0):
        found = windows(x, kh, kw, stride, padding)
        return found.transpose(0, 1, 2, *order).reshape(*found.shape[:3], -1)
    return columns


def last_product(x, K):
    y = np.zeros((x.shape[0] - K.shape[0] + 1, x.shape[1] - K.shape[1] + 1))
    for h, w in np.ndindex(y.shape):
        for i, j in np.ndindex(K.shape):
            y[h, w] = x[h + i, w + j] * K[i, j]
    return y


def without_offset(x, K):
    y = np.zeros((x.shape[0] - K.shape[0] + 1, x.shape[1] - K.shape[1] + 1))
    for h, w in np.ndindex(y.shape):
        for i, j in np.ndindex(K.shape):
            y[h, w] += x[h, w] * K[i, j]
    return y


def by_slices(x, K):
    """Loops over the kernel alone."""
    OH, OW = x.shape[0] - K.shape[0] + 1, x.shape[1] - K.shape[1] + 1
    return sum(x[i:i + OH, j:j + OW] * K[i, j] for i, j in np.ndindex(K.shape))


def im2col_by_taps(x, kh, kw, stride=1, padding=0):
    wide = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    oh, ow = (wide.shape[1] - kh) // stride + 1, (wide.shape[2] - kw) // stride + 1
    parts = [wide[:, i:i + stride * oh:stride, j:j + stride * ow:stride][:, :oh, :ow] for i in range(kh) for j in range(kw)]
    return np.concatenate(parts, axis=3)


def with_bias_twice(x, K, b, stride=1, padding=0):
    return S["conv2d"](x, K, 2 * b, stride, padding)


def edge_padding(x, kh, kw, stride=1, padding=0):
    wide = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)), mode="edge")
    return S["im2col"](wide, kh, kw, stride)


def padding_at_the_end(x, kh, kw, stride=1, padding=0):
    return S["im2col"](np.pad(x, ((0, 0), (0, 2 * padding), (0, 2 * padding), (0, 0))), kh, kw, stride)


def patches_one_apart(x, kh, kw, stride=1, padding=0):
    shape = S["im2col"](x, kh, kw, stride, padding).shape
    return S["im2col"](x, kh, kw, 1, padding)[:, :shape[1], :shape[2]]


def on_library_columns(x, K, b, stride=1, padding=0):
    """`im2col` of the library returns a cache, too, and `[0]` is forgotten."""
    return ops.im2col(x, K.shape[:2], strides=stride, padding=padding) @ K.reshape(-1, K.shape[3]) + b


def by_kernel(turn):
    return lambda x, K, b, stride, padding: S["conv2d"](x, turn(K).reshape(K.shape), b, stride, padding)


RIGHT = [
    ("output_size", lambda size, kernel, stride, padding: len(range(0, size + 2 * padding - kernel + 1, stride))),
    ("conv_loops", by_slices),
    ("conv_loops", lambda x, K: np.einsum("hwij,ij->hw", np.lib.stride_tricks.sliding_window_view(x, K.shape), K)),
    ("im2col", in_order(4, 5, 3)),
    ("im2col", im2col_by_taps),
    ("conv2d", lambda x, K, b, stride, padding: np.einsum(
        "nhwcij,ijco->nhwo", windows(x, *K.shape[:2], stride, padding), K) + b),
]
WRONG = [
    ("filters", ["D", "B", "C", "A"], "but of the other direction"),
    ("filters", ["A", "D", "C", "B"], "get opposite signs"),
    ("filters", ["C", "A", "D", "B"], "and C makes edges stronger"),
    ("filters", ["D", "C", "C", "B"], "keeps a stroke bright"),
    ("filters", ["D", "A", "C", ...], "image 4: still open"),
    ("output_size", lambda size, kernel, stride, padding: (size + 2 * padding - kernel) // stride, "+ 1 is missing"),
    ("output_size", lambda size, kernel, stride, padding: (size + padding - kernel) // stride + 1, "both sides"),
    ("output_size", lambda size, kernel, stride, padding: (size - kernel) // stride + 1, "padding is missing"),
    ("output_size", lambda size, kernel, stride, padding: size + 2 * padding - kernel + 1, "the stride is missing"),
    ("output_size", lambda size, kernel, stride, padding: (size + 2 * padding - kernel) / stride + 1, "use //"),
    ("output_size", lambda size, kernel, stride, padding: round((size + 2 * padding - kernel) / stride) + 1, "to the nearest"),
    ("output_size", lambda size, kernel, stride, padding: -((kernel - size - 2 * padding) // stride) + 1, "rounded up"),
    ("output_size", lambda size, kernel, stride, padding: (size + 2 * padding - kernel + 1) // stride, "after the division"),
    ("conv_loops", lambda x, K: S["conv_loops"](x, flip(K)), "mirrored along rows and columns"),
    ("conv_loops", lambda x, K: S["conv_loops"](x, K[::-1]), "mirrored along its rows"),
    ("conv_loops", lambda x, K: S["conv_loops"](x, K[:, ::-1]), "mirrored along its columns"),
    ("conv_loops", last_product, "= stands where += belongs"),
    ("conv_loops", without_offset, "the window's own offset"),
    ("conv_loops", lambda x, K: S["conv_loops"](x, K * (np.arange(K.size) == 0).reshape(K.shape)), "only the first product"),
    ("conv_loops", lambda x, K: np.pad(S["conv_loops"](x, K), 1), "y has shape"),
    ("conv_loops", spoiled("conv_loops", None, lambda y: -y), "right but for the sign"),
    ("im2col", in_order(3, 4, 5), "in the order (c, i, j)"),
    ("im2col", in_order(5, 4, 3), "in the order (j, i, c)"),
    ("im2col", lambda x, kh, kw, stride, padding: windows(x, kh, kw, stride, padding).transpose(0, 1, 2, 4, 5, 3), "has shape"),
    ("im2col", lambda x, kh, kw, stride, padding: S["im2col"](x[::-1], kh, kw, stride, padding), "mirrored along axes (0,)"),
    ("im2col", lambda x, kh, kw, stride, padding: S["im2col"](x, kh, kw, 1, padding), "the stride is ignored"),
    ("im2col", lambda x, kh, kw, stride, padding: S["im2col"](x, kh, kw, stride), "raised"),
    ("im2col", patches_one_apart, "one pixel apart"),
    ("im2col", padding_at_the_end, "all padding is below and on the right"),
    ("im2col", edge_padding, "repeats the border"),
    ("conv2d", lambda x, K, b, stride, padding: S["conv2d"](x, K, 0, stride, padding), "off by exactly b: b is missing"),
    ("conv2d", with_bias_twice, "b is added twice"),
    ("conv2d", by_kernel(lambda K: K.transpose(2, 0, 1, 3)), "(c, i, j)"),
    ("conv2d", by_kernel(lambda K: K.transpose(1, 0, 2, 3)), "(j, i, c)"),
    ("conv2d", by_kernel(lambda K: K.reshape(K.shape[3], -1).T), "tears the channels apart"),
    ("conv2d", by_kernel(lambda K: K.reshape(-1, K.shape[3]).T), "transposed and reshaped"),
    ("conv2d", by_kernel(flip), "mirrored K"),
    ("conv2d", lambda x, K, b, stride, padding: S["conv2d"](x, K, b), "stride and padding are ignored"),
    ("conv2d", lambda x, K, b, stride, padding: S["conv2d"](x, K, b, stride), "the padding is ignored"),
    ("conv2d", lambda x, K, b, stride, padding: S["conv2d"](x, K, b, 1, padding), "the stride is ignored"),
    ("conv2d", on_library_columns, "take one part, [0]"),
    ("conv2d", lambda x, K, b, stride, padding: ops.im2col(x, K.shape[:2]).reshape(1, -1), "take one part, [0]"),
    ("conv2d", lambda x, K, b, stride, padding: S["conv2d"](x, K, b)[:, :, :1] if x.size < 9 else 1 / 0, "y has shape"),
    ("conv2d", lambda x, K, b, stride, padding: ops.conv2d(x, K, b, strides=stride, padding=padding),
     "expected y alone (no cache"),
    ("conv2d", lambda x, K, b, stride, padding: (S["conv2d"](x, K, b, stride, padding),), "is there a comma behind it?"),
    ("conv2d", lambda x, K, b, stride, padding: (x, [x], b), "y is a tuple of parts of different shapes"),
]
