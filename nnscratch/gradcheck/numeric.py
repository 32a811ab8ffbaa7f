"""Gradients measured from the forward pass alone.

Given y = f(x_1, x_2, ...) and an upstream gradient u of y's shape, the scalar L = Σ u·y has the gradients that a backward
pass should return for dy = u. There are two ways to measure one element of them:

    complex step         Im L(x + i h) / h,  h = 1e-20      no subtraction, so no cancellation: right to about 1e-16
    central difference   (L(x + h) - L(x - h)) / 2h         for functions that have kinks or do not take complex numbers

Both steps are in units of the input's own scale. The loss may return its terms u·y without adding them up: the differences are
then taken term by term, and a term that does not depend on x brings no rounding error.

The complex step needs f to be analytic: Squire and Trapp, "Using complex variables to estimate derivatives of real
functions", 1998.
"""
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_array, check_flag, check_function, check_is_array, check_positive

__all__ = ["central_difference", "complex_step", "directional_derivative"]

COMPLEX_H = 1e-20
CENTRAL_H = 1e-5


def scale_of(x: Array) -> float:
    """The scale of an input: a power of 1000, 1 for numbers of ordinary size and where there is no other."""
    largest = float(np.abs(x).max(initial=0))
    return 1000.0**round(np.log10(largest) / 3) if 0 < largest < np.inf else 1.0


def complex_step(loss: Callable[..., Any], inputs: Sequence[Array],
                 elements: Sequence[Array]) -> tuple[list[Array], list[Array]]:
    """dL/dx for chosen elements of each input, by complex steps.

    Parameters
    ----------
    loss : callable, loss(*inputs) -> L, or an array whose sum is L
    inputs : list of arrays
    elements : list of arrays of int, for each input the flat indices to measure

    Returns
    -------
    gradients, kinks : lists of arrays, like elements
        dL/dx, and False everywhere: an analytic function has no kinks.

    Examples
    --------
    >>> gradients, _ = complex_step(lambda x: (x**3).sum(), [np.array([1.0, 2.0])], [np.array([0, 1])])
    >>> gradients[0].tolist()
    [3.0, 12.0]
    """
    check_lists("complex_step", loss, inputs, elements)
    inputs = [array.astype(np.complex128) for array in inputs]
    gradients = []
    for array, chosen in zip(inputs, elements):
        gradient, h = np.zeros(len(chosen)), COMPLEX_H * scale_of(array)
        for k, index in enumerate(chosen):
            value = array.flat[index]
            array.flat[index] = value + 1j * h
            gradient[k] = np.sum(np.imag(terms("complex_step", loss, inputs))) / h
            array.flat[index] = value
        gradients.append(gradient)
    return gradients, [np.zeros(len(chosen), dtype=bool) for chosen in elements]


def central_difference(loss: Callable[..., Any], inputs: Sequence[Array], elements: Sequence[Array],
                       h: float = CENTRAL_H) -> tuple[list[Array], list[Array]]:
    """dL/dx for chosen elements of each input, by central differences.

    Parameters
    ----------
    loss : callable, loss(*inputs) -> L, or an array whose sum is L
    inputs : list of arrays
    elements : list of arrays of int, for each input the flat indices to measure
    h : float, the step, in proportion to the input's scale or to the number itself, if that is larger

    Returns
    -------
    gradients, kinks : lists of arrays, like elements
        dL/dx, and whether the slopes to the left and to the right disagree, also for a smaller step.

    Examples
    --------
    >>> gradients, kinks = central_difference(lambda x: abs(x).sum(), [np.array([0.0, 2.0])], [np.array([0, 1])])
    >>> gradients[0].round(6).tolist(), kinks[0].tolist()
    ([0.0, 1.0], [True, False])
    """
    check_lists("central_difference", loss, inputs, elements)
    h = check_positive(h, "central_difference: h")
    inputs = [array.copy() for array in inputs]
    middle = terms("central_difference", loss, inputs)
    rounding = 100 * np.finfo(np.float64).eps * np.abs(middle).sum()

    def slopes(array: Array, index: int, step: float) -> tuple[float, float]:
        """To the left and to the right."""
        value = array.flat[index]
        array.flat[index] = value + step
        right = np.sum(loss(*inputs) - middle) / (array.flat[index] - value)
        array.flat[index] = value - step
        left = np.sum(middle - loss(*inputs)) / (value - array.flat[index])
        array.flat[index] = value
        return left, right

    gradients, kinks = [], []
    for array, chosen in zip(inputs, elements):
        scale, values = scale_of(array), np.abs(array.flat[chosen])
        steps = h * np.maximum(scale, values)
        left, right = np.array([slopes(array, *each) for each in zip(chosen, steps)]).reshape(-1, 2).T
        # The two slopes of a smooth function differ by about h; at a kink they differ by about their own size, whatever h is.
        typical = np.abs(left + right).max(initial=0) / 2
        jumps = np.abs(right - left)
        kink = jumps > max(1e-3, 50 * h) * typical + rounding / steps
        for k in np.flatnonzero(kink):
            smaller = h * min(scale / 10, values[k] or scale, scale_of(array - array.mean()))
            left[k], right[k] = slopes(array, chosen[k], smaller)
            kink[k] = abs(right[k] - left[k]) > 0.3 * jumps[k]
        gradients.append((left + right) / 2)
        kinks.append(kink)
    return gradients, kinks


