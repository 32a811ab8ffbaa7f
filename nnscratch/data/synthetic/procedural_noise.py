"""Building blocks of patterns: value noise, fractal noise, Worley noise, dead leaves, and periodic waves.

Shapes: y and x, positions in periods of the pattern, (N, H, W); grid (N, 8, 8), random numbers in [0, 1); results (N, H, W).

References: Perlin, "An image synthesizer" (SIGGRAPH 1985); Worley, "A cellular texture basis function" (SIGGRAPH 1996);
Lee, Mumford and Huang, "Occlusion models for natural images" (2001), for dead leaves.
"""
from collections.abc import Callable

import numpy as np

from nnscratch.backend import Array

__all__: list[str] = []

GRID = 8  # random numbers along a side; the plane repeats after so many cells


def lattice_value(grid: Array, y: Array, x: Array) -> Array:
    """The random number of the cell that contains each position."""
    row, column = np.floor(y).astype(np.int32) % GRID, np.floor(x).astype(np.int32) % GRID
    return grid.reshape(-1)[np.arange(len(grid), dtype=np.int32)[:, None, None] * GRID ** 2 + row * GRID + column]


def value_noise(grid: Array, y: Array, x: Array) -> Array:
    """The numbers of the four cells around, interpolated by 3 t² - 2 t³, whose slope is 0 at both ends."""
    down, right = y - np.floor(y), x - np.floor(x)
    down, right = down * down * (3 - 2 * down), right * right * (3 - 2 * right)
    above = lattice_value(grid, y, x) * (1 - right) + lattice_value(grid, y, x + 1) * right
    below = lattice_value(grid, y + 1, x) * (1 - right) + lattice_value(grid, y + 1, x + 1) * right
    return above * (1 - down) + below * down


def fractal_noise(grid: Array, y: Array, x: Array, octaves: int = 3) -> Array:
    """A sum of value noise in [0, 1], each octave twice as fine and half as strong as the one before."""
    total = sum(value_noise(grid, y * 2**k + 3 * k, x * 2**k) / 2**k for k in range(octaves))
    return total / (2 - 2 / 2**octaves)


def cell_random(grid: Array, row: Array, column: Array) -> Array:
    """A number in [0, 1) for each cell, which unlike the grid does not repeat: the last digits of a large sine."""
    large = np.sin(row * 12.9898 + column * 78.233 + 50 * grid[:, :1, :1]) * 43758.547
    return large - np.floor(large)


def sine_wave(t: Array) -> Array:
    """A sine between 0 and 1, of period 1."""
    return 0.5 + 0.5 * np.sin(2 * np.pi * t)


def triangle_wave(t: Array) -> Array:
    """Straight lines between 0 and 1, of period 1."""
    return abs(2 * (t - np.floor(t)) - 1)


def flow_coordinates(grid: Array, y: Array, x: Array, bend: float) -> tuple[Array, Array]:
    """Positions (across, along) in a frame whose angle changes slowly from place to place, as in a flow."""
    angle = bend * np.pi * (value_noise(grid, 0.35 * y, 0.35 * x) - 0.5)
    return np.cos(angle) * y - np.sin(angle) * x, np.sin(angle) * y + np.cos(angle) * x


def worley_noise(grid: Array, y: Array, x: Array, stretch: float = 1.0) -> tuple[Array, Array, Array]:
    """Scattered points, one in each cell: distance to the nearest, distance to the second, the nearest one's own number."""
    nearest, second, own = np.full_like(y, 9), np.full_like(y, 9), np.zeros_like(y)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = np.floor(y) + down, np.floor(x) + right
            distance = np.hypot(row + cell_random(grid, row, column) - y,
                                stretch * (column + cell_random(grid, column + 31, row + 57) - x))
            second = np.minimum(second, np.maximum(nearest, distance))
            own = np.where(distance < nearest, cell_random(grid, row + 11, column + 5), own)
            nearest = np.minimum(nearest, distance)
    return nearest, second, own


def dead_leaves(grid: Array, y: Array, x: Array, distance: Callable[[Array, Array, Array], Array]) -> Array:
    """Overlapping shapes, one in each cell: the number of the topmost shape with `distance(down, right, own)` below 1."""
    top, own = np.zeros_like(y), np.zeros_like(y)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = np.floor(y) + down, np.floor(x) + right
            height = cell_random(grid, row + 7, column)
            reach = distance(y - row - cell_random(grid, row, column), x - column - cell_random(grid, column, row + 9),
                             cell_random(grid, row, column + 3))
            covers = (reach < 1) & (height > top)
            own, top = np.where(covers, cell_random(grid, row + 2, column + 8), own), np.where(covers, height, top)
    return own
