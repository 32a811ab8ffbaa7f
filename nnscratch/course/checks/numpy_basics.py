"""Exercises of notebook 00: shapes, one-hot rows, standardised columns, contrast.

Shapes: labels (N,), X (N, D), image (H, W).
"""
import numpy as np

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.fresh import whole
from nnscratch.course.checks.prediction import predicted

__all__ = ["array_shapes", "one_hot", "standardise", "stretch"]

SHAPES = {"images[0]": (16, 12), "images[:, 4:8]": (7, 4, 12), "images.mean(axis=0)": (16, 12),
          "images.reshape(7, -1)": (7, 192), "X + b": (5, 3), "X @ W": (5, 4), "X.sum(axis=1)": (5,),
          "images[[0, 2, 2]]": (3, 16, 12)}
SLIPS = {
    "one number as an index removes its axis": ("images[0]", (1, 16, 12)),
    "the first axis counts the images; the slice is of the second": ("images[:, 4:8]", (4, 16, 12)),
    "4:8 are four places, 4 to 7: the end is not included": ("images[:, 4:8]", (7, 5, 12)),
    "axis=0 is the axis that disappears": ("images.mean(axis=0)", (7,)),
    "a mean along one axis leaves the others": ("images.mean(axis=0)", ()),
    "-1 stands for the number that keeps all values": ("images.reshape(7, -1)", (7, 16)),
    "b is added to every row; the result is as large as X": ("X + b", (3,)),
    "in (n, k) @ (k, m) the inner k disappears": ("X @ W", (5, 3)),
    "(n, k) @ (k, m) is (n, m): the rows of the first, the columns of the second": ("X @ W", (4, 5)),
    "axis=1 disappears, axis 0 stays": ("X.sum(axis=1)", (3,)),
    "the axis disappears altogether; keepdims=True would leave a 1": ("X.sum(axis=1)", (5, 1)),
    "an index may occur twice: three indices, three images": ("images[[0, 2, 2]]", (2, 16, 12)),
}


@exercise("00", "An index of one number removes its axis. A slice keeps it. A sum or mean along an axis removes that axis.",
          "Compare shapes from the right: (5, 3) + (3,). In a product (n, k) @ (k, m) the inner k disappears.",
          "images.reshape(7, -1): the -1 stands for the size that keeps all 7 * 16 * 12 values.")
def array_shapes(attempt: list) -> None:
    """Eight shapes as tuples, such as (7, 3)."""
    predicted(attempt, SHAPES, SLIPS)


def library_one_hot(labels, classes):
    """The library's, with the learner's arguments."""
    return np.eye(classes)[labels]


def every_label(labels, classes):
    """The index that sets all labels in all rows."""
    y = np.zeros((len(labels), classes))
    y[:, labels] = 1
    return y


@exercise("00", "Begin with zeros: how many rows, how many columns?",
          "Row n gets its 1 in column labels[n]. A loop over n does it; so does one index with two integer arrays.",
          "y[np.arange(len(labels)), labels] = 1", library=library_one_hot)
def one_hot(attempt: Attempt) -> None:
    """(N,) integers and the number of classes -> (N, classes)."""
    cases = [{"labels": np.array([1]), "classes": 3}, {"labels": np.array([2, 0]), "classes": 4},
             {"labels": np.array([3, 1, 0, 3]), "classes": 6}, {"labels": np.array([4, 0, 6, 6, 2, 1, 5, 0, 3]), "classes": 8}]
    compare(attempt, library_one_hot, cases, "y", {
        "each row has the ones of all labels: pair every row number with its own label": every_label,
        "the 1 is one column too far left: label 0 belongs to column 0": lambda labels, classes: np.eye(classes)[labels - 1],
        "the label itself stands in its column, where a 1 belongs":
            lambda labels, classes: np.eye(classes)[labels] * labels[:, None],
        "the rows are sorted by label: row n belongs to labels[n]": lambda labels, classes: np.eye(classes)[np.sort(labels)],
        "zeros and ones are exchanged": lambda labels, classes: 1 - np.eye(classes)[labels],
        "ones from the left up to the label: only its own column gets a 1":
            lambda labels, classes: np.tril(np.ones((classes, classes)))[labels]},
        draw=whole(classes=(7, 12)))


