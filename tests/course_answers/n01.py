"""Notebook 01: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S


def in_place(x, w, b):
    x *= w
    return max(0.0, x.sum() + b)


WRONG = [
    ("neuron", lambda x, w, b: max(0.0, sum(p * q for p, q in zip(x, w))), "b is missing"),
    ("neuron", lambda x, w, b: sum(p * q for p, q in zip(x, w)) + b, "f is missing"),
    ("neuron", lambda x, w, b: max(0.0, sum(p * q + b for p, q in zip(x, w))), "b is added once for each input"),
    ("neuron", in_place, "changes x"),
    ("neuron", lambda x, w, b: min(10.0, S["neuron"](x, w, b)), "y = 10, expected 29"),
    ("neuron", lambda x, w, b: max(0.0, x[0] * w[0] + b), "only the first input counts"),
    ("neuron", lambda x, w, b: np.maximum(0.0, x * w + b), "is an axis left over"),
    ("neuron", lambda x, w, b: x[len(x)], "raised IndexError"),
    ("dense", lambda x, weights, bias: x @ weights, "it is off by exactly bias: bias is missing"),
    ("dense", lambda x, weights, bias: x @ weights - bias, "off by exactly twice bias"),
    ("dense", lambda x, weights, bias: (x @ weights + bias).T, "transposed?"),
    ("dense", lambda x, weights, bias: (x @ weights + bias).astype(np.float16), "right to three digits"),
    ("dense", lambda x, weights, bias: -(x @ weights + bias), "right but for the sign"),
    ("dense", lambda x, weights, bias: weights @ x + bias, "columns of a must be as many as the rows of b"),
]
