"""How good a classifier is: accuracy, the confusion matrix and its drawing, the curves of its training.

Shapes: probabilities (N, K), labels and predictions (N,), a confusion matrix (K, K): rows are true classes, columns predicted.
"""
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.ops.validation import check_int
from nnscratch.plotting import figure_bytes, legible, load_matplotlib
from nnscratch.training.curves import AT_CHECKPOINTS, Panel, plot_panels

__all__ = ["confusion_matrix", "draw_confusion", "plot_training"]

MOST_NUMBERS, MOST_NAMES = 26, 60  # classes whose counts and names are written into the drawing
SMOOTH = 60  # points of a curve
PANELS = [Panel("cross-entropy", {"loss": "training, distorted images", "validation_loss": "validation"}, {}),
          Panel("accuracy", {"accuracy": "training, distorted images", "score": "validation"}, {}, fraction=True)]


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The mean of -log p of the right class."""
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.maximum(right, np.finfo(np.float32).tiny)).mean())


@checked
def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, num_classes: int) -> np.ndarray:
    """Count how often each class is taken for each.

    Parameters
    ----------
    labels : ndarray (N,) of whole numbers
        The true classes.
    predicted : ndarray (N,) of whole numbers
        The predicted ones.
    num_classes : int
        K.

    Returns
    -------
    ndarray (K, K)
        Rows are true classes, columns predicted ones; the sum is N.

    Raises
    ------
    InputError
        Other shapes, or numbers that are no classes.

    Examples
    --------
    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    check_int(num_classes, "confusion_matrix: num_classes", 1)
    for name, given in (("labels", labels), ("predicted", predicted)):
        valid = given.ndim == 1 and given.dtype.kind in "iu" and len(given) == len(labels)
        if not valid or (len(given) and not 0 <= given.min() <= given.max() < num_classes):
            raise InputError(f"confusion_matrix: {name} has shape {given.shape} and dtype {given.dtype}, expected whole "
                             f"numbers from 0 to {num_classes - 1}, one for each image")
    pairs = labels.astype(np.int64) * num_classes + predicted.astype(np.int64)
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


@checked
def draw_confusion(matrix: np.ndarray, names: Sequence[str], title: str) -> bytes:
    """Draw a confusion matrix: each row is shaded by the fraction of its class, mistakes in another colour.

    Parameters
    ----------
    matrix : ndarray (K, K) of counts
    names : list of str, the classes
    title : str

    Returns
    -------
    bytes
        A PNG file.
    """
    if matrix.shape != (len(names), len(names)) or not len(names):
        raise InputError(f"draw_confusion: matrix has shape {matrix.shape}, expected ({len(names)}, {len(names)}), as there "
                         f"are names")
    load_matplotlib()
    from matplotlib.figure import Figure  # not pyplot: no window, no global state
    fractions = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    right = np.eye(len(names), dtype=bool)
    shades = np.where(right[..., None], [0.0, 0.45, 0.7], [0.84, 0.37, 0.0])  # blue and orange
    strength = np.where(right, fractions, np.minimum(1, fractions * 5))[..., None]  # few mistakes are visible, too
    figure = Figure(figsize=(7, 7.3), layout="constrained")
    axes = figure.subplots()
    axes.imshow(1 - strength * (1 - shades))
    if len(names) <= MOST_NUMBERS:
        for (row, column), count in np.ndenumerate(matrix):
            if count:
                color = "white" if strength[row, column, 0] > 0.6 else "black"
                axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=9 if len(names) < 16 else 6)
    ticks, shown = (range(len(names)), shown_names(names)) if len(names) <= MOST_NAMES else ([], [])
    axes.set_xticks(ticks, shown, rotation=90 if any(len(name) > 2 for name in shown) else 0, fontsize=8)
    axes.set_yticks(ticks, shown, fontsize=8)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.set_title(title, loc="left", fontsize=10, parse_math=False)
    return figure_bytes(figure, dpi=110)


def shown_names(names: Sequence[str]) -> list[str]:
    """Class names as labels: short, and no formulas; the numbers of the classes where no font has the letters."""
    short = [name if len(name) <= 20 else f"{name[:19]}…" for name in names]
    return [name.replace("$", r"\$") for name in legible(short, [str(k) for k in range(len(names))])]


@checked
def plot_training(history: list[dict[str, Any]]) -> bytes:
    """Plot the loss and the accuracy of a training, on its batches and on the validation part.

    Parameters
    ----------
    history : list of dict, records with "step", "loss" and "accuracy", some with "score" and "validation_loss"

    Returns
    -------
    bytes
        A PNG file.
    """
    width = -(-len(history) // SMOOTH)  # a batch is small: its accuracy alone would be noise
    groups = [history[k:k + width] for k in range(0, len(history), width)]
    means: list[dict[str, Any]] = [
        {name: float(np.mean([one[name] for one in group])) for name in ("step", "loss", "accuracy")} for group in groups]
    checkpoints = [{name: entry[name] for name in ("step", *AT_CHECKPOINTS) if name in entry} for entry in history
                   if set(AT_CHECKPOINTS) & set(entry)]
    return plot_panels([*means, *checkpoints], PANELS)
