"""Convolution by weaving: im2col down the rows only, for windows of many rows.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC), columns (windows, KW*KH*C).

Along a row the pixels under a window are neighbours in memory, so only down the rows must they be brought together: the KH
rows under a row of windows are woven, pixel by pixel, into one. That takes KH copies of x where im2col takes KH*KW, and for
9x9 windows on a picture of 3 channels it is in long runs, not in pieces of 3 numbers. Winograd's way (winograd.py, which
lends its machinery) would save multiplications, but loses its accuracy with windows of more than 5 rows.
"""
from functools import partial

from nnscratch.backend import array_module, common_dtype
from nnscratch.memory import BESIDE, WINDOWS, scratch
from nnscratch.ops import winograd
from nnscratch.ops.row_blocks import blocks, lanes, unweave, with_margin, woven_plan

convolve_dkernel = partial(winograd.convolve_dkernel, plan_for=woven_plan)


def convolve(x, kernel, window, bias=None):
    """y = woven rows @ K + b.

    Where all windows' products are fewer numbers than the woven rows (many channels in, few out), the way back is shorter:
    a convolution with stride 1 is the dx of another one, whose kernel is turned around.
    """
    (kh, kw, c, oc), ((top, _), (left, _)) = kernel.shape, window.pads
    if window.strides != (1, 1) or kw * oc >= c:
        return winograd.convolve(x, kernel, window, bias, woven_plan)
    back = window._replace(input=window.output, output=window.input, pads=((kh - 1 - top, 0), (kw - 1 - left, 0)))
    return convolve_dx(x, kernel[::-1, ::-1].swapaxes(2, 3), back, bias)


def convolve_dx(dy, kernel, window, bias=None):
    """dx: dy @ Kᵀ is added to the lanes, window by window, and the woven rows are taken apart again: the way back."""
    xp, (kh, kw, c, oc) = array_module(dy), kernel.shape
    plan, dtype = woven_plan(window, c), common_dtype(dy, kernel, bias)
    matrix = kernel.transpose(3, 1, 0, 2).reshape(oc, -1)  # its rows in the order of a lane: column, row, channel
    dx = xp.zeros((len(dy), *window.input, c), dtype=dtype)
    if bias is not None:
        dx += bias
    for block in blocks(len(dy), window, plan, oc, dx.itemsize):
        upstream = scratch(xp, BESIDE, (1, block.places(window), oc), dy.dtype)
        block.overhang(upstream, window)[...] = 0
        for source, target, _ in block.tiles_of(dy, upstream, window, plan):
            target[...] = source
        images, tiles = (part.stop - part.start for part in block[:2])
        rows = with_margin(xp, WINDOWS, (tiles, images, block.width(window), kh, c), dtype)
        rows[...] = 0
        for lane, columns in lanes(rows, block, window, plan, kw):
            columns += upstream[:, lane] @ matrix
        unweave(rows, dx, block, window, plan)
    return dx
