"""Does the generator cover the data? Fractions of the classes, and modes: which face each character is set in.

Shapes: images (N, H, W, C) in [-1, 1], bright ink on black; masters (faces, classes, S, S), ink 255 on 0; labels (N,).

Modes can be counted because glyphs are synthetic: all 21 x 10 of them are known, as in Stacked MNIST.
"""
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnscratch.errors import InputError
from nnscratch.generate.inputs import as_labels
from nnscratch.ops.validation import check_array, check_int, check_is_array

__all__ = ["Modes", "classes_covered", "modes_hit"]

STRETCHES = (0.9, 1.0, 1.12)  # an image may be taller or wider than its master
COVERED = 0.2  # a class is covered from a fifth of its expected frequency on: 2 % for ten classes


def classes_covered(labels: np.ndarray | Sequence[int], num_classes: int) -> tuple[int, np.ndarray]:
    """Count the classes that have at least a fifth of their expected frequency.

    Parameters
    ----------
    labels : sequence (N,) of whole numbers; those outside 0 to K - 1 ("none") belong to no class, but count in N
    num_classes : int, K

    Returns
    -------
    covered : int
        Number of classes covered.
    fractions : ndarray (K,)
        Fraction of each class.

    Examples
    --------
    >>> covered, fractions = classes_covered([0, 0, 0, 1], 3)
    >>> covered, fractions.tolist()
    (2, [0.75, 0.25, 0.0])
    """
    labels = as_labels(labels, "classes_covered: labels")
    check_int(num_classes, "classes_covered: num_classes", 1)
    fractions = np.array([(labels == k).sum() for k in range(num_classes)]) / max(len(labels), 1)
    return int((fractions >= COVERED / num_classes).sum()), fractions


class Modes(NamedTuple):
    """Which modes a set of images hits.

    Parameters
    ----------
    hit : int, number of modes hit
    divergence : float, Kullback-Leibler divergence from all modes being equally frequent
    counts : ndarray (faces, classes), images of each mode
    nearest : ndarray (N,), mode of each image: face * classes + label
    """
    hit: int
    divergence: float
    counts: np.ndarray
    nearest: np.ndarray


def modes_hit(images: np.ndarray, masters: np.ndarray) -> Modes:
    """Find the mode of each image: that of the master with the highest correlation, both centred on their ink.

    Parameters
    ----------
    images : ndarray (N, H, W, C) in [-1, 1]
    masters : ndarray (faces, classes, S, S), each tried at several heights and widths

    Returns
    -------
    Modes
        divergence = Σ p log(p · modes), p the fraction of each mode: 0 where all are equally frequent, log(modes) for one.

    Raises
    ------
    InputError
        Images or masters of another shape.

    References
    ----------
    Metz et al., "Unrolled GANs", 2017, section 3.3.1 (Stacked MNIST), with masters in place of a classifier.
    """
    check_array("modes_hit", "images", images, 4)
    check_is_array("modes_hit", "masters", masters)
    if masters.ndim != 4 or masters.size == 0 or masters.dtype.kind not in "fiu" or masters.shape[2] != masters.shape[3]:
        raise InputError(f"modes_hit: the masters have shape {np.shape(masters)}, expected (faces, classes, S, S); use the "
                         f"first result of nnscratch.data.synthetic.faces.glyph_templates()")
    faces, classes, side, _ = masters.shape
    size, count = images.shape[1:3], faces * classes
    stretches = [(tall, wide) for tall in STRETCHES for wide in STRETCHES]
    flat = masters.reshape(count, side, side).astype(np.float32)
    known = np.concatenate([unit_rows(centred_ink(flat, size, stretch)) for stretch in stretches])
    ink = (images.mean(axis=3).astype(np.float32) + 1) / 2
    nearest = np.concatenate([(unit_rows(centred_ink(ink[k:k + 256], size)) @ known.T).argmax(axis=1) % count
                              for k in range(0, len(ink), 256)])
    counts = np.bincount(nearest, minlength=count)
    p = counts[counts > 0] / counts.sum()
    return Modes(int((counts > 0).sum()), float((p * np.log(p * count)).sum()), counts.reshape(faces, classes), nearest)


def unit_rows(ink: np.ndarray) -> np.ndarray:
    """Each image as a row of mean 0 and length 1, so that the product of two is their correlation. An empty one stays 0."""
    rows = ink.reshape(len(ink), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def centred_ink(ink: np.ndarray, size: tuple[int, ...], stretch: tuple[float, float] = (1.0, 1.0)) -> np.ndarray:
    """ink (N, h, w) resampled to (N, *size), with the centre of the ink in the middle, stretched down and across."""
    total = np.maximum(ink.sum(axis=(1, 2)), 1e-6)
    for axis in (1, 2):
        length, new = ink.shape[axis], size[axis - 1]
        centre = np.tensordot(ink.sum(axis=3 - axis), np.arange(length, dtype=np.float32), 1) / total
        step = length / new / stretch[axis - 1]  # old pixels per new pixel
        positions = centre[:, None] + (np.arange(new, dtype=np.float32) - (new - 1) / 2) * step
        weights = linear_weights(positions, length, max(step, 1))
        ink = weights @ ink if axis == 1 else ink @ weights.swapaxes(1, 2)
        total = np.maximum(ink.sum(axis=(1, 2)), 1e-6)
    return ink


def linear_weights(positions: np.ndarray, length: int, width: float) -> np.ndarray:
    """The weight of each old pixel in each new one, (N, new, length): a triangle of half-width `width` around its position."""
    weights = (1 - np.abs(positions[..., None] - np.arange(length, dtype=np.float32)) / width).clip(0)
    return weights / width
