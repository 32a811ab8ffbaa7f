"""Ink: what is drawn on an even ground, such as a digit on paper; and how a data set of such drawings looks.

Shapes: grey images (H, W) in [0, 1]; ink (H, W) from 0, the ground, to 1; data sets (N, H, W, 1) of bytes.

A look is a dict of numbers, measured on the training images, so that a photograph of a drawing can be made to look like them:

    ground   "dark" or "light"
    box      the longer side of what is drawn, over the side of the image: 20/28 in MNIST
    centre   what lies in the middle of the image: the "mass" of the ink, as in MNIST, or its "box"
    stroke   mean width of a line, in pixels
"""
from math import pi
from typing import Any

import numpy as np

from nnscratch.data.dataset import Dataset
from nnscratch.schema import number, one_of, optional, record

__all__: list[str] = []  # for classifiers

LOOK = optional(record(ground=one_of("dark", "light"), box=number(1 / 4096, 1), centre=one_of("mass", "box"),
                       stroke=number(0.01, 4096)))
SAMPLE = 1000  # images of a data set that are looked at
EVEN = 0.7  # of the pixels at the border must be the ground
CLEAR = 0.25  # how far ground and ink are apart, of the whole range
SPECKS = 0.005  # of the ink may lie outside the box, at each side: dust
REACH, SPARSE = 0.03, 0.08  # of the image's side: how far "around" is; of the densest place: what is dust


def look_of(dataset: Dataset) -> dict[str, Any] | None:
    """The look of a data set; None for colour, and where the border shows more than ground, as in photographs."""
    images = dataset.images[np.linspace(0, len(dataset) - 1, min(len(dataset), SAMPLE)).astype(int)]
    if images.shape[3] != 1 or min(images.shape[1:3]) < 4:
        return None
    grey = images[..., 0].astype(np.float32) / 255
    border = np.concatenate([grey[:, 0], grey[:, -1], grey[:, :, 0], grey[:, :, -1]], axis=1)
    ground = float(np.median(border))
    if CLEAR < ground < 1 - CLEAR or (abs(border - ground) < CLEAR / 2).mean() < EVEN:
        return None
    ink = grey if ground < 0.5 else 1 - grey
    ink = ink[(ink > CLEAR).any(axis=(1, 2))]
    if not len(ink):
        return None
    boxes = np.array([box_of(one) for one in ink])
    sides, middle = np.array(ink.shape[1:]), np.array(ink.shape[1:]) / 2
    off = {"mass": np.array([centre_of_mass(one) for one in ink]) - middle, "box": boxes.mean(axis=2) - middle}
    longer = (np.diff(boxes)[..., 0] / sides).max(axis=1)
    return {"ground": "dark" if ground < 0.5 else "light", "box": float(np.median(longer)),
            "centre": min(off, key=lambda name: float((off[name]**2).mean())),
            "stroke": float(np.median([stroke_width(one) for one in ink]))}


def box_of(ink: np.ndarray) -> list[list[int]]:
    """[[top, bottom], [left, right]] of the ink, without specks."""
    clear = np.where(ink > CLEAR, ink, 0) if (ink > CLEAR).any() else ink
    return [[int(np.searchsorted(total, SPECKS * total[-1], "right")),
             int(np.searchsorted(total, (1 - SPECKS) * total[-1])) + 1]
            for total in (clear.sum(axis=1).cumsum(), clear.sum(axis=0).cumsum())]


def centre_of_mass(ink: np.ndarray) -> list[float]:
    """The mean place of the ink, from the corner of the image: the middle of pixel 0 is 0.5."""
    total = max(float(ink.sum()), 1e-9)
    return [float((ink.sum(axis=1 - axis) * (np.arange(ink.shape[axis]) + 0.5)).sum()) / total for axis in (0, 1)]


def stroke_width(ink: np.ndarray) -> float:
    """The mean width of lines in pixels: twice their area over the length of their edges.

    The length of edges is the sum of all differences between neighbours, times pi / 4, the mean over all directions.
    """
    padded = np.pad((2 * ink).clip(0, 1), 1)  # the shades within an area are no edges
    edges = pi / 4 * float(abs(np.diff(padded, axis=0)).sum() + abs(np.diff(padded, axis=1)).sum())
    return 2 * float(padded.sum()) / max(edges, 1e-9)


def find_ink(grey: np.ndarray) -> tuple[np.ndarray, bool] | None:
    """(ink, whether it is darker than the ground) in an image, whose light may be uneven; None if it shows one shade only."""
    rest = grey - np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]))
    darker = float((rest**3).sum()) < 0  # ink is rarer than the ground, and further from it
    ink = grey - ground_of(grey, darker)
    ink = (-ink if darker else ink).clip(0, None)
    if ink.max() < CLEAR / 3:
        return None
    least = otsu(ink)
    full = float(np.percentile(ink[ink > least], 75))
    return without_specks(((ink - least / 2) / max(full - least / 2, 1e-9)).clip(0, 1).astype(np.float32)), darker


def without_specks(ink: np.ndarray) -> np.ndarray:
    """The ink without dust: what has much less ink around it than the densest place."""
    from PIL import Image, ImageFilter
    blur = ImageFilter.BoxBlur(round(REACH * max(ink.shape)))
    around = np.asarray(Image.fromarray(np.rint(255 * ink).astype(np.uint8)).filter(blur))
    if not around.any():  # the mean around a small dot rounds to 0
        return ink
    return np.where(around > SPARSE * around.max(), ink, 0)


def ground_of(grey: np.ndarray, darker: bool) -> np.ndarray:
    """The shade of the paper at each pixel: a surface of second degree through all that is no ink, found in a few rounds."""
    y, x = (axis.ravel() for axis in np.meshgrid(*(np.linspace(-1, 1, side) for side in grey.shape), indexing="ij"))
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    values, ground = grey.ravel().astype(np.float64), np.full(grey.size, np.median(grey))
    for _ in range(5):
        rest = values - ground
        plain = (-rest if darker else rest) < 1.5 * np.median(abs(rest)) + 0.02
        if plain.sum() < grey.size // 4:
            break
        ground = terms @ np.linalg.lstsq(terms[plain], values[plain], rcond=None)[0]
    return ground.reshape(grey.shape)


def otsu(values: np.ndarray) -> float:
    """The threshold that divides numbers in two groups, each as uniform as possible: Otsu, 1979, equation 18."""
    counts, edges = np.histogram(values, 64)
    middles, below = (edges[1:] + edges[:-1]) / 2, counts.cumsum()
    sums, above = (counts * middles).cumsum(), counts.sum() - counts.cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above)**2
    return float(edges[1:][int(np.nanargmax(between[:-1]))])
