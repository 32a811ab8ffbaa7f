"""Exercises of notebooks 05 and 06: the backward passes of ReLU and LeakyReLU.

Shapes: dy, a and da alike.
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.inputs import normal

__all__ = ["leaky_relu_backward", "relu_backward"]


def library_relu_backward(dy, a):
    """The library's, with the learner's arguments."""
    return ops.relu_backward(dy, ops.relu(a)[1])


@exercise("05", "Where a is positive, y = a. Where it is negative, y = 0. What are the two local derivatives?",
          "Multiply dy by the local derivative of each element: an array of 0 and 1 in the shape of a, from a comparison.",
          "dy * (a > 0)", library=library_relu_backward)
def relu_backward(attempt: Attempt) -> None:
    """da, an array in the shape of a."""
    cases = [{"dy": np.array([5.0]), "a": np.array([2.0])}, {"dy": np.array([5.0, -3.0]), "a": np.array([2.0, -2.0])},
             {"dy": np.array([7.0, 4.0]), "a": np.array([0.0, 0.25])}, {"dy": normal(3, 4), "a": normal(3, 4, seed=1)}]
    compare(attempt, library_relu_backward, cases, "da", {
        "this is ReLU of dy: its own sign does not matter, that of a does": lambda dy, a: np.maximum(0, dy),
        "dy is multiplied by a, not by the derivative of ReLU at a": lambda dy, a: dy * np.maximum(0, a),
        "it is the mask alone: the upstream gradient is missing": lambda dy, a: (a > 0) * 1.0,
        "the gradient passes where a is negative: exchange the two": lambda dy, a: dy * (a < 0),
        "at a = 0 the course takes the derivative 0: a > 0, not a >= 0": lambda dy, a: dy * (a >= 0),
        "the gradient passes everywhere, but where a is negative y does not depend on a": lambda dy, a: dy * 1.0,
        "the local derivative is 0 or 1, not the sign of a": lambda dy, a: dy * np.sign(a)})


def right_leaky_relu_backward(dy, a, slope):
    """The solution."""
    return dy * np.where(a > 0, 1, slope)


@exercise("06", "How fast does y change with a on either side of 0?",
          "The derivative is 1 where a > 0, and slope elsewhere. What does the chain rule do with it?",
          "dy * np.where(a > 0, 1, slope)", library=right_leaky_relu_backward)
def leaky_relu_backward(attempt: Attempt) -> None:
    """An array like dy."""
    cases = [{"dy": np.array([3.0, 3.0]), "a": np.array([2.0, -2.0]), "slope": 0.5},
             {"dy": np.array([1.0, -1.0, 2.0, -2.0]), "a": np.array([0.5, 0.5, -4.0, -4.0]), "slope": 0.25},
             {"dy": np.array([3.0]), "a": np.array([0.0]), "slope": 0.5},
             {"dy": normal(4, 5), "a": normal(4, 5, seed=1), "slope": 0.3}]
    wrong_side = "the slope is on the wrong side: it belongs where a is not above 0"
    compare(attempt, right_leaky_relu_backward, cases, "da", {
        "this is the backward pass of ReLU: below 0 the slope is not 0": lambda dy, a, slope: dy * (a > 0),
        "this is the backward pass of ReLU: below 0 the slope is not 0 ": lambda dy, a, slope: dy * (a >= 0),
        wrong_side: lambda dy, a, slope: dy * np.where(a > 0, slope, 1),
        f"{wrong_side} ": lambda dy, a, slope: dy * np.where(a >= 0, slope, 1),
        "right except at a = 0, where two slopes meet: the definition says a > 0, so 0 belongs to the other side":
            lambda dy, a, slope: dy * np.where(a >= 0, 1, slope),
        "right except at a = 0, where two slopes meet: neither 0 nor their mean, the definition takes slope":
            lambda dy, a, slope: dy * np.where(a == 0, (1 + slope) / 2, np.where(a > 0, 1, slope)),
        "right except at a = 0, where two slopes meet: neither 0 nor their mean, the definition takes slope ":
            lambda dy, a, slope: dy * np.where(a == 0, 0, np.where(a > 0, 1, slope)),
        "the sign of dy decides, expected the sign of a": lambda dy, a, slope: dy * np.where(dy > 0, 1, slope),
        "this is the derivative alone: the chain rule multiplies it by dy": lambda dy, a, slope: np.where(a > 0, 1, slope),
        "dy is multiplied by y, expected by the derivative of y": lambda dy, a, slope: dy * np.where(a > 0, a, slope * a),
        "below 0 it is the slope without dy": lambda dy, a, slope: np.where(a > 0, dy, slope)})
