"""Bias and activation in one op, as they follow a convolution: one pass over memory where two would be needed.

Shapes: x and y (..., C), bias (C,), one number for each channel.
"""
from nnscratch.backend import Array
from nnscratch.ops.activations import leaky_relu, leaky_relu_backward
from nnscratch.ops.validation import check_array, check_shape

__all__ = ["bias_leaky_relu", "bias_leaky_relu_backward"]


def bias_leaky_relu(x: Array, bias: Array, negative_slope: float = 0.2) -> tuple[Array, tuple]:
    """y = leaky_relu(x + bias).

    Parameters
    ----------
    x : array (..., C)
    bias : array (C,)
    negative_slope : float, at least 0

    Returns
    -------
    y, cache : array (..., C), tuple
        The output, and what `bias_leaky_relu_backward` needs.

    Raises
    ------
    InputError
        A wrong shape or dtype.

    Examples
    --------
    >>> import numpy as np
    >>> bias_leaky_relu(np.array([[1.0, 1.0]]), np.array([1.0, -2.0]), 0.5)[0].tolist()
    [[2.0, -0.5]]
    """
    check_bias_leaky_relu(x, bias)
    return leaky_relu(x + bias, negative_slope)


def bias_leaky_relu_backward(dy: Array, cache: tuple) -> tuple[Array, Array]:
    """dx = dy * f'(x + bias), and dbias = Σ dx over all axes but the last.

    Parameters
    ----------
    dy : array (..., C)
    cache : tuple, from `bias_leaky_relu`

    Returns
    -------
    dx, dbias : array (..., C), array (C,)
        The gradients with respect to x and bias.
    """
    dx = leaky_relu_backward(dy, cache)
    return dx, dx.reshape(-1, dx.shape[-1]).sum(axis=0)


def check_bias_leaky_relu(x: Array, bias: Array) -> None:
    """Raise InputError unless the bias has one number for each channel of x."""
    check_array("bias_leaky_relu", "x", x, None)
    check_array("bias_leaky_relu", "bias", bias, 1, "(C,)")
    check_shape("bias_leaky_relu", "bias", bias, x.shape[-1:], "(C,), one number for each channel")
