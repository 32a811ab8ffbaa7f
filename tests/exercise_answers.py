"""Answers to the exercises of the course, for testing the checks: the solutions, and mistakes that learners make.

S is {name: solution}; WRONG is a list of (name, wrong answer, text that its diagnosis must contain).
"""
import importlib.util
import math
from pathlib import Path

import numpy as np

from nnscratch import ops
from nnscratch.course import checks
from nnscratch.course.checks.exercise import Exercise

SOLUTIONS = Path(__file__).parent.parent / "notebooks" / "solutions"
EXERCISES = {name: one for name, one in vars(checks).items() if isinstance(one, Exercise)}
S = {}  # every solution by name
for file in sorted(SOLUTIONS.glob("*.py")):
    spec = importlib.util.spec_from_file_location(f"solutions_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    S.update({name: getattr(module, name) for name in EXERCISES if name in vars(module) and getattr(
        module, name).__module__ == module.__name__})


def spoiled(name, k, change):
    """A wrong answer: a solution whose k-th result (or only result, k = None) is passed through `change`."""
    def wrong(*arguments):
        results = S[name](*arguments)
        return change(results) if k is None else tuple(change(r) if m == k else r for m, r in enumerate(results))
    return wrong


def flip(a):
    return a[::-1, ::-1]


def in_place(x, w, b):
    x *= w
    return max(0.0, x.sum() + b)


def one_sided(f, x, h):
    result = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        moved = x.copy()
        moved[k] += h
        result[k] = (f(moved) - f(x)) / h
    return result


def never_back(f, x, h):
    """A difference quotient that does not restore the element it has changed."""
    x, result = x.copy(), np.zeros_like(x)
    for k in np.ndindex(x.shape):
        x[k] += h
        above = f(x)
        x[k] -= 2 * h
        result[k] = (above - f(x)) / (2 * h)
    return result


def windows(x, kh, kw):
    return np.lib.stride_tricks.sliding_window_view(x, (kh, kw), axis=(1, 2))  # (N, OH, OW, C, KH, KW)


def last_product(x, kernel):
    y = np.zeros((x.shape[0] - kernel.shape[0] + 1, x.shape[1] - kernel.shape[1] + 1))
    for oh, ow in np.ndindex(y.shape):
        for i, j in np.ndindex(kernel.shape):
            y[oh, ow] = x[oh + i, ow + j] * kernel[i, j]
    return y


def overwriting_dx(dy, kernel):
    (n, oh, ow, _), (kh, kw, c, _) = dy.shape, kernel.shape
    dx = np.zeros((n, oh + kh - 1, ow + kw - 1, c))
    for r, s in np.ndindex(oh, ow):
        for i, j in np.ndindex(kh, kw):
            dx[:, r + i, s + j] = dy[:, r, s] @ kernel[i, j].T
    return dx


