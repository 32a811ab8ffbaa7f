"""Gradients measured from the forward pass alone.

Given y = f(x_1, x_2, ...) and an upstream gradient u of y's shape, the number L = Σ u·y has the gradients that a backward
should return for dy = u. Two ways to measure one element of them:

    complex step         Im L(x + i h) / h,  h = 1e-20      no subtraction, so no rounding: right to about 1e-16
    central difference   (L(x + h) - L(x - h)) / 2h         for functions with kinks, and all that complex numbers break

The complex step needs f to be analytic. Source: Squire and Trapp, "Using complex variables to estimate derivatives of
real functions" (1998).
"""
import numpy as np

COMPLEX_H = 1e-20
CENTRAL_H = 1e-5


def complex_step(loss, inputs, elements):
    """dL/dx for the chosen elements of each input. `loss(*inputs)` gives L; returns (gradients, kinks), no kinks."""
    inputs = [array.astype(np.complex128) for array in inputs]
    gradients = []
    for array, chosen in zip(inputs, elements):
        gradient = np.zeros(len(chosen))
        for k, index in enumerate(chosen):
            value = array.flat[index]
            array.flat[index] = value + 1j * COMPLEX_H
            gradient[k] = np.imag(loss(*inputs)) / COMPLEX_H
            array.flat[index] = value
        gradients.append(gradient)
    return gradients, [np.zeros(len(chosen), dtype=bool) for chosen in elements]


def central_difference(loss, inputs, elements):
    """As `complex_step`; `kinks` marks the elements whose slopes to the left and to the right disagree."""
    inputs = [array.copy() for array in inputs]
    middle, gradients, kinks = loss(*inputs), [], []
    for array, chosen in zip(inputs, elements):
        left, right = np.zeros(len(chosen)), np.zeros(len(chosen))
        for k, index in enumerate(chosen):
            value = array.flat[index]
            h = CENTRAL_H * max(1.0, abs(value))
            array.flat[index] = value + h
            right[k] = (loss(*inputs) - middle) / h
            array.flat[index] = value - h
            left[k] = (middle - loss(*inputs)) / h
            array.flat[index] = value
        gradients.append((left + right) / 2)
        # A smooth function's slopes differ by about h; at a kink they differ by as much as they are large.
        typical = np.abs(left + right).max(initial=0) / 2
        kinks.append(np.abs(right - left) > 1e-3 * typical)
    return gradients, kinks


def directional(loss, inputs, directions, smooth):
    """How fast L changes when all inputs move along their directions together: one number for the whole Jacobian."""
    if smooth:
        return np.imag(loss(*[x + 1j * COMPLEX_H * v for x, v in zip(inputs, directions)])) / COMPLEX_H
    ahead, behind = ([x + sign * CENTRAL_H * v for x, v in zip(inputs, directions)] for sign in (1, -1))
    return (loss(*ahead) - loss(*behind)) / (2 * CENTRAL_H)
