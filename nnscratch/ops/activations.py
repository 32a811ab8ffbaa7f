"""Activations: y = f(x), element by element.

Shapes: any; y, dy and dx have the shape of x. Each backward is dy times the derivative f'(x). All raise InputError for a wrong
dtype, and for a dy of another shape than y.

Conditions test the real part, so that every formula also takes complex numbers, which gradient checks use.
"""
from nnscratch.backend import Array, array_module
from nnscratch.ops.validation import ARRAY, check_array, check_cache, check_dy, check_number

__all__ = ["elu", "elu_backward", "leaky_relu", "leaky_relu_backward", "relu", "relu_backward", "sigmoid", "sigmoid_backward",
           "tanh", "tanh_backward"]


def relu(x: Array) -> tuple[Array, Array]:
    """y = max(0, x).

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    y, cache : array like x, array
        The cache is y: it is positive where x is.

    References
    ----------
    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> relu(np.array([-1.0, 2.0]))[0].tolist()
    [0.0, 2.0]
    """
    check_array("relu", "x", x, None)
    y = positive_part(x)
    return y, y


def relu_backward(dy: Array, cache: Array) -> Array:
    """f'(x) = 1 for x > 0, else 0; at 0 itself, where f has no derivative, 0.

    Parameters
    ----------
    dy : array like y
    cache : array, from `relu`

    Returns
    -------
    dx : array like x
        dy * f'(x)
    """
    check_cache("relu_backward", cache)
    y = cache
    check_dy("relu_backward", dy, y.shape)
    return dy * (y.real > 0)


def leaky_relu(x: Array, negative_slope: float = 0.2) -> tuple[Array, tuple]:
    """y = x where x > 0, else s x. With slope s = 0 it is relu.

    Parameters
    ----------
    x : array of any shape
    negative_slope : float, s

    Returns
    -------
    y, cache : array like x, tuple
        The output, and what `leaky_relu_backward` needs.

    References
    ----------
    Maas, Hannun, Ng, "Rectifier nonlinearities improve neural network acoustic models", 2013, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> leaky_relu(np.array([-1.0, 2.0]), 0.5)[0].tolist()
    [-0.5, 2.0]
    """
    check_array("leaky_relu", "x", x, None)
    check_number(negative_slope, "leaky_relu: negative_slope")
    s = float(negative_slope)  # a NumPy scalar would turn float32 into float64
    y = positive_part(x) if s == 0 else array_module(x).where(x.real > 0, x, s * x)  # 0 * x is NaN where x is infinite
    return y, (x, s)


def leaky_relu_backward(dy: Array, cache: tuple) -> Array:
    """f'(x) = 1 for x > 0, else s.

    Parameters
    ----------
    dy : array like y
    cache : tuple, from `leaky_relu`

    Returns
    -------
    dx : array like x
        dy * f'(x)
    """
    check_cache("leaky_relu_backward", cache, ARRAY, float)
    x, s = cache
    check_dy("leaky_relu_backward", dy, x.shape)
    return dy * array_module(x).where(x.real > 0, 1, s).astype(x.real.dtype)


def elu(x: Array, alpha: float = 1.0) -> tuple[Array, tuple]:
    """y = x where x > 0, else alpha * (exp(x) - 1).

    Parameters
    ----------
    x : array of any shape
    alpha : float

    Returns
    -------
    y, cache : array like x, tuple
        The output, and what `elu_backward` needs.

    References
    ----------
    Clevert, Unterthiner, Hochreiter, "Fast and accurate deep network learning by exponential linear units", 2016, equation 15.
    """
    check_array("elu", "x", x, None)
    check_number(alpha, "elu: alpha")
    alpha = float(alpha)
    y = positive_part(x) + alpha * array_module(x).expm1(negative_part(x))  # exp of a large positive x would overflow
    return y, (x, alpha)


def elu_backward(dy: Array, cache: tuple) -> Array:
    """f'(x) = 1 for x > 0, else alpha * exp(x).

    Parameters
    ----------
    dy : array like y
    cache : tuple, from `elu`

    Returns
    -------
    dx : array like x
        dy * f'(x)
    """
    check_cache("elu_backward", cache, ARRAY, float)
    x, alpha = cache
    check_dy("elu_backward", dy, x.shape)
    positive = x.real > 0
    return dy * (positive + ~positive * (alpha * array_module(x).exp(negative_part(x))))


def positive_part(x: Array) -> Array:
    """max(0, x)."""
    xp = array_module(x)
    return xp.where(x.real > 0, x, 0) if x.dtype.kind == "c" else xp.maximum(x, 0)


def negative_part(x: Array) -> Array:
    """min(0, x)."""
    xp = array_module(x)
    return xp.where(x.real > 0, 0, x) if x.dtype.kind == "c" else xp.minimum(x, 0)


def tanh(x: Array) -> tuple[Array, Array]:
    """y = (exp(x) - exp(-x)) / (exp(x) + exp(-x)), between -1 and 1.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    y, cache : array like x, array
        The cache is y.
    """
    check_array("tanh", "x", x, None)
    y = array_module(x).tanh(x)
    return y, y


def tanh_backward(dy: Array, cache: Array) -> Array:
    """f'(x) = 1 - tanh(x)² = 1 - y².

    Parameters
    ----------
    dy : array like y
    cache : array, from `tanh`

    Returns
    -------
    dx : array like x
        dy * f'(x)
    """
    check_cache("tanh_backward", cache)
    y = cache
    check_dy("tanh_backward", dy, y.shape)
    return dy * (1 - y * y)


def sigmoid(x: Array) -> tuple[Array, Array]:
    """y = 1 / (1 + exp(-x)), between 0 and 1; computed as (1 + tanh(x / 2)) / 2, which cannot overflow.

    Parameters
    ----------
    x : array of any shape

    Returns
    -------
    y, cache : array like x, array
        The cache is y.

    Examples
    --------
    >>> import numpy as np
    >>> sigmoid(np.array([0.0, np.log(3.0)]))[0].round(3).tolist()
    [0.5, 0.75]
    """
    check_array("sigmoid", "x", x, None)
    y = 0.5 * (1 + array_module(x).tanh(0.5 * x))
    return y, y


def sigmoid_backward(dy: Array, cache: Array) -> Array:
    """f'(x) = sigmoid(x) * (1 - sigmoid(x)) = y * (1 - y).

    Parameters
    ----------
    dy : array like y
    cache : array, from `sigmoid`

    Returns
    -------
    dx : array like x
        dy * f'(x)
    """
    check_cache("sigmoid_backward", cache)
    y = cache
    check_dy("sigmoid_backward", dy, y.shape)
    return dy * (y * (1 - y))
