"""The three products of a convolution on the CPU, each by the algorithm that dispatch.py chooses.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC); bias is for the channels of what is returned.
"""
from typing import Any

from nnscratch.fast.cpu import col2im, depthwise, im2col, subpixel, winograd
from nnscratch.fast.cpu.col2im import adjoint_window, flip_kernel
from nnscratch.fast.dispatch import Problem, choose_convolution
from nnscratch.ops.window import Window


def convolve(x: Any, kernel: Any, window: Window, bias: Any = None, groups: int = 1) -> Any:
    """y = im2col(x) @ K + b."""
    problem = Problem(window, len(x), kernel.shape[2], kernel.shape[3] // groups, groups)
    algorithm = choose_convolution("convolve", problem)
    if algorithm == "winograd":
        return winograd.convolve(x, kernel, window, bias)
    if algorithm == "im2col":
        return im2col.convolve(x, kernel, window, bias)
    if algorithm == "adjoint":
        y = col2im.convolve_dx(x, flip_kernel(kernel), adjoint_window(window))
    else:
        y = {"depthwise": depthwise.convolve, "wide": im2col.convolve_wide}[algorithm](x, kernel, window)
    return add(y, bias)


def convolve_dx(dy: Any, kernel: Any, window: Window, bias: Any = None, groups: int = 1) -> Any:
    """dx = col2im(dy @ Kᵀ) + b."""
    problem = Problem(window, len(dy), kernel.shape[2], kernel.shape[3] // groups, groups)
    algorithm = choose_convolution("convolve_dx", problem)
    if algorithm == "as convolve":
        return convolve(dy, flip_kernel(kernel), adjoint_window(window), bias)
    ways = {"depthwise": depthwise.convolve_dx, "col2im": col2im.convolve_dx, "subpixel": subpixel.convolve_dx}
    return add(ways[algorithm](dy, kernel, window), bias)


def convolve_dkernel(x: Any, dy: Any, window: Window, groups: int = 1) -> Any:
    """dK = im2col(x)ᵀ @ dy."""
    problem = Problem(window, len(x), x.shape[3] // groups, dy.shape[3] // groups, groups)
    algorithm = choose_convolution("convolve_dkernel", problem)
    if algorithm == "swapped":  # x and dy change places, and the columns are those of dy, which has fewer channels
        return flip_kernel(im2col.convolve_dkernel(dy, x, adjoint_window(window)))
    ways = {"depthwise": depthwise.convolve_dkernel, "winograd": winograd.convolve_dkernel, "im2col": im2col.convolve_dkernel}
    return ways[algorithm](x, dy, window)


def add(y: Any, bias: Any) -> Any:
    """y + bias, in place."""
    if bias is not None:
        y += bias
    return y
