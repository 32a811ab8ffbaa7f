"""Nested loops over indices, and over the pixels that a window reads."""
from collections.abc import Iterator
from itertools import product

from nnscratch.ops.window import Window

__all__: list[str] = []  # for the functions of this folder


def ranges(*sizes: int) -> Iterator[tuple[int, ...]]:
    """All index tuples below the sizes: `for i, j in ranges(2, 3)` is two nested loops."""
    return product(*map(range, sizes))


def pixels_read(window: Window) -> Iterator[tuple[int, ...]]:
    """Every output position (oh, ow) and tap (i, j), with the input pixel (h, w) that the tap reads there; no padding."""
    (height, width), (kh, kw), (sh, sw), (dh, dw), ((top, _), (left, _)), (oh_count, ow_count) = window
    for oh, ow, i, j in ranges(oh_count, ow_count, kh, kw):
        h, w = oh * sh + i * dh - top, ow * sw + j * dw - left
        if 0 <= h < height and 0 <= w < width:
            yield oh, ow, i, j, h, w
