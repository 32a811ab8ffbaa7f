"""The rows of a picture, cut into blocks, woven together, transformed, and read as matrices: the memory side of winograd.py.

Shapes: x (N, H, W, C), y (N, OH, OW, OC). A tile is m rows of y; it needs k = m + r - 1 super rows of x, which overlap with
the next tile's by r - 1. A super row has `width` pixels of `chunk` = SH * C numbers.

    super_rows      (super rows, images, width, SH, C)        padded, and SH rows woven into one
    transform_rows  (k, tiles, images, width, SH, C)          B times the k rows under every tile
    lanes           (k, windows, KW * chunk), KW / SW times   the windows that lie end to end, as views

Blocks are cut so that what exists of these at one time takes at most WORKSPACE bytes, whatever the size of the picture.
"""
from math import gcd, prod
from typing import NamedTuple

import numpy as np

from nnscratch.backend import array_module
from nnscratch.fast.cpu.winograd_matrices import MOST_PRODUCTS
from nnscratch.memory import BESIDE, WINDOWS, scratch

PIECE = 2**14          # numbers of a row that are transformed at once
WORKSPACE = 8 * 2**20  # bytes of padded rows, transformed rows and products that exist at once


class Plan(NamedTuple):
    """How the rows are cut: m `outputs` from k `products` of r `taps`; `woven` rows make a super row of `chunk` channels."""
    outputs: int
    taps: int
    products: int
    woven: int
    chunk: int


