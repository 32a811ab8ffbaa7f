"""Exercises of notebook 03: the chain rule by hand, a numeric gradient, and what a sum hides.

Shapes: all of `chain` are numbers; `numeric_gradient` takes x of any shape.
"""
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.backend import Array
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, Wrong, exercise, run
from nnscratch.course.checks.neurons import normal
from nnscratch.gradcheck import Report, check_op
from nnscratch.gradcheck.mutants import BLIND_TO_ONES, mutants_of
from nnscratch.hints import checked
from nnscratch.ops.validation import check_array, check_shape

__all__ = ["batch_norm", "chain", "check_batch_norm", "numeric_gradient", "upstream"]


def right_chain(x, w, b, t):
    """The solution."""
    y = math.tanh(w * x + b)
    dz = 2 * (y - t) * (1 - y * y)
    return dz * w, dz * x, dz


def chain_with(dy=lambda y, t: 2 * (y - t), slope=lambda y, z: 1 - y * y):
    """The chain from its factors; a wrong answer changes one of them."""
    def chain(x, w, b, t):
        z = w * x + b
        dz = dy(math.tanh(z), t) * slope(math.tanh(z), z)
        return dz * w, dz * x, dz
    return chain


@exercise("03",
          "Walk forward first and keep z = w x + b and y = tanh(z). Then walk back: dL/dy, dL/dz, and from there all three.",
          "dL/dy = 2 (y - t), and tanh'(z) = 1 - y².",
          "z = w x + b, so dz/dx = w, dz/dw = x, dz/db = 1; each is multiplied by dL/dz.")
def chain(attempt: Attempt) -> None:
    """dL/dx, dL/dw, dL/db of L = (tanh(w x + b) - t)²."""
    cases = [{"x": 1.0, "w": 0.0, "b": 0.0, "t": 1.0}, {"x": 2.0, "w": 0.5, "b": -0.75, "t": 1.5},
             {"x": 0.7, "w": -0.4, "b": 0.9, "t": -0.3}]
    compare(attempt, right_chain, cases, "dx dw db", {
        "the 2 of the square is missing": chain_with(dy=lambda y, t: y - t),
        "the factor tanh'(z) = 1 - y² is missing: the chain skips a link": chain_with(slope=lambda y, z: 1),
        "tanh'(z) is 1 - y² with y = tanh(z), not with z": chain_with(slope=lambda y, z: 1 - z * z),
        "tanh'(z) is 1 - y², with the square": chain_with(slope=lambda y, z: 1 - y),
        "it is the gradient of y alone: dL/dy = 2 (y - t) is missing": chain_with(dy=lambda y, t: 1),
        "the sign is wrong: dL/dy = 2 (y - t), not 2 (t - y)": chain_with(dy=lambda y, t: 2 * (t - y)),
        "dx and dw are exchanged": lambda *numbers: tuple(right_chain(*numbers)[k] for k in (1, 0, 2))})


def measured(numerator, divisor):
    """A numeric gradient from what is done above and below the fraction bar."""
    def gradient(f, x, h):
        result = np.zeros_like(x)
        for k in np.ndindex(x.shape):
            step = np.zeros_like(x)
            step[k] = h
            result[k] = numerator(f, x, step) / divisor(h)
        return result
    return gradient


def central(f, x, step):
    """f(x + step) - f(x - step)."""
    return f(x + step) - f(x - step)


right_numeric_gradient = measured(central, lambda h: 2 * h)


def left_where_it_was_moved(f, x, h):
    """Each element stays moved."""
    x, result = x.copy(), np.zeros_like(x)
    for k in np.ndindex(x.shape):
        result[k] = right_numeric_gradient(f, x, h)[k]
        x[k] -= h
    return result


@exercise("03", "for k in np.ndindex(x.shape) goes through all places of an array of any shape.",
          "Work on a copy for each place: plus = x.copy(); plus[k] += h; likewise minus.",
          "The slope is (f(plus) - f(minus)) / (2 * h).")
