"""The windows and the channels of a convolution.

Shapes: x (H, W, C), kernel (KH, KW, C), y (OH, OW): one image and one filter.
"""

import numpy as np

from nnscratch.course.draw.drawing import Drawing
from nnscratch.course.draw.number_grid import Grid, grids
from nnscratch.hints import checked
from nnscratch.ops.window import make_window

__all__ = ["channels"]


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
