"""Convolution layers: y = activation(x * kernel + bias).

Shapes: x (N, H, W, C), y (N, OH, OW, filters); the kernel is (KH, KW, C/groups, filters) for Conv2D and
(KH, KW, filters/groups, C) for Conv2DTranspose.
"""
from math import prod
from typing import Any

from nnscratch import fast
from nnscratch.backend import Array
from nnscratch.initializers import Initializer
from nnscratch.layers.activation import ActivationLike
from nnscratch.layers.dense import KernelLayer
from nnscratch.layers.graph import Shape
from nnscratch.ops.conv import check_groups
from nnscratch.ops.conv_transpose import transposed_window
from nnscratch.ops.validation import as_pair, check_int
from nnscratch.ops.window import Padding, Pair, make_window, read_padding

__all__ = ["Conv2D", "Conv2DTranspose"]


class Conv2D(KernelLayer):
    """Convolution of images with trained filters.

    Parameters
    ----------
    filters : int
        Number of output channels.
    kernel_size : int or (rows, columns)
        Size of the window, KH and KW.
    strides : int or (rows, columns), default 1
        Step of the window, SH and SW.
    padding : "valid", "same", int or ((top, bottom), (left, right)), default "valid"
        Zeros around the image. "valid" adds none; "same" so many that OH = ceil(H / SH), an odd one at the bottom and right.
    dilation_rate : int or (rows, columns), default 1
        Distance in pixels between neighbouring taps of the kernel.
    groups : int, default 1
        Number of groups of channels, each with filters of its own; it divides C and `filters`. groups=C is depthwise.
    activation : str, (forward, backward) or None, default None
        "relu", "leaky_relu" (slope 0.2), "elu", "tanh", "sigmoid" or "softmax"; None for a linear layer. A function of
        your own is a pair: `y, cache = forward(x)` and `dx = backward(dy, cache)`.
    use_bias : bool, default True
        Whether to add a bias.
    kernel_initializer, bias_initializer : str or callable
        Initial values: "glorot_uniform", "he_normal", "normal_002", "zeros", "ones", or a function (shape, rng) -> array.
        Defaults "glorot_uniform" and "zeros".
    name : str, optional
        Name in error messages and in the model.

    Attributes
    ----------
    params : dict
        "kernel" (KH, KW, C/groups, filters) and "bias" (filters,).

    Examples
    --------
    >>> from nnscratch.layers import Input
    >>> Conv2D(64, 3, padding="same", activation="relu")(Input((28, 28, 1)))
    <Symbol (None, 28, 28, 64) from Conv2D(64, 3, padding='same', activation='relu')>
    """

    axes = 4

    def __init__(self, filters: int, kernel_size: Pair, strides: Pair = 1, padding: Padding = "valid",
                 dilation_rate: Pair = 1, groups: int = 1, activation: ActivationLike = None, use_bias: bool = True,
                 kernel_initializer: Initializer = "glorot_uniform", bias_initializer: Initializer = "zeros",
                 name: str | None = None) -> None:
        super().__init__(filters, activation, use_bias, kernel_initializer, bias_initializer, name)
        self.kernel_size = as_pair(kernel_size, f"{self}: kernel_size")
        self.options: dict[str, Any] = {
            "strides": as_pair(strides, f"{self}: strides"), "padding": read_padding(repr(self), padding),
            "dilation": as_pair(dilation_rate, f"{self}: dilation_rate"), "groups": check_int(groups, f"{self}: groups", 1)}

    def kernel_shape(self, channels: int) -> Shape:
        groups = self.options["groups"]
        check_groups(repr(self), groups, channels, self.filters)
        return (*self.kernel_size, channels // groups, self.filters)

    def output_shape(self, shape: Shape) -> Shape:
        o = self.options
        if None in shape[:2]:
            return None, None, self.filters
        window = make_window(repr(self), shape[:2], self.kernel_size, o["strides"], o["padding"], o["dilation"])
        return (*window.output, self.filters)

    def linear(self, x: Array, kernel: Array, bias: Array) -> tuple[Array, Any]:
        return fast.conv2d(x, kernel, bias, **self.options)

    def linear_backward(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, Array, Array]:
        return fast.conv2d_backward(dy, cache, wrt)

    def multiply_adds(self, shape: Shape) -> int:
        return prod(self.output_shape(shape)[:2]) * prod(self.params["kernel"].shape)


class Conv2DTranspose(KernelLayer):
    """Transposed convolution: enlarges images by trained filters; the adjoint of Conv2D.

    Parameters
    ----------
    filters : int
        Number of output channels.
    kernel_size : int or (rows, columns)
        Size of the window, KH and KW.
    strides : int or (rows, columns), default 1
        Factors SH and SW by which the image grows.
    padding : "valid", "same", int or ((top, bottom), (left, right)), default "valid"
        What is cropped from the full output of (H - 1) SH + KH rows. "valid" nothing; "same" so much that OH = H SH.
    output_padding : int or (rows, columns), optional
        Rows added at the bottom and columns at the right, less than the stride. With "same" the output then has
        (H - 1) SH + KH % 2 + output_padding rows, as in Keras.
    dilation_rate : int or (rows, columns), default 1
        Distance in pixels between neighbouring taps of the kernel.
    groups : int, default 1
        Number of groups of channels, each with filters of its own; it divides C and `filters`.
    activation : str, (forward, backward) or None, default None
        "relu", "leaky_relu" (slope 0.2), "elu", "tanh", "sigmoid" or "softmax"; None for a linear layer. A function of
        your own is a pair: `y, cache = forward(x)` and `dx = backward(dy, cache)`.
    use_bias : bool, default True
        Whether to add a bias.
    kernel_initializer, bias_initializer : str or callable
        Initial values: "glorot_uniform", "he_normal", "normal_002", "zeros", "ones", or a function (shape, rng) -> array.
        Defaults "glorot_uniform" and "zeros".
    name : str, optional
        Name in error messages and in the model.

    Attributes
    ----------
    params : dict
        "kernel" (KH, KW, filters/groups, C) and "bias" (filters,).

    Examples
    --------
    >>> from nnscratch.layers import Input
    >>> Conv2DTranspose(3, 4, strides=2, padding="same")(Input((14, 14, 32)))
    <Symbol (None, 28, 28, 3) from Conv2DTranspose(3, 4, strides=2, padding='same')>
    """

    axes = 4

    def __init__(self, filters: int, kernel_size: Pair, strides: Pair = 1, padding: Padding = "valid",
                 output_padding: Pair | None = None, dilation_rate: Pair = 1, groups: int = 1,
                 activation: ActivationLike = None, use_bias: bool = True,
                 kernel_initializer: Initializer = "glorot_uniform", bias_initializer: Initializer = "zeros",
                 name: str | None = None) -> None:
        super().__init__(filters, activation, use_bias, kernel_initializer, bias_initializer, name)
        self.kernel_size = as_pair(kernel_size, f"{self}: kernel_size")
        self.options: dict[str, Any] = {
            "strides": as_pair(strides, f"{self}: strides"), "padding": read_padding(repr(self), padding),
            "output_padding": output_padding, "dilation": as_pair(dilation_rate, f"{self}: dilation_rate"),
            "groups": check_int(groups, f"{self}: groups", 1)}
        if output_padding is not None:
            as_pair(output_padding, f"{self}: output_padding", minimum=0)

    def kernel_shape(self, channels: int) -> Shape:
        groups = self.options["groups"]
        check_groups(repr(self), groups, channels, self.filters)
        return (*self.kernel_size, self.filters // groups, channels)

    def output_shape(self, shape: Shape) -> Shape:
        o = self.options
        if None in shape[:2]:
            return None, None, self.filters
        window = transposed_window(shape[:2], self.kernel_size, o["strides"], o["padding"], o["output_padding"],
                                   o["dilation"])
        return (*window.input, self.filters)

    def linear(self, x: Array, kernel: Array, bias: Array) -> tuple[Array, Any]:
        return fast.conv2d_transpose(x, kernel, bias, **self.options)

    def linear_backward(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, Array, Array]:
        return fast.conv2d_transpose_backward(dy, cache, wrt)

    def multiply_adds(self, shape: Shape) -> int:
        return prod(shape[:2]) * prod(self.params["kernel"].shape)
