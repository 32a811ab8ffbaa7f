"""Notebook 18: wrong answers, with what their diagnosis must say, and right answers in other styles."""
import math

import numpy as np
from helpers import normal

from course_answers.solutions import S
from nnscratch import ops


def bytes_of(x_shape, K_shape, itemsize, **times):
    """The arithmetic intensity if x, K, y and the columns are moved the given number of times."""
    x, K = (normal(*shape) for shape in (x_shape, K_shape))
    y = ops.conv2d(x, K)[0]
    sizes = {"x": x.size, "K": K.size, "y": y.size, "columns": y.size // y.shape[3] * K[..., 0].size}
    return S["conv_flop"](x_shape, K_shape) / (itemsize * sum(count * sizes[name] for name, count in times.items()))


def divided(later, gained):
    """The first integer beyond later / gained, with NumPy's division by 0; 1 if the GPU is faster from the start."""
    with np.errstate(all="ignore"):
        n = np.float64(later) / np.float64(gained)
    return max(1, np.floor(n) + 1) if n >= 0 or later < 0 else np.inf


WRONG = [
    ("intensity", lambda x_shape, K_shape, itemsize: itemsize * S["intensity"](x_shape, K_shape, itemsize), "FLOP per value"),
    ("intensity", lambda x_shape, K_shape, itemsize: S["intensity"](x_shape, K_shape, itemsize) / 2, "multiplications alone"),
    ("intensity", lambda x_shape, K_shape, itemsize: 1 / S["intensity"](x_shape, K_shape, itemsize), "turned around"),
    ("intensity", lambda x_shape, K_shape, itemsize: bytes_of(x_shape, K_shape, itemsize, x=1, K=1), "bytes of y are missing"),
    ("intensity", lambda x_shape, K_shape, itemsize: bytes_of(x_shape, K_shape, itemsize, x=1, y=1), "bytes of K are missing"),
    ("intensity", lambda x_shape, K_shape, itemsize: bytes_of(x_shape, K_shape, itemsize, columns=1, K=1, y=1),
     "as im2col copies"),
    ("intensity", lambda x_shape, K_shape, itemsize: S["intensity"](x_shape, K_shape, 4), "not always 4"),
    ("intensity", lambda x_shape, K_shape, itemsize: bytes_of(x_shape, K_shape, itemsize, K=1, y=1), "bytes of x are missing"),
    ("roofline_seconds", lambda flop, moved, gflops, gb_per_s: flop / gflops / 1e9 + moved / gb_per_s / 1e9, "are added up"),
    ("roofline_seconds", lambda flop, moved, gflops, gb_per_s: min(flop / gflops, moved / gb_per_s) / 1e9, "the shorter"),
    ("roofline_seconds", lambda flop, moved, gflops, gb_per_s: flop / gflops / 1e9, "only the operations"),
    ("roofline_seconds", lambda flop, moved, gflops, gb_per_s: moved / gb_per_s / 1e9, "only the bytes"),
    ("roofline_seconds", lambda flop, moved, gflops, gb_per_s: max(flop / gflops, moved / gb_per_s), "count in 10⁹"),
    ("roofline_seconds", lambda flop, moved, gflops, gb_per_s: min(gflops, gb_per_s * flop / moved), "this is a speed"),
    ("queue_seconds", lambda kernels, launch, compute: kernels * (launch + compute), "Python waits for each"),
    ("queue_seconds", lambda kernels, launch, compute: kernels * max(launch, compute), "first launch and the last computation"),
    ("queue_seconds", lambda kernels, launch, compute: launch + kernels * compute, "this is a graph"),
    ("queue_seconds", lambda kernels, launch, compute: kernels * launch + compute, "one kernel at a time"),
    ("queue_seconds", lambda kernels, launch, compute: max((kernels - 1) * launch + compute, kernels * compute),
     "begins before"),
    ("queue_seconds", lambda kernels, launch, compute: max(kernels * launch, launch + (kernels - 1) * compute), "not computed"),
    ("crossover", lambda a, b, c, d: (c - a) / (b - d) if b > d and c + d >= a + b else S["crossover"](
        a, b, c, d), "whole number"),
    ("crossover", lambda a, b, c, d: max(1, np.ceil((c - a) / (b - d))) if b > d else np.inf, "smallest number *beyond*"),
    ("crossover", lambda a, b, c, d: math.ceil((c - a) / (b - d)), "smallest number *beyond*"),
    ("crossover", lambda a, b, c, d: max(1, (c - a) // (b - d)) if b > d else np.inf, "rounded down"),
    ("crossover", lambda a, b, c, d: (c - a) // (b - d) + 1 if b > d else np.inf, "faster at 1"),
    ("crossover", lambda a, b, c, d: 1 if c + d < a + b else (c - a) // (b - d) + 1 if b != d else np.inf, "never cross"),
    ("crossover", lambda a, b, c, d: np.inf if d >= b else S["crossover"](a, b, c, d), "compare that first"),
    ("crossover", lambda a, b, c, d: np.inf if d >= b else max(1, np.floor((c - a) / (b - d)) + 1), "compare that first"),
    ("crossover", lambda a, b, c, d: 1 if c < a else S["crossover"](a, b, c, d), "a smaller fixed part alone"),
    ("crossover", lambda a, b, c, d: divided(c - a, b - d), "faster *before* the lines meet"),
    ("crossover", lambda a, b, c, d: 1 if c + d <= a + b else S["crossover"](a, b, c, d), "compare with <"),
]
RIGHT = [
    ("roofline_seconds", lambda flop, moved, gflops, gb_per_s: 1e-9 * np.maximum(flop / gflops, moved / gb_per_s)),
    ("intensity", lambda x_shape, K_shape, itemsize: bytes_of(x_shape, K_shape, itemsize, x=1, K=1, y=1)),
    ("queue_seconds", lambda kernels, launch, compute: max(kernels * launch + compute, launch + kernels * compute)),
    ("crossover", lambda a, b, c, d: next((n for n in range(1, 1000) if c + n * d < a + n * b), np.inf)),
]
