"""Row im2col: all columns of a block by one copy of long items, then one matrix product.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC), columns (windows of a block, KH*KW*C).

With channels last, the KW * C numbers under one row of a window are neighbours in memory. NumPy copies them as one item of
that many bytes, and all windows of a block by one call, where ops.im2col copies C numbers at a time, tap by tap.

The columns hold each pixel up to KH*KW times. So they are made for a few rows at a time, COLUMN_BYTES of them at most: they
stay in the processor's cache between being written and being read. Padded rows, too, exist SLAB_BYTES at a time: some images,
or some rows of a large one.
"""
from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from nnscratch.backend import common_dtype
from nnscratch.fast.workspace import BESIDE, WINDOWS, scratch
from nnscratch.ops.window import Window, extent

COLUMN_BYTES = 2 * 2**20
SLAB_BYTES = 3 * 2**20
WIDE = 4  # output rows and columns that convolve_wide computes from one window


def convolve(x: Any, kernel: Any, window: Window, bias: Any = None) -> Any:
    """y = im2col(x) @ K + b."""
    oc, dtype = kernel.shape[3], common_dtype(x, kernel, bias)
    y, matrix = np.empty((len(x), *window.output, oc), dtype), np.ascontiguousarray(kernel, dtype).reshape(-1, oc)
    rows = y.reshape(-1, oc)
    for block, columns in blocks(x, window, oc, dtype):
        np.matmul(columns, matrix, out=rows[block])
        if bias is not None:
            rows[block] += bias  # while it is in the cache
    return y


def convolve_dkernel(x: Any, dy: Any, window: Window) -> Any:
    """dK = im2col(x)ᵀ @ dy, summed over the blocks."""
    oc, dtype = dy.shape[3], common_dtype(x, dy)
    rows, dkernel = np.ascontiguousarray(dy, dtype).reshape(-1, oc), np.zeros((*window.taps, x.shape[3], oc), dtype)
    total = dkernel.reshape(-1, oc)
    for block, columns in blocks(x, window, oc, dtype):
        total += columns.T @ rows[block]
    return dkernel


