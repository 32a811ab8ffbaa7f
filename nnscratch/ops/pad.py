"""Padding as a separate op: zeros, a mirror image, or the repeated edge around an image.

Shapes: x (N, H, W, C), y (N, top + H + bottom, left + W + right, C).

    constant   0 0 | a b c d | 0 0        reflect   c b | a b c d | c b        edge   a a | a b c d | d d
"""
from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_array, check_cache, check_choice, check_dy
from nnscratch.ops.window import Padding, Size, explicit_padding

__all__ = ["pad2d", "pad2d_backward"]

MODES = ("constant", "reflect", "edge")


def pad2d(x: Array, padding: Padding, *, mode: str = "constant") -> tuple[Array, tuple]:
    """Pad images.

    Parameters
    ----------
    x : array (N, H, W, C)
    padding : int or ((top, bottom), (left, right))
    mode : "constant" (zeros) | "reflect" (mirror, without repeating the edge; less than H or W) | "edge"

    Returns
    -------
    y, cache : array (N, top + H + bottom, left + W + right, C), tuple
        The padded images, and what `pad2d_backward` needs.

    Raises
    ------
    InputError
        A wrong shape or mode, or a reflection wider than the image.

    Examples
    --------
    >>> import numpy as np
    >>> pad2d(np.arange(3.0).reshape(1, 1, 3, 1), ((0, 0), (2, 2)), mode="reflect")[0].ravel().tolist()
    [2.0, 1.0, 0.0, 1.0, 2.0, 1.0, 0.0]
    """
    check_array("pad2d", "x", x, 4)
    pads = explicit_padding("pad2d", padding)
    check_choice(mode, "pad2d: mode", MODES)
    for name, size, widths in zip(("rows", "columns"), x.shape[1:3], pads):
        if mode == "reflect" and max(widths) >= size:
            raise InputError(f"pad2d: cannot mirror {max(widths)} of {size} {name}; use at most {size - 1}, or mode 'edge'")
    y = array_module(x).pad(x, ((0, 0), *pads, (0, 0)), mode=mode)
    return y, (x.shape, pads, mode)


def pad2d_backward(dy: Array, cache: tuple) -> Array:
    """A padded pixel is a copy, so its gradient is added to the pixel that it copies.

    Zeros are copies of nothing: their gradients are dropped. A border row is itself padded, so its columns are folded back
    before it is added: the corners are copies of copies.

    Parameters
    ----------
    dy : array (N, top + H + bottom, left + W + right, C)
    cache : tuple, from `pad2d`

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    check_cache("pad2d_backward", cache, tuple, tuple, str)
    (n, h, w, c), (rows, columns), mode = cache
    check_dy("pad2d_backward", dy, (n, h + sum(rows), w + sum(columns), c))
    dx = fold_columns(dy[:, rows[0]:rows[0] + h], w, columns, mode)
    for row, border in copies(h, rows, mode):
        dx[:, row] += fold_columns(dy[:, border], w, columns, mode)
    return dx


def fold_columns(dy: Array, width: int, widths: Size, mode: str) -> Array:
    """Undo the padding of each row, adding every border column to the column that it copies: (..., W, C)."""
    dx = dy[..., widths[0]:widths[0] + width, :].copy()
    for column, border in copies(width, widths, mode):
        dx[..., column, :] += dy[..., border, :]
    return dx


def copies(size: int, widths: Size, mode: str) -> list[tuple[int, int]]:
    """For each border line of a padded axis: (the line of x that it copies, where it lies on the padded axis)."""
    if mode == "constant":
        return []
    before, after = widths
    first = [(k if mode == "reflect" else 0, before - k) for k in range(1, before + 1)]
    last = [(size - 1 - k if mode == "reflect" else size - 1, before + size - 1 + k) for k in range(1, after + 1)]
    return first + last
