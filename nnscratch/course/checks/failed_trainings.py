"""The exercise of notebook 06 on six trainings that failed: what is the cause of each?"""
import math
from typing import NamedTuple

import numpy as np

from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.prediction import predicted
from nnscratch.course.digits import digits

__all__ = ["case_files", "illnesses"]


class Case(NamedTuple):
    """A training that failed.

    Parameters
    ----------
    params : list of array
        W1, b1, W2, b2 and so on, as they were at the start.
    x, labels : arrays (N, 784) and (N,)
        The training data.
    validation : array (2100, 784)
    lr : float
    """
    params: list[np.ndarray]
    x: np.ndarray
    labels: np.ndarray
    validation: np.ndarray
    lr: float


def case_files() -> dict[str, Case]:
    """A training of digits that worked, "healthy", and six that failed, each for one reason.

    Returns
    -------
    cases : dict of str to Case
        By letter.
    """
    train, validation = digits("train"), digits("validation")
    x, x_val, labels = train.images.reshape(-1, 784), validation.images.reshape(-1, 784), train.labels
    shallow, deep = (784, 128, 10), (784, *6 * (128,), 10)
    he = [math.sqrt(2 / inputs) for inputs in shallow]
    return {"healthy": Case(network(shallow, he), x, labels, x_val, 0.1),
            "A": Case(network(shallow, he), 2 * x - 1, labels, 2 * x_val - 1, 0.1),
            "B": Case(network(deep, 7 * [0.01]), x, labels, x_val, 0.05),
            "C": Case(network(shallow, he), x[:100], labels[:100], x_val, 0.1),
            "D": Case(network(shallow, 2 * [1.0]), x, labels, x_val, 0.1),
            "E": Case(network(shallow, 2 * [0.0]), x, labels, x_val, 0.1),
            "F": Case(network(deep, 7 * [0.3]), x, labels, x_val, 0.05)}


def network(sizes, sigmas):
    """W1, b1, W2, b2 ...: weights of these standard deviations, biases 0."""
    rng = np.random.default_rng(0)
    shapes = zip(sizes, sizes[1:], sigmas)
    return [array for inputs, units, sigma in shapes
            for array in (sigma * rng.standard_normal((inputs, units)), np.zeros(units))]


@exercise("06", "Which fits the training data, and fails on the validation data? Which starts with a loss far above ln 10?",
          "B and E look the same. Print the standard deviation of a weight matrix: case.params[0].std().",
          "A starts like a healthy network. Look at the data: case.x.min(), case.x.std(). D has two layers and F "
          "seven: which quantity is multiplied in each of them?")
def illnesses(attempt: Attempt) -> None:
    """The causes of A, B, C, D, E and F, each a text from the list."""
    missed = "the loss starts at ln 10 and stays: so far either would fit; look at the weights"
    samples = "it fits its training data, but look at how many samples these are: len(case.x)"
    predicted(attempt, {"A": "inputs too large", "B": "weights too small", "C": "too few samples", "D": "weights too large",
                        "E": "weights all zero", "F": "weights too large"}, {
        missed: ("B", "weights all zero"), f"{missed} ": ("E", "weights too small"),
        samples: ("C", "too few units"),
        "its first loss is that of a healthy network, so the weights fit; look at the data": ("A", "weights too large"),
        "it does not even fit its training data, of which it has 6300": ("A", "too few samples"),
        "it is wide enough: 128 units, as the healthy one; look at the data": ("A", "too few units"),
        "the first loss of D is far above ln 10: it is sure of wrong answers before it has learned": ("D", "inputs too large"),
        "the first loss of F is far above ln 10, and there are six layers to multiply": ("F", "inputs too large")})
