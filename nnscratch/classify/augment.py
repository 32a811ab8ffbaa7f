"""Augmentation of labelled images: what may be changed without changing the class, drawn anew in every step.

Shapes: images (N, H, W, C) of bytes, in and out.

    none         the images as they are
    shift        each moved by up to a fourteenth of its sides (2 of 28 pixels, at least 1) in both directions; edges repeat
    flip         half of them mirrored left to right: for photographs and clothes, not for letters
    shift-flip   both
"""
import numpy as np

from nnscratch.errors import InputError
from nnscratch.ops.validation import check_choice, check_is_array, check_type

__all__ = ["augmented"]

KINDS = ("none", "shift", "flip", "shift-flip")
SHIFT = 14  # the largest shift is a side divided by this, or 1


def augmented(images: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Shift and mirror each image at random.

    Parameters
    ----------
    images : ndarray (N, H, W, C)
        Bytes or other numbers.
    kind : str
        "none", "shift", "flip" or "shift-flip".
    rng : Generator
        Draws the shifts and flips.

    Returns
    -------
    ndarray (N, H, W, C)
        New images of the same dtype.

    Examples
    --------
    >>> ramp = np.arange(3)[None, None, :, None]
    >>> sorted({tuple(augmented(ramp, "flip", np.random.default_rng(k)).ravel().tolist()) for k in range(9)})
    [(0, 1, 2), (2, 1, 0)]
    """
    check_is_array("augmented", "images", images, "an array of images")
    if images.ndim != 4 or images.dtype.kind not in "biuf":
        raise InputError(f"augmented: images have shape {images.shape} and dtype {images.dtype}, expected numbers (N, H, W, C)")
    check_choice(kind, "augmented: kind", KINDS)
    check_type(rng, "augmented: rng", np.random.Generator)
    n, h, w, _ = images.shape
    if "shift" in kind:
        down, right = (rng.integers(-most, most + 1, (n, 1)) for most in (max(1, h // SHIFT), max(1, w // SHIFT)))
        rows, columns = (np.arange(h) - down).clip(0, h - 1), (np.arange(w) - right).clip(0, w - 1)
        images = images[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    if "flip" in kind:
        images = np.where(rng.random((n, 1, 1, 1)) < 0.5, images[:, :, ::-1], images)
    return images.copy() if kind == "none" else images
