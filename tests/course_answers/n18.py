"""Notebook 18: wrong answers, with what their diagnosis must say."""
import numpy as np
from helpers import normal

from course_answers.solutions import S
from nnscratch import ops


def bytes_of(x_shape, kernel_shape, **times):
    """The arithmetic intensity if x, kernel, y and the columns are moved the given number of times."""
    x, kernel = (normal(*shape) for shape in (x_shape, kernel_shape))
    y = ops.conv2d(x, kernel)[0]
    sizes = {"x": x.size, "kernel": kernel.size, "y": y.size, "columns": y.size // y.shape[3] * kernel[..., 0].size}
    return S["conv_flop"](x_shape, kernel_shape) / (4 * sum(count * sizes[name] for name, count in times.items()))


def divided(later, gained):
    """The first integer beyond later / gained, with NumPy's division by 0; 1 if the GPU is faster from the start."""
    with np.errstate(all="ignore"):
        n = np.float64(later) / np.float64(gained)
    return max(1, np.floor(n) + 1) if n >= 0 or later < 0 else np.inf


WRONG = [
    ("intensity", lambda x_shape, kernel_shape: 4 * S["intensity"](x_shape, kernel_shape), "FLOP for each number"),
    ("intensity", lambda x_shape, kernel_shape: S["intensity"](x_shape, kernel_shape) / 2, "multiplications alone"),
    ("intensity", lambda x_shape, kernel_shape: 1 / S["intensity"](x_shape, kernel_shape), "turned around"),
    ("intensity", lambda x_shape, kernel_shape: bytes_of(x_shape, kernel_shape, x=1, kernel=1), "bytes of y are missing"),
    ("intensity", lambda x_shape, kernel_shape: bytes_of(x_shape, kernel_shape, x=1, y=1), "bytes of the kernel are missing"),
    ("intensity", lambda x_shape, kernel_shape: bytes_of(x_shape, kernel_shape, columns=1, kernel=1, y=1), "as im2col copies"),
    ("roofline_seconds", lambda flop, size, gflops, gb_per_s: flop / gflops / 1e9 + size / gb_per_s / 1e9, "are added up"),
    ("roofline_seconds", lambda flop, size, gflops, gb_per_s: min(flop / gflops, size / gb_per_s) / 1e9, "the shorter"),
    ("roofline_seconds", lambda flop, size, gflops, gb_per_s: flop / gflops / 1e9, "only the operations"),
    ("roofline_seconds", lambda flop, size, gflops, gb_per_s: max(flop / gflops, size / gb_per_s), "count in 10⁹"),
    ("roofline_seconds", lambda flop, size, gflops, gb_per_s: min(gflops, gb_per_s * flop / size), "this is a speed"),
    ("queue_seconds", lambda kernels, ask, compute: kernels * (ask + compute), "Python waits for each"),
    ("queue_seconds", lambda kernels, ask, compute: kernels * max(ask, compute), "first asking and the last computing"),
    ("queue_seconds", lambda kernels, ask, compute: ask + kernels * compute, "this is a graph"),
    ("queue_seconds", lambda kernels, ask, compute: kernels * ask + compute, "one kernel at a time only"),
    ("crossover", lambda a, b, c, d: (c - a) / (b - d) if b > d and c + d >= a + b else S["crossover"](
        a, b, c, d), "whole number"),
    ("crossover", lambda a, b, c, d: max(1, np.ceil((c - a) / (b - d))) if b > d else np.inf, "smallest number *beyond*"),
    ("crossover", lambda a, b, c, d: max(1, (c - a) // (b - d)) if b > d else np.inf, "rounded down"),
    ("crossover", lambda a, b, c, d: (c - a) // (b - d) + 1 if b > d else np.inf, "faster at 1"),
    ("crossover", lambda a, b, c, d: 1 if c + d < a + b else (c - a) // (b - d) + 1 if b != d else np.inf, "never cross"),
    ("crossover", lambda a, b, c, d: np.inf if d >= b else S["crossover"](a, b, c, d), "look at that first"),
    ("crossover", lambda a, b, c, d: np.inf if d >= b else max(1, np.floor((c - a) / (b - d)) + 1), "look at that first"),
    ("crossover", lambda a, b, c, d: 1 if c < a else S["crossover"](a, b, c, d), "a smaller fixed part alone"),
    ("crossover", lambda a, b, c, d: divided(c - a, b - d), "faster *before* the lines meet"),
    ("crossover", lambda a, b, c, d: 1 if c + d <= a + b else S["crossover"](a, b, c, d), "batch = 1, expected"),
]
