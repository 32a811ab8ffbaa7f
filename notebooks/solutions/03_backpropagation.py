"""Solutions of notebook 03."""
import math

import numpy as np


def chain(x, w, b, t):
    """The gradients dx, dw, db of L = (tanh(w x + b) - t)², three numbers."""
    y = math.tanh(w * x + b)
    dy = 2 * (y - t)
    da = dy * (1 - y * y)
    return da * w, da * x, da


fan_out = [5, 8]


def dense_backward(dy, x, W):
    """dx (N, inputs), dW (inputs, units), db (units,) from dy (N, units)."""
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)


def numeric_gradient(f, x, delta):
    """The gradient of f, a function of one array that returns a number, in the shape of x."""
    x = np.asarray(x, float)  # whole numbers cannot hold x + delta
    gradient = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        plus, minus = x.copy(), x.copy()
        plus[k] += delta
        minus[k] -= delta
        gradient[k] = (f(plus) - f(minus)) / (2 * delta)
    return gradient


def walk_back(steps, dy):
    """dx: each step has a .name, .inputs (names) and .backward(dy), a list of gradients."""
    gradients = {steps[-1].name: dy}
    for step in reversed(steps):
        for name, part in zip(step.inputs, step.backward(gradients[step.name])):
            gradients[name] = gradients.get(name, 0) + part
    return gradients["x"]
