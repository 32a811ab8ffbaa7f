"""Notebook 17: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S
from nnscratch import ops


def matrix(kernel):
    return kernel.reshape(-1, kernel.shape[3])


def in_one_piece(x, kernel, rows):
    return ops.im2col(x, kernel.shape[:2])[0] @ matrix(kernel)


def whole_blocks_only(x, kernel, rows):
    (kh, kw), height = kernel.shape[:2], x.shape[1] - len(kernel) + 1
    y = np.zeros((len(x), height, x.shape[2] - kw + 1, kernel.shape[3]))
    for r in range(0, height - rows + 1, rows):
        y[:, r:r + rows] = ops.im2col(x[:, r:r + rows + kh - 1], (kh, kw))[0] @ matrix(kernel)
    return y


def side_by_side(x, kernel, rows):
    """Blocks without overlap."""
    height = rows + len(kernel) - 1
    return np.concatenate([ops.im2col(x[:, r:r + height], kernel.shape[:2])[0] @ matrix(kernel)
                           for r in range(0, x.shape[1] - len(kernel) + 1, height)], axis=1)


def mended(change):
    """The four products, each changed: change(m) -> m."""
    def f23(d, g):
        m = change([(d[0] - d[2]) * g[0], (d[1] + d[2]) * (g[0] + g[1] + g[2]) / 2,
                    (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2, (d[1] - d[3]) * g[2]])
        return [m[0] + m[1] + m[2], m[1] - m[2] - m[3]]
    return f23


WRONG = [
    ("conv_flop", lambda x_shape, kernel_shape: S["conv_flop"](x_shape, kernel_shape) // 2, "multiplications alone"),
    ("conv_flop", lambda x_shape, kernel_shape: 2 * np.prod(x_shape[:3]) * np.prod(kernel_shape), "as many outputs as pixels"),
    ("conv_flop", lambda x_shape, kernel_shape: S["conv_flop"](x_shape, kernel_shape) // kernel_shape[2], "channels of x are"),
    ("conv_flop", lambda x_shape, kernel_shape: S["conv_flop"](x_shape, kernel_shape) // kernel_shape[3], "kernels are"),
    ("conv_flop", lambda x_shape, kernel_shape: S["conv_flop"](x_shape, kernel_shape) // x_shape[0], "images are missing"),
    ("conv_flop", lambda x_shape, kernel_shape: S["conv_flop"](x_shape, kernel_shape) * (
        1 - 1 / (2 * np.prod(kernel_shape[:3]))), "k - 1 additions"),
    ("conv_in_blocks", in_one_piece, "your code held"),
    ("conv_in_blocks", lambda x, kernel, rows: S["conv_in_blocks"](x, kernel, max(rows, 16)), "your code held"),
    ("conv_in_blocks", lambda x, kernel, rows: ops.conv2d(x, kernel)[0], "your code held"),
    ("conv_in_blocks", lambda x, kernel, rows: S["conv_in_blocks"](x, kernel, 1), "are 3 rows high at most"),
    ("conv_in_blocks", whole_blocks_only, "the last rows are missing"),
    ("conv_in_blocks", side_by_side, "blocks overlap in x"),
    ("conv_in_blocks", lambda x, kernel, rows: S["conv_in_blocks"](x, kernel[::-1], rows), "mirrored kernel"),
    ("f23", lambda d, g: [d[:3] @ g, d[1:] @ g], "it took 6 products"),
    ("f23", lambda d, g: np.convolve(d, g[::-1], "valid"), "it took 6 products"),
    ("f23", lambda d, g: [d[0] * g[0] + d[1] * g[1] + d[2] / (1 / g[2]), d[1] / (1 / g[0]) + d[2] * g[1] + d[3] * g[2]],
     "it took 6 products"),
    ("f23", mended(lambda m: [m[0], 2 * m[1], 2 * m[2], m[3]]), "the halves are missing"),
    ("f23", mended(lambda m: [m[0], m[1], -m[2], m[3]]), "it is (d2 - d1)"),
    ("f23", mended(lambda m: [m[0], m[1], m[2], -m[3]]), "sign of m4"),
]
