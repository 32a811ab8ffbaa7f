"""Exercises of notebook 11: batch normalisation forward, its backward in training and at inference, running statistics.

Shapes: x, y, dy (N, H, W, C); gamma, beta, mean, variance (C,). A mean is taken over N, H and W.
"""
import numpy as np

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.neurons import normal

__all__ = ["batch_norm", "batch_norm_backward", "inference_backward", "running_average"]

CHANNEL = (0, 1, 2)  # the axes that one channel's numbers lie along


def two_pixels(*numbers):
    """One channel of four numbers, as two images of two pixels."""
    return np.array(numbers, dtype=float).reshape(2, 1, 2, 1)


def one(number):
    """One channel."""
    return np.array([float(number)])


X, GAMMA, BETA = 3 * normal(2, 7, 5, 3) + 1, 1.5 + normal(3), normal(3, seed=1)
NUMBERS, DY = two_pixels(3, 9, 11, 17), two_pixels(1, 0, 0, 4)
TWO = np.concatenate([NUMBERS, two_pixels(0, 4, 4, 0)], axis=3)  # two channels


def std(variance, epsilon):
    """The standard deviation, with epsilon under the root."""
    return np.sqrt(variance + epsilon)


def batch_norm_with(mean_over=CHANNEL, std=std, scale=1.0, centre=True):
    """Batch normalisation in training from its parts; a wrong answer changes one of them."""
    def forward(x, gamma, beta, epsilon):
        mean = x.mean(axis=mean_over, keepdims=True)
        variance = ((x - mean)**2).mean(axis=mean_over, keepdims=True) * scale
        return gamma * (x - centre * mean) / std(variance, epsilon) + beta
    return forward


def unbiased(x, gamma, beta, epsilon):
    """With the variance divided by M - 1."""
    count = x.size // x.shape[-1]
    return batch_norm_with(scale=count / (count - 1))(x, gamma, beta, epsilon)


@exercise("11", "Four lines: the mean, x minus it, the mean of its square, and then y. Each mean is over axes 0, 1 and 2.",
          "variance = ((x - mean)**2).mean(axis=(0, 1, 2)); one number for each channel, which NumPy fits to the last axis.",
          "gamma * (x - mean) / np.sqrt(variance + epsilon) + beta")
