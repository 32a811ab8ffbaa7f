"""Resize-convolution: each pixel is repeated 2 x 2 times, then a 3x3 convolution, both as one transposed convolution.

Shapes: x (N, H, W, C), kernel K (3, 3, C, filters), y (N, 2H, 2W, filters); W (4, 4, filters, C), the transposed kernel.

A transposed convolution with stride 2 adds x[h] * W[a] to y[2h + a - 1]. The repeated pixels 2h and 2h + 1 are both x[h], and
the convolution adds K[i] times pixel p to y[p - i + 1]. So x[h] comes to y[2h + a - 1] through K[2 - a] and K[3 - a]:

    W[a] = K[2 - a] + K[3 - a]      dK[i] = dW[2 - i] + dW[3 - i]       along the rows, and likewise along the columns

W has 16 taps for each of the H W pixels of x, where the convolution has 9 for each of 4 H W pixels: 4/9 of the products. Unlike
a free 4x4 kernel, W gives a constant image a constant one, so no checkerboard exists before the training.

References: Odena, Dumoulin, Olah, "Deconvolution and checkerboard artifacts", 2016; Karras et al., "Progressive growing of GANs
for improved quality, stability, and variation", 2018, whose code computes it in this way.
"""
from math import prod
from typing import Any

from nnscratch import fast
from nnscratch.backend import Array, array_module
from nnscratch.initializers import Initializer
from nnscratch.layers.activation import ActivationLike
from nnscratch.layers.dense import KernelLayer
from nnscratch.layers.graph import Shape
from nnscratch.ops.conv_transpose import transposed_window
from nnscratch.ops.window import Padding, explicit_padding

__all__ = ["ResizeConv2D"]

SIZE, TAPS, STRIDE = (3, 3), (4, 4), (2, 2)  # of K, of W, and of the transposed convolution
REPEATS = [(0, 0), (0, 1), (1, 0), (1, 1)]  # places of K in W


class ResizeConv2D(KernelLayer):
    """Double an image by repeating its pixels, and convolve it with trained 3x3 filters: Conv2D after UpSampling2D, in one.

    Parameters
    ----------
    filters : int
        Number of output channels.
    padding : int or ((top, bottom), (left, right)), default 1
        What is cropped from 2H + 2 rows and 2W + 2 columns. 1 for 2H x 2W; (1, 2) along an axis for a pixel less.
    activation : str, (forward, backward) or None, default None
        As in Conv2D.
    use_bias : bool, default True
        Whether to add a bias.
    kernel_initializer, bias_initializer : str or callable
        As in Conv2D. Defaults "glorot_uniform" and "zeros".
    name : str, optional
        Name in error messages and in the model.

    Attributes
    ----------
    params : dict
        "kernel" (3, 3, C, filters), the one of the Conv2D, and "bias" (filters,).

    Examples
    --------
    >>> from nnscratch.layers import Input
    >>> ResizeConv2D(16)(Input((14, 14, 32)))
    <Symbol (None, 28, 28, 16) from ResizeConv2D(16)>
    """

    axes = 4

    def __init__(self, filters: int, padding: Padding = 1, activation: ActivationLike = None, use_bias: bool = True,
                 kernel_initializer: Initializer = "glorot_uniform", bias_initializer: Initializer = "zeros",
                 name: str | None = None) -> None:
        super().__init__(filters, activation, use_bias, kernel_initializer, bias_initializer, name)
        self.padding = explicit_padding(repr(self), padding)

    def kernel_shape(self, channels: int) -> Shape:
        return (*SIZE, channels, self.filters)

    def output_shape(self, shape: Shape) -> Shape:
        if None in shape[:2]:
            return None, None, self.filters
        return (*transposed_window(shape[:2], TAPS, STRIDE, self.padding, None, (1, 1)).input, self.filters)

    def linear(self, x: Array, kernel: Array, bias: Array) -> tuple[Array, Any]:
        return fast.conv2d_transpose(x, transposed_kernel(kernel), bias, strides=STRIDE, padding=self.padding)

    def linear_backward(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, Array, Array]:
        dx, dw, dbias = fast.conv2d_transpose_backward(dy, cache, wrt)
        return dx, None if dw is None else transposed_kernel_backward(dw), dbias

    def multiply_adds(self, shape: Shape) -> int:
        return prod(shape) * prod(TAPS) * self.filters


def transposed_kernel(kernel: Array) -> Array:
    """W (4, 4, filters, C) of a kernel K (3, 3, C, filters)."""
    k = kernel[::-1, ::-1].swapaxes(2, 3)
    w = array_module(kernel).zeros((*TAPS, *k.shape[2:]), kernel.dtype)
    for i, j in REPEATS:
        w[i:i + 3, j:j + 3] += k
    return w


def transposed_kernel_backward(dw: Array) -> Array:
    """dK (3, 3, C, filters) of dW (4, 4, filters, C): the adjoint of `transposed_kernel`."""
    return sum(dw[i:i + 3, j:j + 3] for i, j in REPEATS)[::-1, ::-1].swapaxes(2, 3)