def library_standardise(X):
    """The library's, with the learner's arguments."""
    spread = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)


def standardised_by(mean, spread):
    """Standardise with another mean or spread."""
    def other(X):
        width = spread(X)
        return (X - mean(X)) / np.where(width > 0, width, 1)
    return other


def column_mean(X):
    return X.mean(axis=0)


@exercise("00", "mean and std by column: which axis disappears? Their shape is (D,), which broadcasts against (N, D).",
          "A column without spread has the standard deviation 0. Replace this 0 before you divide; the numerator is 0 anyway.",
          "spread = np.where(X.std(axis=0) > 0, X.std(axis=0), 1)", library=library_standardise)
def standardise(attempt: Attempt) -> None:
    """(N, D) -> (N, D)"""
    numbers = np.random.default_rng(0).normal(2.0, [1.0, 5.0, 0.2, 3.0], (6, 4))
    cases = [{"X": np.array([[1.0], [3.0], [8.0]])}, {"X": np.array([[1.0, 10.0], [3.0, 30.0], [8.0, 20.0]])},
             {"X": np.array([[2.0, 5.0], [4.0, 5.0]])}, {"X": np.insert(numbers, 2, 0.0, axis=1)}]
    compare(attempt, library_standardise, cases, "Z", {
        "mean and standard deviation are those of the whole array: take them along axis 0":
            standardised_by(lambda X: X.mean(), lambda X: X.std()),
        "mean and standard deviation are those of each row: take them along axis 0":
            standardised_by(lambda X: X.mean(axis=1, keepdims=True), lambda X: X.std(axis=1, keepdims=True)),
        "the mean is subtracted, but nothing is divided": lambda X: X - X.mean(axis=0),
        "the mean is not subtracted": standardised_by(lambda X: 0, lambda X: X.std(axis=0)),
        "divided by the variance: the standard deviation is its root": standardised_by(column_mean, lambda X: X.var(axis=0)),
        "divided by N - 1 in the standard deviation; here it is N, as in X.std(axis=0)":
            standardised_by(column_mean, lambda X: X.std(axis=0, ddof=1)),
        "a column without spread keeps its value: it should become 0":
            lambda X: np.where(X.std(axis=0) > 0, library_standardise(X), X)})


def library_stretch(image):
    """The library's, with the learner's arguments."""
    spread = image.max() - image.min()
    return (image - image.min()) / (spread if spread > 0 else 1)


@exercise("00", "image -= 1 changes the array that the caller gave; image = image - 1 makes a new one.",
          "Which image divides by 0? Look at its largest and its smallest value.",
          "spread = image.max() - image.min()", library=library_stretch)
def stretch(attempt: Attempt) -> None:
    """(H, W) -> (H, W) with values from 0 to 1; a constant image -> zeros."""
    cases = [{"image": np.array([[2.0, 4.0, 5.0]])}, {"image": np.array([[-1.0, 0.0], [3.0, 1.0]])},
             {"image": np.full((2, 3), 3.0)}, {"image": np.zeros((1, 2))},
             {"image": np.random.default_rng(0).uniform(0.2, 0.7, (4, 5))}]
    compare(attempt, library_stretch, cases, "y", {
        "the smallest value is not subtracted": lambda image: image / max(image.max(), 1e-9),
        "divided by the largest value of the image before the smallest was subtracted":
            lambda image: (image - image.min()) / (image.max() or 1),
        "the smallest value is subtracted, but nothing is divided": lambda image: image - image.min(),
        "each column is stretched by itself: one smallest and one largest value for the whole image":
            lambda image: (image - image.min(axis=0)) / np.where(np.ptp(image, axis=0) > 0, np.ptp(image, axis=0), 1),
        "black and white are exchanged": lambda image: 1 - library_stretch(image),
        "a constant image keeps its value: it should become 0":
            lambda image: library_stretch(image) if np.ptp(image) else image})
