"""Notebook 17: wrong answers, with what their diagnosis must say, and right answers in other styles."""
import numpy as np

from course_answers.solutions import S
from nnscratch import ops
from nnscratch.course import own
from nnscratch.course.checks.cnn import forward_with
from nnscratch.course.checks.inputs import with_border
from nnscratch.course.checks.network_step import BACKWARD, library_step, plain_step, step_with, to_all


def matrix(K):
    return K.reshape(-1, K.shape[3])


def in_one_piece(x, K, rows):
    return ops.im2col(x, K.shape[:2])[0] @ matrix(K)


def whole_blocks_only(x, K, rows):
    (kh, kw), height = K.shape[:2], x.shape[1] - len(K) + 1
    y = np.zeros((len(x), height, x.shape[2] - kw + 1, K.shape[3]))
    for r in range(0, height - rows + 1, rows):
        y[:, r:r + rows] = ops.im2col(x[:, r:r + rows + kh - 1], (kh, kw))[0] @ matrix(K)
    return y


def side_by_side(x, K, rows):
    """Blocks without overlap."""
    height = rows + len(K) - 1
    return np.concatenate([ops.im2col(x[:, r:r + height], K.shape[:2])[0] @ matrix(K)
                           for r in range(0, x.shape[1] - len(K) + 1, height)], axis=1)


