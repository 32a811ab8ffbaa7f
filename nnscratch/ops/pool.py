"""Pooling: one number for each window and channel, its maximum or its average.

Shapes: x (N, H, W, C), y (N, OH, OW, C); global average pooling gives y (N, C).

Windows overlap where the strides are below the pool size: a pixel then receives the sum of the gradients of its windows.
"""
from collections.abc import Callable
from functools import reduce

from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.ops.validation import ARRAY, FLAG, check_array, check_cache, check_dy, check_flag
from nnscratch.ops.window import Padding, Pair, Window, crop, each_tap, make_window, pad, padded_zeros

__all__ = ["avg_pool2d", "avg_pool2d_backward", "global_avg_pool2d", "global_avg_pool2d_backward", "max_pool2d",
           "max_pool2d_backward"]


def pooling_window(op: str, x: Array, pool_size: Pair, strides: Pair | None, padding: Padding) -> Window:
    """Check the arguments of a pooling, and return its window."""
    check_array(op, "x", x, 4)
    window = make_window(op, x.shape[1:3], pool_size, pool_size if strides is None else strides, padding)
    if any(max(pads) >= taps for pads, taps in zip(window.pads, window.taps)):
        raise InputError(f"{op}: padding {padding!r} is not smaller than the window {window.taps}, so some windows would "
                         f"hold no pixel at all; use less padding")
    return window


def max_pool2d(x: Array, pool_size: Pair = 2, strides: Pair | None = None, *,
               padding: Padding = "valid") -> tuple[Array, tuple]:
    """The maximum of each window; padding counts as minus infinity.

    Parameters
    ----------
    x : array (N, H, W, C)
    pool_size : int or (rows, columns)
    strides : int or (rows, columns); None means the pool size
    padding : as in `conv2d`, but smaller than the window

    Returns
    -------
    y, cache : array (N, OH, OW, C), tuple
        The maxima, and what `max_pool2d_backward` needs.

    Raises
    ------
    InputError
        A wrong shape, dtype or option.

    References
    ----------
    Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 9.3.

    Examples
    --------
    >>> import numpy as np
    >>> max_pool2d(np.array([1.0, 4.0, 2.0, 3.0]).reshape(1, 2, 2, 1))[0].ravel().tolist()
    [4.0]
    """
    window = pooling_window("max_pool2d", x, pool_size, strides, padding)
    y = combine(array_module(x).maximum, pad(x, window, value=-float("inf")), window)
    return y, (x, y, window)


