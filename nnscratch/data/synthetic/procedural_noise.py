"""What patterns are made from: smooth chance, dice, waves, scattered points, things that lie on each other.

Shapes: y and x, places in periods, (N, H, W); grid (N, 8, 8), numbers in [0, 1); results (N, H, W).
"""
import numpy as np

from nnscratch.data.synthetic.textures import smooth


def noise(grid, y, x, octaves=3):
    """Smooth chance in [0, 1], each octave twice as fine and half as strong as the one before."""
    return sum(smooth(grid, y * 2**k + 3 * k, x * 2**k) / 2**k for k in range(octaves)) / (2 - 2 / 2**octaves)


def dice(grid, row, column):
    """A number in [0, 1) for each cell of the plane that does not repeat as the grid does: digits of a wild sine."""
    wild = np.sin(row * 12.9898 + column * 78.233 + 50 * grid[:, :1, :1]) * 43758.547
    return wild - np.floor(wild)


def wave(t):
    """Up and down between 0 and 1, once in a period."""
    return 0.5 + 0.5 * np.sin(2 * np.pi * t)


def zigzag(t):
    """Up and down between 0 and 1 in straight lines, once in a period."""
    return abs(2 * (t - np.floor(t)) - 1)


def along(grid, y, x, bend):
    """Places in a frame that turns slowly from place to place: (across, along) a flow."""
    angle = bend * np.pi * (smooth(grid, 0.35 * y, 0.35 * x) - 0.5)
    return np.cos(angle) * y - np.sin(angle) * x, np.sin(angle) * y + np.cos(angle) * x


def points(grid, y, x, stretch=1.0):
    """Of scattered points, one in each cell: (distance of the nearest, of the second, the nearest one's own number)."""
    near, second, own = np.full_like(y, 9), np.full_like(y, 9), np.zeros_like(y)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = np.floor(y) + down, np.floor(x) + right
            away = np.hypot(row + dice(grid, row, column) - y, stretch * (column + dice(grid, column + 31, row + 57) - x))
            second = np.minimum(second, np.maximum(near, away))
            own = np.where(away < near, dice(grid, row + 11, column + 5), own)
            near = np.minimum(near, away)
    return near, second, own


def leaves(grid, y, x, away):
    """Things that lie on each other: of all whose `away(down, right)` is below 1, the uppermost one's number."""
    top, own = np.zeros_like(y), np.zeros_like(y)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = np.floor(y) + down, np.floor(x) + right
            height = dice(grid, row + 7, column)
            distance = away(y - row - dice(grid, row, column), x - column - dice(grid, column, row + 9),
                            dice(grid, row, column + 3))
            covers = (distance < 1) & (height > top)
            own, top = np.where(covers, dice(grid, row + 2, column + 8), own), np.where(covers, height, top)
    return own
