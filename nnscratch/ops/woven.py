"""Convolution by weaving: im2col down the rows only, for windows of many rows.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC), woven rows (N, OH, W, KH, C).

Along a row the pixels under a window are neighbours in memory, so only down the rows must they be brought together: the KH
rows under a row of windows are woven, pixel by pixel, into one. That takes KH copies of x where im2col takes KH*KW, in long
runs. Winograd's way (winograd.py, which lends its machinery) would save multiplications too, but loses its accuracy with
windows of more than 7 rows.

With stride 1 there are two ways to each result, since a convolution is the dx of the convolution with the kernel turned
around. The first copies KH * C numbers a window, the second adds up KH * KW * OC: `few` says where the second is shorter.
"""
from nnscratch.backend import array_module, common_dtype
from nnscratch.fast.cpu import winograd
from nnscratch.fast.cpu.winograd_tiles import cut, lanes, margin, unweave, with_margin, woven_plan
from nnscratch.memory import BESIDE, WINDOWS, scratch


def convolve(x, kernel, window, bias=None):
    """y = woven rows @ K + b; or, for few output channels, as the dx of the convolution that goes the other way."""
    _, kw, c, oc = kernel.shape
    if window.strides == (1, 1) and few(oc, kw, c):
        return paint(x, turned(kernel), other_way(window), bias)
    return winograd.convolve(x, kernel, window, bias, woven_plan)


def convolve_dx(dy, kernel, window, bias=None):
    """dx by the way back; or, where that is longer, as the convolution of dy that goes the other way."""
    _, kw, c, oc = kernel.shape
    if window.strides == (1, 1) and not few(c, kw, oc):
        return winograd.convolve(dy, turned(kernel), other_way(window), bias, woven_plan)
    return paint(dy, kernel, window, bias)


def convolve_dkernel(x, dy, window):
    """dK = woven rowsᵀ @ dy; or, for few output channels, with dy woven and x taken as it is."""
    if window.strides == (1, 1) and few(dy.shape[3], window.taps[1], x.shape[3]):
        return turned(winograd.convolve_dkernel(dy, x, other_way(window), woven_plan))
    return winograd.convolve_dkernel(x, dy, window, woven_plan)


def paint(dy, kernel, window, bias=None):
    """dx by the way back: dy @ Kᵀ is added to the woven rows, window by window, and they are taken apart again."""
    xp, (kh, kw, c, oc) = array_module(dy), kernel.shape
    plan, dtype = woven_plan(window, c), common_dtype(dy, kernel, bias)
    matrix = kernel.transpose(3, 1, 0, 2).reshape(oc, -1)  # its columns in the order of a window: column, row, channel
    dx = xp.zeros((len(dy), *window.input, c), dtype=dtype)
    if bias is not None:
        dx += bias
    for block in cut(len(dy), window, plan, oc, dx.itemsize):
        upstream = scratch(xp, BESIDE, (1, block.places(window), oc), dy.dtype)
        block.overhang(upstream, window)[...] = 0
        for source, target, _ in block.tiles_of(dy, upstream, window, plan):
            target[...] = source
        images, tiles = (part.stop - part.start for part in block[:2])
        rows = with_margin(xp, WINDOWS, (tiles, images, block.width(window), kh, c), dtype, margin(window, plan))
        rows[...] = 0
        for lane, windows in lanes(rows, block, window, plan, kw):
            windows += upstream[:, lane] @ matrix
        unweave(rows, dx, block, window, plan)
    return dx


def few(outputs, kw, inputs):
    """Whether the products of a window with `outputs` channels are fewer numbers than the woven rows of `inputs` channels."""
    return kw * outputs < inputs


def turned(kernel):
    """The kernel of the convolution that goes the other way: turned by half a circle, inputs and outputs exchanged."""
    return kernel[::-1, ::-1].swapaxes(2, 3)


def other_way(window):
    """The window, with stride 1, of that convolution: from the shape of y to that of x."""
    (kh, kw), ((top, _), (left, _)) = window.taps, window.pads
    return window._replace(input=window.output, output=window.input, pads=((kh - 1 - top, 0), (kw - 1 - left, 0)))