def max_pool2d_backward(dy: Array, cache: tuple) -> Array:
    """The gradient of a window goes to the pixel that holds its maximum.

    y = x[winner] gives dL/dx[winner] += dy. Where several pixels are equal, the first one wins, row by row: `undecided`
    marks the windows whose winner is still to come. (The other pixels receive dy * 0, which is NaN for an infinite dy.)

    Parameters
    ----------
    dy : array (N, OH, OW, C)
    cache : tuple, from `max_pool2d`

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    check_cache("max_pool2d_backward", cache, ARRAY, ARRAY, Window)
    x, y, window = cache
    check_dy("max_pool2d_backward", dy, y.shape)
    undecided, dpadded = array_module(x).ones(y.shape, dtype=bool), zeros_like_padded(x.shape, window, dy)
    pixels = each_tap(pad(x, window, value=-float("inf")), window)
    for (_, _, tap), (_, _, dtap) in zip(pixels, each_tap(dpadded, window)):
        wins = undecided & (tap == y)
        dtap += dy * wins
        undecided &= ~wins
    return crop(dpadded, window)


def avg_pool2d(x: Array, pool_size: Pair = 2, strides: Pair | None = None, *, padding: Padding = "valid",
               count_include_pad: bool = False) -> tuple[Array, tuple]:
    """The average of each window.

    Parameters
    ----------
    x : array (N, H, W, C)
    pool_size : int or (rows, columns)
    strides : int or (rows, columns); None means the pool size
    padding : as in `conv2d`, but smaller than the window
    count_include_pad : bool, whether padding counts as pixels of value 0; in Keras it does not count

    Returns
    -------
    y, cache : array (N, OH, OW, C), tuple
        The averages, and what `avg_pool2d_backward` needs.

    Raises
    ------
    InputError
        A wrong shape, dtype or option.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998, section II.B.

    Examples
    --------
    >>> import numpy as np
    >>> avg_pool2d(np.array([1.0, 4.0, 2.0, 3.0]).reshape(1, 2, 2, 1))[0].ravel().tolist()
    [2.5]
    """
    window = pooling_window("avg_pool2d", x, pool_size, strides, padding)
    check_flag(count_include_pad, "avg_pool2d: count_include_pad")
    y = combine(array_module(x).add, pad(x, window), window) / pixels_counted(x, window, count_include_pad)
    return y, (x.shape, window, count_include_pad)


def avg_pool2d_backward(dy: Array, cache: tuple) -> Array:
    """y = Σ x / count, so each pixel of the window gets dL/dx += dy / count.

    Parameters
    ----------
    dy : array (N, OH, OW, C)
    cache : tuple, from `avg_pool2d`

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    check_cache("avg_pool2d_backward", cache, tuple, Window, FLAG)
    shape, window, count_include_pad = cache
    check_dy("avg_pool2d_backward", dy, (shape[0], *window.output, shape[3]))
    dpadded, part = zeros_like_padded(shape, window, dy), dy / pixels_counted(dy, window, count_include_pad)
    for _, _, dtap in each_tap(dpadded, window):
        dtap += part
    return crop(dpadded, window)


def pixels_counted(x: Array, window: Window, count_include_pad: bool) -> Array | int:
    """What each average divides by: (1, OH, OW, 1) like x, or one number when all taps count."""
    if count_include_pad or window.pads == ((0, 0), (0, 0)):
        return window.taps[0] * window.taps[1]
    xp = array_module(x)
    return combine(xp.add, pad(xp.ones((1, *window.input, 1), dtype=x.real.dtype), window), window)


def combine(operation: Callable[[Array, Array], Array], padded: Array, window: Window) -> Array:
    """All pixels of each window, combined by maximum or add."""
    return reduce(operation, (tap for _, _, tap in each_tap(padded, window))).copy()


def zeros_like_padded(shape: tuple[int, ...], window: Window, dy: Array) -> Array:
    """A padded array of zeros, to which the gradients with respect to x (of this shape) are added."""
    return padded_zeros(array_module(dy), shape[0], window, shape[3], dy.dtype)


def global_avg_pool2d(x: Array) -> tuple[Array, tuple]:
    """The average of each channel over the whole image.

    Parameters
    ----------
    x : array (N, H, W, C)

    Returns
    -------
    y, cache : array (N, C), tuple
        The averages, and what `global_avg_pool2d_backward` needs.

    Raises
    ------
    InputError
        A wrong shape or dtype.

    References
    ----------
    Lin, Chen, Yan, "Network in network", 2014, section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> global_avg_pool2d(np.array([1.0, 3.0]).reshape(1, 1, 2, 1))[0].tolist()
    [[2.0]]
    """
    check_array("global_avg_pool2d", "x", x, 4)
    return x.mean(axis=(1, 2)), x.shape


def global_avg_pool2d_backward(dy: Array, cache: tuple) -> Array:
    """Each of the H*W pixels gets dy / (H*W).

    Parameters
    ----------
    dy : array (N, C)
    cache : tuple, from `global_avg_pool2d`

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    check_cache("global_avg_pool2d_backward", cache, int, int, int, int)
    n, h, w, c = cache
    check_dy("global_avg_pool2d_backward", dy, (n, c))
    return array_module(dy).broadcast_to(dy[:, None, None, :] / (h * w), (n, h, w, c)).copy()
