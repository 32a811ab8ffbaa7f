"""The CPU's convolution algorithms as pairs of a forward and a backward pass, each checked by itself.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC); transposed x (N, H, W, C), kernel (KH, KW, OC, C).
"""
from nnscratch.backend import Array
from nnscratch.fast.cpu import col2im, folded, im2col, subpixel, winograd
from nnscratch.fast.cpu.col2im import adjoint_window, flip_kernel
from nnscratch.ops.window import make_window

__all__: list[str] = []

SAME = make_window("gradcheck", (7, 5), (3, 3), 1, "same")
HALVED = make_window("gradcheck", (7, 5), (4, 4), 2, "same")
TALL = make_window("gradcheck", (7, 5), (8, 3), 1, "same")
DOUBLED = make_window("gradcheck", (8, 6), (4, 4), 2, "same")


def winograd_3x3(x: Array, kernel: Array) -> tuple[Array, tuple]:
    """The Winograd algorithm."""
    return winograd.convolve(x, kernel, SAME), (x, kernel)


def winograd_3x3_backward(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """dx is the convolution of dy with the flipped kernel."""
    x, kernel = cache
    return winograd.convolve(dy, flip_kernel(kernel), adjoint_window(SAME)), winograd.convolve_dkernel(x, dy, SAME)


def subpixel_4x4(x: Array, kernel: Array) -> tuple[Array, tuple]:
    """im2col by rows, with strides."""
    return im2col.convolve(x, kernel, HALVED), (x, kernel)


def subpixel_4x4_backward(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """dx by sub-pixel convolution."""
    x, kernel = cache
    return subpixel.convolve_dx(dy, kernel, HALVED), im2col.convolve_dkernel(x, dy, HALVED)


def folded_4x4(x: Array, kernel: Array) -> tuple[Array, tuple]:
    """im2col by rows, with strides."""
    return im2col.convolve(x, kernel, HALVED), (x, kernel)


def folded_4x4_backward(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """Both gradients by Winograd: dx by sub-pixel convolution, dkernel on folded images."""
    x, kernel = cache
    return subpixel.convolve_dx(dy, kernel, HALVED, by_winograd=True), folded.convolve_dkernel(x, dy, HALVED)


def wide_8x3(x: Array, kernel: Array) -> tuple[Array, tuple]:
    """Several output pixels from one larger window."""
    return im2col.convolve_wide(x, kernel, TALL), (x, kernel)


def wide_8x3_backward(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """dx by col2im; dkernel with x and dy exchanged."""
    x, kernel = cache
    swapped = flip_kernel(im2col.convolve_dkernel(dy, x, adjoint_window(TALL)))
    return col2im.convolve_dx(dy, kernel, TALL), swapped


def transposed_4x4(x: Array, kernel: Array) -> tuple[Array, tuple]:
    """A transposed convolution by sub-pixel convolution."""
    return subpixel.convolve_dx(x, kernel, DOUBLED), (x, kernel)


def transposed_4x4_backward(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """dx and dkernel are a convolution of dy."""
    x, kernel = cache
    return im2col.convolve(dy, kernel, DOUBLED), im2col.convolve_dkernel(dy, x, DOUBLED)
