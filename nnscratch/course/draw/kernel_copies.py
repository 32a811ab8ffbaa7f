"""The gradient of a convolution with respect to its input: each output gradient adds a scaled copy of the kernel.

Shapes: dy (OH, OW), kernel (KH, KW), dx (OH + KH - 1, OW + KW - 1): one image of one channel.
"""
from collections.abc import Sequence

import numpy as np

from nnscratch.course.draw.drawing import Drawing
from nnscratch.course.draw.number_grid import Grid, Row, grids
from nnscratch.hints import checked

__all__ = ["scaled_kernels"]


@checked
def scaled_kernels(dy: np.ndarray, kernel: np.ndarray, places: Sequence[tuple[int, int]]) -> Drawing:
    """Draw which scaled copy of the kernel an output gradient adds to dx.

    Parameters
    ----------
    dy : array (OH, OW)
    kernel : array (KH, KW)
    places : sequence of (h, w)
        One row of the image each.

    Returns
    -------
    image : Drawing
        A frame marks the output gradient, and the patch that it contributes to.
    """
    kh, kw = kernel.shape
    rows: list[Row] = []
    for h, w in places:
        dx = np.zeros((dy.shape[0] + kh - 1, dy.shape[1] + kw - 1))
        for r, s in np.ndindex(dy.shape):
            if (r, s) <= (h, w):
                dx[r:r + kh, s:s + kw] += dy[r, s] * kernel
        rows.append([Grid("dy", dy, (h, w, 1, 1)), "·", Grid("K", kernel), "=", Grid("scaled K", dy[h, w] * kernel), "add →",
                     Grid("dx so far", dx, (h, w, kh, kw))])
    return grids(rows, f"each number of dy {dy.shape} adds the {kh}x{kw} kernel, times itself, to dx; shown at {list(places)}",
                 inches=0.4)
