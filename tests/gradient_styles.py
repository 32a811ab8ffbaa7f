"""Right pairs of a forward and a backward pass as people write them: {name: (forward, backward, inputs)}."""
import math

import numpy as np


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


X, LABELS = draw(4, 3), np.array([2, 0, 1, 2])
ZEROS = np.array([[0.0, 1.0, -2.0], [3.0, 0.0, 1.5]])                # a ReLU's kink
TIES = np.array([[1.0, 3.0, 3.0, 0.5], [2.0, 1.0, 0.5, 0.25], [0.1, 0.7, 0.2, 0.9]])
STYLES = {}


def style(name, *inputs):
    """Enter a function that returns (forward, backward)."""
    return lambda make: STYLES.setdefault(name, (*make(), list(inputs)))


def simple(name, forward, backward, *inputs):
    STYLES[name] = forward, backward, list(inputs or (X,))


simple("float64 from np.where", lambda x: (np.where(x > 0, x, 0.1 * x), x), lambda dy, x: np.where(x > 0, 1.0, 0.1) * dy)
simple("float64 from astype(float)", lambda x: (np.maximum(0, x), x), lambda dy, x: dy * (x > 0).astype(float))
simple("ReLU at 0", lambda x: (np.maximum(0, x), x), lambda dy, x: dy * (x > 0), ZEROS)
simple("ReLU at 0, written x * (x > 0)", lambda x: (x * (x > 0), x), lambda dy, x: dy * (x > 0), ZEROS)
simple("abs at 0", lambda x: (np.abs(x), x), lambda dy, x: dy * np.sign(x), ZEROS)
simple("softshrink", lambda x: (np.sign(x) * np.maximum(np.abs(x) - 0.5, 0), x), lambda dy, x: dy * (np.abs(x) > 0.5))
simple("sign", lambda x: (np.sign(x), None), lambda dy, _: np.zeros_like(dy))
simple("x |x|", lambda x: (x * np.abs(x), x), lambda dy, x: 2 * dy * np.abs(x))
simple("round", lambda x: (np.round(x), None), lambda dy, _: 0 * dy)
simple("clip at its edges", lambda x: (np.clip(x, -1, 1), x), lambda dy, x: dy * ((x > -1) & (x < 1)),
       np.array([[1.0, 0.5, -1.0], [2.0, -0.3, 0.7]]))
simple("minimum of two", lambda a, b: (np.minimum(a, b), a < b), lambda dy, less: (dy * less, dy * ~less), X,
       draw(4, 3, seed=1))
simple("maximum of two, equal in places", lambda a, b: (np.maximum(a, b), a >= b), lambda dy, m: (dy * m, dy * ~m),
       TIES, np.where(TIES == 2.0, TIES, 0.0 * TIES + 0.6))
simple("max with ties, one winner", lambda x: (x.max(axis=1), x.argmax(axis=1)),
       lambda dy, k: dy[:, None] * (np.arange(4) == k[:, None]), TIES)
simple("max with ties, all winners", lambda x: (x.max(axis=1, keepdims=True), x),
       lambda dy, x: dy * (x == x.max(axis=1, keepdims=True)), TIES)
simple("median, odd", lambda x: (np.median(x, axis=1), x), lambda dy, x: dy[:, None] * (x == np.median(x, axis=1)[:, None]))
simple("ptp", lambda x: (np.ptp(x, axis=1), x), lambda dy, x: dy[:, None] * (1.0 * (x == x.max(1, keepdims=True))
                                                                              - (x == x.min(1, keepdims=True))))
simple("log-sum-exp", lambda x: (np.log(np.sum(np.exp(x - x.max()))) + x.max(), x), lambda dy,
       x: dy * np.exp(x) / np.exp(x).sum())
simple("np.logaddexp.reduce", lambda x: (np.logaddexp.reduce(x, axis=1), x),
       lambda dy, x: dy[:, None] * np.exp(x - np.logaddexp.reduce(x, axis=1)[:, None]))
simple("a Python number", lambda x: (float(np.sum(x**2)), x), lambda dy, x: 2 * dy * x)
simple(".item()", lambda x: (np.mean(np.abs(x)).item(), x), lambda dy, x: dy * np.sign(x) / x.size)
simple("math functions", lambda x: (np.array([math.exp(v) + math.sin(v) for v in x.ravel()]).reshape(x.shape), x),
       lambda dy, x: dy * (np.exp(x) + np.cos(x)))
simple("np.vectorize", lambda x: (np.vectorize(lambda v: v * v if v > 0 else -v)(x), x), lambda dy,
       x: dy * np.where(x > 0, 2 * x, -1))
simple("np.interp", lambda x: (np.interp(x, [-5, 0, 5], [1, 0, 3]), x), lambda dy, x: dy * np.where(x < 0, -0.2, 0.6))
simple("computed in float32", lambda x: (np.tanh(x.astype(np.float32)), x), lambda dy, x: dy * (1 - np.tanh(x)**2))
simple("computed in float32, returned in float64", lambda x: ((x.astype(np.float32)**2).astype(np.float64), x), lambda dy,
       x: 2 * dy * x)
