"""Textures: stripes, checks, dots, bricks, waves, clouds, marble, cells and labyrinths in matching colours.

Each family is a formula from a position to a tone in [0, 1]; a palette of four colours turns the tone into a colour.
Positions are rotated, shifted and measured in periods of the pattern, so a formula depends on neither size nor angle.

Shapes: N images (N, size, size, 3). y and x, positions in periods, (N, H, W). The randomness of a formula: grid (N, 8, 8),
numbers in [0, 1) that repeat over the plane, and knob (N, 1, 1), one number in [0, 1). Tones (N, H, W).
"""
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.dataset import Dataset
from nnscratch.data.limits import images_at_once
from nnscratch.data.synthetic.draws import check_draws, in_rounds
from nnscratch.data.synthetic.procedural_noise import GRID, lattice_value, value_noise

__all__ = ["FAMILIES", "PALETTES", "textures"]

Formula: TypeAlias = Callable[[Array, Array, Array, Array], Array]  # (y, x, grid, knob) -> tones

BATCH = 200  # images at a time
PALETTES = np.array([  # from tone 0 to tone 1
    [(24, 40, 72), (40, 96, 136), (120, 184, 184), (244, 236, 208)],   # sea
    [(52, 24, 36), (150, 52, 48), (224, 128, 64), (252, 224, 156)],    # fire
    [(22, 52, 40), (64, 112, 64), (152, 176, 88), (240, 236, 192)],    # wood
    [(48, 36, 88), (124, 72, 144), (216, 128, 160), (252, 220, 208)],  # dusk
    [(40, 36, 36), (120, 92, 76), (192, 164, 132), (244, 232, 212)],   # earth
    [(20, 28, 36), (84, 100, 116), (164, 176, 184), (244, 246, 248)],  # slate
    [(16, 64, 84), (32, 140, 132), (248, 176, 72), (248, 240, 216)],   # harbour
    [(88, 24, 68), (200, 48, 88), (248, 148, 88), (252, 232, 168)]], np.float32) / 255  # fruit


def textures(count: int = 20000, *, seed: int = 0, size: int = 32) -> Dataset:
    """Coloured patterns of nine families, each with its own period, angle, position, colours and variation.

    The same seed gives the same images, and a larger count only appends to those of a smaller one.

    Parameters
    ----------
    count : int
        Number of images.
    seed : int
        Seed of all random choices.
    size : int
        Rows and columns of an image, at least 8. About three periods span an image of any size.

    Returns
    -------
    Dataset
        Images (count, size, size, 3), labelled by family.

    Raises
    ------
    InputError
        A count or size is not an integer of at least 1 or 8, or too large, or the seed is negative.

    Examples
    --------
    >>> textures(18, size=16).class_names[:3]
    ['stripes', 'checks', 'dots']
    """
    count, seed, size = check_draws(count, seed, size)
    order, rng, grids = np.random.default_rng(seed).spawn(3)
    labels = in_rounds(order, len(FAMILIES), count)
    images = np.empty((count, size, size, 3), np.uint8)
    batch = images_at_once(BATCH, size)
    for start in range(0, count, batch):
        these = labels[start:start + batch]
        draws = rng.random((len(these), 19), dtype=np.float32)
        tone = tones(these, draws[:, :5], grids.random((len(these), GRID, GRID), dtype=np.float32), 2 * size)
        painted = tint(tone, draws[:, 5], draws[:, 6:18].reshape(-1, 4, 3), draws[:, 18])
        images[start:start + batch] = np.rint(255 * painted.clip(0, 1))
    return Dataset(images, labels, list(FAMILIES), "textures")


def tones(labels: Array, draws: Array, grid: Array, size: int, families: dict[str, Formula] | None = None,
          periods: tuple[float, float] = (2.4, 4.0), rows: slice = slice(None)) -> Array:
    """The pattern of each image, (N, size, size) in [0, 1], from five draws each: period, angle, shift (2), knob.

    An image spans between periods[0] and periods[1] periods of its pattern. Only some rows of it may be drawn.
    """
    period, angle, down, right, knob = draws.T[..., None, None]
    pixels = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    span, angle = periods[0] + (periods[1] - periods[0]) * period, np.pi * angle
    y = (np.cos(angle) * pixels[rows, None] - np.sin(angle) * pixels) * span + GRID * down
    x = (np.sin(angle) * pixels[rows, None] + np.cos(angle) * pixels) * span + GRID * right
    tone = np.empty_like(y)
    for label, formula in enumerate((families or FAMILIES).values()):
        here = labels == label
        tone[here] = formula(y[here], x[here], grid[here], knob[here])
    return tone


def tint(tone: Array, which: Array, jitter: Array, reverse: Array) -> Array:
    """Colours (N, H / 2, W / 2, 3): the tone interpolates a palette, which is reversed where `reverse` (N,) is below 0.4.

    Each pixel averages four tones, for smooth edges.
    """
    palette = PALETTES[(which * len(PALETTES)).astype(int)] + 0.16 * (jitter - 0.5)  # (N, 4, 3)
    return apply_palette(np.where(reverse[:, None, None] < 0.4, 1 - tone, tone), palette)