def batch_norm(attempt: Attempt) -> None:
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, as in training."""
    cases = [{"x": NUMBERS, "gamma": one(2), "beta": one(1), "epsilon": 0.0},
             {"x": NUMBERS, "gamma": one(2), "beta": one(1), "epsilon": 11.0},
             {"x": TWO, "gamma": np.array([2.0, 1.0]), "beta": np.array([1.0, 0.0]), "epsilon": 0.0},
             {"x": X, "gamma": GAMMA, "beta": BETA, "epsilon": 0.5}]
    compare(attempt, batch_norm_with(), cases, "y", {
        "the variance is divided by M - 1: what normalises is the plain mean of the squares, divided by M": unbiased,
        "it divides by the variance, expected by its square root": batch_norm_with(std=lambda v, e: v + e),
        "epsilon stands outside the root, expected sqrt(variance + epsilon)":
            batch_norm_with(std=lambda v, e: np.sqrt(v) + e),
        "epsilon is missing: without it a channel that is constant divides by 0":
            batch_norm_with(std=lambda v, e: np.sqrt(v)),
        "mean and variance are taken in each image for itself, expected over the batch, too: axes 0, 1 and 2":
            batch_norm_with(mean_over=(1, 2)),
        "mean and variance are taken at each pixel for itself, expected over H and W, too: axes 0, 1 and 2":
            batch_norm_with(mean_over=(0,)),
        "all channels share one mean and variance, expected one for each": batch_norm_with(mean_over=(0, 1, 2, 3)),
        "the mean is not subtracted": batch_norm_with(centre=False),
        "gamma and beta are exchanged: gamma multiplies, beta is added":
            lambda x, gamma, beta, epsilon: batch_norm_with()(x, beta, gamma, epsilon)})


def backward_with(mean_term=1, variance_term=1, of_gamma=lambda normed, x, centred: normed, axes=CHANNEL):
    """The backward in training from its parts; a wrong answer changes one of them."""
    def backward(dy, x, gamma, epsilon):
        centred = x - x.mean(axis=CHANNEL)
        d = std((centred**2).mean(axis=CHANNEL), epsilon)
        normed = centred / d
        dx = gamma / d * (dy - mean_term * dy.mean(axis=axes, keepdims=True)
                          - variance_term * normed * (dy * normed).mean(axis=axes, keepdims=True))
        return dx, (dy * of_gamma(normed, x, centred)).sum(axis=CHANNEL), dy.sum(axis=CHANNEL)
    return backward


@exercise("11",
          "Compute what the way back needs: mean, centred = x - mean, d = sqrt(variance + epsilon), normed = centred / d.",
          "dgamma = (dy * normed).sum(axis=(0, 1, 2)), dbeta = dy.sum(axis=(0, 1, 2)).",
          "dx = gamma / d * (dy - mean of dy - normed * mean of (dy * normed)); or the five steps, one after the other.")
def batch_norm_backward(attempt: Attempt) -> None:
    """dx, dgamma, dbeta in training."""
    cases = [{"dy": DY, "x": NUMBERS, "gamma": one(2), "epsilon": 0.0},
             {"dy": DY, "x": NUMBERS, "gamma": one(2), "epsilon": 11.0},
             {"dy": np.concatenate([DY, -DY], axis=3), "x": TWO, "gamma": np.array([2.0, 1.0]), "epsilon": 0.0},
             {"dy": normal(2, 7, 5, 3), "x": X, "gamma": GAMMA, "epsilon": 0.5}]
    compare(attempt, backward_with(), cases, "dx dgamma dbeta", {
        "mean and variance are taken for constants: this is the backward at inference": backward_with(0, 0),
        "the mean is taken for a constant: the mean of dy is not subtracted": backward_with(mean_term=0),
        "the variance is taken for a constant: the part of dy along the normalised x is not subtracted":
            backward_with(variance_term=0),
        "the variance's part is added, expected subtracted": backward_with(variance_term=-1),
        "the variance's part is subtracted twice": backward_with(variance_term=2),
        "means are taken in each image for itself, expected over the batch, too": backward_with(axes=(1, 2)),
        "dgamma is made with x, expected with the normalised x": backward_with(of_gamma=lambda normed, x, centred: x),
        "dgamma is made with x - mean, which is not divided by the deviation yet":
            backward_with(of_gamma=lambda normed, x, centred: centred)})


def inference_with(root=std, of_gamma=lambda normed, x, centred: normed):
    """The backward pass at inference from its parts; a wrong answer changes one of them."""
    def backward(dy, x, gamma, mean, variance, epsilon):
        d, centred = root(variance, epsilon), x - mean
        return gamma / d * dy, (dy * of_gamma(centred / d, x, centred)).sum(axis=CHANNEL), dy.sum(axis=CHANNEL)
    return backward


@exercise("11", "mean and variance are given, and constant. Then y is a straight line in x; what is its slope?",
          "dx = gamma / sqrt(variance + epsilon) * dy. dgamma and dbeta are as in training, with the given mean and variance.")
def inference_backward(attempt: Attempt) -> None:
    """dx, dgamma, dbeta at inference, with the running mean and variance."""
    cases = [{"dy": DY, "x": NUMBERS, "gamma": one(2), "mean": one(8), "variance": one(4), "epsilon": 0.0},
             {"dy": DY, "x": NUMBERS, "gamma": one(2), "mean": one(8), "variance": one(4), "epsilon": 12.0},
             {"dy": normal(2, 7, 5, 3), "x": X, "gamma": GAMMA, "mean": normal(3, seed=2), "variance": 0.5 + normal(3)**2,
              "epsilon": 0.5}]
    compare(attempt, inference_with(), cases, "dx dgamma dbeta", {
        "this is the backward in training: at inference mean and variance do not depend on x, so nothing is subtracted":
            lambda dy, x, gamma, mean, variance, epsilon: backward_with()(dy, x, gamma, epsilon),
        "it divides by the deviation of this batch, expected that of the running variance":
            lambda dy, x, gamma, mean, variance, epsilon: backward_with(0, 0)(dy, x, gamma, epsilon),
        "epsilon is missing": inference_with(root=lambda v, e: np.sqrt(v)),
        "it divides by the variance, expected by its square root": inference_with(root=lambda v, e: v + e),
        "dgamma is made with x, expected with the normalised x": inference_with(of_gamma=lambda normed, x, centred: x),
        "dgamma is made with x - mean, which is not divided by the deviation yet":
            inference_with(of_gamma=lambda normed, x, centred: centred)})


def right_running_average(start, batches, momentum):
    """The solution."""
    for value in batches:
        start = momentum * start + (1 - momentum) * value
    return start


@exercise("11", "One step: new = momentum * old + (1 - momentum) * the batch's value. A loop goes through the batches.",
          "for value in batches: start = momentum * start + (1 - momentum) * value; and at last return start.")
def running_average(attempt: Attempt) -> None:
    """The running value after all batches: each step keeps the share `momentum` of the old one."""
    cases = [{"start": 0.0, "batches": np.array([10.0]), "momentum": 0.9},
             {"start": 0.0, "batches": np.array([10.0, 20.0]), "momentum": 0.9},
             {"start": 8.0, "batches": np.array([4.0]), "momentum": 0.75},
             {"start": 1.0, "batches": 5 + normal(20), "momentum": 0.75}]
    compare(attempt, right_running_average, cases, "value", {
        "the shares are exchanged: momentum is that of the old value, as in Keras":
            lambda start, batches, momentum: right_running_average(start, batches, 1 - momentum),
        "it is the plain mean of the batches": lambda start, batches, momentum: batches.mean(),
        "the batch's value is added in full, expected its share 1 - momentum":
            lambda start, batches, momentum: right_running_average(start, batches / (1 - momentum), momentum),
        "only the last batch goes in": lambda start, batches, momentum: right_running_average(start, batches[-1:], momentum),
        "only the first batch goes in": lambda start, batches, momentum: right_running_average(start, batches[:1], momentum),
        "the start is forgotten": lambda start, batches, momentum: right_running_average(0.0, batches, momentum)})
