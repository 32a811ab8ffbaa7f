"""Activations: y = f(x), element by element; softmax, over the last axis.

Shapes: any; y and dx have the shape of x. Each backward is dy times the derivative written above it.

`x.real` stands where a sign is asked for: it is x itself for real numbers, and lets the same line run on the complex
numbers that gradcheck uses.
"""
from nnscratch.backend import array_module
from nnscratch.ops.checks import check_array, check_dy, choice


def relu(x):
    """max(0, x). Raises InputError for a wrong dtype. Source: Nair and Hinton (2010)."""
    check_array("relu", "x", x, None)
    return array_module(x).where(x.real > 0, x, 0), x


def relu_backward(dy, cache):
    """f'(x) = 1 for x > 0, else 0; at 0 itself, where f has no derivative, 0."""
    x = cache
    check_dy("relu_backward", dy, x.shape)
    return array_module(x).where(x.real > 0, dy, 0)


def leaky_relu(x, negative_slope=0.2):
    """x where x > 0, else negative_slope * x. Source: Maas, Hannun, Ng, "Rectifier nonlinearities" (2013), section 2."""
    check_array("leaky_relu", "x", x, None)
    negative_slope = float(negative_slope)  # a NumPy scalar would turn float32 into float64
    return array_module(x).where(x.real > 0, x, negative_slope * x), (x, negative_slope)


def leaky_relu_backward(dy, cache):
    """f'(x) = 1 for x > 0, else negative_slope."""
    x, negative_slope = cache
    check_dy("leaky_relu_backward", dy, x.shape)
    return array_module(x).where(x.real > 0, dy, negative_slope * dy)


def elu(x, alpha=1.0):
    """x where x > 0, else alpha * (exp(x) - 1). Source: Clevert, Unterthiner, Hochreiter, "ELU" (2016), equation 15."""
    check_array("elu", "x", x, None)
    alpha = float(alpha)
    xp = array_module(x)
    # where() computes both branches, and exp of a large positive x would overflow in the one thrown away.
    negative = xp.where(x.real > 0, 0, x)
    y = xp.where(x.real > 0, x, alpha * xp.expm1(negative))
    return y, (x, y, alpha)


def elu_backward(dy, cache):
    """f'(x) = 1 for x > 0, else alpha * exp(x) = y + alpha."""
    x, y, alpha = cache
    check_dy("elu_backward", dy, y.shape)
    return dy * array_module(x).where(x.real > 0, 1, y + alpha).astype(dy.dtype)


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
    return ACTIVATIONS[choice(name, "activation", ACTIVATIONS)]
