"""Notebook 03: wrong answers, with what their diagnosis must say."""
import math

import numpy as np

from course_answers.solutions import S, spoiled


def one_sided(f, x, delta):
    result = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        moved = x.copy()
        moved[k] += delta
        result[k] = (f(moved) - f(x)) / delta
    return result


def never_back(f, x, delta):
    """A difference quotient that does not restore the element it has changed."""
    x, result = x.copy(), np.zeros_like(x)
    for k in np.ndindex(x.shape):
        x[k] += delta
        above = f(x)
        x[k] -= 2 * delta
        result[k] = (above - f(x)) / (2 * delta)
    return result


def in_whole_numbers(copied):
    """Right for floats alone."""
    def gradient(f, x, delta):
        result = np.zeros_like(x)
        for k in np.ndindex(x.shape):
            plus, minus = copied(x), copied(x)
            plus[k] += delta
            minus[k] -= delta
            result[k] = (f(plus) - f(minus)) / (2 * delta)
        return result
    return gradient


def wrong_chain(change):
    def chain(x, w, b, t):
        a = w * x + b
        y = math.tanh(a)
        da = change(x, w, b, t, a, y)
        return da * w, da * x, da
    return chain


def back_by(setting):
    """A backward traversal that stores gradients in another way: setting(gradients, name, part)."""
    def back(steps, dy):
        gradients = {steps[-1].name: dy}
        for step in reversed(steps):
            for name, part in zip(step.inputs, step.backward(gradients[step.name])):
                setting(gradients, name, part)
        return gradients["x"]
    return back


def added(gradients, name, part):
    gradients[name] = gradients.get(name, 0) + part


def forward(steps, dy):
    """A traversal from the first step on, where no gradient has arrived yet."""
    gradients = dict.fromkeys(["x", *(step.name for step in steps)], 0.0) | {steps[-1].name: dy}
    for step in steps:
        for name, part in zip(step.inputs, step.backward(gradients[step.name])):
            gradients[name] += part
    return gradients["x"]


def impatient(steps, dy):
    """A queue of arrived gradients: each arrival passes on the sum so far, too early."""
    gradients, waiting = {steps[-1].name: 0}, [(steps[-1].name, dy)]
    while waiting:
        name, part = waiting.pop()
        gradients[name] = gradients.get(name, 0) + part
        for step in steps:
            if step.name == name:
                waiting += list(zip(step.inputs, step.backward(gradients[name])))[::-1]
    return gradients["x"]


def dense_by_loops(dy, x, W):
    """Right: the index sums."""
    dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])
    for n, u in np.ndindex(dy.shape):
        db[u] += dy[n, u]
        for d in range(x.shape[1]):
            dx[n, d] += dy[n, u] * W[d, u]
            dW[d, u] += x[n, d] * dy[n, u]
    return dx, dW, db


def flat(f, x, delta):
    """Right: over the flat array, moved and restored exactly."""
    x = x.astype(float)
    elements, result = x.reshape(-1), np.zeros(x.size)
    for k, value in enumerate(elements.copy()):
        elements[k] = value + delta
        above = f(x)
        elements[k] = value - delta
        result[k] = (above - f(x)) / (2 * delta)
        elements[k] = value
    return result.reshape(x.shape)


def moved_alone(f, x, delta):
    """A slip: `minus` is another name of `plus`."""
    result = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        plus = minus = x.copy()
        plus[k] += delta
        minus[k] -= delta
        result[k] = (f(plus) - f(minus)) / (2 * delta)
    return result


def recursive(steps, dy):
    """Right: from the input, the sum over all that read it."""
    def gradient(name):
        if name == steps[-1].name:
            return dy
        readers = [step for step in steps if name in step.inputs]
        return sum(dict(zip(step.inputs, step.backward(gradient(step.name))))[name] for step in readers)
    return gradient("x")


