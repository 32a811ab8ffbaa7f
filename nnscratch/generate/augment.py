"""Differentiable augmentation: real and generated images are distorted alike before the discriminator sees them, so that it
cannot memorise a small data set; the generator's gradient passes through the distortion.

Shapes: images x (N, H, W, C); one random draw per image.

    brightness   y = x + b
    contrast     y = m + c (x - m), m the image's mean                   dx = c dy + (1 - c) mean(dy)
    shift        y[h, w] = x[h - down, w - right], 0 beyond the border   dx[h, w] = dy[h + down, w + right]
    cutout       y = x * mask                                            dx = dy * mask

References: Zhao et al., "Differentiable augmentation for data-efficient GAN training", 2020, section 3.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module, move
from nnscratch.ops.validation import ARRAY, check_cache, check_form, check_type
from nnscratch.shard import WHOLE, Shard

__all__ = ["augment", "augment_backward"]

BRIGHTNESS, CONTRAST, SHIFT, CUTOUT = 0.5, (0.5, 1.5), 0.125, 0.5


def augment(x: Array, rng: np.random.Generator, shard: Shard = WHOLE) -> tuple[Array, Any]:
    """Distort each image by a random brightness, contrast, shift and cutout.

    Parameters
    ----------
    x : Array (N, H, W, C)
    rng : Generator of NumPy, so that all devices draw the same numbers
    shard : Shard, which rows of the batch x is, where several processes share it

    Returns
    -------
    y : Array (N, H, W, C)
        The distorted images.
    cache : tuple
        What `augment_backward` needs.
    """
    check_form("augment", "x", x, ("N", "H", "W", "C"))
    check_type(rng, "augment: rng", np.random.Generator)
    check_type(shard, "augment: shard", Shard)
    n, h, w, _ = x.shape
    n, rows = shard.batch_size or n, shard.rows
    xp, dtype = array_module(x), x.dtype
    brightness = move(rng.uniform(-BRIGHTNESS, BRIGHTNESS, (n, 1, 1, 1))[rows].astype(dtype), xp)
    contrast = move(rng.uniform(*CONTRAST, (n, 1, 1, 1))[rows].astype(dtype), xp)
    shifts = [shift[rows] for shift in random_shifts(n, h, w, rng)]
    mask = move(cutout_mask(n, h, w, rng)[rows].astype(dtype), xp)
    y = x + brightness
    mean = y.mean(axis=(1, 2, 3), keepdims=True)
    y = mean + contrast * (y - mean)
    y = shift_images(y, shifts) * mask
    return y, (contrast, shifts, mask)


def augment_backward(dy: Array, cache: Any) -> Array:
    """Backpropagate through the four distortions, in reverse order.

    Parameters
    ----------
    dy : Array (N, H, W, C)
    cache : tuple, from `augment`

    Returns
    -------
    Array (N, H, W, C)
        dx. The adjoint of a shift is the opposite shift; pixels that came in from beyond the border pass nothing on.
    """
    check_cache("augment_backward", cache, ARRAY, list, ARRAY)
    contrast, shifts, mask = cache
    check_form("augment_backward", "dy", dy, (*mask.shape[:3], "C"))
    dy = shift_images(dy * mask, [-shift for shift in shifts])
    return contrast * dy + (1 - contrast) * dy.mean(axis=(1, 2, 3), keepdims=True)


def random_shifts(n: int, h: int, w: int, rng: np.random.Generator) -> list[np.ndarray]:
    """How far each image moves down and to the right, in pixels: two arrays (N,)."""
    return [rng.integers(-int(side * SHIFT), int(side * SHIFT) + 1, n) for side in (h, w)]


def shift_images(x: Array, shifts: list[np.ndarray]) -> Array:
    """Move every image by its own number of pixels, zeros coming in: y[h, w] = x[h - down, w - right]."""
    y = array_module(x).zeros_like(x)
    for k, (down, right) in enumerate(zip(*shifts)):
        y[k, slices(down)[0], slices(right)[0]] = x[k, slices(down)[1], slices(right)[1]]
    return y


def slices(shift: int) -> tuple[slice, slice]:
    """Target and source of a shift along one axis."""
    shift = int(shift)
    return (slice(shift, None), slice(None, -shift or None)) if shift >= 0 else (slice(None, shift), slice(-shift, None))


def cutout_mask(n: int, h: int, w: int, rng: np.random.Generator) -> np.ndarray:
    """0 in a rectangle of half the height and width around a random pixel, 1 elsewhere: (N, H, W, 1)."""
    rows, columns = np.arange(h)[None, :, None, None], np.arange(w)[None, None, :, None]
    middle = [rng.integers(0, side, (n, 1, 1, 1)) for side in (h, w)]
    # The middle is the corner between four pixels: half the height counts from there, up and down.
    inside = (abs(2 * (rows - middle[0]) + 1) < CUTOUT * h) & (abs(2 * (columns - middle[1]) + 1) < CUTOUT * w)
    return 1 - inside
