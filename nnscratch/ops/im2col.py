"""im2col: lay the pixels under each window out as a row, and a convolution becomes one matrix product.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC), columns (N, OH, OW, KH*KW*C).

    y          = im2col(x) @ K          K is the kernel as a (KH*KW*C, OC) matrix
    gradient_x = col2im(dy @ Kᵀ)
    gradient_K = im2col(x)ᵀ @ dy

`col2im` is the adjoint of `im2col`, not its inverse: a pixel seen by several windows gets the sum of what they send.

The columns hold each pixel up to KH*KW times. They are therefore made for a few rows at a time, never for the whole
picture: no more than COLUMN_BYTES of them exist at once, which also keeps them in the processor's cache.
"""
from nnscratch.backend import array_module, common_dtype
from nnscratch.memory import BESIDE, WINDOWS, scratch
from nnscratch.ops.validation import check_array, check_shape
from nnscratch.ops.window import crop, each_tap, empty_padded, extent, make_window, pad

COLUMN_BYTES = 4 * 2**20


def im2col(x, kernel_size, *, strides=1, padding="valid", dilation=1):
    """The pixels under each window, one row a window.

    Parameters
    ----------
    x : array (N, H, W, C)
    kernel_size, strides, dilation : int or pair
    padding : "valid", "same", int or ((top, bottom), (left, right))

    Returns
    -------
    columns : array (N, OH, OW, KH*KW*C), the last axis ordered (i, j, c)
    cache : the window, for `col2im`

    Raises
    ------
    InputError : a wrong shape, dtype or option.

    Source: Chellapilla, Puri, Simard, "High performance convolutional neural networks for document processing" (2006).
    """
    check_array("im2col", "x", x, 4)
    window = make_window("im2col", x.shape[1:3], kernel_size, strides, padding, dilation)
    return gather(pad(x, window), window), window


def col2im(columns, cache):
    """The adjoint of `im2col`: every pixel gets the sum of its copies. columns (N, OH, OW, KH*KW*C) -> (N, H, W, C)."""
    window = cache
    check_array("col2im", "columns", columns, 4, "(N, OH, OW, KH*KW*C)")
    n, c = columns.shape[0], columns.shape[3] // (window.taps[0] * window.taps[1])
    check_shape("col2im", "columns", columns, (n, *window.output, window.taps[0] * window.taps[1] * c),
                "(N, OH, OW, KH*KW*C) for this window")
    padded = empty_padded(array_module(columns), n, window, c, columns.dtype)
    scatter(columns, padded, window)
    return crop(padded, window)


def gather(padded, window, columns=None):
    """Read every tap: columns[..., i, j, :] = tap. `columns` may be given as memory to write to."""
    n, c = padded.shape[0], padded.shape[3]
    shape = n, *window.output, *window.taps, c
    columns = array_module(padded).empty(shape, dtype=padded.dtype) if columns is None else columns.reshape(shape)
    for i, j, tap in each_tap(padded, window):
        columns[:, :, :, i, j] = tap
    return columns.reshape(n, *window.output, -1)


def scatter(columns, padded, window):
    """Add to every tap: tap += columns[..., i, j, :]. The mirror image of `gather`; changes `padded`.

    Each line adds to pixels that differ from each other, so no two additions race on a GPU: the sum is the same every
    time.
    """
    columns = columns.reshape(*columns.shape[:3], *window.taps, -1)
    for i, j, tap in each_tap(padded, window):
        tap += columns[:, :, :, i, j]


def blocks(images, window, channels, outputs, itemsize):
    """Cut the output into blocks, each of whose columns and outputs fit in COLUMN_BYTES: several pictures, some rows of one, or
    part of a row.

    Yields (where in y: pictures, rows, columns), (where in the padded picture: likewise), window of the block.
    """
    (oh, ow), (kh, kw), (sh, sw), (dh, dw) = window.output, window.taps, window.strides, window.dilation
    fit = max(1, COLUMN_BYTES // (max(kh * kw * channels, outputs) * itemsize))  # windows that fit
    width, rows, step = min(ow, fit), max(1, min(oh, fit // ow)), max(1, fit // (ow * oh))
    for n in range(0, images, step):
        for r in range(0, oh, rows):
            for c in range(0, ow, width):
                block = window._replace(output=(min(rows, oh - r), min(width, ow - c)))
                last_row, last_column = r + block.output[0] - 1, c + block.output[1] - 1
                pictures = slice(n, min(n + step, images))
                under_rows = slice(r * sh, last_row * sh + extent(kh, dh))
                under_columns = slice(c * sw, last_column * sw + extent(kw, dw))
                place = pictures, slice(r, last_row + 1), slice(c, last_column + 1)
                yield place, (pictures, under_rows, under_columns), block


def block_columns(padded, block):
    """The columns of one block as a matrix, (windows, KH*KW*C), in scratch memory; a 1x1 window needs none: x itself."""
    rows = len(padded) * block.output[0] * block.output[1]
    if block.taps == (1, 1):
        return next(tap for _, _, tap in each_tap(padded, block)).reshape(rows, -1)
    shape = rows, block.taps[0] * block.taps[1] * padded.shape[3]
    return gather(padded, block, scratch(array_module(padded), WINDOWS, shape, padded.dtype)).reshape(shape)


# The three products of a convolution. Everything else in conv.py and conv_transpose.py is bias, groups and padding.

def convolve(x, kernel, window, bias=None):
    """y = im2col(x) @ K + b: (N, H, W, C) and (KH, KW, C, OC) -> (N, OH, OW, OC)."""
    xp, (n, _, _, c), oc = array_module(x), x.shape, kernel.shape[3]
    matrix, padded = kernel.reshape(-1, oc), pad(x, window)
    y = xp.empty((n, *window.output, oc), dtype=common_dtype(x, kernel, bias))
    for place, under, block in blocks(n, window, c, oc, y.itemsize):
        columns = block_columns(padded[under], block)
        product = xp.matmul(columns, matrix, out=scratch(xp, BESIDE, (len(columns), oc), y.dtype))
        if bias is not None:
            product += bias
        y[place] = product.reshape(-1, *block.output, oc)
    return y


def convolve_dx(dy, kernel, window, bias=None):
    """dx = col2im(dy @ Kᵀ) + b: (N, OH, OW, OC) and (KH, KW, C, OC) -> (N, H, W, C)."""
    xp, n, (_, _, c, oc) = array_module(dy), dy.shape[0], kernel.shape
    matrix = kernel.reshape(-1, oc).T
    padded = empty_padded(xp, n, window, c, common_dtype(dy, kernel, bias))
    if bias is not None:
        padded += bias
    for place, under, block in blocks(n, window, c, oc, padded.itemsize):
        upstream = dy[place].reshape(-1, oc)
        columns = xp.matmul(upstream, matrix, out=scratch(xp, WINDOWS, (len(upstream), matrix.shape[1]), padded.dtype))
        scatter(columns.reshape(-1, *block.output, columns.shape[1]), padded[under], block)
    return crop(padded, window)


def convolve_dkernel(x, dy, window):
    """dK = im2col(x)ᵀ @ dy: (N, H, W, C) and (N, OH, OW, OC) -> (KH, KW, C, OC)."""
    xp, (n, _, _, c), oc = array_module(x), x.shape, dy.shape[3]
    padded = pad(x, window)
    total = xp.zeros((window.taps[0] * window.taps[1] * c, oc), dtype=common_dtype(x, dy))
    for place, under, block in blocks(n, window, c, oc, total.itemsize):
        total += block_columns(padded[under], block).T @ dy[place].reshape(-1, oc)
    return total.reshape(*window.taps, c, oc)