def mended(change):
    """The four products, each changed: change(m) -> m."""
    def f23(d, g):
        m = change([(d[0] - d[2]) * g[0], (d[1] + d[2]) * (g[0] + g[1] + g[2]) / 2,
                    (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2, (d[1] - d[3]) * g[2]])
        return [m[0] + m[1] + m[2], m[1] - m[2] - m[3]]
    return f23


def second_added(d, g):
    m = [(d[0] - d[2]) * g[0], (d[1] + d[2]) * g.sum() / 2, (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2, (d[1] - d[3]) * g[2]]
    return [m[0] + m[1] + m[2], m[1] + m[2] - m[3]]


def by_other_products(d, g):
    """The halves on the side of d, and other signs."""
    p, q = (d[1] + d[2]) / 2 * (g[0] + g[1] + g[2]), (d[1] - d[2]) / 2 * (g[0] - g[1] + g[2])
    return p - q + (d[0] - d[2]) * g[0], p + q + (d[3] - d[1]) * g[2]


def changed(change):
    """A step whose results are passed through change(L, grads, N)."""
    return lambda x, t, params: change(*library_step(x, t, params), len(x))


def network(**decisions):
    """A step with one of its decisions changed."""
    def step(x, t, params):
        L, *grads = step_with(**decisions)(x, t, *params.values())
        return L, dict(zip(BACKWARD, grads))
    return step


def half_precision(x, t, params):
    L, grads = library_step(x, t, params)
    return L, {name: one.astype(np.float16) for name, one in grads.items()}


def in_place(x, t, params):
    results = library_step(x, t, params)
    params["b3"] -= 1
    return results


WRONG = [
    ("conv_flop", lambda x_shape, K_shape: S["conv_flop"](x_shape, K_shape) // 2, "multiplications alone"),
    ("conv_flop", lambda x_shape, K_shape: 2 * np.prod(x_shape[:3]) * np.prod(K_shape), "as many outputs as pixels"),
    ("conv_flop", lambda x_shape, K_shape: S["conv_flop"](x_shape, K_shape) // K_shape[2], "channels of x are"),
    ("conv_flop", lambda x_shape, K_shape: S["conv_flop"](x_shape, K_shape) // K_shape[3], "kernels are"),
    ("conv_flop", lambda x_shape, K_shape: S["conv_flop"](x_shape, K_shape) // x_shape[0], "images are missing"),
    ("conv_flop", lambda x_shape, K_shape: S["conv_flop"](x_shape, K_shape) * (
        1 - 1 / (2 * np.prod(K_shape[:3]))), "k - 1 additions"),
    ("conv_in_blocks", in_one_piece, "your code held"),
    ("conv_in_blocks", lambda x, K, rows: S["conv_in_blocks"](x, K, max(rows, 16)), "your code held"),
    ("conv_in_blocks", lambda x, K, rows: ops.conv2d(x, K)[0], "your code held"),
    ("conv_in_blocks", lambda x, K, rows: S["conv_in_blocks"](x, K, 1), "are 3 rows high at most"),
    ("conv_in_blocks", whole_blocks_only, "the last rows are missing"),
    ("conv_in_blocks", side_by_side, "blocks overlap in x"),
    ("conv_in_blocks", lambda x, K, rows: -S["conv_in_blocks"](x, K, rows) if rows < 3 else 1 / 0,
     "expected [[[[21]], [[42]], [[84]]]]"),
    ("conv_in_blocks", lambda x, K, rows: S["conv_in_blocks"](x, K[::-1], rows), "mirrored K"),
    ("f23", lambda d, g: [d[:3] @ g, d[1:] @ g], "it took 6 products"),
    ("f23", lambda d, g: np.convolve(d, g[::-1], "valid"), "it took 6 products"),
    ("f23", lambda d, g: [d[0] * g[0] + d[1] * g[1] + d[2] / (1 / g[2]), d[1] / (1 / g[0]) + d[2] * g[1] + d[3] * g[2]],
     "it took 6 products"),
    ("f23", mended(lambda m: [m[0], 2 * m[1], 2 * m[2], m[3]]), "the halves are missing"),
    ("f23", mended(lambda m: [m[0], m[1], -m[2], m[3]]), "with (d2 - d1)"),
    ("f23", mended(lambda m: [m[0], m[1], m[2], -m[3]]), "sign of m4"),
    ("f23", lambda d, g: S["f23"](d, g[::-1]), "the taps are mirrored"),
    ("f23", second_added, "the sign of m3"),
    ("line_bytes", [64, 64, 64, 64], "all of them are read"),
    ("line_bytes", [4, 4, 4, 4], "its line comes whole"),
    ("line_bytes", [4, 16, 64, 256], "are not fetched"),
    ("line_bytes", [1 / 16, 1 / 4, 1, 1], "these are lines"),
    ("line_bytes", [4, 64, 64, 64], "they share its 64 bytes"),
    ("fast_step", plain_step, "times as fast, expected at least 1.25"),
    ("fast_step", changed(lambda L, grads, N: (L, {name: N * one for name, one in grads.items()})), "dW3"),
    ("fast_step", changed(lambda L, grads, N: (N * L, {name: N * one for name, one in grads.items()})), "are sums"),
    ("fast_step", changed(lambda L, grads, N: (L, {name: one / N for name, one in grads.items()})), "divided by N twice"),
    ("fast_step", changed(lambda L, grads, N: (L, {**grads, "K2": -grads["K2"]})), "right but for the sign"),
    ("fast_step", changed(lambda L, grads, N: (L, {**grads, "b1": grads["b1"].mean()})), "db1 has shape ()"),
    ("fast_step", changed(lambda L, grads, N: (L, {name: grads[name] for name in ("K1", "b1")})), "has no W3, b3, K2, b2"),
    ("fast_step", changed(lambda L, grads, N: grads), "expected two results"),
    ("fast_step", changed(lambda L, grads, N: (L, list(grads.values()))), "grads is a list, expected a dict"),
    ("fast_step", network(relu1=lambda dy, a: dy), "first ReLU is missing"),
    ("fast_step", network(relu2=lambda dy, a: dy), "second ReLU is missing"),
    ("fast_step", network(pool=to_all), "only the first gets the gradient"),
    ("fast_step", network(forward=forward_with(pad=lambda x: with_border(x, 1))), "holds ones"),
    ("fast_step", half_precision, "right to three digits"),
    ("fast_step", in_place, "changes b3"),
]
RIGHT = [
    ("conv_flop", lambda x_shape, K_shape: 2 * np.prod(K_shape) * x_shape[0] * np.prod(
        [s - k + 1 for s, k in zip(x_shape[1:3], K_shape)])),
    ("line_bytes", (4, 16, 64, 64.0)),
    ("conv_in_blocks", lambda x, K, rows: np.concatenate([own.im2col(x[:, r:r + rows + len(K) - 1], *K.shape[:2]) @ matrix(K)
                                                          for r in range(0, x.shape[1] - len(K) + 1, rows)], axis=1)),
    ("f23", by_other_products),
    ("fast_step", library_step),
    ("fast_step", changed(lambda L, grads, N: [L, grads])),
    ("fast_step", changed(lambda L, grads, N: (L, {**grads, "x": 0}))),
]
SHAPES_SHOWN = ["are sums", "divided by N twice", "dW3", "only the first gets the gradient", "right but for the sign",
                "right to three digits", "first ReLU is missing", "second ReLU is missing", "holds ones",
                "db1 has shape ()", "changes b3"]
