"""Max pooling as an image: every window has its own colour, and the gradient goes to the maximum alone.

Shapes: x (H, W), dy (H/p, W/p): one image of one channel, windows of p x p side by side.
"""
from typing import Any

import numpy as np

from nnscratch.course.draw.drawing import PALETTE, Drawing
from nnscratch.course.draw.number_grid import Grid, grids, pale
from nnscratch.hints import checked

__all__ = ["pooling"]


@checked
def pooling(x: np.ndarray, dy: np.ndarray, p: int) -> Drawing:
    """Draw max pooling, x to y, and its backward pass, dy to dx.

    Parameters
    ----------
    x : array (H, W)
    dy : array (H/p, W/p)
    p : int
        Rows and columns of a window.

    Returns
    -------
    image : Drawing
        Of equal pixels the first is the maximum.
    """
    y, dx = np.zeros(dy.shape), np.zeros(x.shape)
    of_x: dict[tuple, Any] = {}
    of_y: dict[tuple, Any] = {}
    of_dx: dict[tuple, Any] = dict.fromkeys(np.ndindex(x.shape), "white")
    for k, (oh, ow) in enumerate(np.ndindex(dy.shape)):
        window, colour = x[oh * p:(oh + 1) * p, ow * p:(ow + 1) * p], pale(PALETTE[k % len(PALETTE)])
        i, j = np.unravel_index(window.argmax(), window.shape)
        winner = oh * p + int(i), ow * p + int(j)
        y[oh, ow], dx[winner] = x[winner], dy[oh, ow]
        of_x.update({(oh * p + a, ow * p + b): colour for a, b in np.ndindex(p, p)})
        of_y[oh, ow] = of_dx[winner] = colour
    return grids([[Grid("x", x, colours=of_x), "max →", Grid("y", y, colours=of_y), "    ",
                   Grid("dy", dy, colours=of_y), "→", Grid("dx", dx, colours=of_dx)]],
                 f"max pooling of a {x.shape[0]}x{x.shape[1]} image in windows of {p}x{p}: y holds the largest number of "
                 f"each window, and dx has each dy at the place of that number, 0 elsewhere")
