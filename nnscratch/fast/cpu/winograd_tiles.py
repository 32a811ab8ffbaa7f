"""How winograd.py uses memory: the rows of an image are cut into blocks, transformed, and read as matrices.

Shapes: x (N, H, W, C), y (N, OH, OW, OC). A tile is m rows of y; it needs k = m + r - 1 padded rows of x, r - 1 of which it
shares with the next tile. A padded row has `width` pixels.

    padded_rows     (rows, images, width, C)
    transform_rows  (k, tiles, images, width, C)     Bᵀ times the k rows under every tile
    lanes           (k, windows, KW * C), KW times   the windows that lie end to end, as views

Blocks are cut so that these arrays take at most WORKSPACE bytes at one time, whatever the size of the image.
"""
from collections.abc import Iterator
from math import gcd, prod
from typing import NamedTuple

import numpy as np

from nnscratch.backend import Array
from nnscratch.fast.cpu.winograd_matrices import MAX_PRODUCTS
from nnscratch.fast.workspace import BESIDE, WINDOWS, scratch
from nnscratch.ops.window import Window

__all__: list[str] = []

PIECE = 2**14          # values of a row that are transformed at once
WORKSPACE = 8 * 2**20  # bytes of padded rows, transformed rows and products that exist at once


def supports_winograd(window: Window) -> bool:
    """Whether winograd.py can compute it: stride and dilation 1, and 2 to 7 rows."""
    return window.strides == window.dilation == (1, 1) and 2 <= window.taps[0] < MAX_PRODUCTS


class Plan(NamedTuple):
    """F(m, r): m `outputs` from r `taps` by k `products`."""

    outputs: int
    taps: int
    products: int


