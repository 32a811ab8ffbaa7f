"""Layers with a kernel: Dense, Conv2D and Conv2DTranspose. All three are y = activation(x · kernel + bias).

Shapes: Dense (N, inputs) -> (N, units); the convolutions (N, H, W, C) -> (N, OH, OW, filters).
"""
from math import prod

from nnscratch import fast, initializers
from nnscratch.errors import InputError
from nnscratch.layers.activation import activation_by_name
from nnscratch.layers.base import Layer
from nnscratch.ops.conv import check_groups
from nnscratch.ops.conv_transpose import transposed_window
from nnscratch.ops.validation import as_pair, check_int
from nnscratch.ops.window import make_window, read_padding

SLOPES = {"relu": 0.0, "leaky_relu": 0.2}  # of the activations that follow the bias in one pass over memory


class KernelLayer(Layer):
    """y = activation(linear(x, kernel, bias)); a subclass says which linear map, and the shape of its kernel."""

    def __init__(self, filters, activation, use_bias, kernel_initializer, bias_initializer, name):
        super().__init__(name)
        filters = check_int(filters, f"{self}: the number of output channels", 1)
        self.filters, self.use_bias = filters, use_bias
        self.activation = None if activation is None else activation_by_name(activation)
        self.slope = SLOPES.get(activation) if use_bias and isinstance(activation, str) else None
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer

    def build(self, shape):
        if shape[-1] is None:
            raise InputError(f"{self}: the input has shape {('N', *shape)}, expected a known number of channels")
        self.params["kernel"] = initializers.draw(self.kernel_initializer, self.kernel_shape(shape[-1]))
        if self.use_bias:
            self.params["bias"] = initializers.draw(self.bias_initializer, (self.filters,))

    def compute(self, x, training):
        kernel, bias = self.params["kernel"], self.params.get("bias")
        if self.slope is not None:
            y, cache = self.linear(x, kernel, None)
            y, activation_cache = fast.bias_leaky_relu(y, bias, self.slope)
            return y, (cache, activation_cache)
        y, cache = self.linear(x, kernel, bias)
        if self.activation is None:
            return y, (cache, None)
        y, activation_cache = self.activation[0](y)
        return y, (cache, activation_cache)

    def differentiate(self, dy, cache, wrt):
        (cache, activation_cache), dbias = cache, None
        if self.slope is not None:
            dy, dbias = fast.bias_leaky_relu_backward(dy, activation_cache)
        elif self.activation is not None:
            dy = self.activation[1](dy, activation_cache)
        dx, dkernel, own_dbias = self.linear_backward(dy, cache, wrt)
        return dx, {"kernel": dkernel, "bias": own_dbias if dbias is None else dbias if wrt != "input" else None}


class Dense(KernelLayer):
    """y = activation(x @ kernel + bias), kernel (inputs, units). Acts on the last axis of an input of any rank."""

    def __init__(self, units, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", name=None):
        super().__init__(units, activation, use_bias, kernel_initializer, bias_initializer, name)

    def kernel_shape(self, inputs):
        return inputs, self.filters

    def output_shape(self, shape):
        return (*shape[:-1], self.filters)

    def linear(self, x, kernel, bias):
        return fast.dense(x, kernel, bias)

    linear_backward = staticmethod(fast.dense_backward)

    def multiply_adds(self, shape):
        return prod(shape) * self.filters


class Conv2D(KernelLayer):
    """Convolution; arguments as in Keras and in `ops.conv2d`. kernel (KH, KW, C/groups, filters)."""

    axes = 4

    def __init__(self, filters, kernel_size, strides=1, padding="valid", dilation_rate=1, groups=1, activation=None,
                 use_bias=True, kernel_initializer="glorot_uniform", bias_initializer="zeros", name=None):
        super().__init__(filters, activation, use_bias, kernel_initializer, bias_initializer, name)
        self.kernel_size = as_pair(kernel_size, f"{self}: kernel_size")
        self.options = {"strides": as_pair(strides, f"{self}: strides"), "padding": read_padding(repr(self), padding),
                        "dilation": as_pair(dilation_rate, f"{self}: dilation_rate"), "groups": groups}

    def kernel_shape(self, channels):
        groups = self.options["groups"]
        check_groups(repr(self), groups, channels, self.filters)
        return (*self.kernel_size, channels // groups, self.filters)

    def output_shape(self, shape):
        o = self.options
        if None in shape[:2]:
            return None, None, self.filters
        window = make_window("Conv2D", shape[:2], self.kernel_size, o["strides"], o["padding"], o["dilation"])
        return (*window.output, self.filters)

    def linear(self, x, kernel, bias):
        return fast.conv2d(x, kernel, bias, **self.options)

    linear_backward = staticmethod(fast.conv2d_backward)

    def multiply_adds(self, shape):
        return prod(self.output_shape(shape)[:2]) * prod(self.params["kernel"].shape)


class Conv2DTranspose(KernelLayer):
    """Transposed convolution; arguments as in Keras and in `ops.conv2d_transpose`. kernel (KH, KW, filters/groups, C)."""

    axes = 4

    def __init__(self, filters, kernel_size, strides=1, padding="valid", output_padding=None, dilation_rate=1, groups=1,
                 activation=None, use_bias=True, kernel_initializer="glorot_uniform", bias_initializer="zeros",
                 name=None):
        super().__init__(filters, activation, use_bias, kernel_initializer, bias_initializer, name)
        self.kernel_size = as_pair(kernel_size, f"{self}: kernel_size")
        self.options = {"strides": as_pair(strides, f"{self}: strides"), "padding": read_padding(repr(self), padding),
                        "output_padding": output_padding, "dilation": as_pair(dilation_rate, f"{self}: dilation_rate"),
                        "groups": groups}

    def kernel_shape(self, channels):
        groups = self.options["groups"]
        check_groups(repr(self), groups, channels, self.filters)
        return (*self.kernel_size, self.filters // groups, channels)

    def output_shape(self, shape):
        o = self.options
        if None in shape[:2]:
            return None, None, self.filters
        window = transposed_window(shape[:2], self.kernel_size, o["strides"], o["padding"], o["output_padding"],
                                   o["dilation"])
        return (*window.input, self.filters)

    def linear(self, x, kernel, bias):
        return fast.conv2d_transpose(x, kernel, bias, **self.options)

    linear_backward = staticmethod(fast.conv2d_transpose_backward)

    def multiply_adds(self, shape):
        return prod(shape[:2]) * prod(self.params["kernel"].shape)
