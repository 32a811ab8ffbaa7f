"""The open exercise of notebook 17: a training step of the convolutional network, with the same results in less time.

The network is that of notebook 09: convolution (3 x 3, padding 1), ReLU, max pooling 2, the same again, a dense layer.

Shapes: x (N, H, W, 1), H and W multiples of 4; t (N, classes); parameters K1 (3, 3, 1, O1), b1, K2 (3, 3, O1, O2), b2,
W3 (H/4 * W/4 * O2, classes), b3.
"""
import time

import numpy as np

from nnscratch.course.checks.classification import library_cross_entropy
from nnscratch.course.checks.cnn import PARAMETERS, arrays, forward_with, parameters, right_forward
from nnscratch.course.checks.cnn_gradients import GRADIENTS, backward_with, masked, unmasked
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, Wrong, exercise
from nnscratch.course.checks.inputs import integers, normal, with_border
from nnscratch.course.checks.named_arrays import Unpacked, items, unchanged

__all__ = ["fast_step"]

# How many times as fast (columns kept: 1.4, copied by taps: 1.6, the solution: 2.7; without the images' gradient alone: 1.1);
# with how many images, and how often, it is measured.
TIMES, IMAGES, ROUNDS = 1.25, 8, 20
CORNERS = (0, 0), (0, 1), (1, 0), (1, 1)  # of a window of 2 x 2
BACKWARD = GRADIENTS[:-1]  # a training step needs no gradient with respect to the images


def step_with(loss=library_cross_entropy, forward=right_forward, **decisions):
    """A step from its parts; the results in the order L, BACKWARD. A wrong answer changes one of them."""
    backward = backward_with(forward=forward, **decisions)

    def step(x, t, K1, b1, K2, b2, W3, b3):
        values = K1, b1, K2, b2, W3, b3
        L, dlogits = loss(forward(x, *values)[-1], t)
        return L, *backward(dlogits, x, *values)[:-1]
    return step


right_step = step_with()


def columns_of(y):
    """im2col for a window of 3 x 3 and padding 1, tap by tap: (N*H*W, 9*C)."""
    N, H, W, C = y.shape
    padded, columns = with_border(y), np.empty((N, H, W, 3, 3, C), y.dtype)
    for i, j in np.ndindex(3, 3):
        columns[:, :, :, i, j] = padded[:, i:i + H, j:j + W]
    return columns.reshape(-1, 9 * C)


def maxima(y):
    """Max pooling."""
    a, b, c, d = (y[:, i::2, j::2] for i, j in CORNERS)
    return np.maximum(np.maximum(a, b), np.maximum(c, d))


def to_first_positive(dy, y, pooled):
    """The backward pass of max pooling and of the ReLU before it, whose output is y."""
    da, dy = np.zeros_like(y), dy * (pooled > 0)
    for i, j in CORNERS:
        part = dy * (y[:, i::2, j::2] == pooled)
        da[:, i::2, j::2] = part
        dy = dy - part  # it went to this corner: the next ones get nothing
    return da


