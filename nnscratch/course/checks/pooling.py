"""Exercises of notebook 09: max pooling forward and backward.

Shapes: x (N, H, W, C), y and dy (N, H/p, W/p, C) for windows of p x p side by side.
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.inputs import image, normal

__all__ = ["max_pool", "max_pool_backward"]


def as_windows(x, p):
    """(N, H, W, C) -> (N, H/p, p, W/p, p, C)"""
    n, h, w, c = x.shape
    return x.reshape(n, h // p, p, w // p, p, c)


def other_width(case, rng):
    """As many windows, but of another width; some have two maxima."""
    (n, h, w, c), p = case["x"].shape, int(rng.integers(2, 5))
    sizes = n, h // case["p"], w // case["p"], c
    x = rng.integers(-9, 9, (n, sizes[1] * p, sizes[2] * p, c)) / 4
    return {"x": x, "p": p, **({"dy": rng.normal(size=sizes)} if "dy" in case else {})}


def right_max_pool(x, p):
    """The solution, and the library's with the learner's arguments."""
    return ops.max_pool2d(x, p)[0]


@exercise("09",
          "Cut one window out of x: which rows does the output row h read, if windows are p high and side by side?",
          "Without loops: reshape splits an axis of H values into two, H/p windows of p rows. The maximum is over which axes?",
          "x.reshape(N, H // p, p, W // p, p, C).max(axis=(2, 4)), or loops: x[n, h * p:(h + 1) * p, w * p:(w + 1) * p, c]",
          library=right_max_pool)
def max_pool(attempt: Attempt) -> None:
    """y, an array (N, H/p, W/p, C)."""
    cases = [{"x": image([1, 2], [4, 3]), "p": 2}, {"x": image([-3000, -2000], [-4000, -5000]), "p": 2},
             {"x": image([1, 2, 8, 5], [4, 3, 6, 7]), "p": 2}, {"x": image([5, 2, 8], [4, 3, 6], [1, 0, 7]), "p": 3},
             {"x": np.concatenate([image([1, 2], [4, 3]), image([8, 7], [5, 6])], axis=3), "p": 2},
             {"x": normal(2, 6, 4, 3), "p": 2}, {"x": normal(2, 6, 9, 4), "p": 3}]
    compare(attempt, right_max_pool, cases, "y", {
        "it is the average of each window, expected its maximum": lambda x, p: as_windows(x, p).mean(axis=(2, 4)),
        "it is the sum of each window, expected its maximum": lambda x, p: as_windows(x, p).sum(axis=(2, 4)),
        "it is the minimum of each window, expected its maximum": lambda x, p: as_windows(x, p).min(axis=(2, 4)),
        "no maximum is below 0: a search for the largest must not begin with 0": lambda x, p: right_max_pool(x, p).clip(0),
        "the windows are cut wrongly: a row of pixels goes through several windows, so the reshape has an axis for the windows "
        "and one for the pixels, twice, in this order": cut_wrongly,
        "it is the maximum over all channels: each channel is pooled for itself":
            lambda x, p: right_max_pool(x, p).max(axis=3, keepdims=True) + 0 * right_max_pool(x, p),
        "only one pixel of each window is read, the first": lambda x, p: x[:, ::p, ::p]},
        draw=other_width)


def cut_wrongly(x, p):
    """Both window axes before both pixel axes."""
    n, h, w, c = x.shape
    return x.reshape(n, h // p, w // p, p, p, c).max(axis=(3, 4))


def right_max_pool_backward(dy, x, p):
    """The solution, and the library's with the learner's arguments."""
    return ops.max_pool2d_backward(dy, ops.max_pool2d(x, p)[1])


def sent(place, size=lambda p: p, add=False):
    """A backward pass of loops with something wrong: place(h, w, c, i, j, p) is where dy[n, h, w, c] goes."""
    def backward(dy, x, p):
        dx = np.zeros_like(x)
        for n, h, w, c in np.ndindex(dy.shape):
            s = size(p)
            window = x[n, h * s:(h + 1) * s, w * s:(w + 1) * s, c]
            i, j = np.unravel_index(window.argmax(), window.shape)
            at = (n, *place(h, w, c, i, j, s))
            dx[at] = dy[n, h, w, c] + add * dx[at]
        return dx
    return backward


def over_channels(follow, add=False):
    """The argmax of a window is taken over all channels; dy goes to the channel found (follow), or stays in its own."""
    def backward(dy, x, p):
        dx = np.zeros_like(x)
        for n, h, w, c in np.ndindex(dy.shape):
            window = x[n, h * p:(h + 1) * p, w * p:(w + 1) * p]
            i, j, k = np.unravel_index(window.argmax(), window.shape)
            at = n, h * p + i, w * p + j, k if follow else c
            dx[at] = dy[n, h, w, c] + add * dx[at]
        return dx
    return backward


def rows_of_two(dy, x, p):
    """divmod(argmax, 2) in windows of p."""
    dx = np.zeros_like(x)
    for n, h, w, c in np.ndindex(dy.shape):
        i, j = divmod(x[n, h * p:(h + 1) * p, w * p:(w + 1) * p, c].argmax(), 2)
        dx[n, min(h * p + i, x.shape[1] - 1), w * p + j, c] = dy[n, h, w, c]
    return dx


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


def last_winner(dy, x, p):
    """Of equal maxima the last one."""
    return right_max_pool_backward(dy[:, ::-1, ::-1], x[:, ::-1, ::-1], p)[:, ::-1, ::-1]


def first_by_columns(dy, x, p):
    """Of equal maxima the first one, column by column."""
    return right_max_pool_backward(dy.swapaxes(1, 2), x.swapaxes(1, 2), p).swapaxes(1, 2)


@exercise("09",
          "One window at a time: which of its pixels decided y? All others got a slope of 0.",
          "window.argmax() counts through the window row by row and finds the first maximum; divmod(window.argmax(), p) is its "
          "row and column, within the window.",
          "dx[n, h * p + i, w * p + j, c] = dy[n, h, w, c]; everything else stays 0.",
          library=right_max_pool_backward)
def max_pool_backward(attempt: Attempt) -> None:
    """dx, an array (N, H, W, C)."""
    cases = [{"dy": image([5]), "x": image([1, 2], [4, 3]), "p": 2},
             {"dy": image([6]), "x": image([4, 4], [1, 4]), "p": 2},
             {"dy": image([7]), "x": image([1, 4], [4, 3]), "p": 2},
             {"dy": image([-3]), "x": image([-1, -2], [-4, -3]), "p": 2},
             {"dy": image([2]), "x": image([0, 1e-12], [0, 0]), "p": 2},
             {"dy": image([2, 3]), "x": image([0, 0, 5, 6], [0, 0, 8, 7]), "p": 2},
             {"dy": image([8]), "x": image([1, 2, 3], [4, 5, 9], [6, 7, 8]), "p": 3},
             {"dy": np.array([5.0, 7.0]).reshape(1, 1, 1, 2),
              "x": np.concatenate([image([1, 2], [4, 3]), image([8, 7], [5, 6])], axis=3), "p": 2},
             {"dy": normal(2, 3, 2, 3), "x": np.maximum(0, normal(2, 6, 4, 3)), "p": 2},
             {"dy": normal(2, 2, 3, 4), "x": normal(2, 6, 9, 4), "p": 3}]
    offset = "(i, j) counts within the window: add p * h and p * w, where the window begins"
    channels = "the argmax is over all channels of the window: each channel is pooled for itself"
    exchanged = "row and column are exchanged: argmax counts row by row, so its quotient by p is the row"
    two = "the window's size is fixed to 2, expected p"
    compare(attempt, right_max_pool_backward, cases, "dx", {
        "where pixels tie, each of them gets all of dy: then more comes out than went in; the first one wins":
            lambda dy, x, p: to_whole_window(dy, p) * winners(x, p),
        "where pixels tie they share dy; that would do, but here the first one wins": shared,
        "where pixels tie the last one wins, expected the first": last_winner,
        "where pixels tie the first one wins column by column, expected row by row": first_by_columns,
        "nearly equal is not a tie: compare with == or argmax, not with isclose":
            lambda dy, x, p: right_max_pool_backward(dy, x.round(8), p),
        "the whole window gets dy, expected the maximum alone": lambda dy, x, p: to_whole_window(dy, p),
        "this is the backward pass of average pooling: dy is spread over the window, expected at the maximum alone":
            lambda dy, x, p: to_whole_window(dy, p) / p**2,
        "x is a factor of it: at the maximum y = x, so the slope is 1": lambda dy, x, p: x * right_max_pool_backward(dy, x, p),
        "it holds 1 at each maximum: dy itself is missing": lambda dy, x, p: right_max_pool_backward(np.ones_like(dy), x, p),
        "it holds the maxima themselves, expected dy in their places":
            lambda dy, x, p: right_max_pool_backward(right_max_pool(x, p), x, p),
        offset: sent(lambda h, w, c, i, j, p: (i, j, c)),
        f"{offset} ": sent(lambda h, w, c, i, j, p: (i, j, c), add=True),
        "(i, j) counts within the window: add p * h and p * w, not h and w alone":
            sent(lambda h, w, c, i, j, p: (h + i, w + j, c)),
        "(i, j) counts within the window: add p * h and p * w, not h and w alone ":
            sent(lambda h, w, c, i, j, p: (h + i, w + j, c), add=True),
        channels: over_channels(False), f"{channels} ": over_channels(True), f"{channels}  ": over_channels(True, add=True),
        exchanged: sent(lambda h, w, c, i, j, p: (h * p + j, w * p + i, c)),
        two: sent(lambda h, w, c, i, j, p: (h * p + i, w * p + j, c), lambda p: 2),
        f"{two}: divmod(argmax, 2) is wrong in windows of another width": rows_of_two},
        draw=other_width)