def make_plan(window: Window) -> Plan:
    """The m that needs the fewest products for all rows of y, with m + r - 1 at most 8: more would round badly."""
    rows, taps = window.output[0], window.taps[0]
    outputs = min(range(1, MAX_PRODUCTS - taps + 2), key=lambda m: (-(-rows // m) * (m + taps - 1), m))
    return Plan(outputs, taps, outputs + taps - 1)


class Block(NamedTuple):
    """What is computed at once: some images, some tiles of m rows of y, some columns of y (usually all)."""

    images: slice
    tiles: slice
    columns: slice

    def width(self, window: Window) -> int:
        """Pixels of a padded row."""
        return row_width(self.columns.stop - self.columns.start, window)

    def places(self, window: Window) -> int:
        """The number of windows of the block; the last ones of each row run past its end, and are not used."""
        images, tiles = self.images.stop - self.images.start, self.tiles.stop - self.tiles.start
        return images * tiles * self.width(window)

    def overhang(self, products: Array, window: Window) -> Array:
        """The products of windows that run past the end of a row: they belong to no column of y."""
        products = products.reshape(len(products), -1, self.width(window), products.shape[2])
        return products[:, :, self.columns.stop - self.columns.start:]

    def tiles_of(self, y: Array, products: Array, window: Window, plan: Plan) -> Iterator[tuple[Array, Array, int]]:
        """Yield this block of y as (images, tiles, m, row), the products as (images, tiles, k, row), and m; then the last tile
        by itself, if it has fewer rows. No copies: the matrices Aᵀ and G read and write y as it lies in memory."""
        m = plan.outputs
        first, stop = self.tiles.start * m, min(self.tiles.stop * m, window.output[0])
        y = y[self.images, first:stop, self.columns]
        products = products.reshape(plan.products, self.tiles.stop - self.tiles.start, len(y), -1)
        products = products[..., :y.shape[2] * y.shape[3]].transpose(2, 1, 0, 3)
        full, rest = divmod(stop - first, m)
        if full:
            yield y[:, :full * m].reshape(len(y), full, m, -1), products[:, :full], m
        if rest:
            yield y[:, full * m:].reshape(len(y), 1, rest, -1), products[:, full:], rest


def row_width(columns: int, window: Window) -> int:
    """Pixels of a padded row. A whole row (not a strip of a wide image) needs no zeros of its own at the right end: the zeros
    at the beginning of the next row serve."""
    left, reach = window.pads[1][0], columns - 1 + window.taps[1]
    if columns == window.output[1]:
        reach -= max(0, min(left, reach - left - window.input[1]))
    return max(columns, reach)


def cut(shape: tuple[int, ...], window: Window, plan: Plan, oc: int, itemsize: int) -> Iterator[Block]:
    """Cut the work on x of this shape into blocks of at most WORKSPACE bytes."""
    images, channels, ow, tiles = shape[0], shape[3], window.output[1], -(-window.output[0] // plan.outputs)

    def tile_bytes(columns: int) -> int:
        """Bytes of a tile in the larger of two arrays that exist at once: transformed rows, and padded rows or products."""
        return itemsize * plan.products * row_width(columns, window) * max(channels, oc)

    room, columns = WORKSPACE // 2 - itemsize * margin(window, channels), ow
    while columns > 1 and tile_bytes(columns) > room:
        columns = -(-columns // 2)
    rows = max(1, min(tiles, room // tile_bytes(columns)))
    rows = -(-tiles // -(-tiles // rows))  # blocks of equal size, instead of a small last one
    step = max(1, room // (tile_bytes(columns) * tiles)) if rows == tiles and columns == ow else 1
    for n in range(0, images, step):
        for tile in range(0, tiles, rows):
            for column in range(0, ow, columns):
                yield Block(slice(n, min(n + step, images)), slice(tile, min(tile + rows, tiles)),
                            slice(column, min(column + columns, ow)))


def padded_rows(x: Array, block: Block, window: Window, plan: Plan) -> Array:
    """The padded rows under a block, (rows, images, width, C), with a margin of zeros behind them.

    The first rows of all images come first, then all second rows, ...: many small images are transformed as one long row.
    """
    x = x[block.images]
    count = (block.tiles.stop - block.tiles.start) * plan.outputs + plan.taps - 1
    shape = count, len(x), block.width(window), x.shape[3]
    padded = with_margin(WINDOWS if plan.products == 1 else BESIDE, shape, x.dtype, margin(window, x.shape[3]))
    to_rows, from_rows = inside(block.tiles.start * plan.outputs - window.pads[0][0], count, x.shape[1])
    to_columns, from_columns = inside(block.columns.start - window.pads[1][0], shape[2], x.shape[2])
    padded[to_rows, :, to_columns] = x[:, from_rows, from_columns].swapaxes(0, 1)
    for border in (padded[:to_rows.start], padded[to_rows.stop:], padded[to_rows, :, :to_columns.start],
                   padded[to_rows, :, to_columns.stop:]):
        border[...] = 0
    return padded


def contiguous_pixels(x: Array, dtype: np.dtype) -> Array:
    """x in this dtype, with the channels of each pixel next to each other in memory, as they are not after a swap of axes."""
    x = x.astype(dtype, copy=False)
    return x if x.strides[-1] == x.itemsize else x.copy(order="C")


def margin(window: Window, channels: int) -> int:
    """Number of values that the last window reads past the end of the last row."""
    return (window.taps[1] - 1) * channels


def with_margin(name: str, shape: tuple[int, ...], dtype: np.dtype, beyond: int) -> Array:
    """Scratch memory of this shape, followed by `beyond` zeros, which the last windows read (see `lanes`)."""
    size = prod(shape)
    memory = scratch(name, (size + beyond,), dtype)
    memory[size:] = 0
    return memory[:size].reshape(shape)


def inside(first: int, count: int, length: int) -> tuple[slice, slice]:
    """Which of the `count` places first, first + 1, ... lie in 0 .. length - 1: their numbers in this list, and the places."""
    low, high = max(0, -first), min(count, length - first)
    return (slice(low, high), slice(low + first, high + first)) if high > low else (slice(0, 0), slice(0, 0))


def transform_rows(bt: Array, padded: Array, window: Window, plan: Plan) -> Array:
    """Bᵀ times the k rows under each tile: (k, tiles, images, width, C), with a margin."""
    count, *row = padded.shape
    tiles = (count - plan.taps + 1) // plan.outputs
    rows = with_margin(WINDOWS, (plan.products, tiles, *row), padded.dtype, margin(window, row[-1]))
    pieces = gcd(row[0], 2 ** (prod(row) // PIECE).bit_length())  # of a row, so that k of them fit in the inner cache
    shape = tiles, pieces, plan.products, prod(row) // pieces
    strides = plan.outputs * padded.strides[0], shape[-1] * padded.itemsize, padded.strides[0], padded.itemsize
    overlapping = np.lib.stride_tricks.as_strided(padded, shape, strides)
    np.matmul(bt, overlapping, out=rows.reshape(plan.products, tiles, pieces, -1).transpose(1, 2, 0, 3))
    return rows


def lanes(rows: Array, block: Block, window: Window, taps: int, start: int = 0) -> Iterator[tuple[slice, Array]]:
    """Yield the windows of `taps` columns that lie end to end, as matrices: (which windows, (k, windows, taps * C)).

    The first window begins at column `start`. Windows that run past the end of a row read on in the next one.
    """
    places, channels, numbers = block.places(window), rows.shape[-1], rows.reshape(-1)
    strides = places * channels * rows.itemsize, taps * channels * rows.itemsize, rows.itemsize
    for lane in range(taps):
        shape = len(rows), -(-(places - lane) // taps), taps * channels
        first = numbers[(lane + start) * channels:]
        yield slice(lane, None, taps), np.lib.stride_tricks.as_strided(first, shape, strides)
