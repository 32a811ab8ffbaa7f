"""Metrics from nearest neighbours: are the images good (precision, density), varied (recall, coverage), or copies?

Shapes: real (N, D), fake (M, D), rows of features or of pixels; everything is computed in float64.

Around every real image lies a ball that reaches to its k-th nearest neighbour. The union of the balls is where real images
are. A generator that always generates the same good image has precision 1 and recall 0; one of noise has precision 0.
"""
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.generate.evaluate.distances import blocks, check_features
from nnscratch.generate.pairwise import squared_distances
from nnscratch.ops.validation import check_int

__all__ = ["Memorisation", "density_coverage", "memorisation", "precision_recall"]


def squared_radii(x: np.ndarray, k: int) -> np.ndarray:
    """The squared distance (N,) of the k-th nearest other row of x. Place 0 is the row itself, so the k-th is place k."""
    return np.concatenate([np.partition(squared_distances(rows, x), k, axis=1)[:, k] for rows in blocks(x)])


def inside_balls(points: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> Iterator[np.ndarray]:
    """Which balls each point lies in, for some points at a time: boolean arrays (n, len(centres))."""
    return (squared_distances(rows, centres) <= radii for rows in blocks(points))


def precision_recall(real: Array, fake: Array, k: int = 3) -> tuple[float, float]:
    """Quality and variety by balls around real and around generated images.

    Parameters
    ----------
    real : Array (N, D), N above k
    fake : Array (M, D), M above k
    k : int, each ball reaches to the k-th nearest neighbour

    Returns
    -------
    precision : float
        Fraction of generated images in a ball around a real one.
    recall : float
        Fraction of real images in a ball around a generated one.

    Raises
    ------
    InputError
        Values that are not finite, too few rows, or unequal numbers of columns.

    References
    ----------
    Kynkäänniemi et al., "Improved precision and recall metric", 2019, equations 1 and 2.
    """
    real, fake = centred("precision_recall", real, fake, k)

    def fraction_inside(points: np.ndarray, centres: np.ndarray) -> float:
        radii = squared_radii(centres, k)
        return float(sum(inside.any(axis=1).sum() for inside in inside_balls(points, centres, radii)) / len(points))
    return fraction_inside(fake, real), fraction_inside(real, fake)


def density_coverage(real: Array, fake: Array, k: int = 5) -> tuple[float, float]:
    """Quality and variety by balls around real images alone.

    One real outlier, whose ball is huge, cannot make generated images good; one generated outlier cannot make them varied.

    Parameters
    ----------
    real : Array (N, D), N above k
    fake : Array (M, D), M above k
    k : int, each ball reaches to the k-th nearest neighbour

    Returns
    -------
    density : float
        Balls that a generated image lies in, over k, on average: 1 for images as good as real ones; it can exceed 1.
    coverage : float
        Fraction of balls with a generated image inside: near 1 - 2^-k (0.97 for 5) for images as varied as real ones.

    Raises
    ------
    InputError
        Values that are not finite, too few rows, or unequal numbers of columns.

    References
    ----------
    Naeem et al., "Reliable fidelity and diversity metrics for generative models", 2020, equations 3 and 4.
    """
    real, fake = centred("density_coverage", real, fake, k)
    count, reached = 0, np.zeros(len(real), bool)
    for inside in inside_balls(fake, real, squared_radii(real, k)):
        count += int(inside.sum())
        reached |= inside.any(axis=0)
    return count / (k * len(fake)), float(reached.mean())


def centred(function: str, real: Array, fake: Array, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Both minus the mean of the real ones: distances stay, and |x|² - 2 x·y loses fewer digits."""
    real, fake = check_features(function, real, fake, check_int(k, f"{function}: k", 1) + 1)
    mean = real.mean(axis=0)
    return real - mean, fake - mean


# --- copies -------------------------------------------------------------------------------------------------------

class Memorisation(NamedTuple):
    """How near generated images are to training images.

    Parameters
    ----------
    ratio : float, about 1 for a healthy generator, 0 for copies
    nearest : ndarray (M,), index of the nearest training image
    distances : ndarray (M,), distance from it
    """
    ratio: float
    nearest: np.ndarray
    distances: np.ndarray


def memorisation(train: Array, held_out: Array, generated: Array) -> Memorisation:
    """Median distance from a generated image to the nearest training image, relative to that of held-out images.

    Parameters
    ----------
    train : Array (N, D), pixels
    held_out : Array (L, D), real images that are not in `train`
    generated : Array (M, D)

    Returns
    -------
    Memorisation
        A ratio far below 1 suggests copies; but blurred images lie nearer to everything, so it is no proof.

    Raises
    ------
    InputError
        Values that are not finite, unequal numbers of columns, or held-out images that are in `train`.

    References
    ----------
    Meehan, Chaudhuri, Dasgupta, "A non-parametric test to detect data-copying", 2020, section 2, as a ratio.
    """
    nearest, distances = nearest_rows("memorisation", generated, train)
    usual = float(np.median(nearest_rows("memorisation", held_out, train)[1]))
    if usual == 0:
        raise InputError("memorisation: most held-out images are in the training set too, expected others; hold some out "
                         "before training")
    return Memorisation(float(np.median(distances)) / usual, nearest, distances)


def nearest_rows(function: str, points: Array, rows: Array) -> tuple[np.ndarray, np.ndarray]:
    """(index of the nearest row, its distance) for each point. The product finds it; the difference measures it, since
    rounding of the product would leave copies a small distance above 0."""
    points, rows = check_features(function, points, rows, 1)
    mean = rows.mean(axis=0)
    points, rows = points - mean, rows - mean
    nearest = np.concatenate([squared_distances(some, rows).argmin(axis=1) for some in blocks(points)])
    distances = [np.linalg.norm(some - rows[which], axis=1) for some, which in zip(blocks(points), blocks(nearest))]
    return nearest, np.concatenate(distances)
