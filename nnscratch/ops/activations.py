"""Activations: y = f(x), element by element; softmax, over the last axis.

Shapes: any; y and dx have the shape of x. Each backward is dy times the derivative written above it.

Conditions look at the real part alone, so that every formula also takes complex numbers, which gradient checks use.
"""
from typing import Any

from nnscratch.backend import array_module
from nnscratch.ops.validation import check_array, check_dy, check_shape

__all__ = ["bias_leaky_relu", "bias_leaky_relu_backward", "elu", "elu_backward", "leaky_relu", "leaky_relu_backward", "relu",
           "relu_backward", "sigmoid", "sigmoid_backward", "softmax", "softmax_backward", "tanh", "tanh_backward"]


def relu(x: Any) -> tuple[Any, Any]:
    """max(0, x). Raises InputError for a wrong dtype. Source: Nair and Hinton (2010)."""
    check_array("relu", "x", x, None)
    y = positive_part(x)
    return y, y


def relu_backward(dy: Any, cache: Any) -> Any:
    """f'(x) = 1 for x > 0, else 0; at 0 itself, where f has no derivative, 0. x > 0 where y > 0."""
    y = cache
    check_dy("relu_backward", dy, y.shape)
    return dy * (y.real > 0)


def leaky_relu(x: Any, negative_slope: float = 0.2) -> tuple[Any, Any]:
    """x where x > 0, else s x. With slope s = 0 it is relu.

    Source: Maas, Hannun, Ng, "Rectifier nonlinearities" (2013), section 2.
    """
    check_array("leaky_relu", "x", x, None)
    s = float(negative_slope)  # a NumPy scalar would turn float32 into float64
    y = positive_part(x) if s == 0 else array_module(x).where(x.real > 0, x, s * x)  # 0 * x is NaN where x is infinite
    return y, (x, s)


def leaky_relu_backward(dy: Any, cache: Any) -> Any:
    """f'(x) = 1 for x > 0, else s."""
    x, s = cache
    check_dy("leaky_relu_backward", dy, x.shape)
    return dy * array_module(x).where(x.real > 0, 1, s).astype(x.real.dtype)


def bias_leaky_relu(x: Any, bias: Any, negative_slope: float = 0.2) -> tuple[Any, Any]:
    """f(x + bias) with f = leaky_relu and one bias for each channel: what follows a convolution, in one pass over memory.

    x (..., C), bias (C,); the slope is at least 0. Raises InputError for a wrong shape or dtype.
    """
    check_array("bias_leaky_relu", "x", x, None)
    check_array("bias_leaky_relu", "bias", bias, 1, "(C,)")
    check_shape("bias_leaky_relu", "bias", bias, x.shape[-1:], "(C,), one number for each channel")
    return leaky_relu(x + bias, negative_slope)


def bias_leaky_relu_backward(dy: Any, cache: Any) -> tuple[Any, Any]:
    """dx = dy f'(x + bias), and dbias = Σ dx over all but the last axis. Returns dx, dbias."""
    dx = leaky_relu_backward(dy, cache)
    return dx, dx.reshape(-1, dx.shape[-1]).sum(axis=0)


def elu(x: Any, alpha: float = 1.0) -> tuple[Any, Any]:
    """x where x > 0, else alpha * (exp(x) - 1). Source: Clevert, Unterthiner, Hochreiter, "ELU" (2016), equation 15."""
    check_array("elu", "x", x, None)
    alpha = float(alpha)
    y = positive_part(x) + alpha * array_module(x).expm1(negative_part(x))  # exp of a large positive x would overflow
    return y, (x, alpha)


def elu_backward(dy: Any, cache: Any) -> Any:
    """f'(x) = 1 for x > 0, else alpha * exp(x)."""
    x, alpha = cache
    check_dy("elu_backward", dy, x.shape)
    positive = x.real > 0
    return dy * (positive + ~positive * (alpha * array_module(x).exp(negative_part(x))))


def positive_part(x: Any) -> Any:
    """max(0, x)."""
    xp = array_module(x)
    return xp.where(x.real > 0, x, 0) if x.dtype.kind == "c" else xp.maximum(x, 0)


def negative_part(x: Any) -> Any:
    """min(0, x)."""
    xp = array_module(x)
    return xp.where(x.real > 0, 0, x) if x.dtype.kind == "c" else xp.minimum(x, 0)


def tanh(x: Any) -> tuple[Any, Any]:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)), between -1 and 1. Raises InputError for a wrong dtype."""
    check_array("tanh", "x", x, None)
    y = array_module(x).tanh(x)
    return y, y


def tanh_backward(dy: Any, cache: Any) -> Any:
    """f'(x) = 1 - tanh(x)² = 1 - y²."""
    y = cache
    check_dy("tanh_backward", dy, y.shape)
    return dy * (1 - y * y)


def sigmoid(x: Any) -> tuple[Any, Any]:
    """1 / (1 + exp(-x)), between 0 and 1; written by tanh, which cannot overflow. Raises InputError for a wrong dtype."""
    check_array("sigmoid", "x", x, None)
    y = 0.5 * (1 + array_module(x).tanh(0.5 * x))
    return y, y


def sigmoid_backward(dy: Any, cache: Any) -> Any:
    """f'(x) = sigmoid(x) * (1 - sigmoid(x)) = y * (1 - y)."""
    y = cache
    check_dy("sigmoid_backward", dy, y.shape)
    return dy * (y * (1 - y))


def softmax(x: Any) -> tuple[Any, Any]:
    """exp(x_k) / Σ_j exp(x_j) over the last axis: positive numbers that sum to 1.

    Subtracting the largest x first changes nothing but keeps exp from overflowing.
    Source: Bridle, "Probabilistic interpretation of feedforward classification network outputs" (1990), section 3.
    """
    check_array("softmax", "x", x, None)
    xp = array_module(x)
    powers = xp.exp(x - x.real.max(axis=-1, keepdims=True))
    y = powers / powers.sum(axis=-1, keepdims=True)
    return y, y


def softmax_backward(dy: Any, cache: Any) -> Any:
    """dy_k/dx_j = y_k ([k = j] - y_j), so dx_j = y_j * (dy_j - Σ_k dy_k y_k)."""
    y = cache
    check_dy("softmax_backward", dy, y.shape)
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))
