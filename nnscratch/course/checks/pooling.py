"""Exercises of notebook 09: max pooling forward and backward.

Shapes: x (N, H, W, C), y and dy (N, H/p, W/p, C) for windows of p x p side by side.
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.neurons import normal

__all__ = ["max_pool", "max_pool_backward"]


def as_windows(x, p):
    """(N, H, W, C) -> (N, H/p, p, W/p, p, C)"""
    n, h, w, c = x.shape
    return x.reshape(n, h // p, p, w // p, p, c)


def image(*rows):
    """One image of one channel."""
    return np.array(rows, dtype=float)[None, :, :, None]


def right_max_pool(x, p):
    """The solution."""
    return ops.max_pool2d(x, p)[0]


@exercise("09",
          "Each window is a small array, x[:, oh * p:(oh + 1) * p, ow * p:(ow + 1) * p]; take its maximum over axes 1 and 2.",
          "Without loops: reshape x to (N, H/p, p, W/p, p, C). Which two axes are now the window's?",
          "x.reshape(n, h // p, p, w // p, p, c).max(axis=(2, 4))")
def max_pool(attempt: Attempt) -> None:
    """y[n, oh, ow, c] = the maximum over i, j of x[n, p oh + i, p ow + j, c]."""
    cases = [{"x": image([1, 2], [4, 3]), "p": 2}, {"x": image([-1, -2], [-4, -3]), "p": 2},
             {"x": image([1, 2, 8, 5], [4, 3, 6, 7]), "p": 2}, {"x": normal(2, 6, 4, 3), "p": 2},
             {"x": normal(2, 6, 9, 4), "p": 3}]
    compare(attempt, right_max_pool, cases, "y", {
        "it is the average of each window, expected its maximum": lambda x, p: as_windows(x, p).mean(axis=(2, 4)),
        "it is the minimum of each window, expected its maximum": lambda x, p: as_windows(x, p).min(axis=(2, 4)),
        "no maximum is below 0: a search for the largest must not begin with 0": lambda x, p: right_max_pool(x, p).clip(0),
        "the windows are cut wrongly: reshape to (N, H/p, p, W/p, p, C), for a row of pixels goes through several windows":
            lambda x, p: x.reshape(len(x), x.shape[1] // p, x.shape[2] // p, p, p, -1).max(axis=(3, 4)),
        "only one pixel of each window is looked at, the first": lambda x, p: x[:, ::p, ::p]})


def right_max_pool_backward(dy, x, p):
    """The solution."""
    return ops.max_pool2d_backward(dy, ops.max_pool2d(x, p)[1])


def to_whole_window(dy, p):
    """Each number repeated over its window."""
    return dy.repeat(p, axis=1).repeat(p, axis=2)


def winners(x, p):
    """True at every pixel that is as large as the maximum of its window."""
    return x == to_whole_window(right_max_pool(x, p), p)


def shared(dy, x, p):
    """Equal maxima share dy."""
    count = to_whole_window(as_windows(winners(x, p), p).sum(axis=(2, 4)), p)
    return to_whole_window(dy, p) * winners(x, p) / count


@exercise("09",
          "Go through all places (n, oh, ow, c) of dy. Cut out the window x[n, oh * p:(oh + 1) * p, ow * p:(ow + 1) * p, c].",
          "window.argmax() finds the first maximum, row by row; np.unravel_index(window.argmax(), window.shape) is its (i, j).",
          "dx[n, oh * p + i, ow * p + j, c] = dy[n, oh, ow, c]; everything else stays 0.")
def max_pool_backward(attempt: Attempt) -> None:
    """dx: each dy goes to the pixel that won its window, the first one where several tie."""
    cases = [{"dy": image([5]), "x": image([1, 2], [4, 3]), "p": 2},
             {"dy": image([6]), "x": image([4, 4], [1, 4]), "p": 2},
             {"dy": image([7]), "x": image([1, 4], [4, 3]), "p": 2},
             {"dy": image([-3]), "x": image([-1, -2], [-4, -3]), "p": 2},
             {"dy": image([8]), "x": image([1, 2, 3], [4, 5, 9], [6, 7, 8]), "p": 3},
             {"dy": np.array([5.0, 7.0]).reshape(1, 1, 1, 2),
              "x": np.concatenate([image([1, 2], [4, 3]), image([8, 7], [5, 6])], axis=3), "p": 2},
             {"dy": normal(2, 3, 2, 3), "x": normal(2, 6, 4, 3), "p": 2},
             {"dy": normal(2, 2, 3, 4), "x": normal(2, 6, 9, 4), "p": 3}]
    compare(attempt, right_max_pool_backward, cases, "dx", {
        "where pixels tie, each of them gets all of dy: then more comes out than went in; the first one wins":
            lambda dy, x, p: to_whole_window(dy, p) * winners(x, p),
        "where pixels tie they share dy; that would do, but here the first one wins": shared,
        "where pixels tie the last one wins, expected the first":
            lambda dy, x, p: right_max_pool_backward(dy[:, ::-1, ::-1], x[:, ::-1, ::-1], p)[:, ::-1, ::-1],
        "the whole window gets dy, expected the winner alone": lambda dy, x, p: to_whole_window(dy, p),
        "this is the backward of average pooling: dy is spread over the window, expected the winner alone":
            lambda dy, x, p: to_whole_window(dy, p) / p**2,
        "it holds 1 at each winner: dy itself is missing": lambda dy, x, p: right_max_pool_backward(np.ones_like(dy), x, p),
        "it holds the winners' values, expected dy in their places":
            lambda dy, x, p: right_max_pool_backward(right_max_pool(x, p), x, p)})