simple("float32 buffer", lambda x: (np.multiply(x, 3, dtype=np.float32, casting="same_kind"), None), lambda dy, _: 3 * dy)
simple("var far from 0", lambda x: (np.var(x + 1e4), x), lambda dy, x: 2 * dy * (x - x.mean()) / x.size)
simple("var, ddof=1", lambda x: (x.var(axis=0, ddof=1), x), lambda dy, x: 2 * dy * (x - x.mean(axis=0)) / (len(x) - 1))
simple("norm of columns, axis 0", lambda x: (x / np.linalg.norm(x, axis=0), x), lambda dy, x: (
    dy - x * (dy * x).sum(0) / (x * x).sum(0)) / np.linalg.norm(x, axis=0))
simple("1-norm", lambda x: (np.linalg.norm(x, 1, axis=1), x), lambda dy, x: dy[:, None] * np.sign(x))
simple("Frobenius norm", lambda x: (np.linalg.norm(x, "fro"), x), lambda dy, x: dy * x / np.linalg.norm(x))
simple("cosine similarity", lambda a, b: (a @ b / np.linalg.norm(a) / np.linalg.norm(b), (a, b)), lambda dy, c: tuple(
    dy * (q / np.linalg.norm(p) / np.linalg.norm(q) - (p @ q) * p / np.linalg.norm(p)**3 / np.linalg.norm(q)) for p,
    q in (c, c[::-1])),
    draw(5), draw(5, seed=1))
simple("angle of two parts", lambda a, b: (np.angle(a + 1j * b), (a, b)),
       lambda dy, c: (-dy * c[1] / (c[0]**2 + c[1]**2), dy * c[0] / (c[0]**2 + c[1]**2)), draw(6) + 2, draw(6, seed=1))
simple("arctan2", lambda a, b: (np.arctan2(a, b), (a, b)),
       lambda dy, c: (dy * c[1] / (c[0]**2 + c[1]**2), -dy * c[0] / (c[0]**2 + c[1]**2)), draw(6) + 2, draw(6, seed=1) + 2)
simple("power spectrum", lambda x: (np.abs(np.fft.fft(x))**2, x),
       lambda dy, x: 2 * np.real(len(x) * np.fft.ifft(dy * np.fft.fft(x))), draw(6))
simple("np.real of a spectrum", lambda x: (np.real(np.fft.fft(x)), len(x)), lambda dy, n: np.real(np.fft.fft(dy)), draw(6))
simple("einsum of two", lambda a, b: (np.einsum("ij,jk->ik", a, b), (a, b)),
       lambda dy, c: (np.einsum("ik,jk->ij", dy, c[1]), np.einsum("ij,ik->jk", c[0], dy)), X, draw(3, 2))
simple("dense with a broadcast bias", lambda x, w, b: (x @ w + b, (x, w)), lambda dy, c: (dy @ c[1].T, c[0].T @ dy, dy.sum(0)),
       X, draw(3, 2, seed=1), draw(2, seed=2))
simple("a scalar input", lambda x, a: (a * x, (x, a)), lambda dy, c: (dy * c[1], (dy * c[0]).sum()), X, 0.7)
simple("cumprod", lambda x: (np.cumprod(x), x), lambda dy, x: np.cumsum((dy * np.cumprod(x))[::-1])[::-1] / x, draw(5) + 2)
simple("diff", lambda x: (np.diff(x, axis=1), None), lambda dy, _: -np.diff(np.pad(dy, ((0, 0), (1, 1))), axis=1), X)
simple("reversed and transposed view", lambda x: (x.T[::-1], x), lambda dy, x: dy[::-1].T)
simple("x itself", lambda x: (x, x), lambda dy, x: dy)
simple("boolean indexing", lambda x: (x[x > 0].sum(), x > 0), lambda dy, mask: dy * mask)
simple("masked assignment", lambda x: (masked_square(x), x), lambda dy, x: np.where(x > 0, 2 * x * dy, dy))
simple("fancy indexing with repeats", lambda x: (x[[0, 2, 2]], x.shape), lambda dy, shape: scattered(dy, shape))
simple("inv", lambda x: (np.linalg.inv(x), np.linalg.inv(x)), lambda dy, y: -y.T @ dy @ y.T, draw(3, 3) + 3 * np.eye(3))
simple("det", lambda x: (np.linalg.det(x), x), lambda dy, x: dy * np.linalg.det(x) * np.linalg.inv(x).T,
       draw(3, 3) + 3 * np.eye(3))
simple("singular values", lambda x: (np.linalg.svd(x, compute_uv=False), np.linalg.svd(x, full_matrices=False)),
       lambda dy, usv: (usv[0] * dy) @ usv[2])
simple("sort, largest two", lambda x: (np.sort(x, axis=1)[:, -2:], np.argsort(x, axis=1)[:, -2:]), lambda dy, k: put(dy, k))
simple("percentile", lambda x: (np.percentile(x, 50, axis=0), x), lambda dy, x: dy * (x == np.median(x, axis=0)), draw(5, 3))
simple("huber", lambda x: (np.where(np.abs(x) < 1, 0.5 * x**2, np.abs(x) - 0.5).mean(), x), lambda dy,
       x: dy * np.clip(x, -1, 1) / x.size)