def suits(window):
    """Whether winograd.py can do it: windows without gaps in or between them, and at most 7 rows, counted in strides."""
    taps = -(-window.taps[0] // window.strides[0])
    overlapping = all(taps >= stride for taps, stride in zip(window.taps, window.strides))
    return window.dilation == (1, 1) and overlapping and taps < MOST_PRODUCTS


def winograd_plan(window, channels):
    """Weave SH rows. Take the m that needs the fewest products for all rows of y, at most m + r - 1 = 8: more round badly."""
    rows, stride = window.output[0], window.strides[0]
    taps = -(-window.taps[0] // stride)
    outputs = min(range(1, MOST_PRODUCTS - taps + 2), key=lambda m: (-(-rows // m) * (m + taps - 1), m))
    return Plan(outputs, taps, outputs + taps - 1, stride, stride * channels)


def woven_plan(window, channels):
    """Weave all KH rows of a window together, overlapping: KH copies of x, but one plain product, and F(1, 1) = nothing."""
    return Plan(1, 1, 1, window.taps[0], window.taps[0] * channels)


class Block(NamedTuple):
    """What is computed at once: some pictures, some tiles of m rows of y, some columns of y (mostly all of them)."""
    pictures: slice
    tiles: slice
    columns: slice

    @property
    def first(self):
        return self.pictures.start == self.tiles.start == self.columns.start == 0

    def width(self, window):
        """Pixels of a padded row."""
        return row_width(self.columns.stop - self.columns.start, window)

    def places(self, window):
        """Windows of the block, tile by tile; the last ones of each row hang over its end, and are not used."""
        images, tiles = self.pictures.stop - self.pictures.start, self.tiles.stop - self.tiles.start
        return images * tiles * (self.width(window) // window.strides[1])

    def overhang(self, products, window):
        """The products that belong to no column of y."""
        products = products.reshape(len(products), -1, self.width(window) // window.strides[1], products.shape[2])
        return products[:, :, self.columns.stop - self.columns.start:]

    def tiles_of(self, y, products, window, plan, each=1):
        """This block of y as (images, tiles, m, row) beside the products as (images, tiles, k, row), and m; then the last
        tile apart, if it has fewer rows. No copies: the matrices A and G read and write y as it lies in memory.
        `each` is the number of pixels of y at each place."""
        m = plan.outputs
        first, stop = self.tiles.start * m, min(self.tiles.stop * m, window.output[0])
        y = y[self.pictures, first:stop, self.columns.start * each:self.columns.stop * each]
        products = products.reshape(plan.products, self.tiles.stop - self.tiles.start, len(y), -1)
        products = products[..., :y.shape[2] * y.shape[3]].transpose(2, 1, 0, 3)
        whole, rest = divmod(stop - first, m)
        if whole:
            yield y[:, :whole * m].reshape(len(y), whole, m, -1), products[:, :whole], m
        if rest:
            yield y[:, whole * m:].reshape(len(y), 1, rest, -1), products[:, whole:], rest


def row_width(columns, window):
    """Pixels of a padded row, a whole number of strides. In a whole row (not a strip of a wide picture) the zeros at the right
    end need not be there: the first zeros of the next row serve."""
    (left, _), stride = window.pads[1], window.strides[1]
    reach = (columns - 1) * stride + window.taps[1]
    if columns == window.output[1]:
        right = reach - left - window.input[1]
        reach -= max(0, min(left, right))
    return max(columns, -(-reach // stride)) * stride


def cut(images, window, plan, oc, itemsize):
    """Cut the work into blocks of at most WORKSPACE bytes."""
    ow, sw, tiles = window.output[1], window.strides[1], -(-window.output[0] // plan.outputs)

    def tile_bytes(columns):
        """Of the larger of two arrays that exist at once: the transformed rows, and the padded rows or later the products."""
        width = row_width(columns, window)
        return itemsize * plan.products * width * max(plan.chunk, -(-oc // sw))

    room, columns = WORKSPACE // 2 - itemsize * margin(window, plan), ow
    while columns > 1 and tile_bytes(columns) > room:
        columns = -(-columns // 2)
    rows = max(1, min(tiles, room // tile_bytes(columns)))
    rows = -(-tiles // -(-tiles // rows))  # all blocks alike, instead of a small last one
    step = max(1, room // (tile_bytes(columns) * tiles)) if rows == tiles and columns == ow else 1
    for n in range(0, images, step):
        for tile in range(0, tiles, rows):
            for column in range(0, ow, columns):
                yield Block(slice(n, min(n + step, images)), slice(tile, min(tile + rows, tiles)),
                            slice(column, min(column + columns, ow)))


def super_rows(x, block, window, plan):
    """The padded rows under a block, (super rows, images, width, woven, C), with a margin of zeros behind them.

    All pictures' first rows, then all second rows, ...: many small pictures are then transformed as one long row.
    """
    x, xp = x[block.pictures], array_module(x)
    count = (block.tiles.stop - block.tiles.start) * plan.outputs + plan.taps - 1
    shape = count, len(x), block.width(window), plan.woven, x.shape[3]
    padded = with_margin(xp, WINDOWS if plan.products == 1 else BESIDE, shape, x.dtype, margin(window, plan))
    pixels, of_x = as_items(padded), as_items(x)
    for a, to_rows, to_columns, from_rows, from_columns in overlap(block, window, plan, count):
        pixels[to_rows, :, to_columns, a] = of_x[:, from_rows, from_columns].swapaxes(0, 1)
        for border in (slice(0, to_rows.start), slice(to_rows.stop, None)):
            padded[border, :, :, a] = 0
        for border in (slice(0, to_columns.start), slice(to_columns.stop, None)):
            padded[to_rows, :, border, a] = 0
    return padded


def whole_pixels(x, dtype):
    """x in this dtype, the channels of each pixel neighbours in memory, which those of turned or reversed axes are not."""
    x = x.astype(dtype, copy=False)
    return x if x.strides[-1] == x.itemsize else x.copy(order="C")


def as_items(x):
    """x (..., C) with each pixel as one item of 4 C bytes: NumPy copies one such item faster than C numbers."""
    if array_module(x) is not np or x.strides[-1] != x.itemsize:
        return x
    return x.view(f"V{x.shape[-1] * x.itemsize}")[..., 0]


def unweave(padded, dx, block, window, plan):
    """The adjoint of `super_rows`: every pixel gets the sum of its copies."""
    dx = dx[block.pictures]
    for a, to_rows, to_columns, from_rows, from_columns in overlap(block, window, plan, len(padded)):
        dx[:, from_rows, from_columns] += padded[to_rows, :, to_columns, a].swapaxes(0, 1)


def overlap(block, window, plan, count):
    """For each row a of those woven together: which of `count` super rows and columns lie on the picture, and where."""
    first_row = block.tiles.start * plan.outputs * window.strides[0] - window.pads[0][0]
    first_column = block.columns.start * window.strides[1] - window.pads[1][0]
    to_columns, from_columns = inside(first_column, block.width(window), 1, window.input[1])
    for a in range(plan.woven):
        to_rows, from_rows = inside(first_row + a, count, window.strides[0], window.input[0])
        yield a, to_rows, to_columns, from_rows, from_columns


def margin(window, plan):
    """Numbers by which the last window, which begins a stride before the end of the last row, hangs over that end."""
    return max(0, window.taps[1] - window.strides[1]) * plan.chunk


def with_margin(xp, name, shape, dtype, beyond):
    """Scratch memory of this shape, followed by as many zeros: there the last windows read on (see `lanes`)."""
    size = prod(shape)
    memory = scratch(xp, name, (size + beyond,), dtype)
    memory[size:] = 0
    return memory[:size].reshape(shape)


def inside(first, count, step, length):
    """Which of the places first, first + step, ... (`count` of them) lie in 0 .. length - 1: their numbers, the places."""
    low, high = max(0, -(first // step)), min(count, (length - 1 - first) // step + 1)
    if high <= low:
        return slice(0, 0), slice(0, 0)
    return slice(low, high), slice(first + low * step, first + (high - 1) * step + 1, step)


def transform_rows(b, padded, window, plan):
    """B times the k rows under each tile: (k, tiles, images, width, woven, C), with a margin."""
    if plan.products == 1:
        return padded
    xp, (count, *row) = array_module(padded), padded.shape
    tiles = (count - plan.taps + 1) // plan.outputs
    rows = with_margin(xp, WINDOWS, (plan.products, tiles, *row), padded.dtype, margin(window, plan))
    pieces = gcd(row[0], 2 ** (prod(row) // PIECE).bit_length())  # of a row, so that k of them fit the inner cache
    shape = tiles, pieces, plan.products, prod(row) // pieces
    strides = plan.outputs * padded.strides[0], shape[-1] * padded.itemsize, padded.strides[0], padded.itemsize
    overlapping = xp.lib.stride_tricks.as_strided(padded, shape, strides)
    xp.matmul(b, overlapping, out=rows.reshape(plan.products, tiles, pieces, -1).transpose(1, 2, 0, 3))
    return rows


def lanes(rows, block, window, plan, taps, start=0):
    """The windows of `taps` columns that lie end to end, as matrices: (which windows, (k, windows, taps * chunk)).

    The first window begins at column `start`. Windows that hang over the end of a row read on in the next one.
    """
    sw, places, apart = window.strides[1], block.places(window), -(-taps // window.strides[1])
    strides = tuple(step * plan.chunk * rows.itemsize for step in (places * sw, apart * sw)) + (rows.itemsize,)
    numbers = rows.reshape(-1)
    for lane in range(apart):
        shape = plan.products, -(-(places - lane) // apart), taps * plan.chunk
        first = numbers[(lane * sw + start) * plan.chunk:]
        yield slice(lane, None, apart), array_module(rows).lib.stride_tricks.as_strided(first, shape, strides)
