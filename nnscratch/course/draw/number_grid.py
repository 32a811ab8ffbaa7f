"""Arrays as grids of numbers in a row, with signs between them: x @ W + b = y as on a blackboard.

A row of the image is a list of Grids and signs; several rows stand below each other.
"""
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from nnscratch.course.draw.drawing import FAINT, INK, ORANGE, Drawing, canvas, new_figure, number, shade, tint
from nnscratch.hints import checked

__all__ = ["Grid", "grids", "heatmaps", "product"]

MARGIN, TITLE, SIGN = 0.35, 0.9, 0.9  # in cells


class Grid(NamedTuple):
    """An array of numbers.

    Parameters
    ----------
    title : str
    array : array (rows, columns)
        NaN is drawn as an empty cell.
    frame : (row, column, rows, columns), optional
        A frame around some cells.
    colours : dict of (row, column) to colour
        Other cells are shaded by their value.
    numbers : bool
        Whether to write the numbers.
    vmax : float, optional
        The absolute value of the darkest shade; by default the largest of the array.
    """
    title: str
    array: ArrayLike
    frame: tuple[int, int, int, int] | None = None
    colours: Mapping[tuple[int, int], Any] = {}
    numbers: bool = True
    vmax: float | None = None


Row: TypeAlias = Sequence[Grid | str]


@checked
def grids(rows: Sequence[Row], text: str, inches: float = 0.44) -> Drawing:
    """Draw rows of grids and signs.

    Parameters
    ----------
    rows : sequence of sequence of Grid or str
    text : str
        The image in a sentence.
    inches : float
        Side of a cell.

    Returns
    -------
    image : Drawing
        The rows below each other.
    """
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


def width_of(part: Grid | str) -> float:
    """The width of a grid or a sign in cells."""
    return max(np.atleast_2d(part.array).shape[1], 0.24 * len(part.title)) if isinstance(part, Grid) else max(
        SIGN, 0.3 * len(part) + 0.4)


def put(axes: Any, grid: Grid, left: float, top: float, height: float, inches: float, scale: float = 1.0) -> None:
    """Draw one grid with its title above, centred in a row that is `height` cells high."""
    array = np.atleast_2d(np.asarray(grid.array, dtype=float))
    top += (height - array.shape[0] * scale) / 2
    left += (width_of(grid) - array.shape[1]) / 2 * (scale == 1)
    vmax = grid.vmax or np.nanmax(np.abs(array), initial=0)
    size = 22 * inches * scale
    axes.text(left + array.shape[1] * scale / 2, top - 0.2 * scale, grid.title, ha="center", va="bottom", color=INK,
              fontsize=21 * inches)
    for (r, c), value in np.ndenumerate(array):  # `add_patch` would update the limits of the axes for each, which takes long
        colour = grid.colours.get((r, c), shade(value, vmax))
        place = left + c * scale, top + r * scale
        axes.add_artist(Rectangle(place, scale, scale, facecolor=colour, edgecolor=FAINT, linewidth=0.7))
        if grid.numbers:
            axes.text(place[0] + scale / 2, place[1] + scale / 2, number(value), ha="center", va="center_baseline", color=INK,
                      fontsize=size)
    if grid.frame:
        r, c, rows, columns = grid.frame
        axes.add_artist(Rectangle((left + c * scale, top + r * scale), columns * scale, rows * scale, fill=False,
                                  edgecolor=ORANGE, linewidth=2.6, zorder=3))


@checked
def product(x: np.ndarray, weights: np.ndarray, y: np.ndarray, place: tuple[int, int] | None = None,
            bias: np.ndarray | None = None) -> Drawing:
    """Draw x @ weights (+ bias) = y.

    Parameters
    ----------
    x : array (N, inputs)
    weights : array (inputs, units)
    y : array (N, units)
    place : (n, u), optional
        Frames y[n, u], and the row and the column that it is made of.
    bias : array (units,), optional

    Returns
    -------
    image : Drawing
        The matrices in a row.
    """
    n, u = place or (0, 0)

    def framed(title: str, array: np.ndarray, *frame: int) -> Grid:
        return Grid(title, array, frame if place else None)  # type: ignore[arg-type]  # always four numbers

    row: list[Grid | str]
    row = [framed("x", x, n, 0, 1, x.shape[1]), "@", framed("W", weights, 0, u, len(weights), 1)]
    if bias is not None:
        row += ["+", framed("b", bias, 0, u, 1, 1)]
    row += ["=", framed("y", y, n, u, 1, 1)]
    where = f"; row {n} of x and column {u} of W make y[{n}, {u}]" if place else ""
    return grids([row], f"x {x.shape} @ W {weights.shape} = y {y.shape}{where}")


@checked
def heatmaps(arrays: Mapping[str, np.ndarray], text: str, inches: float = 0.1) -> Drawing:
    """Draw arrays with many cells, in the same shades but without numbers.

    Parameters
    ----------
    arrays : dict of str to array (rows, columns)
        By title.
    text : str
        The image in a sentence.
    inches : float
        Side of a cell.

    Returns
    -------
    image : Drawing
        The arrays beside each other.
    """
    shapes = [array.shape for array in arrays.values()]
    figure = new_figure(sum(w for _, w in shapes) * inches + 0.3 * len(shapes), max(h for h, _ in shapes) * inches + 0.6)
    row = figure.subplots(1, len(shapes), width_ratios=[w for _, w in shapes], squeeze=False)[0]
    for axes, (title, array) in zip(row, arrays.items()):
        vmax = np.nanmax(np.abs(array))
        axes.imshow([[shade(value, vmax) for value in line] for line in array], interpolation="nearest")
        axes.set_title(title, fontsize=10, color=INK)
        axes.set(xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_color(FAINT)
    return Drawing(figure, text)


def pale(colour: str) -> tuple[float, ...]:
    """The colour as a background for numbers."""
    return tint(colour, 0.35)