simple("refuses all but float64", lambda x: (checked(x)**2, x), lambda dy, x: 2 * dy * x)
simple("gradient in a tuple", lambda x: (x**3, x), lambda dy, x: (3 * dy * x**2,))
simple("gradient in a list", lambda x, y: (x * y, (x, y)), lambda dy, c: [dy * c[1], dy * c[0]], X, draw(4, 3, seed=3))
simple("two outputs", lambda x: ((np.sin(x), x.sum(axis=0)), x), lambda dy, x: dy[0] * np.cos(x) + dy[1])
simple("two outputs, a list with a number", lambda x: ([x * 2, float(np.abs(x).sum())], x), lambda dy,
       x: 2 * dy[0] + dy[1] * np.sign(x))
simple("whole numbers for x", lambda x: (x**2, x), lambda dy, x: 2 * dy * x, np.arange(1, 7))
simple("labels, no gradient", lambda x, k: (x[np.arange(len(k)), k].sum(), (x.shape, k)), lambda dy, c: one_hot(dy, *c), X,
       LABELS)
simple("labels, None", lambda x, k: (-log_softmax(x)[range(4), k].mean(), (x, k)),
       lambda dy, c: (dy * (np.exp(log_softmax(c[0])) - np.eye(3)[c[1]]) / 4, None), X, LABELS)
simple("embedding", lambda table, k: (table[k], (table.shape, k)), lambda dy, c: scattered(dy, c[0], c[1]), X,
       np.array([1, 1, 3]))
simple("a mask of bools", lambda x, mask: (np.where(mask, x, 0), mask), lambda dy, mask: (dy * mask, None), X, X > 0)


def masked_square(x):
    y = x.copy()
    y[y > 0] **= 2
    return y


def scattered(dy, shape, k=(0, 2, 2)):
    dx = np.zeros(shape)
    np.add.at(dx, np.asarray(k), dy)
    return dx


def put(dy, k):
    dx = np.zeros((4, 3))
    np.put_along_axis(dx, k, dy, axis=1)
    return dx


def checked(x):
    assert x.dtype == np.float64
    return x


def one_hot(dy, shape, k):
    dx = np.zeros(shape)
    dx[np.arange(len(k)), k] += dy
    return dx


def log_softmax(x):
    return x - x.max(1, keepdims=True) - np.log(np.exp(x - x.max(1, keepdims=True)).sum(1, keepdims=True))


@style("dropout, seeded inside", X)
def dropout():
    def mask(x):
        np.random.seed(7)  # noqa: NPY002  # as people do
        return np.random.rand(*x.shape) > 0.3  # noqa: NPY002
    return lambda x: (x * mask(x), mask(x)), lambda dy, m: dy * m


@style("noise, default_rng inside", X)
def noise():
    return (lambda x: (x * np.random.default_rng(0).normal(size=x.shape), x.shape),
            lambda dy, shape: dy * np.random.default_rng(0).normal(size=shape))


@style("moving sum in a loop, accumulated in place", draw(2, 6))
def moving_sum():
    def forward(x):
        y = np.zeros((2, 4))
        for k in range(3):
            y += x[:, k:k + 4] * (k + 1)
        return y, x.shape

    def backward(dy, shape):
        dx = np.zeros(shape)
        for k in range(3):
            dx[:, k:k + 4] += dy * (k + 1)
        return dx
    return forward, backward


@style("batch norm with np.var and np.std", draw(6, 3), draw(3, seed=1) + 2, draw(3, seed=2))
def normalized():
    def forward(x, gamma, beta):
        hat = (x - x.mean(0)) / np.sqrt(np.var(x, axis=0) + 1e-5)
        return gamma * hat + beta, (hat, gamma, np.var(x, axis=0))

    def backward(dy, cache):
        hat, gamma, variance = cache
        dx = gamma / np.sqrt(variance + 1e-5) * (dy - dy.mean(0) - hat * (dy * hat).mean(0))
        return dx, (dy * hat).sum(0), dy.sum(0)
    return forward, backward


ANALYTIC = ["log-sum-exp", "einsum of two", "dense with a broadcast bias", "a scalar input", "cumprod", "diff", "inv", "det",
            "x itself",
            "reversed and transposed view", "gradient in a tuple", "gradient in a list", "two outputs", "whole numbers for x",
            "labels, no gradient", "labels, None", "embedding", "noise, default_rng inside"]
MEASURED = ["x |x|", "var, ddof=1", "norm of columns, axis 0", "1-norm", "Frobenius norm", "cosine similarity",
            "angle of two parts",
            "arctan2", "power spectrum", "singular values", "a Python number", ".item()", "math functions", "np.interp",
            "huber",
            "computed in float32", "computed in float32, returned in float64", "refuses all but float64", "abs at 0",
            "percentile",
            "batch norm with np.var and np.std", "moving sum in a loop, accumulated in place", "np.logaddexp.reduce",
            "ReLU at 0"]
