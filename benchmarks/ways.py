"""Every algorithm of fast/cpu for each of the three products of a convolution, and the windows it supports."""
from collections.abc import Callable
from functools import partial

import numpy as np

from nnscratch.fast.cpu import col2im, depthwise, folded, im2col, subpixel, winograd
from nnscratch.fast.cpu.col2im import adjoint_window, flip_kernel
from nnscratch.fast.cpu.folded import supports_folding
from nnscratch.fast.cpu.winograd_tiles import supports_winograd
from nnscratch.fast.dispatch import Problem
from nnscratch.ops import reference
from nnscratch.ops.window import Window


def turned(convolve: Callable, dy: np.ndarray, kernel: np.ndarray, window: Window) -> np.ndarray:
    """dx with stride 1: the convolution of dy with the flipped kernel."""
    return convolve(dy, flip_kernel(kernel), adjoint_window(window))


def adjoint(x: np.ndarray, kernel: np.ndarray, window: Window) -> np.ndarray:
    """y with stride 1 as an adjoint: the products first, then the additions."""
    return col2im.convolve_dx(x, flip_kernel(kernel), adjoint_window(window))


def swapped(x: np.ndarray, dy: np.ndarray, window: Window) -> np.ndarray:
    """dK with stride 1 from the columns of dy."""
    return flip_kernel(im2col.convolve_dkernel(dy, x, adjoint_window(window)))


def any_window(window: Window) -> bool:
    """For algorithms that support every window."""
    return True


def dense(window: Window) -> bool:
    """Stride and dilation 1, and less padding than taps."""
    return Problem(window, 1, 1, 1).unit_stride


def undilated(window: Window) -> bool:
    """Dilation 1."""
    return window.dilation == (1, 1)


def winograd_can(window: Window) -> bool:
    """The windows that winograd.py supports, with less padding than taps."""
    return supports_winograd(window) and dense(window)


def strided_winograd_can(window: Window) -> bool:
    """Strides, for which Winograd works on folded images."""
    return window.strides != (1, 1) and supports_folding(window)


WAYS: dict[str, dict[str, tuple[Callable, Callable]]] = {
    "convolve": {"loops": (reference.convolve, any_window), "im2col": (im2col.convolve, any_window),
                 "adjoint": (adjoint, dense), "wide": (im2col.convolve_wide, undilated),
                 "winograd": (winograd.convolve, winograd_can), "depthwise": (depthwise.convolve, any_window)},
    "convolve_dx": {"col2im": (col2im.convolve_dx, any_window), "subpixel": (subpixel.convolve_dx, undilated),
                    "subpixel winograd": (partial(subpixel.convolve_dx, by_winograd=True), strided_winograd_can),
                    "im2col": (partial(turned, im2col.convolve), dense), "adjoint": (partial(turned, adjoint), dense),
                    "wide": (partial(turned, im2col.convolve_wide), dense),
                    "winograd": (partial(turned, winograd.convolve), winograd_can)},
    "convolve_dkernel": {"im2col": (im2col.convolve_dkernel, any_window), "swapped": (swapped, dense),
                         "folded winograd": (folded.convolve_dkernel, strided_winograd_can),
                         "winograd": (winograd.convolve_dkernel, winograd_can)},
}
