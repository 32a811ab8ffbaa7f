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

import numpy as np

from nnscratch.backend import Array, common_dtype
from nnscratch.fast.cpu import im2col, winograd
from nnscratch.fast.cpu.im2col import as_items, seen_by
from nnscratch.ops.window import Window

__all__ = ["convolve_dx"]

PHASE_BYTES = 2**20             # of phases that exist at once
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
    matrix = taps[::-1, :, ::-1].transpose(0, 2, 5, 1, 3, 4).reshape(u, v, oc, sh * sw * c)
    dy, seen = windows_of_dy(dy, window, (u, v))
    dx = np.empty((len(dy), h, w, c), dtype)
    row = seen.output[1] * sh * sw * c * dtype.itemsize
    convolve, limit = (winograd.convolve, WINOGRAD_PHASE_BYTES) if by_winograd else (im2col.convolve, PHASE_BYTES)
    images, rows = max(1, limit // (row * seen.output[0])), max(1, min(seen.output[0], limit // row))
    for n in range(0, len(dy), images):
        for first in range(0, seen.output[0], rows):
            last = min(first + rows, seen.output[0])
            under, part = seen_by(seen, 0, first, last)
            phases = convolve(dy[n:n + images, under], matrix, part).reshape(-1, *part.output, sh, sw, c)
            interleave(dx[n:n + images], phases, window, first, last)
    return dx


def interleave(dx: Array, phases: Array, window: Window, first: int, last: int) -> None:
    """Write the phases (N, rows, columns, SH, SW, C) of the rows first, ..., last - 1 to their places in dx."""
    of_dx, of_phases = as_items(dx), as_items(phases)
    for p in range(window.strides[0]):
        rows, from_rows = interleaved(p, window, 0, first, last)
        for q in range(window.strides[1]):
            columns, from_columns = interleaved(q, window, 1, 0, phases.shape[2])
            of_dx[:, rows, columns] = of_phases[:, from_rows, from_columns, p, q]


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


def interleaved(p: int, window: Window, axis: int, first: int, last: int) -> tuple[slice, slice]:
    """Where the rows (or columns) first, ..., last - 1 of phase p belong in dx, and which of them lie in the image."""
    stride, length, shift = window.strides[axis], window.input[axis], p - window.pads[axis][0] % window.strides[axis]
    low, high = max(first, 1 if shift < 0 else 0), min(last, (length - 1 - shift) // stride + 1)
    high = max(low, high)
    return slice(stride * low + shift, max(0, stride * high + shift - stride + 1), stride), slice(low - first, high - first)


def waste(window: Window) -> float:
    """How many pixels are computed for each pixel of dx: the phases at the border are computed in full."""
    (h, w), (sh, sw), ((top, _), (left, _)) = window.input, window.strides, window.pads
    rows, columns = ((n - 1 + b) // s - b // s + 1 for n, b, s in ((h, top, sh), (w, left, sw)))
    return rows * sh * columns * sw / (h * w)
