"""Pixels: arrays of images as bytes, and bytes as the floats in [-1, 1] that networks see.

Shapes: images (N, H, W), (N, H, W, 1 or 3), or channels first, (N, 1 or 3, H, W), become (N, H, W, C).

    bytes     0 to 255, from black to white
    bools     False is black, True is white
    floats    in [0, 1], or, if some are below -0.5, in [-1, 1]; rounding errors just outside are clipped
    others    refused: their white may be 255, 4095 or 65535; the sentence says how to convert them
"""
import logging
from math import isfinite
from typing import Any

import numpy as np

from nnscratch.backend import Array, numbers
from nnscratch.errors import InputError, printable
from nnscratch.ops.validation import check_is_array

__all__ = ["to_bytes", "to_floats"]

log = logging.getLogger("nnscratch")

CHUNK = 2**22  # numbers converted at a time
NOISE = 0.02   # floats that lie outside their range by up to 5 levels of 255 are clipped; beyond it, the range is another
BLACK = 16 / 255  # what has nothing brighter is nearly black: perhaps its white is 1, 15 or 4095


def as_images(images: Any, title: str) -> Array:
    """What a caller gives as images, as bytes (N, H, W, C); an array of bytes is not copied."""
    array = numbers(images, f"{title}: images")
    if isinstance(images, (list, tuple)) and array.dtype.kind in "iu" and array.size and 0 <= array.min() <= array.max() <= 255:
        array = array.astype(np.uint8)  # integers in lists have no dtype of their own
    array = as_bytes(title, channels_last(title, array))
    high = int(array.max())
    if high == 1:
        raise InputError(f"{title}: the bytes are all 0 or 1, expected 0 to 255, where 1 is nearly black: multiply by 255")
    warn_if_black(title, high / 255)
    return array


def warn_if_black(what: Any, brightest: float) -> None:
    """Log a line if the brightest value, of 1, is nearly black."""
    if 0 < brightest <= BLACK:
        log.warning("%s: nearly black, the brightest value is %.3g of white; if that is its white, multiply by %.4g",
                    printable(what), brightest, 1 / brightest)


def channels_last(name: Any, images: Array) -> Array:
    """Images in any of the layouts as (N, H, W, C). Channels are last if the last axis has 1 or 3 entries, else first."""
    shape = images.shape
    if images.ndim == 3 and shape[2] not in (1, 3):  # (H, W, 3) would be one image, not H of them
        images = images[..., None]
    if images.ndim == 4 and images.shape[3] not in (1, 3) and images.shape[1] in (1, 3):
        images = images.transpose(0, 2, 3, 1)
    if images.ndim != 4 or images.shape[3] not in (1, 3) or images.size == 0:
        raise InputError(f"{name} holds an array {shape}, expected images (N, H, W), (N, H, W, 1 or 3) or (N, 1 or 3, H, W), N "
                         f"at least 1: reshape it")
    return images


def as_bytes(name: Any, images: Array) -> Array:
    """Images (N, H, W, C) as bytes, the same array if they are."""
    if images.dtype == np.uint8:
        return images
    if images.dtype == bool:
        return np.where(images, np.uint8(255), np.uint8(0))
    if images.dtype.kind not in "iuf":
        raise InputError(f"{name} holds {images.dtype}, expected uint8, or floats in [0, 1] or [-1, 1]: make it one of these")
    low, high = float(images.min()), float(images.max())
    signed = low < -0.5
    if images.dtype.kind != "f" or not ((-1 if signed else 0) - NOISE <= low and high <= 1 + NOISE):  # true for NaN, too
        raise InputError(f"{name} holds {images.dtype}, expected uint8, or floats in [0, 1] or [-1, 1], but they go from "
                         f"{low:g} to {high:g}: {conversion(images.dtype, low, high)}")
    result = np.empty(images.shape, np.uint8)
    count, rows = (max(1, CHUNK // size) for size in (images[0].size, images[0, 0].size))
    for first in range(0, len(images), count):
        for top in range(0, images.shape[1], rows):
            part = np.s_[first:first + count, top:top + rows]
            result[part] = to_bytes(images[part] if signed else images[part] * 2 - 1)
    return result


def conversion(dtype: np.dtype, low: float, high: float) -> str:
    """How to make bytes of numbers x in this range: by their white, if that is clear, else by stretching them."""
    if not isfinite(low) or not isfinite(high):
        return "replace NaN and infinity"
    if dtype.kind == "f" and low >= -1.5 and high <= 1.5:
        return f"clip them, x.clip({-1 if low < -0.5 else 0}, 1)"
    if low >= 0 and 127 < high <= 255:
        return "divide by 255" if dtype.kind == "f" else "convert with x.astype(np.uint8)"
    if low >= 0 and 32767 < high <= 65535:
        return "divide by 257, (x / 257).round().astype(np.uint8)"
    if (low, high) == (0, 1):
        return "multiply by 255, x.astype(np.uint8) * 255"
    return f"stretch them, ((x.astype(float) - {low!r}) * (255 / {(high - low) or 1.0!r})).round().astype(np.uint8)"


def to_floats(images: Array) -> Array:
    """Convert bytes to floats in [-1, 1].

    Parameters
    ----------
    images : uint8 array
        Values from 0 to 255.

    Returns
    -------
    float32 array
        The same shape, 0 becomes -1 and 255 becomes 1.

    Raises
    ------
    InputError
        No array of bytes.
    """
    check_is_array("to_floats", "images", images, "an array of uint8")
    if images.dtype != np.uint8:
        raise InputError(f"to_floats: images are {images.dtype}, expected an array of uint8: floats need no conversion")
    return images.astype(np.float32) / 127.5 - 1


def to_bytes(images: Array) -> Array:
    """Convert floats in [-1, 1] to bytes; values outside are clipped.

    Parameters
    ----------
    images : float array
        Values in [-1, 1].

    Returns
    -------
    uint8 array
        The same shape, -1 becomes 0 and 1 becomes 255.

    Raises
    ------
    InputError
        No array of floats, or NaN in it.

    Examples
    --------
    >>> to_bytes(np.array([-1.0, 0.0, 1.0, 7.0]))
    array([  0, 128, 255, 255], dtype=uint8)
    """
    check_is_array("to_bytes", "images", images, "an array of floats in [-1, 1]")
    if images.dtype.kind != "f":
        raise InputError(f"to_bytes: images are {images.dtype}, expected an array of floats in [-1, 1]: bytes need no "
                         f"conversion")
    exact = images.astype(np.promote_types(images.dtype, np.float32), copy=False)  # half precision is too coarse
    levels = (exact.clip(-1, 1) + 1) * 127.5
    if np.isnan(levels).any():
        raise InputError("to_bytes: images hold NaN, expected an array of floats in [-1, 1]: its computation diverged")
    return np.rint(levels).astype(np.uint8)
