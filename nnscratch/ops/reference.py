"""The same formulas as nested loops: slow, and written to be read beside the formula.

Every index has the name that it has in the formula. The tests hold each function against the op that computes the same. The
shapes are those of patches.py, pool.py and normalize.py; make a window with `make_window` of window.py.
"""
from collections.abc import Iterator
from itertools import product

from nnscratch.backend import Array, array_module
from nnscratch.ops.window import Size, Window

__all__ = ["avg_pool2d", "avg_pool2d_dx", "batch_norm", "batch_norm_backward", "convolve", "convolve_dkernel", "convolve_dx",
           "convolve_transposed", "max_pool2d", "max_pool2d_dx"]


def ranges(*sizes: int) -> Iterator[tuple[int, ...]]:
    """All index tuples below the sizes: `for i, j in ranges(2, 3)` is two nested loops."""
    return product(*map(range, sizes))


def pixels_read(window: Window) -> Iterator[tuple[int, ...]]:
    """Every output position (oh, ow) and tap (i, j), with the input pixel (h, w) that the tap reads there; no padding."""
    (height, width), (kh, kw), (sh, sw), (dh, dw), ((top, _), (left, _)), (oh_count, ow_count) = window
    for oh, ow, i, j in ranges(oh_count, ow_count, kh, kw):
        h, w = oh * sh + i * dh - top, ow * sw + j * dw - left
        if 0 <= h < height and 0 <= w < width:
            yield oh, ow, i, j, h, w


# --- convolution: every pair of a tap and the pixel that it reads, once -------------------------------------------

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


# --- pooling ------------------------------------------------------------------------------------------------------

def max_pool2d(x: Array, window: Window) -> tuple[Array, dict]:
    """y[n, oh, ow, c] = the largest x under the window.

    Parameters
    ----------
    x : array (N, H, W, C)
    window : Window

    Returns
    -------
    y, winner : array (N, OH, OW, C), dict {(n, oh, ow, c): (h, w)}
        The maxima, and the first pixel that holds each of them, row by row.
    """
    xp, (n_count, _, _, c_count) = array_module(x), x.shape
    y = xp.full((n_count, *window.output, c_count), -xp.inf, dtype=x.dtype)
    winner = {}
    for oh, ow, _, _, h, w in pixels_read(window):
        for n, c in ranges(n_count, c_count):
            if x[n, h, w, c] > y[n, oh, ow, c]:
                y[n, oh, ow, c] = x[n, h, w, c]
                winner[n, oh, ow, c] = h, w
    return y, winner


def max_pool2d_dx(dy: Array, winner: dict, window: Window) -> Array:
    """dx[winner of (oh, ow)] += dy[oh, ow].

    Parameters
    ----------
    dy : array (N, OH, OW, C)
    winner : dict, from `max_pool2d`
    window : Window

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    dx = array_module(dy).zeros((dy.shape[0], *window.input, dy.shape[3]), dtype=dy.dtype)
    for (n, oh, ow, c), (h, w) in winner.items():
        dx[n, h, w, c] += dy[n, oh, ow, c]
    return dx


def avg_pool2d(x: Array, window: Window, count_include_pad: bool = False) -> Array:
    """y[n, oh, ow, c] = Σ x under the window / number of pixels counted.

    Parameters
    ----------
    x : array (N, H, W, C)
    window : Window
    count_include_pad : bool, whether padding counts

    Returns
    -------
    y : array (N, OH, OW, C)
        The averages.
    """
    xp, (n_count, _, _, c_count) = array_module(x), x.shape
    y = xp.zeros((n_count, *window.output, c_count), dtype=x.dtype)
    for oh, ow, _, _, h, w in pixels_read(window):
        for n, c in ranges(n_count, c_count):
            y[n, oh, ow, c] += x[n, h, w, c] / pixels_counted(window, oh, ow, count_include_pad)
    return y


def avg_pool2d_dx(dy: Array, window: Window, count_include_pad: bool = False) -> Array:
    """dx[n, h, w, c] += dy[n, oh, ow, c] / number of pixels counted.

    Parameters
    ----------
    dy : array (N, OH, OW, C)
    window : Window
    count_include_pad : bool, whether padding counts

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    dx = array_module(dy).zeros((dy.shape[0], *window.input, dy.shape[3]), dtype=dy.dtype)
    for oh, ow, _, _, h, w in pixels_read(window):
        for n, c in ranges(dy.shape[0], dy.shape[3]):
            dx[n, h, w, c] += dy[n, oh, ow, c] / pixels_counted(window, oh, ow, count_include_pad)
    return dx


def pixels_counted(window: Window, oh: int, ow: int, count_include_pad: bool) -> int:
    """The number that the average at (oh, ow) divides by: all taps, or those that lie on the image."""
    if count_include_pad:
        return window.taps[0] * window.taps[1]
    return sum(1 for position in pixels_read(window) if position[:2] == (oh, ow))


# --- batch normalization, one channel at a time -------------------------------------------------------------------

def batch_norm(x: Array, gamma: Array, beta: Array, epsilon: float) -> Array:
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, mean and variance over n, h and w.

    Parameters
    ----------
    x : array (N, H, W, C)
    gamma, beta : array (C,)
    epsilon : float

    Returns
    -------
    y : array (N, H, W, C)
        The output of training mode.
    """
    xp, (n_count, h_count, w_count, c_count) = array_module(x), x.shape
    count, y = n_count * h_count * w_count, xp.empty_like(x)
    for c in range(c_count):
        pixels = list(ranges(n_count, h_count, w_count))
        mean = sum(x[n, h, w, c] for n, h, w in pixels) / count
        variance = sum((x[n, h, w, c] - mean)**2 for n, h, w in pixels) / count
        for n, h, w in pixels:
            y[n, h, w, c] = gamma[c] * (x[n, h, w, c] - mean) / (variance + epsilon)**0.5 + beta[c]
    return y


def batch_norm_backward(dy: Array, x: Array, gamma: Array, epsilon: float) -> tuple[Array, Array, Array]:
    """The chain rule node by node: y <- (gamma, beta, x_hat) <- (centered, std) <- (x, mean, variance).

    Parameters
    ----------
    dy, x : array (N, H, W, C)
    gamma : array (C,)
    epsilon : float

    Returns
    -------
    dx, dgamma, dbeta : arrays in the shapes of x, gamma and beta
        The gradients.
    """
    xp, (n_count, h_count, w_count, c_count) = array_module(x), x.shape
    count, pixels = n_count * h_count * w_count, list(ranges(n_count, h_count, w_count))
    dx, dgamma, dbeta = xp.empty_like(x), xp.zeros_like(gamma), xp.zeros_like(gamma)
    for c in range(c_count):
        mean = sum(x[n, h, w, c] for n, h, w in pixels) / count
        centered = {p: x[(*p, c)] - mean for p in pixels}
        std = (sum(value**2 for value in centered.values()) / count + epsilon)**0.5
        for p in pixels:
            dgamma[c] += dy[(*p, c)] * centered[p] / std
            dbeta[c] += dy[(*p, c)]
        dx_hat = {p: dy[(*p, c)] * gamma[c] for p in pixels}
        dstd = sum(dx_hat[p] * -centered[p] / std**2 for p in pixels)
        dvariance = dstd / (2 * std)
        dcentered = {p: dx_hat[p] / std + dvariance * 2 * centered[p] / count for p in pixels}
        dmean = -sum(dcentered.values())
        for p in pixels:
            dx[(*p, c)] = dcentered[p] + dmean / count
    return dx, dgamma, dbeta
