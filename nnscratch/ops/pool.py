"""Pooling: one number for each window and channel, its maximum or its average.

Shapes: x (N, H, W, C), y (N, OH, OW, C); global average pooling gives y (N, C).

Windows may overlap (strides below the pool size): a pixel then gets gradient from each window, and the parts add up.
"""
from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.fast import cuda
from nnscratch.ops.validation import check_array, check_dy
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
    if cuda.able(x):
        y = cuda.max_pool2d(x, window)
    else:
        y = combine(array_module(x).maximum, pad(x, window, value=-float("inf")), window)
    return y, (x, y, window)


def max_pool2d_backward(dy, cache):
    """dx of `max_pool2d`: all of dy goes to the pixel that won.

    y = x[winner] gives dL/dx[winner] += dy. Where several pixels tie, the first wins, row by row: `free` remembers
    which windows have not met their winner yet. (A loser gets dy * 0, which is no number where dy is infinite or none.)
    """
    x, y, window = cache
    check_dy("max_pool2d_backward", dy, y.shape)
    if cuda.able(dy, x):
        return cuda.max_pool2d_backward(dy, x, y, window)
    xp = array_module(x)
    free, dpadded = xp.ones(y.shape, dtype=bool), pixels_to_fill(xp, x.shape, window, dy.dtype)
    pixels = each_tap(pad(x, window, value=-float("inf")), window)
    for (_, _, tap), (_, _, dtap) in zip(pixels, each_tap(dpadded, window)):
        wins = free & (tap == y)
        give(dtap, dy, wins, window)
        free &= ~wins
    return crop(dpadded, window)


def avg_pool2d(x, pool_size=2, strides=None, *, padding="valid", count_include_pad=False):
    """The average of each window; padding is not counted, as in Keras, unless `count_include_pad`.

    Parameters, returns and errors as in `max_pool2d`.

    Source: LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition" (1998), II.B.
    """
    window = pooling_window("avg_pool2d", x, pool_size, strides, padding)
    cache = x.shape, window, count_include_pad
    if cuda.able(x):
        return cuda.avg_pool2d(x, window, count_include_pad), cache
    y = combine(array_module(x).add, pad(x, window), window)
    y *= 1 / pixels_counted(x, window, count_include_pad)
    return y, cache


def avg_pool2d_backward(dy, cache):
    """dx of `avg_pool2d`: y = Σ x / count gives each pixel of the window dL/dx += dy / count."""
    shape, window, count_include_pad = cache
    check_dy("avg_pool2d_backward", dy, (shape[0], *window.output, shape[3]))
    if cuda.able(dy):
        return cuda.avg_pool2d_backward(dy, shape, window, count_include_pad)
    share = 1 / pixels_counted(dy, window, count_include_pad)
    dpadded = pixels_to_fill(array_module(dy), shape, window, dy.dtype)
    for _, _, dtap in each_tap(dpadded, window):
        give(dtap, dy, share, window)
    return crop(dpadded, window)


def pixels_counted(x, window, count_include_pad):
    """What each average divides by: (1, OH, OW, 1) like x, or one number when all taps count."""
    if count_include_pad or window.pads == ((0, 0), (0, 0)):
        return window.taps[0] * window.taps[1]
    xp = array_module(x)
    return combine(xp.add, pad(xp.ones((1, *window.input, 1), dtype=x.real.dtype), window), window)


def combine(operation, padded, window):
    """All pixels of each window by maximum or add: down the rows first, then along, which is KH + KW steps, not KH * KW."""
    (kh, kw), (sh, sw), (oh, ow) = window.taps, window.strides, window.output
    rows = [padded[:, i:i + (oh - 1) * sh + 1:sh] for i in range(kh)]
    column = operation(rows[0], rows[1]) if kh > 1 else rows[0]
    for row in rows[2:]:
        operation(column, row, out=column)
    y = column[:, :, :(ow - 1) * sw + 1:sw].copy()
    for j in range(1, kw):
        operation(y, column[:, :, j:j + (ow - 1) * sw + 1:sw], out=y)
    return y


def side_by_side(window):
    """Whether every pixel of the padded picture lies under exactly one window."""
    (top, bottom), (left, right) = window.pads
    covered = tuple(places * taps for places, taps in zip(window.output, window.taps))
    return window.taps == window.strides and covered == (window.input[0] + top + bottom, window.input[1] + left + right)


def pixels_to_fill(xp, shape, window, dtype):
    """A padded picture for gradients: zeros to add to, or, where each pixel is written once, no matter what."""
    if side_by_side(window):
        (top, bottom), (left, right) = window.pads
        return xp.empty((shape[0], shape[1] + top + bottom, shape[2] + left + right, shape[3]), dtype=dtype)
    return empty_padded(xp, shape[0], window, shape[3], dtype)


def give(dtap, dy, share, window):
    """dtap += dy * share; where windows do not overlap, nothing is there yet to add to."""
    if side_by_side(window):
        array_module(dy).multiply(dy, share, out=dtap)
    else:
        dtap += dy * share


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