def apply_palette(tone: Array, palette: Array) -> Array:
    """Colours (N, H / 2, W / 2, 3) of tones (N, H, W) on the palettes (N, 4, 3), one for each image."""
    tone = tone.clip(0, 1)
    weights = [average_2x2((1 - abs(3 * tone - k)).clip(0, 1)) for k in range(4)]  # hat functions, their sum is 1
    return sum(weight[..., None] * palette[:, None, None, k] for k, weight in enumerate(weights))


def average_2x2(fine: Array) -> Array:
    """(N, H, W) to (N, H / 2, W / 2): average pooling."""
    return (fine[:, ::2, ::2] + fine[:, ::2, 1::2] + fine[:, 1::2, ::2] + fine[:, 1::2, 1::2]) / 4


def stripes(y, x, grid, knob):
    """Broad bands with a fine line in every gap."""
    place = abs(x % 1 - 0.5)  # 0.5 is the middle of a gap
    return np.where(place < 0.15 + 0.15 * knob, 0.95, np.where(place > 0.44, 0.65, 0.1))


def checks(y, x, grid, knob):
    """A cloth: squares, darkest where two bands cross."""
    return 0.5 * (y % 1 < 0.35 + 0.3 * knob) + 0.5 * (x % 1 < 0.35 + 0.3 * knob)


def dots(y, x, grid, knob):
    """Discs on a lattice, every other row moved by half; each has its own tone."""
    y = y * 1.15
    x = x + 0.5 * (np.floor(y) % 2)
    inside = np.hypot(y % 1 - 0.5, x % 1 - 0.5) < 0.26 + 0.14 * knob
    return np.where(inside, 0.6 + 0.4 * lattice_value(grid, y, x), 0.08)


def bricks(y, x, grid, knob):
    """Bricks twice as long as high, every other row moved by half; light mortar, each brick has its own tone."""
    y, x = 1.8 * y, 0.9 * x
    x = x + 0.5 * (np.floor(y) % 2)
    mortar = (y % 1 < 0.14) | (x % 1 < 0.07)
    return np.where(mortar, 1.0, 0.2 + 0.3 * lattice_value(grid, y, x) + 0.15 * knob)


def waves(y, x, grid, knob):
    """The interference of rings from two sources, as from two stones in a pond."""
    sources = grid[:, :2, :2, None, None] * 3 - 1.5
    middle_y, middle_x = y.mean(axis=(1, 2), keepdims=True), x.mean(axis=(1, 2), keepdims=True)
    one, two = (np.hypot(y - middle_y - sources[:, k, 0], x - middle_x - sources[:, k, 1]) for k in (0, 1))
    return 0.5 + 0.25 * (np.sin(2 * np.pi * (1.1 + 0.5 * knob) * one) + np.sin(2 * np.pi * (1.1 + 0.5 * knob) * two))


def clouds(y, x, grid, knob):
    """Fractal noise: four octaves of value noise (Perlin, 1985)."""
    noise = sum(value_noise(grid, y * 0.8 * 2 ** k + 3 * k, x * 0.8 * 2 ** k) / 2 ** k for k in range(4)) / 1.875
    return ((noise - 0.5) * (2.0 + knob) + 0.5).clip(0, 1)


def marble(y, x, grid, knob):
    """Thin veins: a sine whose phase is disturbed by noise."""
    noise = sum(value_noise(grid, y * 0.7 * 2 ** k + 3 * k, x * 0.7 * 2 ** k) / 2 ** k for k in range(3))
    return 1 - (1 - abs(np.sin(np.pi * (0.55 * x + (1.2 + knob) * noise)))) ** 3 - 0.15 * value_noise(grid, 3 * y, 3 * x)


def cells(y, x, grid, knob):
    """Each position belongs to the nearest of many scattered points (Worley, 1996); dark where two are equally near."""
    near, second, tone = np.full_like(y, 9), np.full_like(y, 9), np.zeros_like(y)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = np.floor(y) + down, np.floor(x) + right
            away = np.hypot(row + lattice_value(grid, row, column) - y, column + lattice_value(grid, column + 3, row + 5) - x)
            second = np.minimum(second, np.maximum(near, away))
            tone = np.where(away < near, lattice_value(grid, row + 2, column + 1), tone)
            near = np.minimum(near, away)
    return np.where(second - near < 0.1, 0.0, 0.35 + 0.6 * tone - 0.2 * near)


def labyrinth(y, x, grid, knob):
    """Plane waves of one length in all directions, sharpened: like patterns of reaction and diffusion (Turing, 1952)."""
    total = np.zeros_like(y)
    for k in range(8):
        angle = np.pi * (k + grid[:, 0, k, None, None]) / 8
        total += np.sin(2 * np.pi * (1.3 * (np.cos(angle) * y + np.sin(angle) * x) + grid[:, 1, k, None, None]))
    return 0.5 + 0.45 * np.tanh(2.5 * (total / 2 + 0.8 * (knob - 0.5)))


FAMILIES: dict[str, Formula] = {
    "stripes": stripes, "checks": checks, "dots": dots, "bricks": bricks, "waves": waves, "clouds": clouds, "marble": marble,
    "cells": cells, "labyrinth": labyrinth}
