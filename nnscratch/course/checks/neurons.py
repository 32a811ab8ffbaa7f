"""Exercises of notebook 01: one neuron, the dense layer, a hat of ReLUs.

Shapes: x (N, D), W (D, U), b (U,), y and dy (N, U), of N samples, D inputs and U units.
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.prediction import predicted

__all__ = ["dense", "hat", "layer_shapes", "neuron_outputs"]

OUTPUTS = {"x = (0, 1)": 0.0, "x = (1, 1)": 0.0, "x = (2, 1)": 2.0, "x = (-1, -4)": 1.0}
SLIPS = {
    "that is the pre-activation; the ReLU comes after it": ("x = (0, 1)", -2.0),
    "a = 2 - 1 - 1 = 0: the bias is missing": ("x = (1, 1)", 1.0),
    "a = 4 - 1 - 1: the bias is missing": ("x = (2, 1)", 3.0),
    "(-1) · (-4) is positive": ("x = (-1, -4)", 0.0),
    "a = -2 + 4 - 1: the bias is missing": ("x = (-1, -4)", 2.0),
}


@exercise("01", "First the pre-activation: both products and the bias. Then the ReLU: what is below 0 becomes 0.",
          "Take care of the signs: (-1) times a negative input is positive.",
          "x = (2, 1): the products are 2 · 2 and -1 · 1; then comes the bias, and then the ReLU.")
def neuron_outputs(attempt: list) -> None:
    """Four numbers."""
    predicted(attempt, OUTPUTS, SLIPS)


CASES = [{"x": np.array([[2.0]]), "W": np.array([[3.0]]), "b": np.array([1.0])},
         {"x": np.array([[1.0, 2.0]]), "W": np.array([[1.0, 0.5, -1.0], [2.0, -3.0, 4.0]]), "b": np.array([0.5, 1.0, -2.0])},
         {"x": np.array([[0.1, 0.3], [10.0, 20.0]]), "W": np.array([[1.0], [1.0]]), "b": np.array([0.7])},
         {"x": normal(4, 5), "W": normal(5, 3), "b": normal(3)}]


def library_dense(x, W, b):
    """The library's, with the learner's arguments."""
    return ops.dense(x, W, b)[0]


@exercise("01", "The formula has three indices, so three loops do it: n, u and d. Begin each sum with b[u].",
          "Notebook 00 has a sum over an inner index as one sign: (n, k) @ (k, m). b broadcasts over the rows.",
          "y = x @ W + b", library=library_dense)
def dense(attempt: Attempt) -> None:
    """(N, D), (D, U), (U,) -> (N, U)"""
    compare(attempt, library_dense, CASES, "y", {
        "every unit gets the sum of all biases: unit u gets b[u] alone": lambda x, W, b: x @ W + b.sum(),
        "b is added once for each input: it belongs outside the sum": lambda x, W, b: x @ W + len(W) * b,
        "the ReLU is applied here: asked is the pre-activation, which may be negative":
            lambda x, W, b: np.maximum(0, x @ W + b),
        "only the first input counts: the sum over d is missing": lambda x, W, b: x[:, :1] * W[0] + b,
        "the last input is left out: the sum goes over all d": lambda x, W, b: x[:, :-1] @ W[:-1] + b})


def relus(*terms):
    """A sum of ReLUs as a function of x; terms are (factor, kink)."""
    return lambda x: sum(factor * np.maximum(0, x - kink) for factor, kink in terms)


library_hat = relus((2, 0), (-4, 1), (2, 2))


@exercise("01", "relu(x - c) is 0 up to x = c; from there on its slope is 1. Where does the slope of the hat change?",
          "At each kink the factor is the change of the slope. From 0 to 1 the slope is 2. What is it from 1 to 2?",
          "y = 2 * np.maximum(0, x) - ...", library=library_hat)
def hat(attempt: Attempt) -> None:
    """x of any shape -> y of the same shape."""
    cases = [{"x": np.array([0.5])}, {"x": np.array([-1.0, 0.0, 1.0])}, {"x": np.array([1.5, 2.0, 3.0])},
             {"x": np.array([-2.0, 0.25, 0.75, 1.25, 1.75, 2.5])}, {"x": 2 * normal(4, 5)}]
    compare(attempt, library_hat, cases, "y", {
        "after x = 1 it stays at 2: the slope changes from 2 to -2, by -4": relus((2, 0), (-2, 1)),
        "it falls below 0 after x = 2: a third ReLU makes it flat again": relus((2, 0), (-4, 1)),
        "it rises again after x = 2: there the slope changes from -2 to 0": relus((2, 0), (-4, 1), (4, 2)),
        "its height is 1: the slope from (0, 0) to (1, 2) is 2": relus((1, 0), (-2, 1), (1, 2)),
        "after x = 2 it is not flat: the factors are slopes, where changes of the slope belong":
            relus((2, 0), (-2, 1), (2, 2)),
        "the kinks lie at 0, -1 and -2: relu(x - c) has its kink at c": relus((2, 0), (-4, -1), (2, -2)),
        "before x = 0 it is not 0: a ReLU is missing around x": lambda x: 2 * x + relus((-4, 1), (2, 2))(x),
        "before x = 0 and after x = 2 it is below 0: it should be flat there": lambda x: 2 - 2 * np.abs(x - 1)})


LAYERS = {"A: W.T @ X.T + b[:, None]": (4, 5), "B: X[:, :, None] * W + b": (5, 3, 4), "C: X @ W + b[:, None]": "error",
          "D: (X @ W).sum(axis=0) + b": (4,), "E: X @ W + b.sum()": (5, 4)}
CONFUSIONS = {
    "(4, 3) @ (3, 5) gives units as rows": ("A: W.T @ X.T + b[:, None]", (5, 4)),
    "(4, 3) @ (3, 5) fits, and b[:, None] is (4, 1), which fits, too": ("A: W.T @ X.T + b[:, None]", "error"),
    "(5, 3, 1) * (3, 4): every product is formed, none is summed": ("B: X[:, :, None] * W + b", (5, 4)),
    "(5, 3, 1) and (3, 4) do broadcast: from the right 1 and 4, 3 and 3": ("B: X[:, :, None] * W + b", "error"),
    "(5, 4) + (4, 1): 5 and 4 do not fit, and neither is 1": ("C: X @ W + b[:, None]", (5, 4)),
    "the sum over axis 0 removes the samples": ("D: (X @ W).sum(axis=0) + b", (5, 4)),
    "the shape is right; the numbers are not, since every unit gets the same bias": ("E: X @ W + b.sum()", "error"),
}


@exercise("01", "Write the shape of each part above it, then combine: .T reverses a shape, @ removes the inner axis.",
          "Broadcasting compares shapes from the right: two sizes fit if they are equal, or if one of them is 1.",
          "X[:, :, None] is (5, 3, 1), and b[:, None] is (4, 1).")
def layer_shapes(attempt: list) -> None:
    """Five shapes as tuples, or the text "error"."""
    predicted(attempt, LAYERS, CONFUSIONS)
