"""Exercises of notebook 11: batch normalisation forward, and its running statistics.

Shapes: x and y (N, H, W, C) or (N, C); gamma, beta, mean, var (C,). A mean is taken over all axes but the last.
"""
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.prediction import predicted

__all__ = ["batch_norm", "running_mean"]


def two_pixels(*numbers):
    """One channel of four numbers, as two images of two pixels."""
    return np.array(numbers, dtype=float).reshape(2, 1, 2, 1)


def one(number):
    """One channel."""
    return np.array([float(number)])


X, GAMMA, BETA = 3 * normal(2, 7, 5, 3) + 1, 1.5 + normal(3), normal(3, seed=1)
NUMBERS, DY = two_pixels(3, 9, 11, 17), two_pixels(1, 0, 0, 4)
TWO = np.concatenate([NUMBERS, two_pixels(0, 4, 4, 0)], axis=3)  # two channels
ROWS = 2 * normal(5, 3, seed=3) - 1  # as behind a dense layer


def batch_axes(x):
    """All axes but the last."""
    return tuple(range(x.ndim - 1))


def std(var, epsilon):
    """The standard deviation, with epsilon under the root."""
    return np.sqrt(var + epsilon)


def batch_norm_with(mean_over=batch_axes, std=std, scale=lambda x: 1.0, centre=True):
    """Batch normalisation in training from its parts; a wrong answer changes one of them."""
    def forward(x, gamma, beta, epsilon):
        mean = x.mean(axis=mean_over(x), keepdims=True)
        var = ((x - mean)**2).mean(axis=mean_over(x), keepdims=True) * scale(x)
        return gamma * (x - centre * mean) / std(var, epsilon) + beta
    return forward


def unbiased(x):
    """What turns a division by M into one by M - 1."""
    count = x.size // x.shape[-1]
    return count / (count - 1)


def library_batch_norm(x, gamma, beta, epsilon):
    """The library's, with the learner's arguments."""
    zeros = np.zeros(x.shape[-1], x.dtype)
    return ops.batch_norm(x, gamma, beta, zeros, zeros, training=True, epsilon=epsilon or 1e-300)[0]


@exercise("11", "Four lines: the mean of each channel, x minus it, the mean of its square, and then y.",
          "A mean over all axes but the last: x.mean(axis=tuple(range(x.ndim - 1))), of shape (C,), which NumPy fits to the "
          "last axis of x.",
          "var = ((x - mean)**2).mean(axis=axes), and y = gamma * (x - mean) / np.sqrt(var + epsilon) + beta",
          library=library_batch_norm)
def batch_norm(attempt: Attempt) -> None:
    """y in the shape of x."""
    cases = [{"x": NUMBERS, "gamma": one(2), "beta": one(1), "epsilon": 0.0},
             {"x": NUMBERS, "gamma": one(2), "beta": one(1), "epsilon": 11.0},
             {"x": TWO, "gamma": np.array([2.0, 1.0]), "beta": np.array([1.0, 0.0]), "epsilon": 0.0},
             {"x": X, "gamma": GAMMA, "beta": BETA, "epsilon": 0.5}]
    compare(attempt, batch_norm_with(), cases, "y", {
        "the variance is divided by M - 1, expected the mean of the squares, which divides by M":
            batch_norm_with(scale=unbiased),
        "it divides by the variance, expected by its square root": batch_norm_with(std=lambda v, e: v + e),
        "epsilon stands outside the root, expected sqrt(var + epsilon)": batch_norm_with(std=lambda v, e: np.sqrt(v) + e),
        "epsilon is missing: without it a channel that is constant divides by 0": batch_norm_with(std=lambda v, e: np.sqrt(v)),
        "mean and variance are taken in each image alone, expected over the batch, too": batch_norm_with(
            mean_over=lambda x: (1, 2)),
        "mean and variance are taken at each pixel alone, expected over H and W, too": batch_norm_with(
            mean_over=lambda x: (0,)),
        "all channels share one mean and variance, expected one for each": batch_norm_with(mean_over=lambda x: None),
        "the mean is not subtracted": batch_norm_with(centre=False),
        "beta is added before gamma multiplies: only x_hat is multiplied":
            lambda x, gamma, beta, epsilon: batch_norm_with()(x, gamma, gamma * beta, epsilon),
        "gamma and beta are exchanged: gamma multiplies, beta is added":
            lambda x, gamma, beta, epsilon: batch_norm_with()(x, beta, gamma, epsilon)})
    compare(attempt, batch_norm_with(), [{"x": ROWS, "gamma": GAMMA, "beta": BETA, "epsilon": 0.5}], "y")


@exercise("11", "One step: decay times the old value plus (1 - decay) times the mean of the batch.",
          "What is left of the start is multiplied by the decay in every step.",
          "running = 0.9 * running + 0.1 * mean, twice, from running = 0. Two steps with 0.99 leave 0.99**2 of the start.")
def running_mean(attempt: Any) -> None:
    """Three numbers."""
    first, second, share = "after a batch of mean 10", "after one more, of mean 20", "fraction of the start after 100 steps"
    predicted(attempt, {first: 1.0, second: 2.9, share: 0.99**100}, {
        "the decay multiplies the old value, 1 - decay the new one": (first, 9.0),
        "the start, 0, counts, too": (first, 10.0),
        "the decay multiplies the old value, 1 - decay the new one ": (second, 18.9),
        "the old value is multiplied by the decay, too": (second, 3.0),
        "this is the mean of the two batches: the older one is decayed": (second, 15.0),
        "0.99 to the power of 100, not times 100": (share, 0.0),
        "this is what has been replaced": (share, 1 - 0.99**100)})
