"""Stand-in exercises of names that earlier notebooks will set: never to be merged. `own.NAME` gives the library's function."""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.exercise import Attempt, exercise

__all__ = ["accuracy", "batches", "conv2d_backward", "he_normal", "mlp_backward", "momentum_step", "one_hot", "relu_backward",
           "shifted", "softmax_cross_entropy", "conv2d", "col2im", "im2col", "dense_backward", "numeric_gradient",
           "output_size"]


def stand_in(notebook, library):
    """An exercise that accepts everything."""
    def judge(attempt: Attempt) -> None:
        """Not judged."""
    judge.__name__ = library.__name__
    return exercise(notebook, "none", library=library)(judge)


def one_hot(labels, classes):
    return np.eye(classes)[labels]


def softmax_cross_entropy(logits, t):
    shifted_logits = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted_logits - np.log(np.exp(shifted_logits).sum(axis=1, keepdims=True))
    return -(t * log_p).sum() / len(t), (np.exp(log_p) - t) / len(t)


def accuracy(logits, labels):
    return (logits.argmax(axis=1) == labels).mean()


def batches(count, size, rng):
    order = rng.permutation(count)
    return [order[k:k + size] for k in range(0, count, size)]


def relu_backward(dy, a):
    return dy * (a > 0)


def dense_backward(dy, x, W):
    return dy @ W.T, x.T @ dy, dy.sum(axis=0)


def mlp_backward(dlogits, x, a, y, W2):
    da = (dlogits @ W2.T) * (a > 0)
    return x.T @ da, da.sum(axis=0), y.T @ dlogits, dlogits.sum(axis=0)


def momentum_step(w, v, dw, lr, decay):
    v = decay * v - lr * dw
    return w + v, v


def he_normal(shape, fan_in, rng):
    return rng.normal(size=shape) * np.sqrt(2 / fan_in)


def shifted(images, most, rng):
    result = np.zeros_like(images)
    for n, (h, w) in enumerate(rng.integers(0, 2 * most + 1, (len(images), 2))):
        result[n] = np.pad(images[n], most)[h:h + images.shape[1], w:w + images.shape[2]]
    return result


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


def numeric_gradient(f, x, delta):
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = delta
        gradient[place] = (f(x + step) - f(x - step)) / (2 * delta)
    return gradient


def output_size(size, kernel, stride, padding):
    return (size + 2 * padding - kernel) // stride + 1


for name, notebook in zip(__all__, (  # noqa: E501
        "04", "05", "08", "06", "05", "05", "00", "05", "06", "04", "07", "08", "07", "03", "03", "07")):
    globals()[name] = stand_in(notebook, globals()[name])
