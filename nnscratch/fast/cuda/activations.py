"""LeakyReLU, alone or with a bias in one pass, and sums over all rows of each channel (activations.cu, channels.h).

Shapes: x, y, dy, dx (..., C), bias (C,).
"""
import numpy as np

from nnscratch.backend import array_module
from nnscratch.fast.cuda.launch import launch

LANES = 32                # channels that a block of channels.h adds up
MOST_PARTS, LEAST_ROWS = 256, 64  # into how many parts the rows are cut at most, and how long a part is at least


def parts_of(rows):
    """(parts, rows of a part) for sums over so many rows: more parts are more blocks at work at the same time."""
    part_rows = max(LEAST_ROWS, -(-rows // MOST_PARTS))
    return -(-rows // part_rows), part_rows


def channel_blocks(channels):
    return -(-channels // LANES)


def leaky_relu(x, slope):
    """x where x > 0, else slope * x."""
    xp = array_module(x)
    y = xp.empty(x.shape, dtype=np.float32)
    launch("leaky_relu", y.size, xp.ascontiguousarray(x), y, slope, y.size)
    return y


def leaky_relu_backward(dy, x, slope):
    """dx = dy where x > 0, else slope * dy."""
    xp = array_module(dy)
    dx = xp.empty(x.shape, dtype=np.float32)
    launch("leaky_relu_backward", dx.size, xp.ascontiguousarray(dy), xp.ascontiguousarray(x), dx, slope, dx.size)
    return dx


def bias_leaky_relu(y, bias, slope):
    """f(y + bias), f(u) = u where u > 0, else slope * u, for slopes of at least 0; 0 is relu. Written over y, where y lies in
    C order; y comes fresh from a product, and nobody needs it any more."""
    y = array_module(y).ascontiguousarray(y)
    launch("bias_leaky_relu", y.size, y, bias, slope, y.shape[-1], y.size)
    return y


def bias_leaky_relu_backward(dy, y, slope):
    """dx = dy * f', and dbias = Σ dx over all rows. y > 0 tells where f' is 1."""
    xp, c = array_module(dy), dy.shape[-1]
    dy, rows, (parts, part_rows) = xp.ascontiguousarray(dy, dtype=np.float32), dy.size // c, parts_of(dy.size // c)
    dx, sums = xp.empty(dy.shape, dtype=np.float32), xp.empty((parts, c), dtype=np.float32)
    launch("bias_leaky_relu_backward", (channel_blocks(c), parts), dy, y, dx, sums, slope, rows, c, part_rows)
    return dx, sums.sum(axis=0)


def channel_sum(x):
    """The sum over all axes but the last: (..., C) -> (C,)."""
    xp, c = array_module(x), x.shape[-1]
    rows, (parts, part_rows) = x.size // c, parts_of(x.size // c)
    sums = xp.empty((parts, c), dtype=np.float32)
    launch("channel_sums", (channel_blocks(c), parts), xp.ascontiguousarray(x), sums, rows, c, part_rows)
    return sums.sum(axis=0)
