"""Exercises of notebooks 01 and 02: one neuron, the dense layer, a step downhill.

Shapes: x (N, inputs), weights (inputs, units), bias (units,), y (N, units). One neuron: x and w (inputs,), b a number.
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise

__all__ = ["dense", "neuron", "train_step"]


def normal(*shape, seed=0):
    """Random numbers, the same for the same shape and seed."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def right_neuron(x, w, b):
    """The solution."""
    return max(0.0, float((x * w).sum()) + b)


@exercise("01", "Begin with total = b, then add one product after the other in a loop over range(len(x)).",
          "f comes last, once, on the whole sum: max(0.0, total).")
def neuron(attempt: Attempt) -> None:
    """y = relu(Σ_k x[k] w[k] + b), a number."""
    cases = [{"x": np.array([2.0]), "w": np.array([3.0]), "b": 1.0},
             {"x": np.array([2.0]), "w": np.array([-3.0]), "b": 1.0},
             {"x": np.array([1.0, 2.0]), "w": np.array([3.0, -1.0]), "b": -0.5},
             {"x": np.array([2.0, -1.0, 3.0]), "w": np.array([-3.0, 4.0, 1.0]), "b": 2.0},
             {"x": np.array([5.0, 4.0]), "w": np.array([6.0, -1.0]), "b": 3.0},
             {"x": np.array([1.0, -2.0, 0.5, 4.0]), "w": np.array([0.5, -1.0, 2.0, 0.25]), "b": 0.75}]
    compare(attempt, right_neuron, cases, "y", {
        "b is missing: with every x at 0 the neuron should answer f(b)": lambda x, w, b: max(0.0, (x * w).sum()),
        "f is missing: a negative sum should become 0": lambda x, w, b: (x * w).sum() + b,
        "b is added once for each input, but belongs outside the sum": lambda x, w, b: max(0.0, (x * w + b).sum()),
        "f is applied to each product, but belongs outside the sum": lambda x, w, b: np.maximum(0, x * w).sum() + max(b, 0),
        "only the first input counts: a sum over all k is missing": lambda x, w, b: max(0.0, x[0] * w[0] + b),
        "f is applied before b is added": lambda x, w, b: max(0.0, (x * w).sum()) + b})


CASES = [{"x": np.array([[2.0]]), "weights": np.array([[3.0]]), "bias": np.array([1.0])},
         {"x": np.array([[1.0, 2.0]]), "weights": np.array([[1.0, 0.5, -1.0], [2.0, -3.0, 4.0]]),
          "bias": np.array([0.5, 1.0, -2.0])},
         {"x": np.array([[0.1, 0.3], [10.0, 20.0]]), "weights": np.array([[1.0], [1.0]]), "bias": np.array([0.7])},
         {"x": normal(4, 5), "weights": normal(5, 3), "bias": normal(3)}]


def library_dense(x, W, b):
    """The library's, with the learner's arguments."""
    return ops.dense(x, W, b)[0]


@exercise("01", "y[n, u] = Σ_k x[n, k] weights[k, u] + bias[u]: the sum over the inner index is a matrix product, x @ weights.",
          "bias has one number for each unit. NumPy adds it to every row of (N, units) when you write + bias.",
          library=library_dense)
def dense(attempt: Attempt) -> None:
    """y = x @ weights + bias."""
    compare(attempt, lambda x, weights, bias: ops.dense(x, weights, bias)[0], CASES, "y")


def right_step(x, target, weights, bias, rate):
    """The solution."""
    y, cache = ops.dense(x, weights, bias)
    _, dweights, dbias = ops.dense_backward(2 * (y - target) / y.size, cache)
    return weights - rate * dweights, bias - rate * dbias


def step_with(sign=1, factor=2, count=lambda y: y.size):
    """A step with something wrong in dy."""
    def step(x, target, weights, bias, rate):
        y = x @ weights + bias
        dy = sign * factor * (y - target) / count(y)
        return weights - rate * x.T @ dy, bias - rate * dy.sum(axis=0)
    return step


@exercise("02", "Four lines: y, then dy = dL/dy, then dweights and dbias as in the last exercise, then the step.",
          "L is the mean of (y - target)² over all y.size numbers, so dL/dy = 2 (y - target) / y.size.",
          "Downhill is against the gradient: weights - rate * dweights.")
def train_step(attempt: Attempt) -> None:
    """The weights and bias after one step of gradient descent on mse."""
    cases = [{"x": np.array([[1.0]]), "target": np.array([[5.0]]), "weights": np.array([[2.0]]), "bias": np.array([1.0]),
              "rate": 0.25},
             {"x": np.array([[1.0], [3.0]]), "target": np.array([[5.0], [6.0]]), "weights": np.array([[2.0]]),
              "bias": np.array([1.0]), "rate": 0.25},
             {"x": np.array([[1.0]]), "target": np.array([[5.0, 1.0]]), "weights": np.array([[2.0, 3.0]]),
              "bias": np.array([1.0, 0.0]), "rate": 0.25},
             {"x": normal(4, 5), "target": normal(4, 3, seed=1), "weights": normal(5, 3), "bias": normal(3), "rate": 0.1}]
    compare(attempt, right_step, cases, "weights bias", {
        "the step goes uphill: subtract rate times the gradient": step_with(sign=-1),
        "the 2 of the square is missing in dy": step_with(factor=1),
        "dy is not divided by the number of values: a sum stands for the mean": step_with(count=lambda y: 1),
        "dy is divided by the samples alone: the mean is over all y.size numbers": step_with(count=len),
        "this is the gradient, and not yet the weights after the step":
            lambda x, target, weights, bias, rate: [(a - b) / rate for a, b in zip(
                (weights, bias), right_step(x, target, weights, bias, rate))]})