def overwriting_col2im(columns, kh, kw):
    n, oh, ow, width = columns.shape
    x = np.zeros((n, oh + kh - 1, ow + kw - 1, width // (kh * kw)))
    for r, s in np.ndindex(oh, ow):
        x[:, r:r + kh, s:s + kw] = columns[:, r, s].reshape(n, kh, kw, -1)
    return x


def wrong_chain(change):
    def chain(x, w, b, t):
        z = w * x + b
        y = math.tanh(z)
        dz = change(x, w, b, t, z, y)
        return dz * w, dz * x, dz
    return chain


def steps_to_the_border(h, w, kh, kw):
    rows, columns = (np.minimum(np.arange(n), np.arange(n)[::-1]) + 1 for n in (h, w))
    return np.minimum(rows, kh)[:, None] * np.minimum(columns, kw)


WRONG = [
    ("coverage", steps_to_the_border, "kh = 3"),
    ("neuron", lambda x, w, b: max(0.0, sum(p * q for p, q in zip(x, w))), "b is missing"),
    ("neuron", lambda x, w, b: sum(p * q for p, q in zip(x, w)) + b, "f is missing"),
    ("neuron", lambda x, w, b: max(0.0, sum(p * q + b for p, q in zip(x, w))), "b is added once for each input"),
    ("neuron", in_place, "changes x"),
    ("neuron", lambda x, w, b: min(10.0, S["neuron"](x, w, b)), "y = 10, expected 29"),
    ("neuron", lambda x, w, b: max(0.0, x[0] * w[0] + b), "only the first input counts"),
    ("neuron", lambda x, w, b: np.maximum(0.0, x * w + b), "is an axis left over"),
    ("neuron", lambda x, w, b: x[len(x)], "raised IndexError"),
    ("dense", lambda x, weights, bias: x @ weights, "it is off by exactly bias: bias is missing"),
    ("dense", lambda x, weights, bias: x @ weights - bias, "off by exactly twice bias"),
    ("dense", lambda x, weights, bias: (x @ weights + bias).T, "transposed?"),
    ("dense", lambda x, weights, bias: (x @ weights + bias).astype(np.float16), "right to three digits"),
    ("dense", lambda x, weights, bias: -(x @ weights + bias), "right but for the sign"),
    ("dense", lambda x, weights, bias: weights @ x + bias, "columns of a must be as many as the rows of b"),
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy / len(dy), dy.sum(axis=0)), "exactly 2 = N, the batch"),
    ("dense_backward", spoiled("dense_backward", 1, lambda g: g / 4), "one factor, 0.25: a constant is missing"),
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy, dy.mean(axis=0)), "too small by exactly 2 = N"),
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy, dy.sum()), "summed over too many axes"),
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy, dy), "dbias has shape"),
    ("dense_backward", spoiled("dense_backward", 1, lambda g: g.T.reshape(g.shape)), "stand in the wrong places"),
    ("dense_backward", spoiled("dense_backward", 0, lambda g: -g), "right but for the sign"),
    ("dense_backward", spoiled("dense_backward", 1, lambda g: g.T), "(transposed?)"),
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy), "2 results, expected 3"),
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy, ...), "this part is still missing"),
    ("train_step", lambda x, target, weights, bias, rate: tuple(
        2 * a - b for a, b in zip((weights, bias), S["train_step"](x, target, weights, bias, rate))), "uphill"),
    ("train_step", lambda x, target, weights, bias, rate: S["train_step"](x, target, weights, bias, rate / 2), "of the square"),
    ("train_step", lambda x, target, weights, bias, rate: S["train_step"](x, target, weights, bias, rate * target.size),
     "not divided by the number of values"),
    ("train_step", lambda x, target, weights, bias, rate: S["train_step"](x, target, weights, bias, rate * target.shape[1]),
     "divided by the samples alone"),
    ("chain", wrong_chain(lambda x, w, b, t, z, y: (y - t) * (1 - y * y)), "the 2 of the square is missing"),
    ("chain", wrong_chain(lambda x, w, b, t, z, y: 2 * (y - t)), "the chain skips a link"),
    ("chain", wrong_chain(lambda x, w, b, t, z, y: 2 * (y - t) * (1 - z * z)), "not with z"),
    ("chain", lambda x, w, b, t: tuple(S["chain"](x, w, b, t)[k] for k in (1, 0, 2)), "dx and dw are exchanged"),
    ("chain", wrong_chain(lambda x, w, b, t, z, y: 1 - y * y), "dL/dy = 2 (y - t) is missing"),
    ("numeric_gradient", one_sided, "one-sided difference"),
    ("numeric_gradient", spoiled("numeric_gradient", None, lambda g: -g), "the sign is wrong"),
    ("numeric_gradient", spoiled("numeric_gradient", None, abs), "expected [-6, 3, -2]"),
    ("numeric_gradient", never_back, "stays there: move it back"),
    ("numeric_gradient", spoiled("numeric_gradient", None, lambda g: 2 * g), "the two points lie 2h apart"),
    ("numeric_gradient", lambda f, x, h: np.full_like(x, (f(x + h) - f(x - h)) / (2 * h)), "all places move at once"),
    ("upstream", lambda shape: np.ones(shape), "constant in each channel"),
    ("upstream", lambda shape: np.broadcast_to(np.arange(3.0), shape), "constant in each channel"),
    ("upstream", lambda shape: np.ones(3), "expected the shape asked for"),
    ("upstream", lambda shape: np.random.default_rng().normal(size=shape), "give the generator a seed"),
    ("guilty", lambda: {"A", "B", "C", "E"}, "A is innocent"),
    ("guilty", lambda: {"B"}, "2 of the wrong ones got away"),
    ("guilty", lambda: {"X"}, "no suspect 'X'"),
    ("guilty", lambda: "b, c", "1 of the wrong ones got away"),
    ("guilty", lambda: "all of them", "no suspect 'ALL'"),
    ("guilty", lambda: {"A": True, "B": False}, "of type dict, expected the letters"),
    ("guilty", lambda: 3, "of type int, expected the letters"),
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
    ("conv_dkernel", spoiled("conv_dkernel", None, flip), "mirrored"),
    ("conv_dkernel", lambda dy, x: S["conv_dkernel"](dy[:1], x[:1]), "first image alone"),
    ("conv_dkernel", spoiled("conv_dkernel", None, lambda g: g / 2), "too small by exactly 2"),
    ("conv_dkernel", spoiled("conv_dkernel", None, lambda g: g.swapaxes(2, 3)), "dkernel has shape"),
    ("conv_dx", overwriting_dx, "= stands where += belongs"),
    ("conv_dx", lambda dy, kernel: S["conv_dx"](dy, flip(kernel)), "mirrored once too often"),
    ("conv_dx", spoiled("conv_dx", None, lambda g: g[:, 1:]), "dx has shape"),
    ("col2im", overwriting_col2im, "= stands where += belongs"),
    ("col2im", lambda columns, kh, kw: S["col2im"](columns, kh, kw) / S["col2im"](np.ones_like(columns), kh, kw),
     "the adjoint is their sum"),
    ("col2im", lambda columns, kh, kw: S["col2im"](columns.reshape(*columns.shape[:3], -1, kh, kw).transpose(
        0, 1, 2, 4, 5, 3).reshape(columns.shape), kh, kw), "in the order (c, i, j)"),
    ("coverage", lambda h, w, kh, kw: np.full((h, w), kh * kw), "near the border"),
    ("coverage", lambda h, w, kh, kw: np.ones((h - kh + 1, w - kw + 1)), "counts has shape"),
    ("coverage", lambda h, w, kh, kw: S["coverage"](h, w, min(kw, h), min(kh, w)), "exchanged"),
]
