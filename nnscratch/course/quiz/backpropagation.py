"""Quiz of notebook 03: gradients of a layer and of a neuron, values that are used twice, and numeric gradients.

Shapes: x (N, inputs), weights (inputs,), dy (N,) of one unit.
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.quiz.question import Question, choice, integers, question

__all__: list[str] = []  # quiz.ITEMS has the items


def chain(rng: np.random.Generator) -> Question:
    """dw by the chain rule."""
    x, y, t = integers(rng), choice(rng, 0.5, -0.5, 0.6, 0.8), integers(rng, low=-2, high=2)
    dw = ops.tanh_backward(np.array(2 * (y - t)), np.array(y)) * x
    return question(
        r"$a = w x + b$, $y = \tanh(a)$, $L = (y - t)^2$. With $x = {x}$ and $t = {t}$ the forward pass gave $y = {y}$. What "
        "is $dw$?",
        {"x": x, "t": t, "y": y}, dw, {
            "the derivative of tanh was forgotten": 2 * (y - t) * x,
            "the 2 of the square was forgotten": (y - t) * (1 - y**2) * x,
            "the derivative of tanh is 1 - y^2, not (1 - y)^2": 2 * (y - t) * (1 - y)**2 * x,
            "this is da: the last factor is x": 2 * (y - t) * (1 - y**2)})


def two_uses(rng: np.random.Generator) -> Question:
    """The gradient of a value that is used twice."""
    first, second, x = integers(rng, 3, low=2, high=5)
    return question(
        "$u = {first} x$, $v = {second} x$ and $y = u v$. With $x = {x}$ and $dy = 1$, what is $dx$?",
        {"first": first, "second": second, "x": x}, first * (second * x) + second * (first * x), {
            "the gradients were added as if y were u + v": first + second,
            "one use only: x is used twice, and gets the sum": first * (second * x),
            "the gradients of the two uses were multiplied, not added":
                first * (second * x) * second * (first * x)})


def weights_gradient(rng: np.random.Generator) -> Question:
    """dW of one unit."""
    x, dy = integers(rng, 2, 2), integers(rng, 2)
    _, cache = ops.dense(x, np.ones((2, 1)), np.zeros(1))
    return question(
        "Two samples, the rows of $x = {x}$, passed through one unit without activation. The upstream gradient is $dy = {dy}$, "
        "a number for each sample. What is $dW$?",
        {"x": x, "dy": dy}, ops.dense_backward(dy[:, None], cache)[1][:, 0], {
            "divided by the number of samples: a mean stands for the sum": x.T @ dy / 2,
            "the first sample alone: the gradients of all samples are added": x[0] * dy[0],
            "x and dy were added up before they were multiplied": x.sum(axis=0) * dy.sum()})


def central(rng: np.random.Generator) -> Question:
    """A central difference."""
    x, delta = integers(rng, low=1, high=6), choice(rng, 0.1, 0.2, 0.5, 1)
    return question(
        r"$f(x) = x^3$. What is the central difference with $\delta = {delta}$ at $x = {x}$?",
        {"x": x, "delta": delta}, ((x + delta)**3 - (x - delta)**3) / (2 * delta), {
            "this is the true derivative; the difference errs by delta^2": 3 * x**2,
            "divided by delta, but the two points are 2 delta apart": ((x + delta)**3 - (x - delta)**3) / delta,
            "this is the one-sided difference, (f(x + delta) - f(x)) / delta": ((x + delta)**3 - x**3) / delta})


def smaller_step(rng: np.random.Generator) -> Question:
    """The error of a central difference with a smaller step."""
    error, times = choice(rng, 0.04, 0.08, 0.1, 0.2, 0.3, 0.4, 0.5, 0.9), choice(rng, 2, 5, 10)
    return question(
        r"A central difference errs by {error}, and rounding plays no part yet. By about how much does it err if $\delta$ is "
        "made {times} times smaller?",
        {"error": error, "times": times}, error / times**2, {
            "this would be the one-sided difference; the central one errs by delta^2": error / times,
            "the error grows: that is so only where rounding has taken over": error * times,
            "the error stays: but it is proportional to delta^2": error})
