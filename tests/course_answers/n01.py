"""Notebook 01: wrong answers, with what their diagnosis must say; right answers in other styles."""
import numpy as np

from course_answers.solutions import S


def guess(name, place, value):
    """The right values, but for one."""
    values = list(S[name])
    values[place] = value
    return values


def relu(a):
    return np.maximum(0, a)


def in_place(x, W, b):
    x *= W[:, 0]
    return x.sum(axis=1, keepdims=True) + b


def three_loops(x, W, b):
    y = np.zeros((len(x), len(b)))
    for n in range(len(x)):
        for u in range(len(b)):
            y[n, u] = b[u]
            for d in range(len(W)):
                y[n, u] += x[n, d] * W[d, u]
    return y


def by_neurons(x, W, b):
    return [[sum(p * q for p, q in zip(row, W[:, u])) + b[u] for u in range(len(b))] for row in x]


def one_at_a_time(x):
    return np.array([0 if value < 0 or value > 2 else 2 * value if value < 1 else 4 - 2 * value
                     for value in x.ravel()]).reshape(x.shape)


WRONG = [
    ("neuron_outputs", guess("neuron_outputs", 0, -2), "x = (0, 1): not -2: that is the pre-activation"),
    ("neuron_outputs", guess("neuron_outputs", 1, 1), "a = 2 - 1 - 1 = 0: the bias is missing"),
    ("neuron_outputs", guess("neuron_outputs", 2, 3), "a = 4 - 1 - 1: the bias is missing"),
    ("neuron_outputs", guess("neuron_outputs", 3, 0), "(-1) · (-4) is positive"),
    ("neuron_outputs", guess("neuron_outputs", 3, 2), "a = -2 + 4 - 1: the bias is missing"),
    ("dense", lambda x, W, b: x @ W, "it is off by exactly b: b is missing"),
    ("dense", lambda x, W, b: x @ W - b, "off by exactly twice b"),
    ("dense", lambda x, W, b: (x @ W + b).T, "transposed?"),
    ("dense", lambda x, W, b: (x @ W + b).astype(np.float16), "right to three digits"),
    ("dense", lambda x, W, b: -(x @ W + b), "right but for the sign"),
    ("dense", lambda x, W, b: W @ x + b, "columns of a must be as many as the rows of b"),
    ("dense", lambda x, W, b: x @ W + b.sum(), "every unit gets the sum of all biases"),
    ("dense", lambda x, W, b: np.stack([(row[:, None] * W + b).sum(axis=0) for row in x]), "once for each input"),
    ("dense", lambda x, W, b: relu(x @ W + b), "asked is the pre-activation"),
    ("dense", lambda x, W, b: x[:, :1] @ W[:1] + b, "only the first input counts"),
    ("dense", lambda x, W, b: x[:, :-1] @ W[:-1] + b, "the last input is left out"),
    ("dense", lambda x, W, b: x[:, :, None] * W + b, "is an axis left over that should be summed over?"),
    ("dense", lambda x, W, b: (x @ W).sum(axis=0) + b, "summed over too many axes"),
    ("dense", in_place, "changes x"),
    ("dense", lambda x, W, b: (x @ W + b, (x, W)), "expected y alone (no cache is needed here)"),
    ("hat", lambda x: 2 * relu(x) - 2 * relu(x - 1), "after x = 1 it stays at 2"),
    ("hat", lambda x: 2 * relu(x) - 4 * relu(x - 1), "a third ReLU makes it flat again"),
    ("hat", lambda x: 2 * relu(x) - 4 * relu(x - 1) + 4 * relu(x - 2), "it rises again after x = 2"),
    ("hat", lambda x: relu(x) - 2 * relu(x - 1) + relu(x - 2), "its height is 1"),
    ("hat", lambda x: 2 * relu(x) - 2 * relu(x - 1) + 2 * relu(x - 2), "where changes of the slope belong"),
    ("hat", lambda x: 2 * relu(x) - 4 * relu(x + 1) + 2 * relu(x + 2), "relu(x - c) has its kink at c"),
    ("hat", lambda x: 2 * x - 4 * relu(x - 1) + 2 * relu(x - 2), "before x = 0 it is not 0"),
    ("hat", lambda x: 2 - 2 * abs(x - 1), "before x = 0 and after x = 2"),
    ("layer_shapes", guess("layer_shapes", 0, (5, 4)), "units as rows"),
    ("layer_shapes", guess("layer_shapes", 0, "error"), "which fits, too"),
    ("layer_shapes", guess("layer_shapes", 1, (5, 4)), "none is summed"),
    ("layer_shapes", guess("layer_shapes", 1, "error"), "do broadcast"),
    ("layer_shapes", guess("layer_shapes", 2, (5, 4)), "5 and 4 do not fit"),
    ("layer_shapes", guess("layer_shapes", 3, (5, 4)), "removes the samples"),
    ("layer_shapes", guess("layer_shapes", 4, "error"), "the numbers are not"),
]

RIGHT = [
    ("dense", three_loops),
    ("dense", by_neurons),
    ("dense", lambda x, W, b: np.einsum("nd,du->nu", x, W) + b),
    ("dense", lambda x, W, b: (x[:, :, None] * W).sum(axis=1) + b),
    ("dense", lambda x, W, b: (W.T @ x.T + b[:, None]).T),
    ("hat", one_at_a_time),
    ("hat", lambda x: relu(2 - 2 * abs(x - 1))),
    ("hat", lambda x: np.interp(x, [0, 1, 2], [0, 2, 0])),
    ("hat", lambda x: relu(np.stack([x, x - 1, x - 2], axis=-1)) @ np.array([2.0, -4.0, 2.0])),
]
