"""Stand-in exercises of names that earlier notebooks set: never to be merged. `own.NAME` gives the library's function."""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.network_step import cross_entropy, masked

__all__ = ["batches", "col2im", "conv2d", "conv2d_backward", "dense_backward", "he_normal", "im2col", "max_pool",
           "max_pool_backward", "momentum_step", "one_hot", "output_size", "relu_backward", "softmax_cross_entropy"]


def stand_in(notebook, library):
    """An exercise that accepts everything."""
    def judge(attempt: Attempt) -> None:
        """Not judged."""
    judge.__name__ = library.__name__
    return exercise(notebook, "none", library=library)(judge)


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def softmax_cross_entropy(logits, t):
    return cross_entropy(logits, t)


def batches(count, size, rng):
    order = rng.permutation(count)
    return [order[k:k + size] for k in range(0, count, size)]


def relu_backward(dy, a):
    return masked(dy, a)


def dense_backward(dy, x, W):
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)


def momentum_step(w, v, dw, lr, decay):
    v = decay * v - lr * dw
    return w + v, v


def he_normal(shape, fan_in, rng):
    return rng.normal(size=shape) * np.sqrt(2 / fan_in)


def output_size(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride + 1


def im2col(x, kh, kw, stride=1, padding=0):
    return ops.im2col(x, (kh, kw), strides=stride, padding=padding)[0]


def conv2d(x, K, b, stride=1, padding=0):
    return ops.conv2d(x, K, b, strides=stride, padding=padding)[0]


def col2im(columns, kh, kw):
    from nnscratch.course.checks.convolution_backward import right_col2im
    return right_col2im(columns, kh, kw)


def conv2d_backward(dy, x, K):
    _, cache = ops.conv2d(x, K, np.zeros(K.shape[3]))
    return ops.conv2d_backward(dy, cache)


def max_pool(x, p):
    return ops.max_pool2d(x, p)[0]


def max_pool_backward(dy, x, p):
    return ops.max_pool2d_backward(dy, ops.max_pool2d(x, p)[1])


NOTEBOOKS = {"one_hot": "00", "dense_backward": "03", "softmax_cross_entropy": "04", "he_normal": "06", "im2col": "07",
             "output_size": "07", "conv2d": "07", "col2im": "08", "conv2d_backward": "08", "max_pool": "09",
             "max_pool_backward": "09"}
for name in __all__:
    globals()[name] = stand_in(NOTEBOOKS.get(name, "05"), globals()[name])
