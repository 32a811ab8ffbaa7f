"""Thirty more families of textures, to train on: surfaces as painters, craftsmen and nature make them.

As in textures.py, a family is a formula from a position to a tone in [0, 1], independent of size, angle and colour.

Shapes: y and x, positions in periods, (N, H, W); grid (N, 8, 8) and knob (N, 1, 1), numbers in [0, 1); tones (N, H, W).
"""
import numpy as np

from nnscratch.data.synthetic.procedural_noise import (
    cell_random,
    dead_leaves,
    flow_coordinates,
    fractal_noise,
    sine_wave,
    triangle_wave,
    value_noise,
    worley_noise,
)
from nnscratch.data.synthetic.textures import FAMILIES, Formula

__all__ = ["PATTERNS"]

# --- drawn and painted ----------------------------------------------------------------------------------------------

def hatching(y, x, grid, knob):
    """Pen strokes side by side, thicker where it is dark."""
    line = triangle_wave(4 * y + 0.3 * fractal_noise(grid, y, x))
    return np.where(line < 0.15 + 0.8 * value_noise(grid, 0.8 * y, 0.8 * x), 0.05, 0.95)


def crosshatching(y, x, grid, knob):
    """Hatching, with a second and a third direction where it is darker."""
    dark = fractal_noise(grid, 0.8 * y, 0.8 * x, 2)
    ink = False
    for angle, level in ((0, 0.2), (0.8, 0.4), (1.6, 0.6)):
        ink = ink | (triangle_wave(4 * (np.cos(angle) * y + np.sin(angle) * x)) < 0.35) & (dark > level)
    return np.where(ink, 0.05, 0.95)


def fur(y, x, grid, knob):
    """Fine hairs along a slow flow."""
    across, down = flow_coordinates(grid, y, x, 1.5)
    return fractal_noise(grid, 5 * across, 0.7 * down, 2) * 0.8 + 0.2 * value_noise(grid, y, x)


def brushwork(y, x, grid, knob):
    """Broad strokes along a flow, each of its own tone, with the marks of the bristles."""
    across, down = flow_coordinates(grid, y, x, 2)
    near, second, own = worley_noise(grid, 2.2 * across, 0.9 * down, 1.4)
    return own * 0.75 + 0.15 * sine_wave(14 * across + own) + 0.1 * (second - near).clip(0, 1)


def dabs(y, x, grid, knob):
    """Overlapping short dabs, all in nearly the same direction."""
    def ellipse(down, right, own):
        turn = 0.5 * np.pi * knob + own
        return np.hypot(1.2 * (np.cos(turn) * right + np.sin(turn) * down), 3 * (np.cos(turn) * down - np.sin(turn) * right))
    return dead_leaves(grid, 1.5 * y, 1.5 * x, ellipse)


def stipple(y, x, grid, knob):
    """Small round dots, denser where it is dark."""
    row, column = np.floor(4 * y), np.floor(4 * x)
    distance = np.hypot(4 * y - row - 0.3 - 0.4 * cell_random(grid, row, column),
                        4 * x - column - 0.3 - 0.4 * cell_random(grid, column, row))
    return np.where((distance < 0.28) & (cell_random(grid, row + 3, column) < 1.3 * value_noise(grid, y, x)), 0.05, 0.9)


def washes(y, x, grid, knob):
    """Watercolour: flat pools with a darker rim."""
    pool = 4 * fractal_noise(grid, 0.7 * y, 0.7 * x, 4)
    edge = pool - np.floor(pool)
    return (np.floor(pool) / 4 + 0.12 * (edge < 0.12) + 0.08 * fractal_noise(grid, 3 * y, 3 * x, 2)).clip(0, 1)


def swirls(y, x, grid, knob):
    """Marbled paper: bands of ink whose positions are distorted by noise that is itself distorted by noise."""
    first = fractal_noise(grid, 0.6 * y, 0.6 * x, 2)
    second = fractal_noise(grid, 0.6 * y + 2.5 * first, 0.6 * x + 1.7, 2)
    return sine_wave(3 * second + 1.2 * first)


