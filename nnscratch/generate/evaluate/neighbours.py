"""What neighbours tell: are the images good (precision, density), are they varied (recall, coverage), are they copies?

Shapes: real (N, D), fake (M, D), rows of features or of pixels; everything is computed in float64.

Around every real image lies a ball that reaches to its k-th nearest fellow. Together the balls are where real images
are. A generator that always draws the same good image has precision 1 and recall 0; one of noise has precision 0.
"""
from typing import NamedTuple

import numpy as np

from nnscratch.errors import InputError
from nnscratch.generate.evaluate.distances import blocks, two_crowds
from nnscratch.ops.validation import check_int


def squared_distances(x, y):
    """|x - y|² = |x|² + |y|² - 2 x·y for each row of x with each row of y: (N, M), one matrix product."""
    return ((x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1) - 2 * x @ y.T).clip(0)


def radii(x, k):
    """How far the k-th nearest other row of x lies, squared: (N,). Place 0 is the row itself, so the k-th is place k."""
    return np.concatenate([np.partition(squared_distances(rows, x), k, axis=1)[:, k] for rows in blocks(x)])


def balls_around(points, centres, radius):
    """For each point, which balls it lies in, some points at a time: arrays (n, len(centres)) of True and False."""
    return (squared_distances(rows, centres) <= radius for rows in blocks(points))


def precision_recall(real, fake, k=3):
    """(share of fakes in a ball around a real one, share of real ones in a ball around a fake): good, and varied.

    Raises InputError unless both are finite rows, equally long, and more than k.
    Source: Kynkäänniemi et al., "Improved precision and recall metric" (2019), equations 1 and 2.
    """
    real, fake = centred("precision_recall", real, fake, k)

    def share_inside(points, centres):
        radius = radii(centres, k)
        return float(sum(inside.any(axis=1).sum() for inside in balls_around(points, centres, radius)) / len(points))
    return share_inside(fake, real), share_inside(real, fake)


def density_coverage(real, fake, k=5):
    """(balls around real ones that a fake lies in, over k, on average; share of those balls with any fake inside).

    Density says "good", coverage "varied", as precision and recall do, but one odd real image, whose ball is huge, cannot
    make fakes good, nor one odd fake make them varied: only real images have balls. Density is 1 on average for fakes that
    are as good as real ones, and can exceed 1; coverage is then near 1 - 2^-k (0.97 for 5).

    Raises InputError unless both are finite rows, equally long, and more than k.
    Source: Naeem et al., "Reliable fidelity and diversity metrics for generative models" (2020), equations 3 and 4.
    """
    real, fake = centred("density_coverage", real, fake, k)
    counts, reached = 0, np.zeros(len(real), bool)
    for inside in balls_around(fake, real, radii(real, k)):
        counts += int(inside.sum())
        reached |= inside.any(axis=0)
    return counts / (k * len(fake)), float(reached.mean())


def centred(formula, real, fake, k):
    """Both less the mean of the real ones: distances stay, and |x|² - 2 x·y loses fewer digits."""
    real, fake = two_crowds(formula, real, fake, check_int(k, f"{formula}: k", 1) + 1)
    middle = real.mean(axis=0)
    return real - middle, fake - middle


# --- copies -------------------------------------------------------------------------------------------------------

class Memorisation(NamedTuple):
    """ratio; for each generated image the index of its nearest training image (M,), and how far that is (M,)."""
    ratio: float
    nearest: np.ndarray
    distances: np.ndarray


def memorisation(train, held_out, generated):
    """Median distance generated -> nearest training image, over that of held-out images: about 1 healthy, 0 copies.

    Held-out images are what an honest draughtsman would make who never saw the training images. Much below 1, the
    generator repeats them. (Blurred images lie nearer to everything, so below 1 is a reason to look, not a proof.)

    train (N, D), held_out (L, D), generated (M, D): pixels, flattened. Returns a Memorisation.
    Raises InputError unless all are finite rows, equally long, and where held-out images are themselves in train.
    Source: Meehan, Chaudhuri, Dasgupta, "A non-parametric test to detect data-copying" (2020), section 2, as a ratio.
    """
    nearest, distances = nearest_rows("memorisation", generated, train)
    usual = float(np.median(nearest_rows("memorisation", held_out, train)[1]))
    if usual == 0:
        raise InputError("memorisation: most held-out images are in the training set too, expected others; keep some apart "
                         "before training")
    return Memorisation(float(np.median(distances)) / usual, nearest, distances)


def nearest_rows(formula, points, places):
    """(index of the nearest place, its distance) for each point. The product finds it; a plain difference measures it, since
    rounding would leave copies a small distance above 0."""
    points, places = two_crowds(formula, points, places, 1)
    middle = places.mean(axis=0)
    points, places = points - middle, places - middle
    nearest = np.concatenate([squared_distances(rows, places).argmin(axis=1) for rows in blocks(points)])
    distances = [np.linalg.norm(rows - places[which], axis=1) for rows, which in zip(blocks(points), blocks(nearest))]
    return nearest, np.concatenate(distances)
