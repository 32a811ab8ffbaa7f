"""Resizing images, by repeating pixels or by bilinear interpolation.

Shapes: x (N, H, W, C), y (N, OH, OW, C); with a factor, OH = factor * H and OW = factor * W.

Pixels are little squares, and an image is the same scene at any size: pixel centres lie at (k + 1/2) / size.
"""
from typing import Any

import numpy as np

from nnscratch.backend import array_module, move
from nnscratch.ops.validation import as_pair, check_array, check_choice, check_dy
from nnscratch.ops.window import Pair

__all__ = ["resize2d", "resize2d_backward", "upsample2d", "upsample2d_backward"]
MODES = ("nearest", "bilinear")


def upsample2d(x: Any, factor: Pair = 2, *, mode: str = "nearest") -> tuple[Any, Any]:
    """Enlarge images by a whole factor.

    Parameters
    ----------
    x : array (N, H, W, C)
    factor : int or pair (rows, columns)
    mode : "nearest" (repeat pixels) or "bilinear"

    Returns
    -------
    y : array (N, factor * H, factor * W, C)
    cache : for `upsample2d_backward`

    Raises
    ------
    InputError : a wrong shape, factor or mode.

    Source: Odena, Dumoulin, Olah, "Deconvolution and checkerboard artifacts" (2016), for why one wants it.
    """
    check_array("upsample2d", "x", x, 4)
    rows, columns = as_pair(factor, "upsample2d: factor")
    check_choice(mode, "upsample2d: mode", MODES)
    if mode == "bilinear":
        y, cache = resize2d(x, (rows * x.shape[1], columns * x.shape[2]))
    else:
        y, cache = x.repeat(rows, axis=1).repeat(columns, axis=2), (rows, columns, x.shape)
    return y, (mode, cache)


def upsample2d_backward(dy: Any, cache: Any) -> Any:
    """dx of `upsample2d`. Nearest: a pixel was copied rows * columns times, so it gets the sum over its copies."""
    mode, cache = cache
    if mode == "bilinear":
        return resize2d_backward(dy, cache)
    rows, columns, (n, h, w, c) = cache
    check_dy("upsample2d_backward", dy, (n, rows * h, columns * w, c))
    return dy.reshape(n, h, rows, w, columns, c).sum(axis=(2, 4))


def resize2d(x: Any, size: Pair) -> tuple[Any, Any]:
    """Bilinear interpolation to any size: y = A_rows x A_columnsᵀ, one small matrix for each axis.

    Parameters: x (N, H, W, C) and size (OH, OW). Returns y (N, OH, OW, C) and the cache for `resize2d_backward`.
    Meant for enlarging: when shrinking by more than 2 it skips pixels.
    """
    check_array("resize2d", "x", x, 4)
    oh, ow = as_pair(size, "resize2d: size")
    by_rows, by_columns = interpolation(x.shape[1], oh, like=x), interpolation(x.shape[2], ow, like=x)
    return along_axes(by_rows, by_columns, x), (by_rows, by_columns, x.shape)


def resize2d_backward(dy: Any, cache: Any) -> Any:
    """dx of `resize2d`: y = A x Bᵀ gives dx = Aᵀ dy B."""
    by_rows, by_columns, (n, _, _, c) = cache
    check_dy("resize2d_backward", dy, (n, len(by_rows), len(by_columns), c))
    return along_axes(by_rows.T, by_columns.T, dy)


def along_axes(by_rows: Any, by_columns: Any, x: Any) -> Any:
    """Multiply the rows of every image by one matrix, and its columns by another."""
    n, h, w, c = x.shape
    x = (by_rows @ x.reshape(n, h, w * c)).reshape(n, -1, w, c)
    return by_columns @ x


def interpolation(size: int, new_size: int, like: Any) -> Any:
    """The (new_size, size) matrix of linear interpolation: each row holds the weights of two neighbouring pixels."""
    position = (np.arange(new_size) + 0.5) * size / new_size - 0.5
    left = np.floor(position).astype(int)
    weight = position - left
    matrix = np.zeros((new_size, size))
    np.add.at(matrix, (range(new_size), np.clip(left, 0, size - 1)), 1 - weight)  # beyond the edge: the edge itself
    np.add.at(matrix, (range(new_size), np.clip(left + 1, 0, size - 1)), weight)
    return move(matrix.astype(like.real.dtype), array_module(like))
