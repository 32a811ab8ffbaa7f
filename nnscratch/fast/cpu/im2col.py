"""Row im2col: the columns of a block by one copy of long items, then one matrix product.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC), columns (windows of a block, KH*KW*C).

Two tricks. With channels last, the KW * C values under one row of a window are neighbours in memory: NumPy copies them as one
item of that many bytes, and all windows of a block in one call, where ops.im2col copies C values at a time, tap by tap.

And the columns hold each pixel up to KH*KW times, so they are made for a few rows at a time, at most COLUMN_BYTES: they stay in
the processor's cache between being written and being read (unless the backward pass is to find them again). Padded rows, too,
exist only SLAB_BYTES at a time: those of some images, or some rows of a large one.
"""
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

import numpy as np

from nnscratch.backend import Array, common_dtype
from nnscratch.fast.workspace import BESIDE, WINDOWS, scratch
from nnscratch.ops.window import Window, extent

__all__ = ["convolve", "convolve_and_dkernel", "convolve_dkernel", "convolve_wide"]

COLUMN_BYTES = 2 * 2**20
SLAB_BYTES = 3 * 2**20
WIDE = 4  # output rows and columns that convolve_wide computes from one window


def convolve(x: Array, kernel: Array, window: Window, bias: Array | None = None, keep: Array | None = None) -> Array:
    """Compute y = im2col(x) @ K + b, block by block.

    Parameters
    ----------
    x : array (N, H, W, C)
        The images.
    kernel : array (KH, KW, C, OC)
        The kernel.
    window : Window
        Where the kernel stands on x.
    bias : array (OC,), optional
        The bias.
    keep : array (N*OH*OW, KH*KW*C), optional
        Where to write the columns, if the backward pass is to find them again.

    Returns
    -------
    array (N, OH, OW, OC)
        y.
    """
    oc, dtype = kernel.shape[3], common_dtype(x, kernel, bias)
    y, matrix = np.empty((len(x), *window.output, oc), dtype), kernel.astype(dtype, copy=False).reshape(-1, oc)
    rows = y.reshape(-1, oc)
    for block, columns in blocks(x, window, oc, dtype, keep):
        np.matmul(columns, matrix, out=rows[block])
        if bias is not None:
            rows[block] += bias  # while it is in the cache
    return y


def convolve_and_dkernel(x: Array, kernel: Array, dy: Array, window: Window) -> tuple[Array, Array]:
    """Compute both y = im2col(x) @ K and dK = im2col(x)ᵀ @ dy, from columns that are gathered once.

    The backward pass of a transposed convolution is these two products.

    Parameters
    ----------
    x : array (N, H, W, C)
        The images.
    kernel : array (KH, KW, C, OC)
        The kernel.
    dy : array (N, OH, OW, OC)
        Gradient of the loss with respect to y.
    window : Window
        Where the kernel stands on x.

    Returns
    -------
    y : array (N, OH, OW, OC)
        The convolution.
    dkernel : array (KH, KW, C, OC)
        Gradient of the loss with respect to the kernel.
    """
    oc, dtype = kernel.shape[3], common_dtype(x, kernel, dy)
    y, matrix = np.empty((len(x), *window.output, oc), dtype), kernel.astype(dtype, copy=False).reshape(-1, oc)
    rows, upstream, total = y.reshape(-1, oc), np.ascontiguousarray(dy, dtype).reshape(-1, oc), np.zeros_like(matrix, order="C")
    for block, columns in blocks(x, window, oc, dtype):
        np.matmul(columns, matrix, out=rows[block])
        total += columns.T @ upstream[block]
    return y, total.reshape(kernel.shape)


def convolve_dkernel(x: Array, dy: Array, window: Window) -> Array:
    """Compute dK = im2col(x)ᵀ @ dy, summed over the blocks.

    Parameters
    ----------
    x : array (N, H, W, C)
        The images.
    dy : array (N, OH, OW, OC)
        Gradient of the loss with respect to y.
    window : Window
        Where the kernel stands on x.

    Returns
    -------
    array (KH, KW, C, OC)
        Gradient of the loss with respect to the kernel.
    """
    oc, dtype = dy.shape[3], common_dtype(x, dy)
    rows, dkernel = np.ascontiguousarray(dy, dtype).reshape(-1, oc), np.zeros((*window.taps, x.shape[3], oc), dtype)
    total = dkernel.reshape(-1, oc)
    for block, columns in blocks(x, window, oc, dtype):
        total += columns.T @ rows[block]
    return dkernel


