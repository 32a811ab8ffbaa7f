"""The same formulas as nested loops: slow, and written to be read beside the formula.

Every index has the name it has in the formula. Each twin must give the numbers of the fast form (the tests see to
that). The shapes are those of im2col.py, pool.py and normalize.py.
"""
from itertools import product

from nnscratch.backend import array_module
from nnscratch.ops.window import Window


def ranges(*sizes):
    """All index tuples below the sizes: `for i, j in ranges(2, 3)` is two nested loops."""
    return product(*map(range, sizes))


def meetings(window):
    """Every output place (oh, ow), tap (i, j) and the input pixel (h, w) they meet at, padding left out."""
    (height, width), (kh, kw), (sh, sw), (dh, dw), ((top, _), (left, _)), (oh_count, ow_count) = window
    for oh, ow, i, j in ranges(oh_count, ow_count, kh, kw):
        h, w = oh * sh + i * dh - top, ow * sw + j * dw - left
        if 0 <= h < height and 0 <= w < width:
            yield oh, ow, i, j, h, w


# --- convolution: every pair of input pixel and tap that meets, once ---------------------------------------------

def convolve(x, kernel, window, bias=None):
    """y[n, oh, ow, o] += x[n, h, w, c] * kernel[i, j, c, o], then += bias[o]"""
    xp, (n_count, _, _, c_count), o_count = array_module(x), x.shape, kernel.shape[3]
    y = xp.zeros((n_count, *window.output, o_count), dtype=xp.result_type(x, kernel))
    for oh, ow, i, j, h, w in meetings(window):
        for n, c, o in ranges(n_count, c_count, o_count):
            y[n, oh, ow, o] += x[n, h, w, c] * kernel[i, j, c, o]
    return y if bias is None else y + bias


def convolve_dx(dy, kernel, window, bias=None):
    """dx[n, h, w, c] += dy[n, oh, ow, o] * kernel[i, j, c, o], then += bias[c]"""
    xp, n_count, (_, _, c_count, o_count) = array_module(dy), dy.shape[0], kernel.shape
    dx = xp.zeros((n_count, *window.input, c_count), dtype=xp.result_type(dy, kernel))
    for oh, ow, i, j, h, w in meetings(window):
        for n, c, o in ranges(n_count, c_count, o_count):
            dx[n, h, w, c] += dy[n, oh, ow, o] * kernel[i, j, c, o]
    return dx if bias is None else dx + bias


def convolve_dkernel(x, dy, window):
    """dkernel[i, j, c, o] += x[n, h, w, c] * dy[n, oh, ow, o]"""
    xp, (n_count, _, _, c_count), o_count = array_module(x), x.shape, dy.shape[3]
    dkernel = xp.zeros((*window.taps, c_count, o_count), dtype=xp.result_type(x, dy))
    for oh, ow, i, j, h, w in meetings(window):
        for n, c, o in ranges(n_count, c_count, o_count):
            dkernel[i, j, c, o] += x[n, h, w, c] * dy[n, oh, ow, o]
    return dkernel


def paint(x, kernel, strides, dilation, crop, size):
    """Transposed convolution straight from its definition, without borrowing the convolution's adjoint.

    Each input pixel paints the kernel onto an image without borders; then (top, left) = crop is cut off, and `size`
    (OH, OW) kept.
    """
    xp, (n_count, h_count, w_count, c_count), (kh, kw, o_count, _) = array_module(x), x.shape, kernel.shape
    (sh, sw), (dh, dw), (top, left), (oh, ow) = strides, dilation, crop, size
    tall = max(top + oh, (h_count - 1) * sh + (kh - 1) * dh + 1)
    wide = max(left + ow, (w_count - 1) * sw + (kw - 1) * dw + 1)
    painted = xp.zeros((n_count, tall, wide, o_count), dtype=xp.result_type(x, kernel))
    for n, h, w, c, i, j, o in ranges(n_count, h_count, w_count, c_count, kh, kw, o_count):
        painted[n, h * sh + i * dh, w * sw + j * dw, o] += x[n, h, w, c] * kernel[i, j, o, c]
    return painted[:, top:top + oh, left:left + ow]


# --- pooling ------------------------------------------------------------------------------------------------------

