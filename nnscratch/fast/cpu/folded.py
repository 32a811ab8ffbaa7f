"""The kernel gradient of a strided convolution by Winograd: fold the image, and the stride is gone.

Shapes: x (N, H, W, C), dy (N, OH, OW, OC), dK (KH, KW, C, OC). U = ceil(KH / SH), V = ceil(KW / SW).

Cut the padded image into cells of SH x SW pixels, and call all values of a cell its channels ("space to depth"). A window that
moves by SH x SW pixels then moves by one cell, and covers U x V cells with SH*SW*C channels each. So a strided convolution is
one of stride 1, with a smaller kernel, for which Winograd needs fewer multiplications.
"""
import numpy as np

from nnscratch.backend import Array, common_dtype
from nnscratch.fast.cpu import winograd
from nnscratch.fast.cpu.winograd_matrices import MAX_PRODUCTS
from nnscratch.ops.window import Window, make_window

__all__ = ["convolve_dkernel"]


def supports_folding(window: Window) -> bool:
    """Whether Winograd can compute it on cells of SH x SW pixels: dilation 1, and 2 to 7 rows of cells under a window."""
    return window.dilation == (1, 1) and 2 <= -(-window.taps[0] // window.strides[0]) < MAX_PRODUCTS


def convolve_dkernel(x: Array, dy: Array, window: Window) -> Array:
    """Compute dK of a convolution with any strides and dilation 1.

    Parameters
    ----------
    x : array (N, H, W, C)
        The images.
    dy : array (N, OH, OW, OC)
        Gradient of the loss with respect to y.
    window : Window
        Where the kernel stands on x; `supports_folding` holds for it.

    Returns
    -------
    array (KH, KW, C, OC)
        Gradient of the loss with respect to the kernel.
    """
    c, oc, (kh, kw), (sh, sw) = x.shape[3], dy.shape[3], window.taps, window.strides
    u, v = -(-kh // sh), -(-kw // sw)
    cells = fold(x, window, (window.output[0] + u - 1, window.output[1] + v - 1), common_dtype(x, dy))
    dkernel = winograd.convolve_dkernel(cells, dy, make_window("fold", cells.shape[1:3], (u, v)))
    taps = dkernel.reshape(u, v, sh, sw, c, oc).swapaxes(1, 2).reshape(u * sh, v * sw, c, oc)
    return np.ascontiguousarray(taps[:kh, :kw])


def fold(x: Array, window: Window, size: tuple[int, int], dtype: np.dtype) -> Array:
    """The padded images as `size` cells of SH x SW pixels: (N, rows, columns, SH*SW*C)."""
    (n, h, w, c), (sh, sw), ((top, _), (left, _)) = x.shape, window.strides, window.pads
    padded = np.zeros((n, size[0] * sh, size[1] * sw, c), dtype)
    rows, columns = min(h, padded.shape[1] - top), min(w, padded.shape[2] - left)  # no window reads what is beyond
    padded[:, top:top + rows, left:left + columns] = x[:, :rows, :columns]
    return padded.reshape(n, size[0], sh, size[1], sw, c).swapaxes(2, 3).reshape(n, *size, sh * sw * c)
