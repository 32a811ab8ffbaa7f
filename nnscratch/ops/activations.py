"""Activations: y = f(x), element by element; softmax, over the last axis.

Shapes: any; y and dx have the shape of x. Each backward is dy times the derivative written above it.

Written with max and min, not with a choice element by element: a processor guesses which way a choice will go, and on data
without a pattern it guesses wrong half the time, at twenty times the cost. The choice is only made for complex numbers,
which gradcheck uses and which have no order.
"""
from nnscratch.backend import array_module
from nnscratch.fast import cuda
from nnscratch.ops.validation import check_array, check_choice, check_dy


def relu(x):
    """max(0, x). Raises InputError for a wrong dtype. Source: Nair and Hinton (2010)."""
    check_array("relu", "x", x, None)
    y = positive_part(x)
    return y, y


def relu_backward(dy, cache):
    """f'(x) = 1 for x > 0, else 0; at 0 itself, where f has no derivative, 0. x > 0 where y > 0."""
    y = cache
    check_dy("relu_backward", dy, y.shape)
    return dy * (y.real > 0)


def leaky_relu(x, negative_slope=0.2):
    """x where x > 0, else s x: the larger of the two, for slopes s up to 1. With slope 0 it is relu.

    Source: Maas, Hannun, Ng, "Rectifier nonlinearities" (2013), section 2.
    """
    check_array("leaky_relu", "x", x, None)
    xp, s = array_module(x), float(negative_slope)  # a NumPy scalar would turn float32 into float64
    if cuda.able(x):
        return cuda.leaky_relu(x, s), (x, s)
    if s == 0:
        return positive_part(x), (x, s)  # 0 * x is no number where x is infinite
    scaled = s * x
    if x.dtype.kind == "c" or s > 1:
        return xp.where(x.real > 0, x, scaled), (x, s)
    return xp.maximum(x, scaled, out=scaled), (x, s)


def leaky_relu_backward(dy, cache):
    """f'(x) = 1 for x > 0, else s: s + (1 - s) [x > 0]."""
    x, s = cache
    check_dy("leaky_relu_backward", dy, x.shape)
    if cuda.able(dy, x):
        return cuda.leaky_relu_backward(dy, x, s)
    slope = array_module(x).multiply(x.real > 0, 1 - s, dtype=x.real.dtype)
    slope += s
    return slope * dy


def elu(x, alpha=1.0):
    """x where x > 0, else alpha * (exp(x) - 1). Source: Clevert, Unterthiner, Hochreiter, "ELU" (2016), equation 15."""
    check_array("elu", "x", x, None)
    alpha = float(alpha)
    y = positive_part(x) + alpha * array_module(x).expm1(negative_part(x))  # exp of a large positive x would overflow
    return y, (x, alpha)


def elu_backward(dy, cache):
    """f'(x) = 1 for x > 0, else alpha * exp(x)."""
    x, alpha = cache
    check_dy("elu_backward", dy, x.shape)
    positive = x.real > 0
    return dy * (positive + ~positive * (alpha * array_module(x).exp(negative_part(x))))


def positive_part(x):
    """max(0, x)."""
    xp = array_module(x)
    return xp.where(x.real > 0, x, 0) if x.dtype.kind == "c" else xp.maximum(x, 0)


def negative_part(x):
    """min(0, x)."""
    xp = array_module(x)
    return xp.where(x.real > 0, 0, x) if x.dtype.kind == "c" else xp.minimum(x, 0)


def tanh(x):
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)), between -1 and 1. Raises InputError for a wrong dtype."""
    check_array("tanh", "x", x, None)
    y = array_module(x).tanh(x)
    return y, y


def tanh_backward(dy, cache):
    """f'(x) = 1 - tanh(x)² = 1 - y²."""
    y = cache
    check_dy("tanh_backward", dy, y.shape)
    return dy * (1 - y * y)


def sigmoid(x):
    """1 / (1 + exp(-x)), between 0 and 1; written by tanh, which cannot overflow. Raises InputError for a wrong dtype."""
    check_array("sigmoid", "x", x, None)
    y = 0.5 * (1 + array_module(x).tanh(0.5 * x))
    return y, y


def sigmoid_backward(dy, cache):
    """f'(x) = sigmoid(x) * (1 - sigmoid(x)) = y * (1 - y)."""
    y = cache
    check_dy("sigmoid_backward", dy, y.shape)
    return dy * (y * (1 - y))


def softmax(x):
    """exp(x_k) / Σ_j exp(x_j) over the last axis: positive numbers that sum to 1.

    Subtracting the largest x first changes nothing but keeps exp from overflowing.
    Source: Bridle, "Probabilistic interpretation of feedforward classification network outputs" (1990), section 3.
    """
    check_array("softmax", "x", x, None)
    xp = array_module(x)
    powers = xp.exp(x - x.real.max(axis=-1, keepdims=True))
    y = powers / powers.sum(axis=-1, keepdims=True)
    return y, y


def softmax_backward(dy, cache):
    """dy_k/dx_j = y_k ([k = j] - y_j), so dx_j = y_j * (dy_j - Σ_k dy_k y_k)."""
    y = cache
    check_dy("softmax_backward", dy, y.shape)
    return y * (dy - (dy * y).sum(axis=-1, keepdims=True))


ACTIVATIONS = {
    "relu": (relu, relu_backward),
    "leaky_relu": (leaky_relu, leaky_relu_backward),  # slope 0.2 by name, as in Keras; the layer LeakyReLU() has 0.3
    "elu": (elu, elu_backward),
    "tanh": (tanh, tanh_backward),
    "sigmoid": (sigmoid, sigmoid_backward),
    "softmax": (softmax, softmax_backward),
}


def activation_by_name(name):
    """The pair (forward, backward) of an activation, by its Keras name."""
    return ACTIVATIONS[check_choice(name, "activation", ACTIVATIONS)]
