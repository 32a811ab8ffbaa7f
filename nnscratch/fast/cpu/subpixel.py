"""The dx of a strided convolution (a transposed convolution) as one product: sub-pixel convolution.

Shapes: dy (N, OH, OW, OC), kernel (KH, KW, C, OC), dx (N, H, W, C). U = ceil(KH / SH), V = ceil(KW / SW).

Count the rows of the padded image as SH*r + p with phase p = 0 .. SH - 1. Output oh meets padded row SH*oh + i by tap i, so
i = SH*u + p for u = r - oh:

    dx[SH*r + p - top] = Σ_u dy[r - u] K[SH*u + p]ᵀ,   u = 0 .. U - 1

and likewise along the columns. All SH*SW phases of dx see the same U x V pixels of dy: gather them once, and multiply by the
kernel rearranged to (U*V*OC, SH*SW*C). Its phases are then interleaved.

References: Shi et al., "Is the deconvolution layer the same as a convolutional layer?", 2016.
"""
from typing import Any

import numpy as np

from nnscratch.backend import common_dtype
from nnscratch.fast.cpu.im2col import as_items, convolve
from nnscratch.ops.window import Window


def convolve_dx(dy: Any, kernel: Any, window: Window) -> Any:
    """dx of a convolution with any strides and dilation 1."""
    (kh, kw, c, oc), (h, w), (sh, sw), dtype = kernel.shape, window.input, window.strides, common_dtype(dy, kernel)
    u, v = -(-kh // sh), -(-kw // sw)
    taps = np.zeros((u, sh, v, sw, c, oc), dtype)  # K[SH*u + p, SW*v + q], 0 where the kernel has no such tap
    taps.reshape(u * sh, v * sw, c, oc)[:kh, :kw] = kernel
    matrix = taps[::-1, :, ::-1].transpose(0, 2, 5, 1, 3, 4).reshape(u, v, oc, sh * sw * c)
    dy, seen = windows_of_dy(dy, window, (u, v))
    phases = convolve(dy, matrix, seen).reshape(len(dy), *seen.output, sh, sw, c)
    dx = np.empty((len(dy), h, w, c), dtype)
    of_dx, of_phases = as_items(dx), as_items(phases)
    for p in range(sh):
        rows, from_rows = interleaved(p, window, 0)
        for q in range(sw):
            columns, from_columns = interleaved(q, window, 1)
            of_dx[:, rows, columns] = of_phases[:, from_rows, from_columns, p, q]
    return dx


def windows_of_dy(dy: Any, window: Window, taps: tuple) -> tuple[Any, Window]:
    """The window of U x V pixels, and the part of dy it moves over, for all r that meet a pixel of the image."""
    first = tuple(before // s for (before, _), s in zip(window.pads, window.strides))
    last = tuple((n - 1 + before) // s for n, (before, _), s in zip(window.input, window.pads, window.strides))
    output = tuple(b - a + 1 for a, b in zip(first, last))
    before = tuple(t - 1 - a for t, a in zip(taps, first))  # below 0: the first pixels of dy are not needed
    after = tuple(o + t - 1 - b - n for o, t, b, n in zip(output, taps, before, dy.shape[1:3]))
    rows, columns = (slice(max(0, -b), n + min(0, a)) for b, a, n in zip(before, after, dy.shape[1:3]))
    dy = dy[:, rows, columns]
    pads = tuple((max(0, b), max(0, a)) for b, a in zip(before, after))
    return dy, Window(dy.shape[1:3], taps, (1, 1), (1, 1), pads, output)


def interleaved(p: int, window: Window, axis: int) -> tuple[slice, slice]:
    """Where the rows (or columns) of phase p stand in dx, and which of the phase's rows they are."""
    stride, length, before = window.strides[axis], window.input[axis], window.pads[axis][0]
    start = (p - before) % stride
    skip = (start + before) // stride - before // stride
    return slice(start, length, stride), slice(skip, skip + len(range(start, length, stride)))


def waste(window: Window) -> float:
    """Pixels computed for each pixel of dx: the phases at the border are computed in full."""
    (h, w), (sh, sw), ((top, _), (left, _)) = window.input, window.strides, window.pads
    rows, columns = ((n - 1 + b) // s - b // s + 1 for n, b, s in ((h, top, sh), (w, left, sw)))
    return rows * sh * columns * sw / (h * w)
