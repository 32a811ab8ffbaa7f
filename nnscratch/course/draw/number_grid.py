"""Arrays as grids of numbers in a row, with signs between them: x @ W + b = y as one sees it on a blackboard.

A row of the image is a list of Grids and signs; several rows stand under each other.
"""
from typing import NamedTuple

import numpy as np
from matplotlib.patches import Rectangle

from nnscratch.course.draw.drawing import FAINT, INK, ORANGE, Drawing, canvas, new_figure, number, shade, tint

MARGIN, TITLE, SIGN = 0.35, 0.9, 0.9  # in cells


class Grid(NamedTuple):
    """An array (rows, columns) of numbers; NaN is drawn as an empty cell.

    lit : (row, column, rows, columns) of a frame around some cells, or None
    colours : {(row, column): colour}; other cells are shaded by their value
    largest : the size of a number in full shade; by default the largest of the array
    """
    title: str
    array: np.ndarray
    lit: tuple = None
    colours: dict = {}
    numbers: bool = True
    largest: float = None


def grids(rows, text, inches=0.44):
    """An image of rows of grids; `inches` is the side of a cell."""
    heights = [max(np.atleast_2d(part.array).shape[0] for part in row if isinstance(part, Grid)) for row in rows]
    width = max(sum(width_of(part) for part in row) for row in rows) + 2 * MARGIN
    figure, axes = canvas(width, sum(heights) + TITLE * len(rows) + MARGIN * (len(rows) + 1) / 2 + MARGIN / 2, inches)
    top = MARGIN / 2
    for row, height in zip(rows, heights):
        left = MARGIN
        for part in row:
            if isinstance(part, Grid):
                put(axes, part, left, top + TITLE, height, inches)
            else:
                axes.text(left + width_of(part) / 2, top + TITLE + height / 2, part, ha="center", va="center", color=INK,
                          fontsize=34 * inches)
            left += width_of(part)
        top += height + TITLE + MARGIN / 2
    return Drawing(figure, text)


def width_of(part):
    return max(np.atleast_2d(part.array).shape[1], 0.24 * len(part.title)) if isinstance(part, Grid) else max(
        SIGN, 0.3 * len(part) + 0.4)


def put(axes, grid, left, top, height, inches, scale=1.0):
    """One grid with its title above, in the middle of a row `height` cells high."""
    array = np.atleast_2d(np.asarray(grid.array, dtype=float))
    top += (height - array.shape[0] * scale) / 2
    left += (width_of(grid) - array.shape[1]) / 2 * (scale == 1)
    largest = grid.largest or np.nanmax(np.abs(array), initial=0)
    size = 22 * inches * scale
    axes.text(left + array.shape[1] * scale / 2, top - 0.2 * scale, grid.title, ha="center", va="bottom", color=INK,
              fontsize=21 * inches)
    for (r, c), value in np.ndenumerate(array):
        colour = grid.colours.get((r, c), shade(value, largest))
        place = left + c * scale, top + r * scale
        axes.add_patch(Rectangle(place, scale, scale, facecolor=colour, edgecolor=FAINT, linewidth=0.7))
        if grid.numbers:
            axes.text(place[0] + scale / 2, place[1] + scale / 2, number(value), ha="center", va="center_baseline", color=INK,
                      fontsize=size)
    if grid.lit:
        r, c, rows, columns = grid.lit
        axes.add_patch(Rectangle((left + c * scale, top + r * scale), columns * scale, rows * scale, fill=False,
                                 edgecolor=ORANGE, linewidth=2.6, zorder=3))


def product(x, weights, y, lit=None, bias=None):
    """x @ weights (+ bias) = y; `lit` (n, u) frames the row, the column and the number they make."""
    n, u = lit or (None, None)
    frame = lit is not None
    row = [Grid("x", x, (n, 0, 1, x.shape[1]) if frame else None), "@",
           Grid("weights", weights, (0, u, len(weights), 1) if frame else None)]
    if bias is not None:
        row += ["+", Grid("bias", bias, (0, u, 1, 1) if frame else None)]
    row += ["=", Grid("y", y, (n, u, 1, 1) if frame else None)]
    where = f"; row {n} of x and column {u} of weights make y[{n}, {u}]" if frame else ""
    return grids([row], f"x {x.shape} @ weights {weights.shape} = y {y.shape}{where}")


def heatmaps(arrays, text, inches=0.1):
    """{title: array} in the same shades without numbers, for arrays with many cells."""
    shapes = [array.shape for array in arrays.values()]
    figure = new_figure(sum(w for _, w in shapes) * inches + 0.3 * len(shapes), max(h for h, _ in shapes) * inches + 0.6)
    row = figure.subplots(1, len(shapes), width_ratios=[w for _, w in shapes], squeeze=False)[0]
    for axes, (title, array) in zip(row, arrays.items()):
        largest = np.nanmax(np.abs(array))
        axes.imshow([[shade(value, largest) for value in line] for line in array], interpolation="nearest")
        axes.set_title(title, fontsize=10, color=INK)
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_color(FAINT)
    return Drawing(figure, text)


def pale(colour):
    """A background that numbers can be read on."""
    return tint(colour, 0.35)
