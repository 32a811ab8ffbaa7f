"""Does the generator draw everything there is? Shares of the classes, and modes: which face each character is set in.

Shapes: images (N, H, W, C) in [-1, 1], bright ink on black; masters (faces, classes, S, S), ink 255 on 0; labels (N,).

Modes can be counted because glyphs are made: we know all 21 x 10 of them, as in Stacked MNIST.
"""
from typing import NamedTuple

import numpy as np

from nnscratch.errors import InputError
from nnscratch.ops.validation import check_array, check_int

STRETCHES = (0.9, 1.0, 1.12)  # an image may be taller or wider than its master
ENOUGH = 0.2  # a class drawn a fifth as often as it should be is not forgotten: 2 % for ten classes


def classes_covered(labels, classes):
    """(how many classes have at least a fifth of their due share, share of each class (classes,)).

    Labels outside 0 to classes - 1 (the judge's "none") count among all images and for no class.
    """
    labels, classes = np.asarray(labels), check_int(classes, "classes_covered: classes", 1)
    shares = np.array([(labels == k).sum() for k in range(classes)]) / max(len(labels), 1)
    return int((shares >= ENOUGH / classes).sum()), shares


class Modes(NamedTuple):
    """How many modes were hit; KL divergence from all of them equally often; counts (faces, classes); mode of each (N,)."""
    hit: int
    divergence: float
    counts: np.ndarray
    nearest: np.ndarray


def modes_hit(images, masters):
    """The mode of each image is that of the nearest master, by correlation of pixels, both centred on their ink.

    Masters are tried at several heights and widths. divergence = Σ p log(p · modes), p the share of each mode: 0 where
    all come equally often, log(modes) where one comes alone. mode = face * classes + label.

    Raises InputError for images or masters of another shape.
    Source: Metz et al., "Unrolled GANs" (2017), section 3.3.1 (Stacked MNIST), with masters in place of a classifier.
    """
    check_array("modes_hit", "images", images, 4)
    if getattr(masters, "ndim", 0) != 4 or masters.shape[2] != masters.shape[3]:
        raise InputError(f"modes_hit: the masters have shape {np.shape(masters)}, expected (faces, classes, S, S); take the "
                         f"first thing that nnscratch.data.synthetic.faces.glyph_templates() returns")
    faces, classes, side, _ = masters.shape
    size, count = images.shape[1:3], faces * classes
    shapes = [(tall, wide) for tall in STRETCHES for wide in STRETCHES]
    flat = masters.reshape(count, side, side).astype(np.float32)
    known = np.concatenate([directions(centred_ink(flat, size, stretch)) for stretch in shapes])
    ink = (images.mean(axis=3).astype(np.float32) + 1) / 2
    nearest = np.concatenate([(directions(centred_ink(ink[k:k + 256], size)) @ known.T).argmax(axis=1) % count
                              for k in range(0, len(ink), 256)])
    counts = np.bincount(nearest, minlength=count)
    p = counts[counts > 0] / counts.sum()
    return Modes(int((counts > 0).sum()), float((p * np.log(p * count)).sum()), counts.reshape(faces, classes), nearest)


def directions(ink):
    """Each image as a row of mean 0 and length 1: a product of two is their correlation. An empty one stays 0."""
    rows = ink.reshape(len(ink), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def centred_ink(ink, size, stretch=(1.0, 1.0)):
    """ink (N, h, w) redrawn at (N, *size), the centre of its ink in the middle, stretched down and across."""
    total = np.maximum(ink.sum(axis=(1, 2)), 1e-6)
    for axis in (1, 2):
        length, new = ink.shape[axis], size[axis - 1]
        middle = np.tensordot(ink.sum(axis=3 - axis), np.arange(length, dtype=np.float32), 1) / total
        step = length / new / stretch[axis - 1]  # old pixels for one new pixel
        weights = tents(middle[:, None] + (np.arange(new, dtype=np.float32) - (new - 1) / 2) * step, length, max(step, 1))
        ink = weights @ ink if axis == 1 else ink @ weights.swapaxes(1, 2)
        total = np.maximum(ink.sum(axis=(1, 2)), 1e-6)
    return ink


def tents(places, length, width):
    """How much each new pixel takes of each old one: (N, new, length), a tent of half-width `width` around its place."""
    weights = (1 - np.abs(places[..., None] - np.arange(length, dtype=np.float32)) / width).clip(0)
    return weights / width