def contours(y, x, grid, knob):
    """Lines of equal height on a map."""
    height = fractal_noise(grid, 0.6 * y, 0.6 * x, 3)
    return np.where(triangle_wave(6 * height) < 0.2, 0.05, 0.35 + 0.6 * height)


def halftone(y, x, grid, knob):
    """Printed dots on a lattice, larger where it is darker."""
    return np.where(sine_wave(3.5 * y) + sine_wave(3.5 * x) > 0.4 + 1.3 * value_noise(grid, 0.8 * y, 0.8 * x), 0.9, 0.1)


# --- laid, woven, built -----------------------------------------------------------------------------------------------

def mosaic(y, x, grid, knob):
    """Small stones in crooked rows, grout between them."""
    across, down = flow_coordinates(grid, y, x, 0.8)
    row = np.floor(2.5 * across)
    place = 2.5 * down + 0.4 * cell_random(grid, row, 0 * y)
    column = np.floor(place)
    edge = np.minimum(0.5 - abs(2.5 * across % 1 - 0.5), 0.5 - abs(place % 1 - 0.5))
    return np.where(edge < 0.09, 0.9, 0.1 + 0.7 * cell_random(grid, row, column))


def glass(y, x, grid, knob):
    """Stained glass: large plain panes, thick dark lead."""
    near, second, own = worley_noise(grid, 1.1 * y, 1.1 * x)
    return np.where(second - near < 0.13, 0.0, 0.25 + 0.75 * own)


def weave(y, x, grid, knob):
    """Threads over and under each other, with round profiles."""
    over = (np.floor(2 * y) + np.floor(2 * x)) % 2 == 0
    return np.where(over, 0.2 + 0.7 * abs(np.sin(2 * np.pi * y)), 0.1 + 0.6 * abs(np.sin(2 * np.pi * x)))


def basket(y, x, grid, knob):
    """Bundles of three, lengthwise and crosswise in turn."""
    over = (np.floor(y) + np.floor(x)) % 2 == 0
    return 0.15 + 0.8 * abs(np.sin(3 * np.pi * np.where(over, y, x)))


def knit(y, x, grid, knob):
    """Rows of stitches like the letter V."""
    return 0.1 + 0.85 * abs(np.sin(np.pi * (2 * y + triangle_wave(1.5 * x)))) * (0.4 + 0.6 * abs(np.sin(3 * np.pi * x)))


def plaid(y, x, grid, knob):
    """A cloth of broad and narrow bands in both directions."""
    bands = [0.6 * (t % 1 < 0.4) + 0.4 * (abs(t % 1 - 0.7) < 0.05) for t in (y, x)]
    return 0.5 * (bands[0] + bands[1])


def chevrons(y, x, grid, knob):
    """Zigzag bands."""
    return np.where((1.5 * y + 0.7 * triangle_wave(x)) % 1 < 0.3 + 0.4 * knob, 0.1, 0.9)


def hexagons(y, x, grid, knob):
    """A honeycomb: the sum of three plane waves at angles of 60 degrees."""
    ways = [np.cos(a) * y + np.sin(a) * x for a in (0, np.pi / 3, 2 * np.pi / 3)]
    return ((sum(np.cos(2 * np.pi * 1.3 * t) for t in ways) + 1.5) / 4.5) ** (0.4 + 0.8 * knob)


def scales(y, x, grid, knob):
    """Fish scales: rows of half discs, each row over the next."""
    row = np.floor(2 * y)
    away = np.hypot((2 * y % 1) * 0.8, abs((x * 1.5 + 0.5 * (row % 2)) % 1 - 0.5) * 1.5)
    return np.where(away < 0.72, 0.25 + 0.7 * away, 0.15 + 0.2 * cell_random(grid, row, np.floor(1.5 * x)))


