"""Exercises of notebook 03: the chain rule by hand, a numeric gradient, and a search for bugs.

Shapes: all of `chain` are numbers; `numeric_gradient` takes x of any shape; the suspects are backward passes of conv2d.
"""
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, Wrong, exercise, run
from nnscratch.course.checks.neurons import normal
from nnscratch.gradcheck import check_op
from nnscratch.gradcheck.mutants import mutants_of

__all__ = ["chain", "guilty", "numeric_gradient", "suspects"]


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


# --- find the bug -------------------------------------------------------------------------------------------------

def suspects() -> dict[str, Callable]:
    """Backward passes of conv2d, some right, some wrong.

    Returns
    -------
    suspects : dict of str to callable
        By letter.
    """
    wrong = mutants_of("conv2d")
    return {"A": ops.conv2d_backward, "B": wrong["kernel gradient flipped"], "C": wrong["= for += in col2im"],
            "D": lambda dy, cache: ops.conv2d_backward(dy, cache, "all"), "E": wrong["bias gradient averaged"]}


@exercise("08",
          "check_op(ops.conv2d, backward, inputs, names=[...]) gives a report; report.ok says whether the backward is right.",
          'Go through suspects().items() and collect the letters where not check_op(...).ok, as in "A", into a set.')
def guilty(attempt: Attempt) -> None:
    """The letters of the wrong backwards."""
    letters = letters_of(run(attempt, {}))
    found = {letter for letter, backward in suspects().items() if not innocent(backward)}
    if letters - set(suspects()):
        raise Wrong(f"there is no suspect {sorted(letters - set(suspects()))[0]!r}, only {', '.join(suspects())}")
    if letters - found:
        raise Wrong(f"{sorted(letters - found)[0]} is innocent: its report says that every gradient is right")
    if found - letters:
        raise Wrong(f"{len(found - letters)} of the wrong ones got away: check each suspect with all three inputs")


def letters_of(answer: Any) -> set[str]:
    """The letters in {"A", "B"}, ["a", "b"], "A, B", "A and B" or "AB"."""
    words = [answer] if isinstance(answer, str) or not np.iterable(answer) else list(answer)
    if isinstance(answer, dict) or not all(isinstance(word, str) for word in words):
        raise Wrong(f"your code returns something of type {type(answer).__name__}, expected the letters of the wrong ones, "
                    'as in {"A"}')
    found = set(re.findall(r"[^\W_]+", " ".join(words).upper())) - {"AND"}
    return {letter for word in found for letter in (word if set(word) <= set(suspects()) else [word])}


def innocent(backward: Callable) -> bool:
    """Whether the check finds no mistake."""
    inputs = [normal(2, 7, 5, 3), normal(3, 2, 3, 4), normal(4)]
    return check_op(ops.conv2d, backward, inputs, names=["x", "kernel", "bias"], max_elements=60).ok
