"""A transposed convolution, step by step: every value of x adds the kernel, times that value, to y, `stride` pixels apart.

Shapes: x (H, W), kernel (KH, KW), y ((H-1) stride + KH, (W-1) stride + KW): one image of one channel.
"""
from collections.abc import Sequence

import numpy as np

from nnscratch.course.draw.drawing import Drawing
from nnscratch.course.draw.number_grid import Grid, Row, grids
from nnscratch.hints import checked

__all__ = ["stamps"]


@checked
def stamps(x: np.ndarray, kernel: np.ndarray, stride: int, places: Sequence[tuple[int, int]]) -> Drawing:
    """Draw a transposed convolution at some places.

    Parameters
    ----------
    x : array (H, W)
    kernel : array (KH, KW)
    stride : int
    places : sequence of (h, w)

    Returns
    -------
    image : Drawing
        A row for each place: the value of x, the scaled kernel, and y so far.
    """
    kh, kw = kernel.shape
    return grids(stamp_rows(x, kernel, stride, places), f"each value of x {x.shape} adds the {kh}x{kw} kernel times it "
                 f"to y, {stride} pixels apart, shown at places {list(places)}", inches=0.38)


def stamp_rows(x: np.ndarray, kernel: np.ndarray, stride: int, places: Sequence[tuple[int, int]]) -> list[Row]:
    """The rows of `stamps`."""
    (kh, kw), so_far = kernel.shape, {}
    y = np.zeros(((x.shape[0] - 1) * stride + kh, (x.shape[1] - 1) * stride + kw))
    for h, w in np.ndindex(x.shape):
        y[h * stride:h * stride + kh, w * stride:w * stride + kw] += x[h, w] * kernel
        so_far[h, w] = y.copy()
    return [[Grid("x", x, (h, w, 1, 1)), "·", Grid("kernel", kernel), "→", Grid("scaled", x[h, w] * kernel), "add →",
             Grid("y so far", so_far[h, w], (h * stride, w * stride, kh, kw), vmax=np.abs(y).max())] for h, w in places]
