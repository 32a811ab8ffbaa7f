"""The dense layer, and what it shares with the convolutions: y = activation(linear(x, kernel) + bias).

Shapes: x (N, ..., inputs), kernel (inputs, units), bias (units,), y (N, ..., units).
"""
from math import prod
from typing import Any

from nnscratch import fast, initializers
from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.initializers import Initializer
from nnscratch.layers.activation import ActivationLike, activate, find_activation
from nnscratch.layers.base import Layer
from nnscratch.layers.graph import Shape
from nnscratch.ops.validation import check_flag, check_int

__all__ = ["Dense"]

SLOPES = {"relu": 0.0, "leaky_relu": 0.2}  # activations that one kernel computes together with the bias


class KernelLayer(Layer):
    """y = activation(linear(x, kernel, bias)); a subclass defines the linear map and the shape of its kernel."""

    one_input = True

    def __init__(self, filters: int, activation: ActivationLike, use_bias: bool, kernel_initializer: Initializer,
                 bias_initializer: Initializer, name: str | None) -> None:
        super().__init__(name)
        self.filters = check_int(filters, f"{self}: the number of output channels", 1)
        self.use_bias, self.activation = check_flag(use_bias, f"{self}: use_bias"), find_activation(activation)
        self.slope = SLOPES.get(activation) if use_bias and isinstance(activation, str) else None
        self.kernel_initializer = initializers.check_initializer(kernel_initializer, f"{self}: kernel_initializer")
        self.bias_initializer = initializers.check_initializer(bias_initializer, f"{self}: bias_initializer")

    def kernel_shape(self, channels: int) -> Shape:
        """The kernel's shape for an input of this many channels."""
        raise NotImplementedError

    def linear(self, x: Array, kernel: Array, bias: Array) -> tuple[Array, Any]:
        """The linear map, as an op: y, cache."""
        raise NotImplementedError

    def linear_backward(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, Array, Array]:
        """Its gradients: dx, dkernel, dbias."""
        raise NotImplementedError

    def build(self, shape: Shape) -> None:
        if shape[-1] is None:
            raise InputError(f"{self}: the input has shape {('N', *shape)}, expected a known number of channels")
        self.params["kernel"] = initializers.draw(self.kernel_initializer, self.kernel_shape(shape[-1]))
        if self.use_bias:
            self.params["bias"] = initializers.draw(self.bias_initializer, (self.filters,))

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        kernel, bias = self.params["kernel"], self.params.get("bias")
        if self.slope is not None:
            y, cache = self.linear(x, kernel, None)
            y, activation_cache = fast.bias_leaky_relu(y, bias, self.slope)
            return y, (cache, activation_cache)
        y, cache = self.linear(x, kernel, bias)
        if self.activation is None:
            return y, (cache, None)
        y, activation_cache = activate(self, self.activation[0], y)
        return y, (cache, activation_cache)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        cache, activation_cache = cache
        if self.slope is not None:  # the bias was added together with the activation
            dy, dbias = fast.bias_leaky_relu_backward(dy, activation_cache)
            dx, dkernel, _ = self.linear_backward(dy, cache, wrt)
            return dx, {"kernel": dkernel, "bias": None if wrt == "input" else dbias}
        if self.activation is not None:
            dy = self.activation[1](dy, activation_cache)
        dx, dkernel, dbias = self.linear_backward(dy, cache, wrt)
        return dx, {"kernel": dkernel, "bias": dbias}


class Dense(KernelLayer):
    """Fully connected layer: y = activation(x @ kernel + bias), on the last axis of the input.

    Parameters
    ----------
    units : int
        Number of outputs.
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
        "kernel" (inputs, units) and "bias" (units,).

    Examples
    --------
    >>> from nnscratch.layers import Input
    >>> Dense(10, activation="softmax")(Input((784,)))
    <Symbol (None, 10) from Dense(10, activation='softmax')>
    """

    def __init__(self, units: int, activation: ActivationLike = None, use_bias: bool = True,
                 kernel_initializer: Initializer = "glorot_uniform", bias_initializer: Initializer = "zeros",
                 name: str | None = None) -> None:
        super().__init__(units, activation, use_bias, kernel_initializer, bias_initializer, name)

    def kernel_shape(self, channels: int) -> Shape:
        return channels, self.filters

    def output_shape(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.filters)

    def linear(self, x: Array, kernel: Array, bias: Array) -> tuple[Array, Any]:
        return fast.dense(x, kernel, bias)

    def linear_backward(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, Array, Array]:
        return fast.dense_backward(dy, cache, wrt)

    def multiply_adds(self, shape: Shape) -> int:
        return prod(shape) * self.filters
