"""Convolution as nested loops: every pair of a tap and the pixel that it reads, once.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC).
"""
from nnscratch.backend import Array, array_module
from nnscratch.ops.reference.loops import pixels_read, ranges
from nnscratch.ops.window import Size, Window

__all__ = ["convolve", "convolve_dkernel", "convolve_dx", "convolve_transposed"]


def convolve(x: Array, kernel: Array, window: Window, bias: Array | None = None) -> Array:
    """y[n, oh, ow, o] += x[n, h, w, c] * kernel[i, j, c, o], then += bias[o].

    Parameters
    ----------
    x : array (N, H, W, C)
    kernel : array (KH, KW, C, OC)
    window : Window
    bias : array (OC,), optional

    Returns
    -------
    y : array (N, OH, OW, OC)
        The feature maps.
    """
    xp, (n_count, _, _, c_count), o_count = array_module(x), x.shape, kernel.shape[3]
    y = xp.zeros((n_count, *window.output, o_count), dtype=xp.result_type(x, kernel))
    for oh, ow, i, j, h, w in pixels_read(window):
        for n, c, o in ranges(n_count, c_count, o_count):
            y[n, oh, ow, o] += x[n, h, w, c] * kernel[i, j, c, o]
    return y if bias is None else y + bias


def convolve_dx(dy: Array, kernel: Array, window: Window, bias: Array | None = None) -> Array:
    """dx[n, h, w, c] += dy[n, oh, ow, o] * kernel[i, j, c, o], then += bias[c].

    Parameters
    ----------
    dy : array (N, OH, OW, OC)
    kernel : array (KH, KW, C, OC)
    window : Window
    bias : array (C,), for a transposed convolution, which is this function

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    xp, n_count, (_, _, c_count, o_count) = array_module(dy), dy.shape[0], kernel.shape
    dx = xp.zeros((n_count, *window.input, c_count), dtype=xp.result_type(dy, kernel))
    for oh, ow, i, j, h, w in pixels_read(window):
        for n, c, o in ranges(n_count, c_count, o_count):
            dx[n, h, w, c] += dy[n, oh, ow, o] * kernel[i, j, c, o]
    return dx if bias is None else dx + bias


def convolve_dkernel(x: Array, dy: Array, window: Window) -> Array:
    """dkernel[i, j, c, o] += x[n, h, w, c] * dy[n, oh, ow, o].

    Parameters
    ----------
    x : array (N, H, W, C)
    dy : array (N, OH, OW, OC)
    window : Window

    Returns
    -------
    dkernel : array (KH, KW, C, OC)
        The gradient with respect to the kernel.
    """
    xp, (n_count, _, _, c_count), o_count = array_module(x), x.shape, dy.shape[3]
    dkernel = xp.zeros((*window.taps, c_count, o_count), dtype=xp.result_type(x, dy))
    for oh, ow, i, j, h, w in pixels_read(window):
        for n, c, o in ranges(n_count, c_count, o_count):
            dkernel[i, j, c, o] += x[n, h, w, c] * dy[n, oh, ow, o]
    return dkernel


def convolve_transposed(x: Array, kernel: Array, strides: Size, dilation: Size, crop: Size, size: Size) -> Array:
    """Transposed convolution from its definition, without the adjoint of the convolution.

    Each input pixel adds the kernel, times its value, to an output without borders; then (top, left) = crop is cut off.

    Parameters
    ----------
    x : array (N, H, W, C)
    kernel : array (KH, KW, OC, C)
    strides, dilation : tuple (rows, columns)
    crop : tuple (top, left)
    size : tuple (OH, OW)

    Returns
    -------
    y : array (N, OH, OW, OC)
        The enlarged images.
    """
    xp, (n_count, h_count, w_count, c_count), (kh, kw, o_count, _) = array_module(x), x.shape, kernel.shape
    (sh, sw), (dh, dw), (top, left), (oh, ow) = strides, dilation, crop, size
    full_h = max(top + oh, (h_count - 1) * sh + (kh - 1) * dh + 1)
    full_w = max(left + ow, (w_count - 1) * sw + (kw - 1) * dw + 1)
    full = xp.zeros((n_count, full_h, full_w, o_count), dtype=xp.result_type(x, kernel))
    for n, h, w, c, i, j, o in ranges(n_count, h_count, w_count, c_count, kh, kw, o_count):
        full[n, h * sh + i * dh, w * sw + j * dw, o] += x[n, h, w, c] * kernel[i, j, o, c]
    return full[:, top:top + oh, left:left + ow]
