"""Activation layers. Shapes: any; the output has the shape of the input. They have no parameters."""
from collections.abc import Callable
from typing import Any, TypeAlias

from nnscratch import fast
from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.layers.base import Layer
from nnscratch.ops.validation import check_number

__all__ = ["ELU", "Activation", "LeakyReLU", "ReLU"]

ActivationPair: TypeAlias = tuple[Callable[[Array], tuple[Array, Any]], Callable[[Array, Any], Array]]
ActivationLike: TypeAlias = str | ActivationPair | None

ACTIVATIONS: dict[str, ActivationPair] = {
    name: (getattr(fast, name), getattr(fast, f"{name}_backward"))
    for name in ("relu", "leaky_relu", "elu", "tanh", "sigmoid", "softmax")}  # leaky_relu has slope 0.2, as in Keras


def find_activation(activation: ActivationLike) -> ActivationPair | None:
    """The pair (forward, backward) of an activation given by its name or as that pair; None stays None."""
    if activation is None or isinstance(activation, tuple) and len(activation) == 2 and all(map(callable, activation)):
        return activation
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        raise InputError(f"activation {activation!r} is unknown: choose one of {', '.join(ACTIVATIONS)}, None, or a pair of "
                         f"functions (forward, backward)")
    return ACTIVATIONS[activation]


def activate(layer: Layer, function: Callable[[Array], tuple[Array, Any]], x: Array) -> tuple[Array, Any]:
    """y, cache of an activation; InputError where a function of the user's returns anything else."""
    result = function(x)
    if not (isinstance(result, tuple) and len(result) == 2 and getattr(result[0], "shape", None) == x.shape):
        raise InputError(f"{layer}: the activation's forward function returned no pair (y, cache) with y of shape "
                         f"{tuple(x.shape)}; return y, cache")
    return result


class Activation(Layer):
    """An activation function, applied to each value (softmax: to the last axis).

    Parameters
    ----------
    activation : str, (forward, backward) or None
        "relu", "leaky_relu" (slope 0.2), "elu" (alpha 1), "tanh", "sigmoid" or "softmax"; None is the identity.
        A function of your own is a pair: `y, cache = forward(x)` and `dx = backward(dy, cache)`.
    name : str, optional
        Name in error messages and in the model.

    Examples
    --------
    >>> import numpy as np
    >>> Activation("tanh")(np.zeros((1, 2)))
    array([[0., 0.]])
    >>> def square(x):
    ...     return x * x, x
    >>> def square_backward(dy, x):
    ...     return 2 * x * dy
    >>> Activation((square, square_backward))(np.full((1, 2), 3.0))
    array([[9., 9.]])
    """

    one_input = True

    def __init__(self, activation: ActivationLike, name: str | None = None) -> None:
        super().__init__(name)
        pair: ActivationPair = find_activation(activation) or (identity, identity_backward)
        self.function, self.function_backward = pair

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        return activate(self, self.function, x)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        return self.function_backward(dy, cache), {}


def identity(x: Array) -> tuple[Array, None]:
    """y = x"""
    return x, None


def identity_backward(dy: Array, cache: None) -> Array:
    """dx = dy"""
    return dy


class ReLU(Activation):
    """Rectified linear unit: y = max(0, x).

    Parameters
    ----------
    name : str, optional
        Name in error messages and in the model.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__("relu", name)


class LeakyReLU(Layer):
    """Leaky ReLU: y = x for x > 0, else negative_slope * x.

    Parameters
    ----------
    negative_slope : float, default 0.3
        The slope for x < 0. As in Keras it is 0.3 here, and 0.2 in `activation="leaky_relu"`.
    name : str, optional
        Name in error messages and in the model.
    """

    one_input = True

    def __init__(self, negative_slope: float = 0.3, name: str | None = None) -> None:
        super().__init__(name)
        self.negative_slope = check_number(negative_slope, f"{self}: negative_slope")

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        return fast.leaky_relu(x, self.negative_slope)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        return fast.leaky_relu_backward(dy, cache), {}


class ELU(Layer):
    """Exponential linear unit: y = x for x > 0, else alpha * (exp(x) - 1).

    Parameters
    ----------
    alpha : float, default 1
        The output tends to -alpha for x → -∞.
    name : str, optional
        Name in error messages and in the model.
    """

    one_input = True

    def __init__(self, alpha: float = 1.0, name: str | None = None) -> None:
        super().__init__(name)
        self.alpha = check_number(alpha, f"{self}: alpha")

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        return fast.elu(x, self.alpha)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        return fast.elu_backward(dy, cache), {}
