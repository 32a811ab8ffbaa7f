"""Resizing images, by repeating pixels or by bilinear interpolation.

Shapes: x (N, H, W, C), y (N, OH, OW, C); with a factor, OH = factor * H and OW = factor * W.

A pixel is a small square, and an image shows the same scene at any size: pixel k is centered at (k + 1/2) / size.
"""
import numpy as np

from nnscratch.backend import Array, array_module, move
from nnscratch.ops.validation import ARRAY, as_pair, check_array, check_cache, check_choice, check_dy
from nnscratch.ops.window import Pair

__all__ = ["resize2d", "resize2d_backward", "upsample2d", "upsample2d_backward"]

MODES = ("nearest", "bilinear")


def upsample2d(x: Array, factor: Pair = 2, *, mode: str = "nearest") -> tuple[Array, tuple]:
    """Enlarge images by a whole factor.

    Parameters
    ----------
    x : array (N, H, W, C)
    factor : int or (rows, columns)
    mode : "nearest" (repeat pixels) | "bilinear"

    Returns
    -------
    y, cache : array (N, factor * H, factor * W, C), tuple
        The enlarged images, and what `upsample2d_backward` needs.

    Raises
    ------
    InputError
        A wrong shape, factor or mode.

    References
    ----------
    Odena, Dumoulin, Olah, "Deconvolution and checkerboard artifacts", 2016: why to upsample before a convolution.

    Examples
    --------
    >>> import numpy as np
    >>> upsample2d(np.array([1.0, 2.0]).reshape(1, 1, 2, 1), (1, 2))[0].ravel().tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    check_array("upsample2d", "x", x, 4)
    rows, columns = as_pair(factor, "upsample2d: factor")
    check_choice(mode, "upsample2d: mode", MODES)
    if mode == "bilinear":
        y, cache = resize2d(x, (rows * x.shape[1], columns * x.shape[2]))
    else:
        y, cache = x.repeat(rows, axis=1).repeat(columns, axis=2), (rows, columns, x.shape)
    return y, (mode, cache)


def upsample2d_backward(dy: Array, cache: tuple) -> Array:
    """Nearest: a pixel is copied rows * columns times, so it gets the sum over its copies. Bilinear: as `resize2d_backward`.

    Parameters
    ----------
    dy : array (N, factor * H, factor * W, C)
    cache : tuple, from `upsample2d`

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    check_cache("upsample2d_backward", cache, str, tuple)
    mode, cache = cache
    if mode == "bilinear":
        return resize2d_backward(dy, cache)
    check_cache("upsample2d_backward", cache, int, int, tuple)
    rows, columns, (n, h, w, c) = cache
    check_dy("upsample2d_backward", dy, (n, rows * h, columns * w, c))
    return dy.reshape(n, h, rows, w, columns, c).sum(axis=(2, 4))


def resize2d(x: Array, size: Pair) -> tuple[Array, tuple]:
    """Bilinear interpolation to any size: y = A x Bᵀ, with one small matrix for the rows and one for the columns.

    It is meant for enlarging: shrinking by more than a factor of 2 skips pixels.

    Parameters
    ----------
    x : array (N, H, W, C)
    size : int or (OH, OW)

    Returns
    -------
    y, cache : array (N, OH, OW, C), tuple
        The resized images, and what `resize2d_backward` needs.

    Raises
    ------
    InputError
        A wrong shape or size.

    Examples
    --------
    >>> import numpy as np
    >>> resize2d(np.array([0.0, 4.0]).reshape(1, 1, 2, 1), (1, 4))[0].ravel().tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    check_array("resize2d", "x", x, 4)
    oh, ow = as_pair(size, "resize2d: size")
    a, b = interpolation_matrix(x.shape[1], oh, like=x), interpolation_matrix(x.shape[2], ow, like=x)
    return multiply_axes(a, b, x), (a, b, x.shape)


def resize2d_backward(dy: Array, cache: tuple) -> Array:
    """y = A x Bᵀ, so dx = Aᵀ dy B.

    Parameters
    ----------
    dy : array (N, OH, OW, C)
    cache : tuple, from `resize2d`

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    check_cache("resize2d_backward", cache, ARRAY, ARRAY, tuple)
    a, b, (n, _, _, c) = cache
    check_dy("resize2d_backward", dy, (n, len(a), len(b), c))
    return multiply_axes(a.T, b.T, dy)


def multiply_axes(a: Array, b: Array, x: Array) -> Array:
    """A x Bᵀ for every image and channel."""
    n, h, w, c = x.shape
    x = (a @ x.reshape(n, h, w * c)).reshape(n, -1, w, c)
    return b @ x


def interpolation_matrix(size: int, new_size: int, like: Array) -> Array:
    """The (new_size, size) matrix of linear interpolation: each row holds the weights of two neighbouring pixels."""
    position = (np.arange(new_size) + 0.5) * size / new_size - 0.5
    left = np.floor(position).astype(int)
    weight = position - left
    matrix = np.zeros((new_size, size))
    np.add.at(matrix, (range(new_size), np.clip(left, 0, size - 1)), 1 - weight)  # beyond the edge: the edge itself
    np.add.at(matrix, (range(new_size), np.clip(left + 1, 0, size - 1)), weight)
    return move(matrix.astype(like.real.dtype), array_module(like))