def convolve_wide(x: Any, kernel: Any, window: Window) -> Any:
    """y for few output channels, WIDE x WIDE pixels at a time.

    Windows of neighbouring pixels overlap, so one window that is WIDE - 1 strides larger holds all that these pixels need: one
    row of columns and WIDE * WIDE * OC products. The kernel stands in the larger one once for each of the pixels.
    """
    (kh, kw, c, oc), (oh, ow), (sh, sw) = kernel.shape, window.output, window.strides
    taps = kh + (WIDE - 1) * sh, kw + (WIDE - 1) * sw
    wide = np.zeros((*taps, c, WIDE, WIDE, oc), common_dtype(x, kernel))
    for p in range(WIDE):
        for q in range(WIDE):
            wide[p * sh:p * sh + kh, q * sw:q * sw + kw, :, p, q] = kernel
    output = -(-oh // WIDE), -(-ow // WIDE)
    strides = sh * WIDE, sw * WIDE
    pads = tuple((before, max(0, (n - 1) * s + t - before - size))
                 for (before, _), n, s, t, size in zip(window.pads, output, strides, taps, window.input))
    y = convolve(x, wide.reshape(*taps, c, -1), Window(window.input, taps, strides, (1, 1), pads, output))
    y = y.reshape(len(x), *output, WIDE, WIDE, oc).swapaxes(2, 3).reshape(len(x), output[0] * WIDE, output[1] * WIDE, oc)
    return np.ascontiguousarray(y[:, :oh, :ow])


def blocks(x: Any, window: Window, outputs: int, dtype: Any) -> Iterator[tuple[slice, Any]]:
    """Cut all windows, N*OH*OW in a row, into blocks: yields which windows, and their columns in scratch memory."""
    (oh, ow), (kh, kw), (sh, sw), (dh, dw), c = window.output, window.taps, window.strides, window.dilation, x.shape[3]
    if window.taps == window.strides == (1, 1) and window.output == window.input:  # every pixel is a window
        yield slice(0, len(x) * oh * ow), np.ascontiguousarray(x, dtype).reshape(-1, c)
        return
    together = kw if dw == 1 else 1  # pixels that are neighbours in memory
    fit = max(1, COLUMN_BYTES // (max(kh * kw * c, outputs) * dtype.itemsize))
    images, rows, places, item = max(1, fit // (oh * ow)), max(1, min(oh, fit // ow)), min(ow, fit), together * c
    for first, top, bottom, slab in slabs(x, window, dtype):
        image, row, pixel, number = slab.strides
        strides = image, sh * row, sw * pixel, dh * row, dw * pixel
        for n in range(0, len(slab), images):
            for r in range(0, bottom - top, rows):
                for q in range(0, ow, places):
                    shape = min(images, len(slab) - n), min(rows, bottom - top - r), min(places, ow - q), kh, kw // together
                    begin, items = n * image + r * strides[1] + q * strides[2], f"V{item * number}"
                    windows = np.ndarray(shape, items, slab, begin, strides)
                    columns = scratch(np, WINDOWS, (prod(shape[:3]), kh * kw * c), dtype)
                    np.copyto(columns.view(items).reshape(shape), windows)
                    start = ((first + n) * oh + top + r) * ow + q
                    yield slice(start, start + len(columns)), columns


def slabs(x: Any, window: Window, dtype: Any) -> Iterator[tuple[int, int, int, Any]]:
    """The padded rows under some images, or some rows of y: yields the first image, the rows of y, the padded rows."""
    if window.pads == ((0, 0), (0, 0)) and x.dtype == dtype and x.flags.c_contiguous:
        yield 0, 0, window.output[0], x
        return
    (oh, _), (top, bottom), (left, right), reach = window.output, *window.pads, extent(window.taps[0], window.dilation[0])
    row = (left + x.shape[2] + right) * x.shape[3] * dtype.itemsize
    images = max(1, SLAB_BYTES // (row * (top + x.shape[1] + bottom)))
    rows = oh if images > 1 else max(1, min(oh, (SLAB_BYTES // row - reach) // window.strides[0] + 1))
    for n in range(0, len(x), images):
        for r in range(0, oh, rows):
            end = min(r + rows, oh)
            seen, part = rows_under(window, r, end)
            yield n, r, end, pad(x[n:n + images, seen], part, dtype)


def rows_under(window: Window, first: int, last: int) -> tuple[slice, Window]:
    """The rows of x that the output rows first, ..., last - 1 see, and the window on them alone."""
    start = first * window.strides[0] - window.pads[0][0]
    stop = (last - 1) * window.strides[0] - window.pads[0][0] + extent(window.taps[0], window.dilation[0])
    low, high = (min(max(0, row), window.input[0]) for row in (start, stop))
    return slice(low, high), window._replace(input=(high - low, window.input[1]), output=(last - first, window.output[1]),
                                             pads=((low - start, stop - high), window.pads[1]))


def pad(x: Any, window: Window, dtype: Any) -> Any:
    """x with the window's padding of zeros, in this dtype and in C order, in scratch memory."""
    (top, bottom), (left, right) = window.pads
    n, h, w, c = x.shape
    padded = scratch(np, BESIDE, (n, top + h + bottom, left + w + right, c), dtype)
    for border in (padded[:, :top], padded[:, top + h:], padded[:, top:top + h, :left], padded[:, top:top + h, left + w:]):
        border[...] = 0
    inside = padded[:, top:top + h, left:left + w]
    if x.dtype == dtype and x.strides[-1] == x.itemsize and x.size:
        as_items(inside)[...] = as_items(x)
    else:
        inside[...] = x
    return padded


def as_items(x: Any) -> Any:
    """x (..., C) with each pixel as one item: NumPy copies one long item faster than C numbers."""
    return x.view(f"V{x.shape[-1] * x.itemsize}")[..., 0]
