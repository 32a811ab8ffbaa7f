"""Differentiable augmentation: distort real and generated images alike before the discriminator sees them, so that it
cannot memorise a small training set; the gradient goes back through the distortion to the generator.

Shapes: images x (N, H, W, C); one draw of numbers for each image.

    brightness   y = x + b
    contrast     y = m + c (x - m), m the image's mean                dx = c dy + (1 - c) mean(dy)
    shift        y[h, w] = x[h - down, w - right], 0 beyond the border   dx[h, w] = dy[h + down, w + right]
    cutout       y = x * mask                                            dx = dy * mask

Source: Zhao et al., "Differentiable augmentation for data-efficient GAN training" (2020), section 3.
"""
import numpy as np

from nnscratch.backend import array_module, move

BRIGHTNESS, CONTRAST, SHIFT, CUTOUT = 0.5, (0.5, 1.5), 0.125, 0.5


def augment(x, rng):
    """Each image distorted in its own way, drawn from `random` (a NumPy Generator, so that every device draws alike).

    Returns
    -------
    y : array like x
    cache : for `augment_backward`
    """
    n, h, w, _ = x.shape
    xp, dtype = array_module(x), x.dtype
    brightness = move(rng.uniform(-BRIGHTNESS, BRIGHTNESS, (n, 1, 1, 1)).astype(dtype), xp)
    contrast = move(rng.uniform(*CONTRAST, (n, 1, 1, 1)).astype(dtype), xp)
    places = shifted_places(n, h, w, rng)
    mask = move(cutout_mask(n, h, w, rng).astype(dtype), xp)
    y = x + brightness
    mean = y.mean(axis=(1, 2, 3), keepdims=True)
    y = mean + contrast * (y - mean)
    y = take(y, places) * mask
    return y, (contrast, places, mask)


def augment_backward(dy, cache):
    """dx, through each step in reverse. A shift moves back; what it brought in from beyond the border gives nothing."""
    contrast, places, mask = cache
    dy = take(dy * mask, [-shift for shift in places])
    return contrast * dy + (1 - contrast) * dy.mean(axis=(1, 2, 3), keepdims=True)


def shifted_places(n, h, w, rng):
    """How far down and to the right each image moves, in pixels: two arrays (N,)."""
    return [rng.integers(-int(side * SHIFT), int(side * SHIFT) + 1, n) for side in (h, w)]


def take(x, places):
    """Every image moved by its own number of pixels, zeros coming in: y[h, w] = x[h - down, w - right]."""
    y = array_module(x).zeros_like(x)
    for k, (down, right) in enumerate(zip(*places)):
        y[k, along(down)[0], along(right)[0]] = x[k, along(down)[1], along(right)[1]]
    return y


def along(shift):
    """Where to, and where from, along one axis."""
    shift = int(shift)
    return (slice(shift, None), slice(None, -shift or None)) if shift >= 0 else (slice(None, shift), slice(-shift, None))


def cutout_mask(n, h, w, rng):
    """0 in a rectangle of half the height and width around a random pixel, 1 elsewhere: (N, H, W, 1)."""
    rows, columns = np.arange(h)[None, :, None, None], np.arange(w)[None, None, :, None]
    middle = [rng.integers(0, side, (n, 1, 1, 1)) for side in (h, w)]
    # The middle is the corner between four pixels: half a height up and down from there is half a height.
    inside = (abs(2 * (rows - middle[0]) + 1) < CUTOUT * h) & (abs(2 * (columns - middle[1]) + 1) < CUTOUT * w)
    return 1 - inside
