"""The dx of a strided convolution (a transposed convolution) as one product: sub-pixel convolution.

Shapes: dy (N, OH, OW, OC), kernel (KH, KW, C, OC), dx (N, H, W, C). U = ceil(KH / SH), V = ceil(KW / SW).

The trick: instead of spreading each value of dy over dx (as col2im does), gather for each pixel of dx the values of dy that it
needs. Write the row of the padded image as SH*r + p with phase p = 0 .. SH - 1. Output row oh reads the padded row SH*oh + i
through tap i, so i = SH*u + p with u = r - oh:

    dx[SH*r + p - top] = Σ_u dy[r - u] K[SH*u + p]ᵀ,   u = 0 .. U - 1

and likewise along the columns. All SH*SW phases of dx need the same U x V pixels of dy: they are gathered once, as columns, and
multiplied by the kernel rearranged to (U*V*OC, SH*SW*C). The phases of the result are then interleaved. That is one product and
one copy, where col2im adds KH*KW times.

References: Shi et al., "Is the deconvolution layer the same as a convolutional layer?", 2016.
"""
from collections.abc import Iterator
from itertools import product

import numpy as np

from nnscratch.backend import Array, common_dtype
from nnscratch.fast.cpu import im2col, winograd
from nnscratch.fast.cpu.im2col import as_items, seen_by
from nnscratch.ops.window import Window

__all__ = ["convolve_dx"]

PHASE_BYTES = 2**21             # of phases that exist at once
WINOGRAD_PHASE_BYTES = 2**24    # more, because Winograd transforms the kernel anew each time


def convolve_dx(dy: Array, kernel: Array, window: Window, by_winograd: bool = False) -> Array:
    """Compute dx of a convolution with any strides and dilation 1.

    Parameters
    ----------
    dy : array (N, OH, OW, OC)
        Gradient of the loss with respect to y.
    kernel : array (KH, KW, C, OC)
        The kernel.
    window : Window
        Where the kernel stands on x.
    by_winograd : bool
        Whether Winograd's algorithm computes the product, which has stride 1; `folded.supports_folding` must hold.

    Returns
    -------
    array (N, H, W, C)
        Gradient of the loss with respect to x.
    """
    (kh, kw, c, oc), (h, w), (sh, sw), dtype = kernel.shape, window.input, window.strides, common_dtype(dy, kernel)
    u, v = -(-kh // sh), -(-kw // sw)
    taps = np.zeros((u, sh, v, sw, c, oc), dtype)  # K[SH*u + p, SW*v + q], 0 where the kernel has no such tap
    taps.reshape(u * sh, v * sw, c, oc)[:kh, :kw] = kernel
    # The transpose of the matrix, (SH, SW*C, U, V, OC): to keep OC last is a faster copy, and BLAS reads either.
    transpose = taps[::-1, :, ::-1].transpose(1, 3, 4, 0, 2, 5).reshape(sh, sw * c, u, v, oc)
    dy, seen = windows_of_dy(dy, window, (u, v))
    dx, limit = np.empty((len(dy), h, w, c), dtype), WINOGRAD_PHASE_BYTES if by_winograd else PHASE_BYTES
    for low, high, phases in bands(window, seen.output[0]):
        matrix = transpose[phases].reshape(-1, u, v, oc).transpose(1, 2, 3, 0)
        convolve = winograd.convolve if by_winograd and high - low > 1 else im2col.convolve
        row = seen.output[1] * matrix.shape[3] * dtype.itemsize
        images, rows = max(1, limit // (row * (high - low))), max(1, min(high - low, limit // row))
        for n, first in product(range(0, len(dy), images), range(low, high, rows)):
            under, part = seen_by(seen, 0, first, min(first + rows, high))
            y = convolve(dy[n:n + images, under], matrix, part).reshape(-1, *part.output, len(transpose[phases]), sw, c)
            interleave(dx[n:n + images], y, window, first, phases.start)
    return dx


def bands(window: Window, rows: int) -> Iterator[tuple[int, int, slice]]:
    """Cut the rows 0, ..., R - 1 into bands whose phases all lie in the image: (first row, the row after the last, phases).

    The image may begin or end within the SH phases of a row: then only some of them are computed there.
    """
    sh, above = window.strides[0], window.pads[0][0] % window.strides[0]  # phases of the first row that lie above the image
    below = rows * sh - above - window.input[0]
    if rows == 1:
        yield 0, 1, slice(above, sh - below)
        return
    if above:
        yield 0, 1, slice(above, sh)
    if rows > (above > 0) + (below > 0):
        yield int(above > 0), rows - int(below > 0), slice(0, sh)
    if below:
        yield rows - 1, rows, slice(0, sh - below)


def interleave(dx: Array, y: Array, window: Window, first: int, phase: int) -> None:
    """Write y (N, rows, columns, phases, SW, C), which begins at row `first` and this phase, to its places in dx.

    The SW phases of a row are neighbours in dx too: SW * C values in one piece, except that the image may begin or end within
    the first or last of these pieces.
    """
    (n, _, w, c), (sh, sw), rows = dx.shape, window.strides, y.shape[1]
    outside = window.pads[1][0] % sw  # pixels of the first piece that lie left of the image
    start = min(w, sw - outside) if outside else 0  # pixels of the image before the first piece that lies in it as a whole
    pieces, rest = divmod(w - start, sw)
    whole = slice((outside + start) // sw, (outside + start) // sw + pieces)
    for p in range(y.shape[3]):
        top = sh * first + phase + p - window.pads[0][0] % sh
        target, source = dx[:, top:top + sh * (rows - 1) + 1:sh], y[:, :, :, p]
        target[:, :, :start] = source[:, :, 0, outside:outside + start]
        shape = n, rows, pieces, sw * c
        as_items(target[:, :, start:w - rest].reshape(shape))[...] = as_items(source[:, :, whole].reshape(shape))
        target[:, :, w - rest:] = source[:, :, -1, :rest]


def windows_of_dy(dy: Array, window: Window, taps: tuple[int, int]) -> tuple[Array, Window]:
    """The part of dy that the window of U x V pixels moves over, and that window, for all r that reach a pixel of the image."""
    first = tuple(before // s for (before, _), s in zip(window.pads, window.strides))
    last = tuple((n - 1 + before) // s for n, (before, _), s in zip(window.input, window.pads, window.strides))
    output = tuple(b - a + 1 for a, b in zip(first, last))
    before = tuple(t - 1 - a for t, a in zip(taps, first))  # below 0: the first pixels of dy are not needed
    after = tuple(o + t - 1 - b - n for o, t, b, n in zip(output, taps, before, dy.shape[1:3]))
    rows, columns = (slice(max(0, -b), n + min(0, a)) for b, a, n in zip(before, after, dy.shape[1:3]))
    dy = dy[:, rows, columns]
    pads = tuple((max(0, b), max(0, a)) for b, a in zip(before, after))
    return dy, Window(dy.shape[1:3], taps, (1, 1), (1, 1), pads, output)


def waste(window: Window) -> float:
    """How many pixels are computed for each pixel of dx: all phases of the first and last column, also those outside."""
    w, stride, left = window.input[1], window.strides[1], window.pads[1][0]
    return ((w - 1 + left) // stride - left // stride + 1) * stride / w
