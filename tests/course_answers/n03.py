"""Notebook 03: wrong answers, with what their diagnosis must say."""
import math

import numpy as np

from course_answers.solutions import S, spoiled


def one_sided(f, x, h):
    result = np.zeros_like(x)
    for k in np.ndindex(x.shape):
        moved = x.copy()
        moved[k] += h
        result[k] = (f(moved) - f(x)) / h
    return result


def never_back(f, x, h):
    """A difference quotient that does not restore the element it has changed."""
    x, result = x.copy(), np.zeros_like(x)
    for k in np.ndindex(x.shape):
        x[k] += h
        above = f(x)
        x[k] -= 2 * h
        result[k] = (above - f(x)) / (2 * h)
    return result


def wrong_chain(change):
    def chain(x, w, b, t):
        z = w * x + b
        y = math.tanh(z)
        dz = change(x, w, b, t, z, y)
        return dz * w, dz * x, dz
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


WRONG = [
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy / len(dy), dy.sum(axis=0)), "exactly 2 = N, the batch"),
    ("dense_backward", spoiled("dense_backward", 1, lambda g: g / 4), "one factor, 0.25: a constant is missing"),
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy, dy.mean(axis=0)), "too small by exactly 2 = N"),
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy, dy.sum()), "summed over too many axes"),
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy, dy), "dbias has shape"),
    ("dense_backward", spoiled("dense_backward", 1, lambda g: g.T.reshape(g.shape)), "stand in the wrong places"),
    ("dense_backward", spoiled("dense_backward", 0, lambda g: -g), "right but for the sign"),
    ("dense_backward", spoiled("dense_backward", 1, lambda g: g.T), "(transposed?)"),
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy), "2 results, expected 3"),
    ("dense_backward", lambda dy, x, weights: (dy @ weights.T, x.T @ dy, ...), "this part is still missing"),
    ("chain", wrong_chain(lambda x, w, b, t, z, y: (y - t) * (1 - y * y)), "the 2 of the square is missing"),
    ("chain", wrong_chain(lambda x, w, b, t, z, y: 2 * (y - t)), "the chain skips a link"),
    ("chain", wrong_chain(lambda x, w, b, t, z, y: 2 * (y - t) * (1 - z * z)), "not with z"),
    ("chain", lambda x, w, b, t: tuple(S["chain"](x, w, b, t)[k] for k in (1, 0, 2)), "dx and dw are exchanged"),
    ("chain", wrong_chain(lambda x, w, b, t, z, y: 1 - y * y), "dL/dy = 2 (y - t) is missing"),
    ("numeric_gradient", one_sided, "one-sided difference"),
    ("numeric_gradient", spoiled("numeric_gradient", None, lambda g: -g), "the sign is wrong"),
    ("numeric_gradient", spoiled("numeric_gradient", None, abs), "expected [-6, 3, -2]"),
    ("numeric_gradient", never_back, "stays there: move it back"),
    ("numeric_gradient", spoiled("numeric_gradient", None, lambda g: 2 * g), "the two points lie 2h apart"),
    ("numeric_gradient", lambda f, x, h: np.full_like(x, (f(x + h) - f(x - h)) / (2 * h)), "all places move at once"),
    ("backward_pass", back_by(lambda gradients, name, part: gradients.update({name: part})), "replaces what came before"),
    ("backward_pass", back_by(lambda gradients, name, part: gradients.setdefault(name, part)), "only the first that came back"),
    ("backward_pass", lambda steps, dy: back_by(added)(steps, 1.0), "starts from 1"),
    ("backward_pass", lambda steps, dy: back_by(added)(steps[::-1], dy), "raised KeyError"),
    ("backward_pass", forward, "the walk goes forward"),
    ("backward_pass", lambda steps, dy: back_by(added)(steps, dy)**2 / dy, "dx = 36, expected 6"),
    ("backward_pass", impatient, "before all that read it have sent theirs"),
]
