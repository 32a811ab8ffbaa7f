"""An exercise of notebook 03: the backward pass of a dense layer.

Shapes: x (N, inputs), W (inputs, units), dy (N, units).
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.inputs import normal

__all__ = ["dense_backward"]


def library_dense_backward(dy, x, W):
    """The library's, with the learner's arguments."""
    return ops.dense_backward(dy, (x, W, True))


@exercise("03",
          "In how many values of y does one value of x appear? One of W, one of b? Each use sends a gradient, and they add.",
          "A gradient has the shape of its array. Which products of dy (N, U), x (N, D) and W (D, U), one factor transposed, "
          "have the shapes (N, D) and (D, U)?",
          "The first of the three is dx = dy @ W.T; b is added to every row, so that db is a sum over axis 0.",
          library=library_dense_backward)
def dense_backward(attempt: Attempt) -> None:
    """dx, dW, db, in the shapes of x, W and b."""
    cases = [{"dy": np.array([[5.0]]), "x": np.array([[2.0]]), "W": np.array([[3.0]])},
             {"dy": np.array([[1.0], [10.0]]), "x": np.array([[2.0], [3.0]]), "W": np.array([[4.0]])},
             {"dy": np.array([[1.0, -10.0, 100.0]]), "x": np.array([[2.0, -3.0]]),
              "W": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])},
             {"dy": normal(4, 3), "x": normal(4, 5), "W": normal(5, 3)}]

    def with_db(db):
        return lambda dy, x, W: (dy @ W.T, x.T @ dy, db(dy, x))
    compare(attempt, library_dense_backward, cases, "dx dW db", {
        "db does not depend on x: b is added, not multiplied by x": with_db(lambda dy, x: (dy * x.sum(
            axis=1, keepdims=True)).sum(axis=0)),
        "only the first sample counts, but b is used by every sample": with_db(lambda dy, x: dy[0]),
        "dx is a mean over the units, expected a sum": lambda dy, x, W: (
            dy @ W.T / W.shape[1], x.T @ dy, dy.sum(axis=0)),
        "only the first sample counts, but W is used by every sample": lambda dy, x, W: (
            dy @ W.T, np.outer(x[0], dy[0]), dy.sum(axis=0)),
        "the upstream gradient is missing: this is the sum of x, not of x times dy": lambda dy, x, W: (
            dy @ W.T, np.repeat(x.sum(axis=0)[:, None], W.shape[1], axis=1), dy.sum(axis=0))})