def directional_derivative(loss: Callable[..., Any], inputs: Sequence[Array], directions: Sequence[Array],
                           smooth: bool, h: float = CENTRAL_H) -> float:
    """The derivative of L when all inputs move along their directions at once: one number for the whole Jacobian.

    Parameters
    ----------
    loss : callable, loss(*inputs) -> L, or an array whose sum is L
    inputs : list of arrays
    directions : list of arrays, like inputs
    smooth : bool, True for a complex step, False for a central difference
    h : float, the step of the central difference

    Returns
    -------
    slope : float
        dL/dt of L(x + t v) at t = 0.
    """
    check_lists("directional_derivative", loss, inputs, directions)
    h = check_positive(h, "directional_derivative: h")
    if check_flag(smooth, "directional_derivative: smooth"):
        ahead = [x + 1j * COMPLEX_H * v for x, v in zip(inputs, directions)]
        return np.sum(np.imag(terms("directional_derivative", loss, ahead))) / COMPLEX_H
    ahead, behind = ([x + sign * h * v for x, v in zip(inputs, directions)] for sign in (1, -1))
    return np.sum(terms("directional_derivative", loss, ahead) - loss(*behind)) / (2 * h)


def terms(name: str, loss: Callable[..., Any], inputs: Sequence[Array]) -> Any:
    """The value of the loss, or its terms; InputError unless they are floating-point numbers, which alone have a slope."""
    value = loss(*inputs)
    if not (isinstance(value, (float, complex)) or getattr(getattr(value, "dtype", None), "kind", "O") in "fc"):
        kind = f" of {value.dtype}" if hasattr(value, "dtype") else ""
        raise InputError(f"{name}: the loss returned a {type(value).__name__}{kind}, expected floating-point numbers")
    return value


def check_lists(name: str, loss: Any, inputs: Any, others: Any) -> None:
    """Raise InputError unless the inputs are a list of arrays, and the others too: whole numbers, or directions."""
    check_function(loss, f"{name}: loss")
    if not (isinstance(inputs, (list, tuple)) and isinstance(others, (list, tuple)) and len(inputs) == len(others) > 0):
        raise InputError(f"{name}: expected a list of inputs and another of the same length; put one array x into a list, [x]")
    for x, other in zip(inputs, others):
        check_array(name, "an input", x, None)
        check_is_array(name, "a list's entry", other)
        if other.dtype.kind in "iu" and other.ndim != 1:
            raise InputError(f"{name}: the elements have shape {other.shape}, expected a list of flat indices")
        if other.dtype.kind in "iu" and other.size and not 0 <= other.min() <= other.max() < x.size:
            raise InputError(f"{name}: an element is {other.max()}, expected numbers from 0 to {x.size - 1}")
        if other.dtype.kind not in "iu" and (other.dtype.kind != "f" or other.shape != x.shape):
            raise InputError(f"{name}: got numbers of {other.dtype} in shape {other.shape} for an input of shape {x.shape}")