WRONG = [
    ("dense_backward", lambda dy, x, W: (dy @ W.T, x.T @ dy / len(dy), dy.sum(axis=0)), "exactly 2 = N, the batch"),
    ("dense_backward", spoiled("dense_backward", 1, lambda g: g / 4), "one factor, 0.25: a constant is missing"),
    ("dense_backward", lambda dy, x, W: (dy @ W.T, x.T @ dy, dy.mean(axis=0)), "too small by exactly 2 = N"),
    ("dense_backward", lambda dy, x, W: (dy @ W.T, x.T @ dy, dy.sum()), "summed over too many axes"),
    ("dense_backward", lambda dy, x, W: (dy @ W.T, x.T @ dy, dy), "db has shape"),
    ("dense_backward", spoiled("dense_backward", 1, lambda g: g.T.reshape(g.shape)), "stand in the wrong places"),
    ("dense_backward", spoiled("dense_backward", 0, lambda g: -g), "right but for the sign"),
    ("dense_backward", spoiled("dense_backward", 1, lambda g: g.T), "(transposed?)"),
    ("dense_backward", lambda dy, x, W: (dy @ W.T, x.T @ dy), "2 results, expected 3"),
    ("dense_backward", lambda dy, x, W: (dy @ W.T, x.T @ dy, ...), "this part is still missing"),
    ("dense_backward", lambda dy, x, W: (x.T @ dy, dy @ W.T, dy.sum(axis=0)), "another order: expected dx, dW, db"),
    ("dense_backward", lambda dy, x, W: (dy @ W.T, dy.sum(axis=0), x.T @ dy), "another order: expected dx, dW, db"),
    ("dense_backward", lambda dy, x, W: (dy @ W.T, x.T @ dy, (dy * x.sum(axis=1)[:, None]).sum(axis=0)),
     "db does not depend on x"),
    ("dense_backward", lambda dy, x, W: (dy @ W.T, x.T @ dy, dy[0]), "b is used by every sample"),
    ("dense_backward", lambda dy, x, W: (dy @ W.T, np.outer(x[0], dy[0]), dy.sum(axis=0)), "W is used by every sample"),
    ("dense_backward", lambda dy, x, W: (dy @ W.T / W.shape[1], x.T @ dy, dy.sum(axis=0)), "a mean over the units"),
    ("dense_backward", lambda dy, x, W: (dy @ W.T, np.repeat(x.sum(axis=0)[:, None], W.shape[1], axis=1), dy.sum(axis=0)),
     "the upstream gradient is missing"),
    ("dense_backward", lambda dy, x, W: (dy @ W, x.T @ dy, dy.sum(axis=0)), "is one to be transposed?"),
    ("chain", wrong_chain(lambda x, w, b, t, a, y: (y - t) * (1 - y * y)), "the 2 of the square is missing"),
    ("chain", wrong_chain(lambda x, w, b, t, a, y: 2 * (y - t)), "a node is left out of the chain"),
    ("chain", wrong_chain(lambda x, w, b, t, a, y: 2 * (y - t) * (1 - a * a)), "not with a"),
    ("chain", wrong_chain(lambda x, w, b, t, a, y: 2 * (y - t) * (1 - y)), "with the square"),
    ("chain", wrong_chain(lambda x, w, b, t, a, y: 2 * (t - y) * (1 - y * y)), "the sign is wrong"),
    ("chain", lambda x, w, b, t: tuple(S["chain"](x, w, b, t)[k] for k in (1, 0, 2)), "another order: expected dx, dw, db"),
    ("chain", lambda x, w, b, t: (*S["chain"](x, w, b, t)[:2], 1.0), "the gradient that arrives at b is not"),
    ("chain", wrong_chain(lambda x, w, b, t, a, y: 1 - y * y), "the factor 2 (y - t) is missing"),
    ("fan_out", [8, 8], "the second assignment replaces the first"),
    ("fan_out", [3, 8], "this is the first part"),
    ("fan_out", [5, 15], "not multiplied"),
    ("fan_out", [5, 3], "the path through u alone"),
    ("fan_out", [5, 5], "the path through v alone"),
    ("numeric_gradient", one_sided, "one-sided difference"),
    ("numeric_gradient", spoiled("numeric_gradient", None, lambda g: -g), "the sign is wrong"),
    ("numeric_gradient", spoiled("numeric_gradient", None, abs), "expected [-6, 3, -2]"),
    ("numeric_gradient", never_back, "stays there: restore it"),
    ("numeric_gradient", spoiled("numeric_gradient", None, lambda g: 2 * g), "the two points lie 2 delta apart"),
    ("numeric_gradient", lambda f, x, delta: S["numeric_gradient"](f, x, delta) * 2 * delta, "not divided by 2 delta"),
    ("numeric_gradient", lambda f, x, delta: np.full_like(x, (f(x + delta) - f(x - delta)) / (2 * delta)), "move at once"),
    ("numeric_gradient", lambda f, x, delta: S["numeric_gradient"](f, x, delta).sum(), "has shape ()"),
    ("numeric_gradient", lambda f, x, delta: S["numeric_gradient"](f, x, delta / 2), "a whole delta away from x"),
    ("numeric_gradient", in_whole_numbers(lambda x: x.copy()), "what delta adds is cut off"),
    ("numeric_gradient", in_whole_numbers(lambda x: x.astype(float)), "what delta adds is cut off"),
    ("numeric_gradient", moved_alone, "dx = [0], expected [12.25]"),
    ("walk_back", back_by(lambda gradients, name, part: gradients.update({name: part})), "replaces those before it"),
    ("walk_back", back_by(lambda gradients, name, part: gradients.setdefault(name, part)), "only the first part counts"),
    ("walk_back", lambda steps, dy: back_by(added)(steps, 1.0), "starts from 1"),
    ("walk_back", lambda steps, dy: back_by(added)(steps[::-1], dy), "raised KeyError"),
    ("walk_back", forward, "visited in forward order"),
    ("walk_back", lambda steps, dy: back_by(added)(steps, dy)**2 / dy, "dx = 36, expected 6"),
    ("walk_back", lambda steps, dy: sum(part for step in steps[::-1] for name, part in zip(step.inputs, step.backward(dy))
                                        if name == "x"), "each step gets dy"),
    ("walk_back", impatient, "before all parts have arrived"),
]
RIGHT = [
    ("dense_backward", dense_by_loops),
    ("dense_backward", lambda dy, x, W: [np.einsum("nu,du->nd", dy, W), np.einsum("nd,nu->du", x, dy),
                                         dy.T @ np.ones(len(dy))]),
    ("chain", lambda x, w, b, t: tuple(2 * (math.tanh(w * x + b) - t) / math.cosh(w * x + b)**2 * np.array([w, x, 1]))),
    ("fan_out", (5, 8)),
    ("numeric_gradient", flat),
    ("numeric_gradient", lambda f, x, delta: np.array([
        (f(x + delta * one.reshape(x.shape)) - f(x - delta * one.reshape(x.shape))) / (2 * delta)
        for one in np.eye(x.size)]).reshape(x.shape)),
    ("walk_back", recursive),
]
