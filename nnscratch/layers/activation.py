"""Activation and dropout layers: the shape stays, and there is nothing to learn."""
import numpy as np

from nnscratch import fast, initializers
from nnscratch.backend import array_module
from nnscratch.fast.dispatch import choose_room
from nnscratch.layers.base import Layer
from nnscratch.ops.validation import check_choice, check_fraction, check_int

ACTIVATIONS = {name: (getattr(fast, name), getattr(fast, f"{name}_backward"))
               for name in ("relu", "leaky_relu", "elu", "tanh", "sigmoid", "softmax")}  # leaky_relu has slope 0.2, as in Keras


def activation_by_name(name):
    """The pair (forward, backward) of an activation, by its Keras name, or a pair of functions as it is."""
    if isinstance(name, tuple) and len(name) == 2 and all(map(callable, name)):
        return name
    return ACTIVATIONS[check_choice(name, "activation", ACTIVATIONS)]


class Activation(Layer):
    """An activation by its Keras name: "relu", "leaky_relu" (slope 0.2), "elu", "tanh", "sigmoid", "softmax"."""

    def __init__(self, activation, name=None):
        super().__init__(name)
        self.function, self.function_backward = activation_by_name(activation)

    def compute(self, x, training):
        return self.function(x)

    def differentiate(self, dy, cache, wrt):
        return self.function_backward(dy, cache), {}


class ReLU(Activation):
    """max(0, x)"""

    def __init__(self, name=None):
        super().__init__("relu", name)


class LeakyReLU(Layer):
    """x where x > 0, else negative_slope * x. The slope is 0.3 by default, as in Keras; by name it is 0.2."""

    def __init__(self, negative_slope=0.3, name=None):
        super().__init__(name)
        self.negative_slope = negative_slope

    def compute(self, x, training):
        return fast.leaky_relu(x, self.negative_slope)

    def differentiate(self, dy, cache, wrt):
        return fast.leaky_relu_backward(dy, cache), {}


class ELU(Layer):
    """x where x > 0, else alpha * (exp(x) - 1)."""

    def __init__(self, alpha=1.0, name=None):
        super().__init__(name)
        self.alpha = alpha

    def compute(self, x, training):
        return fast.elu(x, self.alpha)

    def differentiate(self, dy, cache, wrt):
        return fast.elu_backward(dy, cache), {}


class Dropout(Layer):
    """Drop single values in training; at inference, the identity.

    The mask of call number k is drawn from (seed, k): it is the same on every device, and goes on after a restart from
    a checkpoint, because `calls` is saved with the layer.
    """

    drop, drop_backward = staticmethod(fast.dropout), staticmethod(fast.dropout_backward)

    def __init__(self, rate, seed=None, name=None):
        super().__init__(name)
        self.rate = check_fraction(rate, f"{self}: rate")
        self.seed = initializers.new_seed() if seed is None else check_int(seed, f"{self}: seed", 0)

    def build(self, shape):
        self.buffers["calls"] = np.zeros((), dtype=np.int64)

    def compute(self, x, training):
        if not training:
            return x, None
        calls = self.buffers["calls"]
        if array_module(calls) is np and choose_room([x]) == "cuda":  # there a kernel draws, and reads the count
            calls = self.buffers["calls"] = array_module(x).full((), int(calls), dtype=np.int64)
        result = self.drop(x, self.rate, seed=(self.seed, calls))
        self.set_buffer("calls", calls + 1)
        return result

    def differentiate(self, dy, cache, wrt):
        return (dy if cache is None else self.drop_backward(dy, cache)), {}


class SpatialDropout2D(Dropout):
    """Drop whole channels of single images. Also importable as Dropout2D, the name the seed article uses."""

    axes = 4
    drop, drop_backward = staticmethod(fast.spatial_dropout2d), staticmethod(fast.spatial_dropout2d_backward)
