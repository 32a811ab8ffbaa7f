"""The formula cards, in the order of the course: `card("conv2d")`, and `cards()` for their names.

The numbers are small, so that they can be followed by hand. Letters, as in the course's notation: N images or samples, D
inputs, U units, H, W rows and columns, C channels, O output channels, KH, KW the kernel or window, OH, OW the output; S stride,
P padding, f factor; M values of one mean.
"""
from collections.abc import Callable
from typing import Any

import numpy as np

from nnscratch import layers, ops
from nnscratch.course.card_training import TRAINING
from nnscratch.course.formula_card import Card, numbers
from nnscratch.hints import checked
from nnscratch.ops import reference
from nnscratch.ops.patches import gather
from nnscratch.ops.validation import check_choice

__all__ = ["CARDS", "card", "cards"]


def image(rows: list) -> np.ndarray:
    """One image of one channel."""
    return numbers(rows, 1, len(rows), len(rows[0]), 1)


def kernel(rows: list) -> np.ndarray:
    """A kernel from one channel to one."""
    return numbers(rows, len(rows), len(rows[0]), 1, 1)


def as_tuple(backward: Callable) -> Callable[..., tuple]:
    """The backward pass of an op with one input, with its gradient as a tuple of one."""
    return lambda dy, cache: (backward(dy, cache),)


X = image([[2, 0, 1], [1, 3, -1], [0, -2, 4]])
DY = image([[1, 2], [-1, 3]])
TWO_CHANNELS = numbers([[1, 2], [3, -2], [5, 4], [7, 0]])  # variance 5; with epsilon 4 the standard deviation is 3

PATCH = "[n, S*h + i - P, S*w + j - P, c]"
REACHED = "[n, S*h + i - P, S*w + j - P, o]"
POOLED = "[n, S*h + i, S*w + j, c]"
COLUMN = "[n, h, w, (i*KW + j)*C + c]"
POOLING = {"x": "(N, H, W, C)", "y": "(N, OH, OW, C)"}
POOL_OPTIONS = {"S": 1, "KH": 2, "KW": 2}
BATCH = {"x": "(M, C), M = N H W", "gamma": "(C,)", "beta": "(C,)", "y": "(M, C)"}
NORMALISE = ["x_hat[n, c] = (x[n, c] - mean[c]) / sqrt(variance[c] + epsilon)", "y[n, c] = gamma[c] * x_hat[n, c] + beta[c]"]
DGAMMA = ["dgamma[c] = Sum(n, dy[n, c] * x_hat[n, c])", "dbeta[c] = Sum(n, dy[n, c])"]


def pool(op: Callable) -> Callable[..., tuple]:
    """A pooling op as a function of the letters of its card."""
    return lambda x, S, KH, KW: op(x, (KH, KW), S)


def batch_norm(x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, mean: np.ndarray, variance: np.ndarray, epsilon: float,
               decay: float | None = None) -> tuple[np.ndarray, Any]:
    """Batch normalisation in training if a decay is given, else at inference; without the running statistics."""
    y, _, cache = ops.batch_norm(x, gamma, beta, mean, variance, training=decay is not None, momentum=decay or 1,
                                 epsilon=epsilon)
    return y, cache