def library_step(x, t, params):
    """A fast step, with the learner's arguments: the columns are kept, and nothing is computed that no parameter needs."""
    K1, b1, K2, b2, W3, b3 = (params[name] for name in PARAMETERS)
    N, H, W, _ = x.shape
    columns1 = columns_of(x)
    y1 = np.maximum(0, columns1 @ K1.reshape(9, -1) + b1).reshape(N, H, W, -1)
    pooled1 = maxima(y1)
    columns2 = columns_of(pooled1)
    y2 = np.maximum(0, columns2 @ K2.reshape(-1, K2.shape[3]) + b2).reshape(N, H // 2, W // 2, -1)
    pooled2 = maxima(y2)
    x3 = pooled2.reshape(N, -1)
    L, dlogits = library_cross_entropy(x3 @ W3 + b3, t)
    da2 = to_first_positive((dlogits @ W3.T).reshape(pooled2.shape), y2, pooled2)
    dx2 = np.zeros((N, H // 2 + 2, W // 2 + 2, K2.shape[2]))
    for i, j in np.ndindex(3, 3):
        dx2[:, i:i + H // 2, j:j + W // 2] += da2 @ K2[i, j].T
    da1 = to_first_positive(dx2[:, 1:-1, 1:-1], y1, pooled1).reshape(-1, K1.shape[3])
    da2 = da2.reshape(-1, K2.shape[3])
    return L, {"K1": (columns1.T @ da1).reshape(K1.shape), "b1": np.ones(len(da1)) @ da1,
               "K2": (columns2.T @ da2).reshape(K2.shape), "b2": np.ones(len(da2)) @ da2, "W3": x3.T @ dlogits,
               "b3": dlogits.sum(axis=0)}


def to_all(dy, y):
    """Every maximum of a window gets all of the gradient."""
    def spread(a):
        return a.repeat(2, axis=1).repeat(2, axis=2)
    return spread(dy) * (y == spread(maxima(y)))


def summed(logits, t):
    """The loss and gradient as sums over the batch."""
    return tuple(len(t) * one for one in library_cross_entropy(logits, t))


def mean_of_mean(logits, t):
    """The gradient divided by the batch once more."""
    L, dlogits = library_cross_entropy(logits, t)
    return L, dlogits / len(t)


def plain_columns(x):
    """im2col as notebook 07 solves it: a loop over the positions of a window of 3 x 3."""
    N, H, W, C = x.shape
    columns = np.zeros((N, H - 2, W - 2, 9 * C))
    for h, w in np.ndindex(H - 2, W - 2):
        columns[:, h, w] = x[:, h:h + 3, w:w + 3].reshape(N, -1)
    return columns


def plain_backward(dy, x, K):
    """The convolution's backward pass as notebook 08 solves it."""
    columns = plain_columns(x)
    dcolumns = (dy @ K.reshape(-1, K.shape[3]).T).reshape(*dy.shape[:3], *K.shape[:3])
    dx = np.zeros(x.shape)
    for h, w in np.ndindex(*dy.shape[1:3]):
        dx[:, h:h + 3, w:w + 3] += dcolumns[:, h, w]
    dK = columns.reshape(-1, columns.shape[3]).T @ dy.reshape(-1, K.shape[3])
    return dx, dK.reshape(K.shape), dy.sum(axis=(0, 1, 2))


def windows_of(y):
    """(N, H, W, C) -> (N, H/2, W/2, C, 4), the windows of the pooling."""
    N, H, W, C = y.shape
    return y.reshape(N, H // 2, 2, W // 2, 2, C).transpose(0, 1, 3, 5, 2, 4).reshape(N, H // 2, W // 2, C, 4)


def plain_pool(y):
    """Max pooling as notebook 09 solves it."""
    N, H, W, C = y.shape
    return y.reshape(N, H // 2, 2, W // 2, 2, C).max(axis=(2, 4))


def plain_pool_backward(dy, y):
    """Max pooling's backward pass as notebook 09 solves it."""
    windows = windows_of(y)
    d_windows = np.zeros_like(windows)
    np.put_along_axis(d_windows, windows.argmax(axis=4)[..., None], dy[..., None], axis=4)
    N, H, W, C = y.shape
    return d_windows.reshape(N, H // 2, W // 2, C, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(y.shape)


def plain_step(x, t, params):
    """The step as notebooks 07 to 09 solve its parts: what an attempt is timed against."""
    K1, b1, K2, b2, W3, b3 = (params[name] for name in PARAMETERS)
    x1 = with_border(x)
    a1 = plain_columns(x1) @ K1.reshape(-1, K1.shape[3]) + b1
    y1 = np.maximum(0, a1)
    x2 = with_border(plain_pool(y1))
    a2 = plain_columns(x2) @ K2.reshape(-1, K2.shape[3]) + b2
    y2 = np.maximum(0, a2)
    pooled = plain_pool(y2)
    x3 = pooled.reshape(len(x), -1)
    L, dlogits = library_cross_entropy(x3 @ W3 + b3, t)
    da2 = masked(plain_pool_backward((dlogits @ W3.T).reshape(pooled.shape), y2), a2)
    dx2, dK2, db2 = plain_backward(da2, x2, K2)
    da1 = masked(plain_pool_backward(dx2[:, 1:-1, 1:-1], y1), a1)
    _, dK1, db1 = plain_backward(da1, x1, K1)
    return L, {"K1": dK1, "b1": db1, "K2": dK2, "b2": db2, "W3": x3.T @ dlogits, "b3": dlogits.sum(axis=0)}


def case(draw, x, O1, O2, classes):
    """Images with targets and parameters."""
    D = x.shape[1] * x.shape[2] // 16 * O2
    return {"x": x, "t": np.eye(classes)[np.arange(len(x)) % classes], **arrays(draw, 1, O1, O2, D, classes)}


def background(N, side):
    """Images of 0 with a small bright square: most windows of the pooling hold four equal values."""
    x = np.zeros((N, side, side, 1))
    for n in range(N):
        x[n, 1 + n:3 + n, 2:4] = 0.5 + n
    return x


def in_turn(attempt: Attempt, numbers: dict[str, np.ndarray]) -> tuple[float, float]:
    """Seconds of processor time of the attempt and of the plain step, measured in turn: other programs do not count."""
    clock = getattr(time, "thread_time", time.perf_counter)  # a browser has only the second
    x, t, *values = numbers.values()
    params, seconds = dict(zip(PARAMETERS, values)), [0.0, 0.0]
    for count in range(ROUNDS + 1):
        for k, step in enumerate((attempt, plain_step)):
            begin = clock()
            step(x, t, params)
            seconds[k] += (clock() - begin) * (count > 0)  # the first call may be slower
    return seconds[0] / ROUNDS, seconds[1] / ROUNDS


def check_time(attempt):
    """Refuse a step that is hardly faster than the plain one."""
    mine, plain = in_turn(attempt, case(normal, np.maximum(0, normal(IMAGES, 16, 16, 1)), 8, 16, 10))
    if mine * TIMES > plain:
        raise Wrong(f"the values are right, but your step takes {1000 * mine:.2g} ms for {IMAGES} images, the plain one "
                    f"{1000 * plain:.2g} ms: {plain / mine:.2f} times as fast, expected at least {TIMES}")


@exercise("17",
          "Which results are computed that nobody needs, and which are computed twice? A training step needs the gradients of "
          "the parameters alone.",
          "A loop over the 9 elements of the kernel copies few large blocks, a loop over 256 positions many small ones. This "
          "is so for im2col and for its adjoint. And max pooling by 2 is np.maximum of four slices, such as y[:, ::2, 1::2].",
          "for i, j in np.ndindex(3, 3): columns[:, :, :, i, j] = x1[:, i:i + H, j:j + W]; keep them for the backward pass",
          library=library_step, cost=check_time)
def fast_step(attempt: Attempt) -> None:
    """L, a number, and grads, a dict of the gradients with respect to K1, b1, K2, b2, W3, b3; faster than the plain step."""
    cases = [case(integers, integers(1, 4, 4, 1), 1, 1, 2), case(normal, background(2, 8), 2, 3, 3),
             case(normal, normal(3, 8, 4, 1), 3, 5, 4)]

    def call(function, x, t, *values):
        result = unchanged(function, x, t, parameters(*values))
        if result is None or result is Ellipsis:
            return result
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise Wrong("expected two results: the loss L, and a dict of gradients")
        return (result[0], *items(result[1], BACKWARD, "grads"))

    compare(Unpacked(attempt, call), right_step, cases, "L " + " ".join(f"d{name}" for name in BACKWARD), {
        "the backward pass of the first ReLU is missing": step_with(relu1=unmasked),
        "the backward pass of the second ReLU is missing": step_with(relu2=unmasked),
        "where several values of a window are the maximum, only the first gets the gradient": step_with(pool=to_all),
        "loss and gradients are sums over the batch, expected means": step_with(loss=summed),
        "the gradients are divided by N twice": step_with(loss=mean_of_mean),
        "the padding holds ones, expected zeros": step_with(forward=forward_with(pad=lambda x: with_border(x, 1)))})