def numeric_gradient(attempt: Attempt) -> None:
    """dx[k] = (f(x + h at k) - f(x - h at k)) / 2h."""
    def cube(x):
        return (x**3).sum()

    def product(x):
        return x.prod()

    def weighted_cubes(x):
        return (x**3 * np.arange(1, 7).reshape(2, 3)).sum()

    cases = [{"f": cube, "x": np.array([2.0]), "h": 0.5}, {"f": cube, "x": np.array([1.0, -2.0]), "h": 0.5},
             {"f": product, "x": np.array([1.0, -2.0, 3.0]), "h": 0.5}, {"f": weighted_cubes, "x": normal(2, 3), "h": 0.25}]
    compare(attempt, right_numeric_gradient, cases, "dx", {
        "it divides by h, but the two points lie 2h apart": measured(central, lambda h: h),
        "it is a one-sided difference: f(x) stands for f(x - h)": measured(lambda f, x, step: f(x + step) - f(x), lambda h: h),
        "it is the one-sided difference to the left: f(x) stands for f(x + h)":
            measured(lambda f, x, step: f(x) - f(x - step), lambda h: h),
        "it is not divided by 2h": measured(central, lambda h: 1),
        "the sign is wrong: f(x + h) comes first": measured(lambda f, x, step: -central(f, x, step), lambda h: 2 * h),
        "a place that was moved stays there: move it back, before the next one has its turn": left_where_it_was_moved,
        "all places move at once, but each wants its own turn":
            lambda f, x, h: np.full_like(x, (f(x + h) - f(x - h)) / (2 * h))})


# --- what a sum hides ---------------------------------------------------------------------------------------------

def batch_norm(x: Array, gamma: Array, beta: Array) -> tuple[Array, Any]:
    """Batch normalisation in training, without the running statistics.

    Parameters
    ----------
    x : array (N, H, W, C)
    gamma, beta : array (C,)

    Returns
    -------
    y, cache : array and tuple
        As of an op.
    """
    check_array("batch_norm", "x", x, None)
    check_shape("batch_norm", "gamma", gamma, x.shape[-1:], "a number for each channel")
    running = np.zeros(x.shape[-1], x.dtype)  # the running statistics, which are not used in training
    y, _, cache = ops.batch_norm(x, gamma, beta, running, running, training=True)
    return y, cache


@checked
def check_batch_norm(backward: Callable, upstream: Callable[[tuple[int, ...]], Array]) -> Report:
    """Check a backward pass of batch normalisation with an upstream gradient of your choice.

    Parameters
    ----------
    backward : callable
        (dy, cache) -> dx, dgamma, dbeta.
    upstream : callable
        shape -> dy.

    Returns
    -------
    report : Report
        Of the gradient check.
    """
    inputs = [normal(2, 7, 5, 3), normal(3), normal(3, seed=1)]
    return check_op(batch_norm, backward, inputs, name="batch_norm", names=["x", "gamma", "beta"], upstream=upstream)


def blind(backward: Callable, upstream: Callable) -> bool:
    """Whether dx for this upstream gradient is the right one, although the backward pass is wrong."""
    _, cache = batch_norm(normal(2, 7, 5, 3), normal(3), normal(3, seed=1))
    dy = np.asarray(upstream((2, 7, 5, 3)), dtype=np.float64)
    return np.allclose(backward(dy.copy(), cache)[0], ops.batch_norm_backward(dy, cache)[0], rtol=0, atol=1e-9)


@exercise("11", "Ones are blind because batch normalisation takes the mean of dy away again: choose numbers that differ.",
          "They must also differ from x̂ times a number, which is taken away, too. Random numbers do: "
          "np.random.default_rng(0).standard_normal(shape).")
def upstream(attempt: Attempt) -> None:
    """A dy of the given shape by which every wrong batchnorm is seen."""
    dy = np.asarray(run(attempt, {"shape": (2, 7, 5, 3)}))
    if dy.shape != (2, 7, 5, 3):
        raise Wrong(f"dy has shape {dy.shape}, expected the shape asked for, (2, 7, 5, 3)")
    if not np.array_equal(dy, attempt((2, 7, 5, 3))):
        raise Wrong("two calls give different numbers, so a check could not be repeated: give the generator a seed")
    unseen = [mistake for mistake in BLIND_TO_ONES if blind(mutants_of("batch_norm training")[mistake], attempt)]
    if unseen:
        constant = "dy is constant in each channel, and its mean is all that batchnorm takes away" * bool(
            np.allclose(dy, dy.mean(axis=(0, 1, 2))))
        raise Wrong(f"with this dy {len(unseen)} wrong backwards pass, among them: {unseen[0]}\n{constant}".rstrip())
