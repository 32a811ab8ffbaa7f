"""Pooling: one number for each window and channel, its maximum or its average.

Shapes: x (N, H, W, C), y (N, OH, OW, C); global average pooling gives y (N, C).

Windows may overlap (strides below the pool size): a pixel then gets gradient from each window, and the parts add up.
"""
from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.ops.checks import check_array, check_dy
from nnscratch.ops.window import crop, each_tap, empty_padded, extent, make_window, pad


def pooling_window(op, x, pool_size, strides, padding):
    check_array(op, "x", x, 4)
    window = make_window(op, x.shape[1:3], pool_size, pool_size if strides is None else strides, padding)
    if any(max(pads) >= extent(taps, 1) for pads, taps in zip(window.pads, window.taps)):
        raise InputError(f"{op}: padding {padding!r} is not smaller than the window {window.taps}, so some windows would "
                         f"see no pixel at all; use less padding")
    return window


def max_pool2d(x, pool_size=2, strides=None, *, padding="valid"):
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
    xp, padded = array_module(x), pad(x, window, value=-float("inf"))
    y = None
    for _, _, tap in each_tap(padded, window):
        y = tap.copy() if y is None else xp.maximum(y, tap)
    return y, (x, y, window)


def max_pool2d_backward(dy, cache):
    """dx of `max_pool2d`: all of dy goes to the pixel that won.

    y = x[winner] gives dL/dx[winner] += dy. Where several pixels tie, the first wins, row by row: `free` remembers
    which windows have not met their winner yet.
    """
    x, y, window = cache
    check_dy("max_pool2d_backward", dy, y.shape)
    xp, free = array_module(x), array_module(x).ones(y.shape, dtype=bool)
    dpadded = empty_padded(xp, x.shape[0], window, x.shape[3], dy.dtype)
    pixels = each_tap(pad(x, window, value=-float("inf")), window)
    for (_, _, tap), (_, _, dtap) in zip(pixels, each_tap(dpadded, window)):
        wins = free & (tap == y)
        dtap += xp.where(wins, dy, 0)
        free &= ~wins
    return crop(dpadded, window)


def avg_pool2d(x, pool_size=2, strides=None, *, padding="valid", count_include_pad=False):
    """The average of each window; padding is not counted, as in Keras, unless `count_include_pad`.

    Parameters, returns and errors as in `max_pool2d`.

    Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition" (1998), II.B.
    """
    window = pooling_window("avg_pool2d", x, pool_size, strides, padding)
    counted = pixels_counted(x, window, count_include_pad)
    y = sum(tap for _, _, tap in each_tap(pad(x, window), window)) / counted
    return y, (x.shape, window, counted)


def avg_pool2d_backward(dy, cache):
    """dx of `avg_pool2d`: y = Σ x / count gives each pixel of the window dL/dx += dy / count."""
    (n, _, _, c), window, counted = cache
    check_dy("avg_pool2d_backward", dy, (n, *window.output, c))
    share = dy / counted
    dpadded = empty_padded(array_module(dy), n, window, c, dy.dtype)
    for _, _, dtap in each_tap(dpadded, window):
        dtap += share
    return crop(dpadded, window)


def pixels_counted(x, window, count_include_pad):
    """What each average divides by: (1, OH, OW, 1), or one number when all taps count."""
    if count_include_pad:
        return window.taps[0] * window.taps[1]
    ones = array_module(x).ones((1, *window.input, 1), dtype=x.real.dtype)
    return sum(tap for _, _, tap in each_tap(pad(ones, window), window))


def global_avg_pool2d(x):
    """The average of each channel over the whole picture: (N, H, W, C) -> (N, C).

    Raises InputError for a wrong shape or dtype. Source: Lin, Chen, Yan, "Network in network" (2014), section 3.2.
    """
    check_array("global_avg_pool2d", "x", x, 4)
    return x.mean(axis=(1, 2)), x.shape


def global_avg_pool2d_backward(dy, cache):
    """dx of `global_avg_pool2d`: each of the H*W pixels gets dy / (H*W)."""
    n, h, w, c = cache
    check_dy("global_avg_pool2d_backward", dy, (n, c))
    return array_module(dy).broadcast_to(dy[:, None, None, :] / (h * w), (n, h, w, c)).copy()
