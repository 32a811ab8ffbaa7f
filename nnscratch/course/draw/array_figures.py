"""Arrays as a beginner meets them: an image as numbers, an array that is repeated by broadcasting, a sum along an axis.

Shapes: image (H, W); arrays of at most two axes.
"""
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nnscratch.course.draw.drawing import BLUE, CARD, FAINT, GREEN, INK, ORANGE, Drawing, new_figure, tint
from nnscratch.course.draw.number_grid import Grid, Row, grids, pale
from nnscratch.hints import checked

__all__ = ["axis_sums", "broadcast", "layouts", "pixels"]


@checked
def pixels(image: np.ndarray, rows: tuple[int, int], columns: tuple[int, int], text: str) -> Drawing:
    """Draw an image with a frame, and the numbers within the frame.

    Parameters
    ----------
    image : array (H, W) in [0, 1]
    rows, columns : (first, end)
        The part in the frame; the end is not included.
    text : str
        The image in a sentence.

    Returns
    -------
    image : Drawing
        The image with row and column numbers, and the part with its values.
    """
    figure = new_figure(6.2, 3.1)
    left, right = figure.subplots(1, 2)
    (top, bottom), (first, end) = rows, columns
    for axes, part, corner in ((left, image, (0, 0)), (right, image[top:bottom, first:end], (top, first))):
        high, wide = part.shape
        extent = (corner[1] - 0.5, corner[1] + wide - 0.5, corner[0] + high - 0.5, corner[0] - 0.5)
        axes.imshow(part, cmap="gray", vmin=0, vmax=1, extent=extent, interpolation="nearest")
        step = 1 if part is not image else 3
        axes.set(xticks=range(corner[1], corner[1] + wide, step), yticks=range(corner[0], corner[0] + high, step))
        axes.tick_params(labelsize=9, colors=INK, length=2)
        axes.set_xlabel("column", color=INK, fontsize=10)
        axes.set_ylabel("row", color=INK, fontsize=10)
    for r, c in np.ndindex(bottom - top, end - first):
        value = image[top + r, first + c]
        right.text(first + c, top + r, f"{value:.1f}", ha="center", va="center_baseline", fontsize=9,
                   color=INK if value > 0.5 else "white")
    for axes in (left, right):
        axes.add_patch(Rectangle((first - 0.5, top - 0.5), end - first, bottom - top, fill=False, edgecolor=ORANGE,
                                 linewidth=2.6, clip_on=False, zorder=3))
    left.set_title(f"image, shape {image.shape}", fontsize=10, color=INK)
    right.set_title(f"image[{top}:{bottom}, {first}:{end}], shape {(bottom - top, end - first)}", fontsize=10, color=INK)
    return Drawing(figure, text)


@checked
def broadcast(pairs: Sequence[tuple[np.ndarray, np.ndarray]], text: str) -> Drawing:
    """Draw sums of two arrays of different shapes: blue numbers are stored, grey ones are repeated.

    Parameters
    ----------
    pairs : sequence of (array, array)
        Of one or two axes, which broadcast.
    text : str
        The image in a sentence.

    Returns
    -------
    image : Drawing
        A row for each pair.
    """
    rows: list[Row] = []
    for a, b in pairs:
        total = a + b
        rows.append([repeated(a, total.shape), "+", repeated(b, total.shape), "=",
                     Grid(f"{total.shape}", total, colours=dict.fromkeys(np.ndindex(total.shape), "white"))])
    return grids(rows, text, 0.4)


def repeated(array: np.ndarray, shape: tuple[int, ...]) -> Grid:
    """The array, repeated to a shape."""
    stored = (1,) * (2 - array.ndim) + array.shape
    colours = {place: tint(BLUE, 0.3) if all(k < size for k, size in zip(place, stored)) else tint("#888888", 0.16)
               for place in np.ndindex(shape)}
    return Grid(f"{array.shape}", np.broadcast_to(array, shape), colours=colours)


@checked
def axis_sums(array: np.ndarray, text: str) -> Drawing:
    """Draw an array, its sums along axis 0 below it, and those along axis 1 to its right.

    Parameters
    ----------
    array : array (rows, columns)
    text : str
        The image in a sentence.

    Returns
    -------
    image : Drawing
        The array and both sums.
    """
    rows, columns = array.shape
    figure = Figure(figsize=(5.4, 2.9), dpi=96, facecolor=CARD)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-3.1, columns + 5.6), ylim=(rows + 2.1, -1.3))
    axes.set_axis_off()
    parts = [(array, 0, 0, BLUE), (array.sum(axis=0)[None], 0, rows + 0.7, ORANGE),
             (array.sum(axis=1)[:, None], columns + 0.7, 0, GREEN)]
    for part, left, top, colour in parts:
        for (r, c), value in np.ndenumerate(part):
            axes.add_patch(Rectangle((left + c, top + r), 1, 1, facecolor=tint(colour, 0.25), edgecolor=FAINT))
            axes.text(left + c + 0.5, top + r + 0.5, f"{value:g}", ha="center", va="center_baseline", fontsize=11, color=INK)
    for start, end, colour in (((-0.4, 0), (-0.4, rows), ORANGE), ((0, -0.35), (columns, -0.35), GREEN)):
        axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 1.6})
    labels = [(-0.6, rows / 2, "axis 0", "right", ORANGE), (columns / 2, -0.75, "axis 1", "center", GREEN),
              (-0.2, rows + 1.2, "sum(axis=0)", "right", ORANGE), (columns + 1.9, rows / 2, "sum(axis=1)", "left", GREEN)]
    for x, y, label, side, colour in labels:
        axes.text(x, y, label, ha=side, va="center", fontsize=10.5, color=colour)
    return Drawing(figure, text)


@checked
def layouts(arrays: Sequence[tuple[str, np.ndarray]], text: str) -> Drawing:
    """Draw arrays of the same numbers; the colour of a number is that of its row in the first array.

    Parameters
    ----------
    arrays : sequence of (title, array)
        All numbers of the first array are distinct.
    text : str
        The image in a sentence.

    Returns
    -------
    image : Drawing
        The arrays in a row.
    """
    row_of = {value: row for (row, _), value in np.ndenumerate(arrays[0][1])}
    palette = [pale(colour) for colour in (BLUE, ORANGE, GREEN)]
    row: list[Grid | str] = []
    for title, array in arrays:
        colours = {place: palette[row_of[value] % 3] for place, value in np.ndenumerate(np.atleast_2d(array))}
        row += [Grid(title, array, colours=colours), "  "]
    return grids([row[:-1]], text, 0.44)
