"""The digits of the course: drawn in 21 typefaces by rule, so that nothing is downloaded, and split once for all notebooks.

    images, labels, faces = digits("train", size=16)     (6300, 16, 16), (6300,), (6300,)

Shapes: images (N, size, size), values in [0, 1]; labels (N,), 0 to 9; faces (N,), 0 to 20.
"""
from functools import cache
from typing import NamedTuple

import numpy as np

from nnscratch.data.synthetic.glyphs import draw_glyphs
from nnscratch.hints import checked
from nnscratch.ops.validation import check_choice

__all__ = ["Digits", "digits"]

PARTS = {"train": (6300, 0), "validation": (2100, 1000), "test": (2100, 2000)}  # images, and a seed of its own


class Digits(NamedTuple):
    """Images with their labels.

    Parameters
    ----------
    images : array (N, size, size)
        Ink from 0 to 1 on black.
    labels : int array (N,)
        The digit.
    faces : int array (N,)
        The typeface, so that whole typefaces can be held out.
    """
    images: np.ndarray
    labels: np.ndarray
    faces: np.ndarray


@checked
def digits(part: str = "train", size: int = 28) -> Digits:
    """The digits of a part.

    Parameters
    ----------
    part : "train" | "validation" | "test"
        To fit parameters, to choose between networks, and to report the result: once, at the end.
    size : int
        Rows and columns of an image, at least 8.

    Returns
    -------
    digits : Digits
        6300 images to train, 2100 to validate, 2100 to test; float64, the same in every call, and the caller's own.

    Raises
    ------
    InputError
        There is no such part, or the size is out of range.

    Examples
    --------
    >>> images, labels, faces = digits("validation", size=16)
    >>> images.shape, int(labels.max()), int(faces.max())
    ((2100, 16, 16), 9, 20)
    """
    images, labels, faces = draw(check_choice(part, "digits: part", PARTS), size)
    return Digits(images / 255, labels.copy(), faces.copy())


@cache
def draw(part: str, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The images as bytes, drawn once in a session."""
    count, seed = PARTS[part]
    images, labels, modes = draw_glyphs(count, seed=seed, size=size)
    return images[..., 0], labels, modes // 10