def shards(y, x, grid, knob):
    """Overlapping square scraps of paper."""
    return dead_leaves(grid, 1.3 * y, 1.3 * x, lambda down, right, own: 1.6 * np.maximum(
        abs(np.cos(6 * own) * down - np.sin(6 * own) * right), abs(np.sin(6 * own) * down + np.cos(6 * own) * right)))


# --- grown and weathered ------------------------------------------------------------------------------------------------

def confetti(y, x, grid, knob):
    """Overlapping discs of many sizes."""
    return dead_leaves(grid, 1.4 * y, 1.4 * x, lambda down, right, own: np.hypot(down, right) / (0.25 + 0.7 * own))


def bubbles(y, x, grid, knob):
    """Light rings with a lighter inside."""
    near, second, own = worley_noise(grid, 1.6 * y, 1.6 * x)
    return np.where(abs(near - 0.4) < 0.07, 0.95, np.where(near < 0.4, 0.3 + 0.4 * own, 0.1))


def cracks(y, x, grid, knob):
    """Dry earth: thin dark cracks between warped plates."""
    y, x = y + 0.4 * fractal_noise(grid, 2 * y, 2 * x), x + 0.4 * fractal_noise(grid, 2 * y + 5, 2 * x)
    near, second, own = worley_noise(grid, 1.3 * y, 1.3 * x)
    return np.where(second - near < 0.06, 0.0, 0.55 + 0.25 * own + 0.2 * fractal_noise(grid, 4 * y, 4 * x, 2))


def wood(y, x, grid, knob):
    """Annual rings cut lengthwise: stretched noise in even bands."""
    place = 3 * y + 2.5 * value_noise(grid, 0.5 * y, 0.12 * x + 2)
    return 0.2 + 0.6 * (place - np.floor(place)) + 0.2 * fractal_noise(grid, 9 * y, 0.8 * x, 2)


def ridges(y, x, grid, knob):
    """Mountains from above: noise folded at its middle, so valleys become ridges."""
    return sum(triangle_wave(value_noise(grid, y * 0.7 * 2**k + 3 * k, x * 0.7 * 2**k)) / 2**k for k in range(4)) / 1.875


def sand(y, x, grid, knob):
    """Ripples: a gentle slope up, a steep one down, bent by the wind."""
    place = 2.5 * y + 1.5 * value_noise(grid, 0.7 * y, 0.7 * x)
    return 0.8 * (place - np.floor(place)) ** 1.5 + 0.2 * cell_random(grid, np.floor(20 * y), np.floor(20 * x))


def camouflage(y, x, grid, knob):
    """Three tones in patches with a clear edge."""
    return np.floor(3.5 * fractal_noise(grid, 0.9 * y, 0.9 * x, 3)).clip(0, 3) / 3


def grain(y, x, grid, knob):
    """Coarse sand: a tone for each grain, on slow light and shade."""
    return 0.6 * cell_random(grid, np.floor(9 * y), np.floor(9 * x)) + 0.4 * value_noise(grid, 0.6 * y, 0.6 * x)


def rings(y, x, grid, knob):
    """Drops on water: rings around scattered points."""
    near, second, own = worley_noise(grid, 0.9 * y, 0.9 * x)
    return sine_wave(3.5 * near + own)


def haze(y, x, grid, knob):
    """Almost nothing: slow light and shade, as in a sky."""
    return 0.2 + 0.6 * value_noise(grid, 0.4 * y, 0.4 * x) + 0.1 * knob


PATTERNS: dict[str, Formula] = FAMILIES | {formula.__name__: formula for formula in (
    hatching, crosshatching, fur, brushwork, dabs, stipple, washes, swirls, contours, halftone, mosaic, glass, weave, basket,
    knit, plaid, chevrons, hexagons, scales, shards, confetti, bubbles, cracks, wood, ridges, sand, camouflage, grain, rings,
    haze)}
