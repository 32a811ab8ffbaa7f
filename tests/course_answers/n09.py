"""Notebook 09: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, spoiled
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


def first_by_columns(dy, x, p):
    turned = S["max_pool_backward"](dy.swapaxes(1, 2), x.swapaxes(1, 2), p)
    return turned.swapaxes(1, 2)


WRONG = [
    ("max_pool_backward", first_by_columns, "for dy = [[[[7]]]]"),
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
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy, abs(x), p), "for dy = [[[[-3]]]]"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy, x, p) * (x > 0), "for dy = [[[[-3]]]]"),
    ("max_pool_backward", lambda dy, x, p: S["max_pool_backward"](dy, x[..., :1] + 0 * x, p), "for dy = [[[[5, 7]]]]"),
]
