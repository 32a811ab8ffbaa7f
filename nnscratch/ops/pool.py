"""Pooling: one number for each window and channel, its maximum or its average.

Shapes: x (N, H, W, C), y (N, OH, OW, C); global average pooling gives y (N, C).

Windows may overlap (strides below the pool size): a pixel then gets gradient from each window, and the parts add up.
"""
from functools import reduce
from typing import Any

from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_array, check_dy
from nnscratch.ops.window import Padding, Pair, Window, crop, each_tap, empty_padded, extent, make_window, pad

__all__ = ["avg_pool2d", "avg_pool2d_backward", "global_avg_pool2d", "global_avg_pool2d_backward", "max_pool2d",
           "max_pool2d_backward"]


def pooling_window(op: str, x: Any, pool_size: Pair, strides: Pair | None, padding: Padding) -> Window:
    """Check the arguments of a pooling, and return its window."""
    check_array(op, "x", x, 4)
    window = make_window(op, x.shape[1:3], pool_size, pool_size if strides is None else strides, padding)
    if any(max(pads) >= extent(taps, 1) for pads, taps in zip(window.pads, window.taps)):
        raise InputError(f"{op}: padding {padding!r} is not smaller than the window {window.taps}, so some windows would "
                         f"see no pixel at all; use less padding")
    return window


def max_pool2d(x: Any, pool_size: Pair = 2, strides: Pair | None = None, *,
               padding: Padding = "valid") -> tuple[Any, Any]:
    """The maximum of each window. Padding never wins.

    Parameters
    ----------
    x : array (N, H, W, C)
    pool_size : int or pair
    strides : int or pair; None means the pool size
    padding : as in `conv2d`, smaller than the window

    Returns
    -------
    y : array (N, OH, OW, C)
    cache : for `max_pool2d_backward`

    Raises
    ------
    InputError : a wrong shape, dtype or option.

    Source: Goodfellow, Bengio, Courville, "Deep Learning" (2016), section 9.3.
    """
    window = pooling_window("max_pool2d", x, pool_size, strides, padding)
    y = combine(array_module(x).maximum, pad(x, window, value=-float("inf")), window)
    return y, (x, y, window)


def max_pool2d_backward(dy: Any, cache: Any) -> Any:
    """dx of `max_pool2d`: all of dy goes to the pixel that won.

    y = x[winner] gives dL/dx[winner] += dy. Where several pixels tie, the first wins, row by row: `free` remembers
    which windows have not met their winner yet. (A loser gets dy * 0, which is no number where dy is infinite or none.)
    """
    x, y, window = cache
    check_dy("max_pool2d_backward", dy, y.shape)
    free, dpadded = array_module(x).ones(y.shape, dtype=bool), zeros_like_padded(x.shape, window, dy)
    pixels = each_tap(pad(x, window, value=-float("inf")), window)
    for (_, _, tap), (_, _, dtap) in zip(pixels, each_tap(dpadded, window)):
        wins = free & (tap == y)
        dtap += dy * wins
        free &= ~wins
    return crop(dpadded, window)


def avg_pool2d(x: Any, pool_size: Pair = 2, strides: Pair | None = None, *, padding: Padding = "valid",
               count_include_pad: bool = False) -> tuple[Any, Any]:
    """The average of each window; padding is not counted, as in Keras, unless `count_include_pad`.

    Parameters, returns and errors as in `max_pool2d`.

    Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition" (1998), II.B.
    """
    window = pooling_window("avg_pool2d", x, pool_size, strides, padding)
    y = combine(array_module(x).add, pad(x, window), window) / pixels_counted(x, window, count_include_pad)
    return y, (x.shape, window, count_include_pad)


def avg_pool2d_backward(dy: Any, cache: Any) -> Any:
    """dx of `avg_pool2d`: y = Σ x / count gives each pixel of the window dL/dx += dy / count."""
    shape, window, count_include_pad = cache
    check_dy("avg_pool2d_backward", dy, (shape[0], *window.output, shape[3]))
    dpadded, part = zeros_like_padded(shape, window, dy), dy / pixels_counted(dy, window, count_include_pad)
    for _, _, dtap in each_tap(dpadded, window):
        dtap += part
    return crop(dpadded, window)


def pixels_counted(x: Any, window: Window, count_include_pad: bool) -> Any:
    """What each average divides by: (1, OH, OW, 1) like x, or one number when all taps count."""
    if count_include_pad or window.pads == ((0, 0), (0, 0)):
        return window.taps[0] * window.taps[1]
    xp = array_module(x)
    return combine(xp.add, pad(xp.ones((1, *window.input, 1), dtype=x.real.dtype), window), window)


def combine(operation: Any, padded: Any, window: Window) -> Any:
    """All pixels of each window by maximum or add."""
    return reduce(operation, (tap for _, _, tap in each_tap(padded, window))).copy()


def zeros_like_padded(shape: tuple, window: Window, dy: Any) -> Any:
    """A padded image of zeros, to which the gradients of x (of this shape) are added."""
    return empty_padded(array_module(dy), shape[0], window, shape[3], dy.dtype)


def global_avg_pool2d(x: Any) -> tuple[Any, Any]:
    """The average of each channel over the whole image: (N, H, W, C) -> (N, C).

    Raises InputError for a wrong shape or dtype. Source: Lin, Chen, Yan, "Network in network" (2014), section 3.2.
    """
    check_array("global_avg_pool2d", "x", x, 4)
    return x.mean(axis=(1, 2)), x.shape


def global_avg_pool2d_backward(dy: Any, cache: Any) -> Any:
    """dx of `global_avg_pool2d`: each of the H*W pixels gets dy / (H*W)."""
    n, h, w, c = cache
    check_dy("global_avg_pool2d_backward", dy, (n, c))
    return array_module(dy).broadcast_to(dy[:, None, None, :] / (h * w), (n, h, w, c)).copy()