def max_pool2d(x, window: Window):
    """y[n, oh, ow, c] = the largest x under the window; `winner` is the first pixel that has it, row by row."""
    xp, (n_count, _, _, c_count) = array_module(x), x.shape
    y = xp.full((n_count, *window.output, c_count), -xp.inf, dtype=x.dtype)
    winner = {}
    for oh, ow, _, _, h, w in meetings(window):
        for n, c in ranges(n_count, c_count):
            if x[n, h, w, c] > y[n, oh, ow, c]:
                y[n, oh, ow, c] = x[n, h, w, c]
                winner[n, oh, ow, c] = h, w
    return y, winner


def max_pool2d_dx(dy, winner, window):
    """dx[winner of (oh, ow)] += dy[oh, ow]"""
    dx = array_module(dy).zeros((dy.shape[0], *window.input, dy.shape[3]), dtype=dy.dtype)
    for (n, oh, ow, c), (h, w) in winner.items():
        dx[n, h, w, c] += dy[n, oh, ow, c]
    return dx


def avg_pool2d(x, window, count_include_pad=False):
    """y[n, oh, ow, c] = Σ x under the window / number of pixels counted"""
    xp, (n_count, _, _, c_count) = array_module(x), x.shape
    y = xp.zeros((n_count, *window.output, c_count), dtype=x.dtype)
    for oh, ow, _, _, h, w in meetings(window):
        for n, c in ranges(n_count, c_count):
            y[n, oh, ow, c] += x[n, h, w, c] / pixels_counted(window, oh, ow, count_include_pad)
    return y


def avg_pool2d_dx(dy, window, count_include_pad=False):
    """dx[n, h, w, c] += dy[n, oh, ow, c] / number of pixels counted"""
    dx = array_module(dy).zeros((dy.shape[0], *window.input, dy.shape[3]), dtype=dy.dtype)
    for oh, ow, _, _, h, w in meetings(window):
        for n, c in ranges(dy.shape[0], dy.shape[3]):
            dx[n, h, w, c] += dy[n, oh, ow, c] / pixels_counted(window, oh, ow, count_include_pad)
    return dx


def pixels_counted(window, oh, ow, count_include_pad):
    """How many pixels the average at (oh, ow) divides by: all taps, or those that lie on the image."""
    if count_include_pad:
        return window.taps[0] * window.taps[1]
    return sum(1 for place in meetings(window) if place[:2] == (oh, ow))


# --- batch normalisation, one channel at a time -------------------------------------------------------------------

def batch_norm(x, gamma, beta, epsilon):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, mean and variance over n, h and w."""
    xp, (n_count, h_count, w_count, c_count) = array_module(x), x.shape
    count, y = n_count * h_count * w_count, xp.empty_like(x)
    for c in range(c_count):
        places = list(ranges(n_count, h_count, w_count))
        mean = sum(x[n, h, w, c] for n, h, w in places) / count
        variance = sum((x[n, h, w, c] - mean)**2 for n, h, w in places) / count
        for n, h, w in places:
            y[n, h, w, c] = gamma[c] * (x[n, h, w, c] - mean) / (variance + epsilon)**0.5 + beta[c]
    return y


def batch_norm_backward(dy, x, gamma, epsilon):
    """The chain rule node by node: y <- (gamma, beta, normal) <- (centred, deviation) <- (x, mean, variance)."""
    xp, (n_count, h_count, w_count, c_count) = array_module(x), x.shape
    count, places = n_count * h_count * w_count, list(ranges(n_count, h_count, w_count))
    dx, dgamma, dbeta = xp.empty_like(x), xp.zeros_like(gamma), xp.zeros_like(gamma)
    for c in range(c_count):
        mean = sum(x[n, h, w, c] for n, h, w in places) / count
        centred = {p: x[(*p, c)] - mean for p in places}
        deviation = (sum(value**2 for value in centred.values()) / count + epsilon)**0.5
        for p in places:
            dgamma[c] += dy[(*p, c)] * centred[p] / deviation
            dbeta[c] += dy[(*p, c)]
        dnormal = {p: dy[(*p, c)] * gamma[c] for p in places}
        ddeviation = sum(dnormal[p] * -centred[p] / deviation**2 for p in places)
        dvariance = ddeviation / (2 * deviation)
        dcentred = {p: dnormal[p] / deviation + dvariance * 2 * centred[p] / count for p in places}
        dmean = -sum(dcentred.values())
        for p in places:
            dx[(*p, c)] = dcentred[p] + dmean / count
    return dx, dgamma, dbeta
