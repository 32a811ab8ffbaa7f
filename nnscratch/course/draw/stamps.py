"""Transposed convolution as painting: every number of x stamps the kernel, times itself, `stride` pixels from the last one.

Shapes: x (H, W), kernel (KH, KW), y ((H-1) stride + KH, (W-1) stride + KW): one picture of one channel.
"""
import numpy as np

from nnscratch.course.draw.grids import Grid, grids


def stamps(x, kernel, stride, places):
    """A row for each of some places (h, w): the number at work, what it paints, and the picture so far."""
    (kh, kw), rows = kernel.shape, []
    for h, w in places:
        y = np.zeros(((x.shape[0] - 1) * stride + kh, (x.shape[1] - 1) * stride + kw))
        for r, s in np.ndindex(x.shape):
            if (r, s) <= (h, w):
                y[r * stride:r * stride + kh, s * stride:s * stride + kw] += x[r, s] * kernel
        rows.append([Grid("x", x, (h, w, 1, 1)), "·", Grid("kernel", kernel), "→", Grid("painted", x[h, w] * kernel),
                     "add →", Grid("y so far", y, (h * stride, w * stride, kh, kw))])
    return grids(rows, f"each number of x {x.shape} paints the {kh}x{kw} kernel into y, {stride} pixels apart, shown at places "
                       f"{list(places)}", inches=0.38)