def convolve_wide(x: Array, kernel: Array, window: Window) -> Array:
    """Compute y for few output channels, WIDE x WIDE pixels at a time.

    Windows of neighbouring pixels overlap, so one window that is WIDE - 1 strides larger holds everything that these pixels
    need: one row of columns gives WIDE * WIDE * OC values. The larger kernel holds the kernel once for each of the pixels.

    Parameters
    ----------
    x : array (N, H, W, C)
        The images.
    kernel : array (KH, KW, C, OC)
        The kernel.
    window : Window
        Where the kernel stands on x.

    Returns
    -------
    array (N, OH, OW, OC)
        y.
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


def blocks(x: Array, window: Window, outputs: int, dtype: np.dtype,
           keep: Array | None = None) -> Iterator[tuple[slice, Array]]:
    """Cut all N*OH*OW windows into blocks; yield which windows, and their columns in scratch memory, or in `keep`."""
    (oh, ow), (kh, kw), (sh, sw), (dh, dw), c = window.output, window.taps, window.strides, window.dilation, x.shape[3]
    if window.taps == window.strides == (1, 1) and window.output == window.input:  # every pixel is a window
        yield slice(0, len(x) * oh * ow), np.ascontiguousarray(x, dtype).reshape(-1, c)
        return
    together = kw if dw == 1 else 1  # pixels of an item, neighbours in memory
    fit, item = max(1, COLUMN_BYTES // (max(kh * kw * c, outputs) * dtype.itemsize)), together * c
    for first, top, left, (rows, width), slab in slabs(x, window, dtype):
        image, row, pixel, number = slab.strides
        strides, items = (image, sh * row, sw * pixel, dh * row, dw * pixel), f"V{item * number}"
        images, height, places = max(1, fit // (rows * width)), max(1, fit // width) if width == ow else 1, min(width, fit)
        for n, r, q in product(range(0, len(slab), images), range(0, rows, height), range(0, width, places)):
            shape = min(images, len(slab) - n), min(height, rows - r), min(places, width - q), kh, kw // together
            begin = n * image + r * strides[1] + q * strides[2]
            start = ((first + n) * oh + top + r) * ow + left + q
            block = slice(start, start + prod(shape[:3]))
            columns = scratch(WINDOWS, (prod(shape[:3]), kh * kw * c), dtype) if keep is None else keep[block]
            np.copyto(columns.view(items).reshape(shape), np.ndarray(shape, items, slab, begin, strides))
            yield block, columns


def slabs(x: Array, window: Window, dtype: np.dtype) -> Iterator[tuple[int, int, int, tuple, Array]]:
    """Yield padded pixels, some at a time: the first image, the first row and column of y, how many rows and columns of y they
    are enough for, and the pixels: of some images, of some rows of one image, or of a part of a row that is too large."""
    oh, ow = window.output
    if window.pads == ((0, 0), (0, 0)) and x.dtype == dtype and x.flags.c_contiguous:
        yield 0, 0, 0, (oh, ow), x
        return
    for where, n, r, q, part in cut(window, len(x), x.shape[3] * dtype.itemsize, SLAB_BYTES):
        yield n, r, q, part.output, pad(x[where], part, dtype)


@lru_cache(256)
def cut(window: Window, count: int, pixel: int, limit: int) -> tuple[tuple[tuple[slice, ...], int, int, int, Window], ...]:
    """The slabs of `count` images, each of at most `limit` bytes with `pixel` bytes a pixel: the part of x that is padded, the
    first image, row and column of y, and the window on that part. Cached, because every training step asks for the same."""
    (oh, ow), (sh, sw), reach = window.output, window.strides, tuple(map(extent, window.taps, window.dilation))
    h, w = (n + sum(pads) for n, pads in zip(window.input, window.pads))
    images = max(1, limit // (pixel * w * h))
    rows = oh if images > 1 else max(1, min(oh, (limit // (pixel * w) - reach[0]) // sh + 1))
    columns = ow if rows > 1 else max(1, min(ow, (limit // (pixel * reach[0]) - reach[1]) // sw + 1))
    found = []
    for n, r, q in product(range(0, count, images), range(0, oh, rows), range(0, ow, columns)):
        seen_rows, part = seen_by(window, 0, r, min(r + rows, oh))
        seen_columns, part = seen_by(part, 1, q, min(q + columns, ow))
        found.append(((slice(n, n + images), seen_rows, seen_columns), n, r, q, part))
    return tuple(found)


def seen_by(window: Window, axis: int, first: int, last: int) -> tuple[slice, Window]:
    """The rows of x (for axis 1: the columns) that the output rows first, ..., last - 1 read, and the window on them alone."""
    start = first * window.strides[axis] - window.pads[axis][0]
    stop = start + (last - 1 - first) * window.strides[axis] + extent(window.taps[axis], window.dilation[axis])
    low, high = (min(max(0, row), window.input[axis]) for row in (start, stop))

    def put(pair: tuple, value: Any) -> tuple:
        return (value, pair[1]) if axis == 0 else (pair[0], value)
    return slice(low, high), window._replace(input=put(window.input, high - low), output=put(window.output, last - first),
                                             pads=put(window.pads, (low - start, stop - high)))


def pad(x: Array, window: Window, dtype: np.dtype) -> Array:
    """x with the window's padding of zeros, in this dtype and C-contiguous, in scratch memory."""
    (top, bottom), (left, right) = window.pads
    n, h, w, c = x.shape
    padded = scratch(BESIDE, (n, top + h + bottom, left + w + right, c), dtype)
    for border in (padded[:, :top], padded[:, top + h:], padded[:, top:top + h, :left], padded[:, top:top + h, left + w:]):
        border[...] = 0
    inside = padded[:, top:top + h, left:left + w]
    if x.dtype == dtype and x.strides[-1] == x.itemsize and x.size:
        as_items(inside)[...] = as_items(x)
    else:
        inside[...] = x
    return padded


def as_items(x: Array) -> Array:
    """x (..., C) with each pixel as one item: NumPy copies one long item faster than C values."""
    return x.view(f"V{x.shape[-1] * x.itemsize}")[..., 0]
