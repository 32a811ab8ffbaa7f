"""The checks of notebooks 05 to 07, checked like those before: typical mistakes are wrong and called by their name."""
import numpy as np
import pytest
from helpers import normal
from test_course_checks import EXERCISES, S, spoiled

from nnscratch import ops


def all_winners(dy, x, p):
    wide = dy.repeat(p, axis=1).repeat(p, axis=2)
    return wide * (x == S["max_pool"](x, p).repeat(p, axis=1).repeat(p, axis=2))


def last_winner(dy, x, p):
    dx = np.zeros_like(x)
    for n, oh, ow, c in np.ndindex(dy.shape):
        for i, j in np.ndindex(p, p):
            if x[n, oh * p + i, ow * p + j, c] == x[n, oh * p:(oh + 1) * p, ow * p:(ow + 1) * p, c].max():
                at = i, j
        dx[n, oh * p + at[0], ow * p + at[1], c] = dy[n, oh, ow, c]
    return dx


def from_zero(x, p):
    y = np.zeros((x.shape[0], x.shape[1] // p, x.shape[2] // p, x.shape[3]))
    for n, h, w, c in np.ndindex(x.shape):
        y[n, h // p, w // p, c] = max(y[n, h // p, w // p, c], x[n, h, w, c])
    return y


WRONG = [
    ("max_pool", lambda x, p: ops.avg_pool2d(x, p)[0], "it is the average"),
    ("max_pool", from_zero, "must not begin with 0"),
    ("max_pool", lambda x, p: x.reshape(len(x), x.shape[1] // p, x.shape[2] // p, p, p, x.shape[3]).max(axis=(3, 4)),
     "the windows are cut wrongly"),
    ("max_pool", lambda x, p: ops.max_pool2d(x, p, strides=1)[0], "y has shape"),
    ("max_pool", lambda x, p: -S["max_pool"](-x, p), "it is the minimum"),
    ("max_pool_backward", all_winners, "each of them gets all of dy"),
    ("max_pool_backward", last_winner, "the last one wins, expected the first"),
    ("max_pool_backward", lambda dy, x, p: dy.repeat(p, axis=1).repeat(p, axis=2), "the whole window gets dy"),
    ("max_pool_backward", lambda dy, x, p: ops.avg_pool2d_backward(dy, ops.avg_pool2d(x, p)[1]), "average pooling"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy * 0 + 1, x, p), "dy itself is missing"),
    ("max_pool_backward", spoiled("max_pool_backward", None, lambda g: -g), "right but for the sign"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x > 0, dy, 0), "the backward of relu"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x < 0, dy, slope * dy), "on the wrong side"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(dy > 0, dy, slope * dy), "the sign of dy decides"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x > 0, 1, slope), "multiplies it by dy"),
    ("leaky_relu_backward", lambda dy, x, slope: np.multiply(dy, np.where(x > 0, 1, slope), out=dy), "changes dy"),
    ("dropout", lambda x, rate, chance, training: x * (chance >= rate) if training else x, "is not scaled up"),
    ("dropout", lambda x, rate, chance, training: x * (chance >= rate) / rate if training else x, "divided by the rate"),
    ("dropout", lambda x, rate, chance, training: x * (chance < rate) / (1 - rate) if training else x, "other way round"),
    ("dropout", lambda x, rate, chance, training: x * (chance >= rate) / (1 - rate), "it drops at inference, too"),
    ("dropout", lambda x, rate, chance, training: x * ((chance >= rate) if training else (1 - rate)), "the older kind"),
]


@pytest.mark.parametrize("name, attempt, diagnosis", WRONG, ids=[f"{name}-{text[:30]}" for name, _, text in WRONG])
def test_a_wrong_answer_is_called_by_its_name(name, attempt, diagnosis):
    answer = EXERCISES[name](attempt)
    assert answer.state == "wrong" and diagnosis in answer.text, answer


def test_the_formulas_of_pooling_and_dropout_hold():
    """The solutions of notebook 05 against the library, ties included."""
    x = normal(2, 6, 9, 4).round(0)  # many ties
    y, cache = ops.max_pool2d(x, 3)
    dy = normal(*y.shape, seed=1)
    assert np.allclose(S["max_pool"](x, 3), y)
    assert np.allclose(S["max_pool_backward"](dy, x, 3), ops.max_pool2d_backward(dy, cache))
    _, cache = ops.leaky_relu(x, 0.3)
    assert np.allclose(S["leaky_relu_backward"](x + 1, x, 0.3), ops.leaky_relu_backward(x + 1, cache))
    chance = np.random.default_rng(5).random(x.shape)
    assert np.allclose(S["dropout"](x, 0.3, chance, True), ops.dropout(x, 0.3, seed=5)[0])
