"""Padding as a layer of its own: zeros, a mirror, or the repeated edge around an image.

Shapes: x (N, H, W, C), y (N, top + H + bottom, left + W + right, C).

    constant   0 0 | a b c d | 0 0        reflect   c b | a b c d | c b        edge   a a | a b c d | d d
"""
from typing import Any

from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_array, check_choice, check_dy
from nnscratch.ops.window import Padding, explicit_padding

__all__ = ["pad2d", "pad2d_backward"]
MODES = ("constant", "reflect", "edge")


def pad2d(x: Any, padding: Padding, *, mode: str = "constant") -> tuple[Any, Any]:
    """Pad images.

    Parameters
    ----------
    x : array (N, H, W, C)
    padding : int or ((top, bottom), (left, right))
    mode : "constant" (zeros), "reflect" (mirror without repeating the edge; less than H or W), "edge"

    Returns
    -------
    y : array (N, top + H + bottom, left + W + right, C)
    cache : for `pad2d_backward`

    Raises
    ------
    InputError : a wrong shape or mode, or a reflection wider than the image.
    """
    check_array("pad2d", "x", x, 4)
    pads = explicit_padding("pad2d", padding)
    check_choice(mode, "pad2d: mode", MODES)
    for name, size, widths in zip(("rows", "columns"), x.shape[1:3], pads):
        if mode == "reflect" and max(widths) >= size:
            raise InputError(f"pad2d: cannot mirror {max(widths)} of {size} {name}; use at most {size - 1}, or mode 'edge'")
    y = array_module(x).pad(x, ((0, 0), *pads, (0, 0)), mode=mode)
    return y, (x.shape, pads, mode)


def pad2d_backward(dy: Any, cache: Any) -> Any:
    """dx of `pad2d`: a padded pixel is a copy, and each copy sends its gradient home to the pixel it came from.

    Constant padding came from nowhere and is cut off. The columns fold back first and the rows after them, so that the
    corners, copies of copies, find their way too.
    """
    (n, h, w, c), (rows, columns), mode = cache
    check_dy("pad2d_backward", dy, (n, h + sum(rows), w + sum(columns), c))
    dy = fold(dy, 2, w, columns, mode)
    return fold(dy, 1, h, rows, mode)


def fold(dy: Any, axis: int, size: int, widths: tuple, mode: str) -> Any:
    """Undo the padding along one axis, adding every border line to the line it copied."""
    before, after = widths
    lines = array_module(dy).moveaxis(dy, axis, 0)
    inside = lines[before:before + size].copy()
    if mode != "constant":
        for k in range(1, before + 1):  # k lines outside the first line
            inside[k if mode == "reflect" else 0] += lines[before - k]
        for k in range(1, after + 1):   # k lines outside the last line
            inside[size - 1 - k if mode == "reflect" else size - 1] += lines[before + size - 1 + k]
    return array_module(dy).moveaxis(inside, 0, axis)
