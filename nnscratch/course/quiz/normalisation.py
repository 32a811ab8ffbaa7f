"""Quiz of notebook 11: batch normalisation.

Shapes: x and dy (M,), the values of one channel.
"""
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.course.quiz.question import Question, choice, integers, question

__all__: list[str] = []  # quiz.ITEMS has the items

# Four numbers c around 0, and their standard deviation: the root of the mean of c^2.
CENTRED = [((-7, -1, 1, 7), 5), ((-1, -1, 1, 1), 1), ((-3, -3, 3, 3), 3), ((-14, -2, 2, 14), 10), ((-2, -2, 2, 2), 2)]
EPSILON = 1e-14  # batch normalisation needs one above 0; the questions say 0


def channel(rng: np.random.Generator) -> tuple[np.ndarray, Any, np.ndarray, int]:
    """x (4,), its mean, the centred values and their standard deviation, all integers."""
    centred, std = choice(rng, *CENTRED)
    c, mean = rng.permutation(np.array(centred, float)), integers(rng, low=2, high=20)
    return c + mean, mean, c, std


def normalised(x: np.ndarray, gamma: float, beta: float) -> tuple[np.ndarray, tuple]:
    """Batch normalisation of one channel, and its cache."""
    one, zero = np.ones(1), np.zeros(1)
    y, _, cache = ops.batch_norm(x[:, None], gamma * one, beta * one, zero, one, training=True, epsilon=EPSILON)
    return y[:, 0], cache


def batch_norm(rng: np.random.Generator) -> Question:
    """y of batch normalisation."""
    (x, _, c, std), gamma, beta = channel(rng), integers(rng, low=2, high=5), integers(rng)
    return question(
        r"One channel has four values, $x = {x}$. What is the output of batch normalisation in training, with $\gamma = "
        r"{gamma}$, $\beta = {beta}$ and $\epsilon = 0$?",
        {"x": x, "gamma": gamma, "beta": beta}, normalised(x, gamma, beta)[0], {
            "divided by the variance, not by its root": gamma * c / std**2 + beta,
            "gamma and beta were forgotten": c / std,
            "beta was added before gamma multiplied": gamma * (c / std + beta),
            "not divided by the standard deviation: only the mean is gone": gamma * c + beta})


def training_backward(rng: np.random.Generator) -> Question:
    """dx of batch normalisation in training."""
    d, mean, gamma, dy = choice(rng, 1, 2, 4, 5), integers(rng, low=6, high=9), integers(rng, low=1, high=4), integers(rng, 4)
    x_hat = rng.permutation(np.array([-1.0, -1, 1, 1]))
    x, s = mean + d * x_hat, 1 / d
    _, cache = normalised(x, gamma, 0.0)
    return question(
        r"Batch normalisation in training with $\gamma = {gamma}$ and $\epsilon = 0$: a channel has the values $x = {x}$, and "
        "the upstream gradient is $dy = {dy}$. What is $dx$?",
        {"x": x, "gamma": gamma, "dy": dy}, ops.batch_norm_backward(dy[:, None], cache)[0][:, 0], {
            "this is the backward pass of inference: mean and variance depend on x, too": gamma * s * dy,
            "the part of the variance is missing: - x_hat mean(dy x_hat)": gamma * s * (dy - dy.mean()),
            "the part of the mean is missing: - mean(dy)": gamma * s * (dy - x_hat * (dy * x_hat).mean()),
            "gamma was forgotten": s * (dy - dy.mean() - x_hat * (dy * x_hat).mean())})


def sum_hides(rng: np.random.Generator) -> Question:
    """The gradient of a normalised sum."""
    total, u = choice(rng, 2, 4, 5, 10), integers(rng, 2)
    first = integers(rng, low=1, high=total - 1)
    x = np.array([first, total - first])
    return question(
        "$y = x / (x_1 + x_2)$, so that $y_1 + y_2 = 1$. Let $x = {x}$ and $L = u_1 y_1 + u_2 y_2$ with $u = {u}$. What is "
        "$dx$?",
        {"x": x, "u": u}, (u - u @ x / total) / total, {
            "the sum was taken for a constant, but it depends on x": u / total,
            "this is the answer for equal u, where the sum of y hides everything": np.zeros(2),
            "x became a factor: this is x times the gradient": x * (u - u @ x / total) / total})


def running_mean(rng: np.random.Generator) -> Question:
    """A running mean after two batches."""
    decay, (first, second) = choice(rng, 0.9, 0.8), 10 * integers(rng, 2, low=1, high=9)
    running = np.zeros(1)
    for value in (first, second):
        _, (running, _), _ = ops.batch_norm(np.full((2, 1), value), np.ones(1), np.zeros(1), running, np.ones(1), training=True,
                                            momentum=decay)
    return question(
        r"A running mean begins at 0. Its decay is $\rho = {decay}$, as in Keras, and two batches have the means {first} and "
        "{second}. What is it then?",
        {"decay": decay, "first": first, "second": second}, running[0], {
            "the decay is the weight of the old mean; PyTorch's momentum is that of the new one":
                (1 - decay) * decay * first + decay * second,
            "the mean of the two batches: the start at 0 still has most of the weight": (first + second) / 2,
            "the first batch does not fade": (1 - decay) * (first + second)})


def inference_backward(rng: np.random.Generator) -> Question:
    """dx of batch normalisation at inference."""
    gamma, std, dy = integers(rng, low=2, high=6), choice(rng, 2, 4, 5, 10), integers(rng, 2) * 10
    variance, one = std**2, np.ones(1)
    _, _, cache = ops.batch_norm(np.ones((2, 1)), gamma * one, one, one, variance * one, training=False, epsilon=EPSILON)
    return question(
        r"Batch normalisation at inference: $\gamma = {gamma}$, the running variance is {variance}, $\epsilon = 0$, and two "
        "values of a channel have the upstream gradient $dy = {dy}$. What is $dx$?",
        {"gamma": gamma, "variance": variance, "dy": dy}, ops.batch_norm_backward(dy[:, None], cache)[0][:, 0], {
            "the mean of dy was subtracted: that is for training, where the mean depends on x":
                gamma * (dy - dy.mean()) / std,
            "divided by the variance, not by its root": gamma * dy / std**2,
            "gamma was forgotten": dy / std})
