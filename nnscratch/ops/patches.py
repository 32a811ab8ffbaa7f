"""im2col: the pixels under each window as a row of a matrix, so that a convolution becomes one matrix product.

Shapes: x (N, H, W, C), columns (N, OH, OW, KH*KW*C), the last axis in the order (i, j, c).
"""
from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_array, check_shape
from nnscratch.ops.window import Padding, Pair, Window, crop, each_tap, make_window, pad, padded_zeros

__all__ = ["col2im", "im2col"]


def im2col(x: Array, kernel_size: Pair, *, strides: Pair = 1, padding: Padding = "valid",
           dilation: Pair = 1) -> tuple[Array, Window]:
    """Copy the pixels under each window into a row.

    Parameters
    ----------
    x : array (N, H, W, C)
    kernel_size, strides : int or (rows, columns)
    padding : "valid", "same", int or ((top, bottom), (left, right))
    dilation : int or (rows, columns)

    Returns
    -------
    columns : array (N, OH, OW, KH*KW*C)
        columns[n, oh, ow] holds the pixels under the window at (oh, ow).
    window : Window
        What `col2im` needs.

    Raises
    ------
    InputError
        A wrong shape, dtype or option.

    References
    ----------
    Chellapilla, Puri, Simard, "High performance convolutional neural networks for document processing", 2006.

    Examples
    --------
    >>> import numpy as np
    >>> columns, window = im2col(np.arange(9.0).reshape(1, 3, 3, 1), 2)
    >>> columns[0, 0, 0].tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    check_array("im2col", "x", x, 4)
    window = make_window("im2col", x.shape[1:3], kernel_size, strides, padding, dilation)
    return gather(pad(x, window), window), window


def col2im(columns: Array, cache: Window) -> Array:
    """Add every column back to the pixels it was copied from: the adjoint of `im2col`.

    It is not the inverse: a pixel that was copied into several columns receives the sum of them.

    Parameters
    ----------
    columns : array (N, OH, OW, KH*KW*C)
    cache : Window, from `im2col`

    Returns
    -------
    x : array (N, H, W, C)
        The sums.

    Raises
    ------
    InputError
        The shape of the columns does not fit the window.

    Examples
    --------
    >>> import numpy as np
    >>> _, window = im2col(np.zeros((1, 3, 3, 1)), 2)
    >>> col2im(np.ones((1, 2, 2, 4)), window)[0, :, :, 0].tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """
    if not isinstance(cache, Window):
        raise InputError(f"col2im: the window is a {type(cache).__name__}, expected the Window that im2col returned")
    window, taps = cache, cache.taps[0] * cache.taps[1]
    check_array("col2im", "columns", columns, 4, "(N, OH, OW, KH*KW*C)")
    channels = columns.shape[3] // taps
    check_shape("col2im", "columns", columns, (len(columns), *window.output, taps * channels),
                "(N, OH, OW, KH*KW*C) for this window")
    padded = padded_zeros(array_module(columns), len(columns), window, channels, columns.dtype)
    columns = columns.reshape(*columns.shape[:3], *window.taps, channels)
    for i, j, tap in each_tap(padded, window):
        tap += columns[:, :, :, i, j]
    return crop(padded, window)


def gather(padded: Array, window: Window) -> Array:
    """The columns of images that are padded already: columns[..., i, j, :] = tap (i, j)."""
    columns = array_module(padded).empty((len(padded), *window.output, *window.taps, padded.shape[3]), dtype=padded.dtype)
    for i, j, tap in each_tap(padded, window):
        columns[:, :, :, i, j] = tap
    return columns.reshape(*columns.shape[:3], -1)
