"""Stride, padding and channels of a convolution.

Shapes: x (H, W, C), kernel (KH, KW, C), y (OH, OW): one image and one filter.
"""
from collections.abc import Sequence

import numpy as np

from nnscratch.course.draw.drawing import BLUE, FAINT, Drawing, tint
from nnscratch.course.draw.number_grid import Grid, grids
from nnscratch.hints import checked
from nnscratch.ops.window import make_window

__all__ = ["channels", "window_places"]


@checked
def window_places(size: int, kernel: int, settings: Sequence[tuple[int, int]]) -> Drawing:
    """Draw where a window stands: padding grey, the first window framed, the centre of every window blue.

    Parameters
    ----------
    size : int
        Rows and columns of the image.
    kernel : int
        Rows and columns of the window.
    settings : sequence of (stride, padding)
        One image each.

    Returns
    -------
    image : Drawing
        Each blue pixel is one number of y.
    """
    row: list[Grid | str] = []
    for stride, padding in settings:
        side = size + 2 * padding
        inside = range(padding, padding + size)
        colours = {(r, c): "white" if r in inside and c in inside else tint(FAINT, 0.9) for r, c in np.ndindex(side, side)}
        colours |= dict.fromkeys(centres(size, kernel, stride, padding), tint(BLUE, 0.55))
        title, frame = f"stride {stride}, padding {padding}", (0, 0, kernel, kernel)
        row += [Grid(title, np.zeros((side, side)), frame, colours, numbers=False), " "]
    sizes = [f"{side}x{side}" for stride, padding in settings
             for side in make_window("draw", (size, size), kernel, stride, padding).output[:1]]
    return grids([row[:-1]], f"where a {kernel}x{kernel} window stands on a {size}x{size} image for (stride, padding) "
                 f"{', '.join(map(str, settings))}: {', '.join(sizes)} places", inches=0.3)


def centres(size: int, kernel: int, stride: int, padding: int) -> list[tuple[int, int]]:
    """The centre of each window in the padded image."""
    window = make_window("draw", (size, size), kernel, stride, padding)
    return [(r * stride + (kernel - 1) // 2, s * stride + (kernel - 1) // 2) for r, s in np.ndindex(window.output)]


@checked
def channels(x: np.ndarray, kernel: np.ndarray, place: tuple[int, int], bias: float = 0.0) -> Drawing:
    """Draw how one number of y is summed over the channels, each of which has its own slice of the kernel.

    Parameters
    ----------
    x : array (H, W, C)
    kernel : array (KH, KW, C)
    place : (row, column)
        Of the number in y.
    bias : float

    Returns
    -------
    image : Drawing
        A row for each channel, and one for the sum.
    """
    (kh, kw, count), (oh, ow) = kernel.shape, place
    under = x[oh:oh + kh, ow:ow + kw]
    y = np.full((x.shape[0] - kh + 1, x.shape[1] - kw + 1), np.nan)
    y[place] = (under * kernel).sum() + bias
    rows: list[list[Grid | str]]
    rows = [[Grid(f"x, channel {c}", x[:, :, c], (oh, ow, kh, kw)), "·", Grid(f"kernel, channel {c}", kernel[:, :, c]), "→",
             Grid("products", under[:, :, c] * kernel[:, :, c]), "sum →", Grid("", [[(under * kernel)[:, :, c].sum()]])]
            for c in range(count)]
    rows.append([Grid("sums", [(under * kernel).sum(axis=(0, 1))]), "+", Grid("bias", [[bias]]), "add →",
                 Grid("y", y, (*place, 1, 1))])
    return grids(rows, f"y{list(place)} = {y[place]:g}: in each of {count} channels the window times that channel's slice of "
                 f"the kernel, all added up", inches=0.38)