CARDS = [
    Card("dense", "Dense layer", "Every unit reads every input: a weighted sum and a bias.",
         {"x": "(N, D)", "W": "(D, U)", "b": "(U,)", "y": "(N, U)"},
         {"x": numbers([[1, 2, -1], [0, 3, 2]]), "W": numbers([[2, 1], [0, -1], [3, 1]]), "b": numbers([1, -2])}, {},
         numbers([[1, 2], [-1, 3]]), ops.dense, ops.dense_backward,
         ["y[n, u] = b[u] + Sum(d, x[n, d] * W[d, u])"],
         ["dx[n, d] = Sum(u, dy[n, u] * W[d, u])", "dW[d, u] = Sum(n, x[n, d] * dy[n, u])", "db[u] = Sum(n, dy[n, u])"],
         {"y[1, 0]": "1 + 0*2 + 3*0 + 2*3", "dx[0, 0]": "1*2 + 2*1", "dW[1, 0]": "2*1 - 3*1", "db[0, 1]": "2 + 3"},
         [ops.dense, ops.dense_backward], layers.Dense(2)),
    Card("relu", "ReLU", "A negative value becomes 0, and its gradient, too.",
         {"x": "(N, D)", "y": "(N, D)"}, {"x": numbers([[2, -4, 1], [-2, 3, -6]])}, {}, numbers([[1, 2, -1], [3, 1, 4]]),
         ops.relu, as_tuple(ops.relu_backward), ["y[n, d] = x[n, d] if x[n, d] > 0 else 0"],
         ["dx[n, d] = dy[n, d] if x[n, d] > 0 else 0"],
         {"y[0, 1]": "max(0, -4)", "dx[0, 2]": "-1 * 1", "dx[1, 0]": "3 * 0"}, [ops.relu, ops.relu_backward], layers.ReLU()),
    *TRAINING,
    Card("conv2d", "Convolution", "The same small kernel at every position of the image.",
         {"x": "(N, H, W, C)", "K": "(KH, KW, C, O)", "b": "(O,)", "y": "(N, OH, OW, O)"},
         {"x": X, "K": kernel([[1, 2], [0, -1]]), "b": numbers([1])}, {"S": 1, "P": 0},
         DY, lambda x, K, b, S, P: ops.conv2d(x, K, b, strides=S, padding=P), ops.conv2d_backward,
         [f"y[n, h, w, o] = b[o] + Sum(i, j, c, x{PATCH} * K[i, j, c, o])"],
         [f"dx{PATCH} += Sum(o, dy[n, h, w, o] * K[i, j, c, o])",
          f"dK[i, j, c, o] = Sum(n, h, w, dy[n, h, w, o] * x{PATCH})", "db[o] = Sum(n, h, w, dy[n, h, w, o])"],
         {"y[1, 0]": "1 + 1*1 + 3*2 + 0*0 - 2*(-1)", "dx[1, 2]": "2*(-1) + 3*2", "dK[0, 0]": "1*2 + 2*0 - 1*1 + 3*3",
          "db[0, 0]": "1 + 2 - 1 + 3"},
         [reference.convolve, reference.convolve_dx, reference.convolve_dkernel], layers.Conv2D(1, 2)),
    Card("conv2d_transpose", "Transposed convolution", "Each value adds the kernel, times itself; backward, a convolution.",
         {"x": "(N, H, W, C)", "K": "(KH, KW, O, C)", "b": "(O,)", "y": "(N, OH, OW, O)"},
         {"x": image([[1, 2], [0, -1]]), "K": kernel([[1, 0, 2], [0, -1, 1], [1, 1, 0]]), "b": numbers([1])},
         {"S": 2, "P": 0},
         image([[1, 0, 2, -1, 0], [0, 1, 0, 3, 1], [2, 1, -1, 0, 1], [0, 2, 1, 0, -2], [1, 0, 0, 1, 2]]),
         lambda x, K, b, S, P: ops.conv2d_transpose(x, K, b, strides=S, padding=P), ops.conv2d_transpose_backward,
         [f"y{REACHED} += Sum(c, x[n, h, w, c] * K[i, j, o, c])", "y[n, h, w, o] += b[o]"],
         [f"dx[n, h, w, c] = Sum(i, j, o, dy{REACHED} * K[i, j, o, c])",
          f"dK[i, j, o, c] = Sum(n, h, w, dy{REACHED} * x[n, h, w, c])", "db[o] = Sum(n, h, w, dy[n, h, w, o])"],
         {"y[0, 2]": "1*2 + 2*1 + 1", "dx[0, 0]": "1*1 + 2*2 - 1*1 + 0*1 + 2*1 + 1*1", "dK[1, 1]": "1*1 + 2*3 - 1*0"},
         [reference.convolve_transposed]),
    Card("im2col", "im2col and col2im", "The pixels under each window as a row; backward, the gradients of all copies add up.",
         {"x": "(N, H, W, C)", "cols": "(N, OH, OW, KH KW C)"}, {"x": X}, {"S": 1, "P": 0, "KH": 2, "KW": 2},
         numbers([[1, 0, 2, -1], [3, 1, 0, 2], [0, -2, 1, 1], [2, 0, 1, -3]], 1, 2, 2, 4),
         lambda x, S, P, KH, KW: ops.im2col(x, (KH, KW), strides=S, padding=P), as_tuple(ops.col2im),
         [f"cols{COLUMN} = x{PATCH}"], [f"dx{PATCH} += dcols{COLUMN}"],
         {"dx[1, 1]": "-1 + 0 - 2 + 2"}, [gather, ops.col2im], output="cols"),
    Card("max_pool2d", "Max pooling",
         "The largest pixel of each window; it alone gets the gradient, of equal ones the first, row by row.",
         POOLING, {"x": X}, POOL_OPTIONS, DY, pool(ops.max_pool2d), as_tuple(ops.max_pool2d_backward),
         [f"y[n, h, w, c] = Max(i, j, x{POOLED})"],
         [f"first[n, h, w, c] = ArgMax(i, j, x{POOLED})",
          f"dx{POOLED} += dy[n, h, w, c] * (i*KW + j == first[n, h, w, c])"],
         {"y[0, 0]": "max(2, 0, 1, 3)", "dx[1, 1]": "1 + 2 - 1"}, [reference.max_pool2d, reference.max_pool2d_dx]),
    Card("avg_pool2d", "Average pooling", "The mean of each window; backward, each of its pixels gets the same part.",
         POOLING, {"x": X}, POOL_OPTIONS, DY, pool(ops.avg_pool2d), as_tuple(ops.avg_pool2d_backward),
         [f"y[n, h, w, c] = Sum(i, j, x{POOLED}) / (KH * KW)"], [f"dx{POOLED} += dy[n, h, w, c] / (KH * KW)"],
         {"y[0, 0]": "(2 + 0 + 1 + 3) / 4", "dx[1, 1]": "(1 + 2 - 1 + 3) / 4"},
         [reference.avg_pool2d, reference.avg_pool2d_dx]),
    Card("leaky_relu", "LeakyReLU", "Values below 0 keep a small slope, so that a gradient passes.",
         {"x": "(N, D)", "y": "(N, D)"}, {"x": numbers([[2, -4, 1], [-2, 3, -6]])}, {"slope": 0.5},
         numbers([[1, 2, -1], [3, 1, 4]]), lambda x, slope: ops.leaky_relu(x, slope), as_tuple(ops.leaky_relu_backward),
         ["y[n, d] = x[n, d] if x[n, d] > 0 else slope * x[n, d]"],
         ["dx[n, d] = dy[n, d] if x[n, d] > 0 else slope * dy[n, d]"],
         {"y[0, 1]": "0.5 * (-4)", "dx[0, 1]": "0.5 * 2"}, [ops.leaky_relu, ops.leaky_relu_backward], layers.LeakyReLU()),
    Card("dropout", "Dropout", "In training values are zeroed at random: r is 0 with probability rate, else 1 / (1 - rate).",
         {"x": "(N, D)", "r": "(N, D)", "y": "(N, D)"},
         {"x": numbers([[2, 1, 3], [-1, 4, 2]]), "r": ops.dropout(np.ones((2, 3)), 0.5, seed=5)[0]}, {"rate": 0.5},
         numbers([[1, 2, -1], [3, 1, 4]]), lambda x, r, rate: ops.dropout(x, rate, seed=5), as_tuple(ops.dropout_backward),
         ["y[n, d] = x[n, d] * r[n, d]"], ["dx[n, d] = dy[n, d] * r[n, d]"],
         {"y[0, 1]": "1 * 2", "dx[0, 1]": "2 * 2"}, [ops.dropout, ops.dropout_backward]),
    Card("spatial_dropout2d", "Spatial dropout", "A whole channel of an image is dropped, or none of it.",
         {"x": "(N, H, W, C)", "r": "(N, C)", "y": "(N, H, W, C)"},
         {"x": numbers([[1, 2, 3], [-1, 0, 4]], 1, 1, 2, 3),
          "r": ops.spatial_dropout2d(np.ones((1, 1, 1, 3)), 0.5, seed=5)[0][:, 0, 0]}, {"rate": 0.5},
         numbers([[1, 2, -1], [3, 1, 4]], 1, 1, 2, 3),
         lambda x, r, rate: ops.spatial_dropout2d(x, rate, seed=5), as_tuple(ops.spatial_dropout2d_backward),
         ["y[n, h, w, c] = x[n, h, w, c] * r[n, c]"], ["dx[n, h, w, c] = dy[n, h, w, c] * r[n, c]"],
         {"y[1, 0]": "-1 * 2", "dx[1, 0]": "3 * 2"}, [ops.spatial_dropout2d, ops.dropout_backward]),
    Card("batch_norm", "Batch normalisation, training", "Each channel gets mean 0 and variance 1 over the whole batch.",
         BATCH | {"mean_old": "(C,)", "variance_old": "(C,)"},
         {"x": TWO_CHANNELS, "gamma": numbers([3, 6]), "beta": numbers([1, 0]), "mean_old": numbers([0, 4]),
          "variance_old": numbers([1, 1])}, {"epsilon": 4, "decay": 0.75},
         numbers([[2, 1], [-1, 0], [0, 3], [3, 0]]), batch_norm, ops.batch_norm_backward,
         ["mean[c] = Sum(n, x[n, c]) / M", "variance[c] = Sum(n, (x[n, c] - mean[c])**2) / M", *NORMALISE,
          "mean_new[c] = decay * mean_old[c] + (1 - decay) * mean[c]",
          "variance_new[c] = decay * variance_old[c] + (1 - decay) * variance[c]"],
         [*DGAMMA,
          "dx[n, c] = gamma[c] / sqrt(variance[c] + epsilon) * (dy[n, c] - dbeta[c] / M - x_hat[n, c] * dgamma[c] / M)"],
         {"y[0, 0]": "3 * (1 - 4) / 3 + 1", "dgamma[0, 0]": "2 * (-1) - 1 * (-1/3) + 0 * 1/3 + 3 * 1",
          "dx[3, 0]": "3 / 3 * (3 - 4/4 - 1 * (4/3) / 4)"},
         [reference.batch_norm, reference.batch_norm_backward], layers.BatchNormalization(), True),
    Card("batch_norm_inference", "Batch normalisation, inference", "With the running statistics, which are constants here.",
         BATCH | {"mean": "(C,)", "variance": "(C,)"},
         {"x": TWO_CHANNELS, "gamma": numbers([3, 6]), "beta": numbers([1, 0]), "mean": numbers([3, 1]),
          "variance": numbers([5, 0])}, {"epsilon": 4},
         numbers([[2, 1], [-1, 0], [0, 3], [3, 0]]), batch_norm, ops.batch_norm_backward, NORMALISE,
         [*DGAMMA, "dx[n, c] = gamma[c] / sqrt(variance[c] + epsilon) * dy[n, c]"],
         {"y[0, 0]": "3 * (1 - 3) / 3 + 1", "dx[0, 1]": "6 / 2 * 1"}, [], layers.BatchNormalization()),
    Card("instance_norm", "Instance normalisation", "Batch normalisation for each image alone, also at inference.",
         {"x": "(N, H, W, C)", "gamma": "(C,)", "beta": "(C,)", "y": "(N, H, W, C)"},
         {"x": TWO_CHANNELS.reshape(1, 2, 2, 2), "gamma": numbers([3, 6]), "beta": numbers([1, 0])}, {"epsilon": 4},
         numbers([[2, 1], [-1, 0], [0, 3], [3, 0]], 1, 2, 2, 2),
         lambda x, gamma, beta, epsilon: ops.instance_norm(x, gamma, beta, epsilon=epsilon), ops.instance_norm_backward,
         ["mean[n, c] = Sum(h, w, x[n, h, w, c]) / (H * W)",
          "variance[n, c] = Sum(h, w, (x[n, h, w, c] - mean[n, c])**2) / (H * W)",
          "x_hat[n, h, w, c] = (x[n, h, w, c] - mean[n, c]) / sqrt(variance[n, c] + epsilon)",
          "y[n, h, w, c] = gamma[c] * x_hat[n, h, w, c] + beta[c]"],
         ["dgamma[c] = Sum(n, h, w, dy[n, h, w, c] * x_hat[n, h, w, c])", "dbeta[c] = Sum(n, h, w, dy[n, h, w, c])",
          "mean_dy[n, c] = Sum(h, w, dy[n, h, w, c]) / (H * W)",
          "mean_dyx[n, c] = Sum(h, w, dy[n, h, w, c] * x_hat[n, h, w, c]) / (H * W)",
          "dx[n, h, w, c] = gamma[c] / sqrt(variance[n, c] + epsilon) * "
          "(dy[n, h, w, c] - mean_dy[n, c] - x_hat[n, h, w, c] * mean_dyx[n, c])"],
         {"y[0, 0]": "3 * (1 - 4) / 3 + 1", "dx[3, 0]": "3 / 3 * (3 - 4/4 - 1 * (4/3) / 4)"},
         [ops.instance_norm, ops.instance_norm_backward]),
    Card("gram_matrix", "Gram matrix", "The mean product of each pair of channels: which are large together.",
         {"x": "(N, H, W, C)", "G": "(N, C, C)"}, {"x": numbers([[1, 2], [0, -1], [3, 1], [2, 0]], 1, 2, 2, 2)}, {},
         numbers([[1, 2], [0, -1]], 1, 2, 2), ops.gram_matrix, as_tuple(ops.gram_matrix_backward),
         ["G[n, c, o] = Sum(h, w, x[n, h, w, c] * x[n, h, w, o]) / (H * W)"],
         ["dx[n, h, w, c] = Sum(o, (dG[n, c, o] + dG[n, o, c]) * x[n, h, w, o]) / (H * W)"],
         {"G[0, 1]": "(1*2 + 0*(-1) + 3*1 + 2*0) / 4", "dx[0, 0]": "((1 + 1)*1 + (0 + 2)*2) / 4"},
         [ops.gram_matrix, ops.gram_matrix_backward], output="G"),
    Card("upsample2d", "Upsampling", "Every pixel is repeated; backward it gets the sum over its copies.",
         {"x": "(N, H, W, C)", "y": "(N, OH, OW, C)"}, {"x": image([[1, 2], [-1, 3]])}, {"f": 2},
         image([[1, 0, 2, 1], [3, -1, 0, 1], [0, 2, 1, 1], [1, 1, -2, 4]]),
         lambda x, f: ops.upsample2d(x, f), as_tuple(ops.upsample2d_backward),
         ["y[n, f*h + i, f*w + j, c] = x[n, h, w, c]"], ["dx[n, h, w, c] = Sum(i, j, dy[n, f*h + i, f*w + j, c])"],
         {"dx[0, 0]": "1 + 0 + 3 - 1"}, [ops.upsample2d, ops.upsample2d_backward]),
]


@checked
def card(name: str) -> Card:
    """The card of an op.

    Parameters
    ----------
    name : str
        One of `cards()`.

    Returns
    -------
    card : Card
        It shows itself in a notebook, and prints as text.

    Raises
    ------
    InputError
        No card has this name.

    Examples
    --------
    >>> card("dense").forward
    ['y[n, u] = b[u] + Sum(d, x[n, d] * W[d, u])']
    """
    return {each.name: each for each in CARDS}[check_choice(name, "card", cards())]


def cards() -> list[str]:
    """The names of all cards, in the order of the course.

    Returns
    -------
    names : list of str
        For `card`.

    Examples
    --------
    >>> cards()[:3]
    ['dense', 'relu', 'mse']
    """
    return [card.name for card in CARDS]
