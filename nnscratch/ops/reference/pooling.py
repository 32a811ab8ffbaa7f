"""Pooling as nested loops.

Shapes: x (N, H, W, C), y (N, OH, OW, C).
"""
from nnscratch.backend import Array, array_module
from nnscratch.ops.reference.loops import pixels_read, ranges
from nnscratch.ops.window import Window

__all__ = ["avg_pool2d", "avg_pool2d_dx", "max_pool2d", "max_pool2d_dx"]


def max_pool2d(x: Array, window: Window) -> tuple[Array, dict]:
    """y[n, oh, ow, c] = the largest x under the window.

    Parameters
    ----------
    x : array (N, H, W, C)
    window : Window

    Returns
    -------
    y, winner : array (N, OH, OW, C), dict {(n, oh, ow, c): (h, w)}
        The maxima, and the first pixel that holds each of them, row by row.
    """
    xp, (n_count, _, _, c_count) = array_module(x), x.shape
    y = xp.full((n_count, *window.output, c_count), -xp.inf, dtype=x.dtype)
    winner = {}
    for oh, ow, _, _, h, w in pixels_read(window):
        for n, c in ranges(n_count, c_count):
            if x[n, h, w, c] > y[n, oh, ow, c]:
                y[n, oh, ow, c] = x[n, h, w, c]
                winner[n, oh, ow, c] = h, w
    return y, winner


def max_pool2d_dx(dy: Array, winner: dict, window: Window) -> Array:
    """dx[winner of (oh, ow)] += dy[oh, ow].

    Parameters
    ----------
    dy : array (N, OH, OW, C)
    winner : dict, from `max_pool2d`
    window : Window

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    dx = array_module(dy).zeros((dy.shape[0], *window.input, dy.shape[3]), dtype=dy.dtype)
    for (n, oh, ow, c), (h, w) in winner.items():
        dx[n, h, w, c] += dy[n, oh, ow, c]
    return dx


def avg_pool2d(x: Array, window: Window, count_include_pad: bool = False) -> Array:
    """y[n, oh, ow, c] = Σ x under the window / number of pixels counted.

    Parameters
    ----------
    x : array (N, H, W, C)
    window : Window
    count_include_pad : bool, whether padding counts

    Returns
    -------
    y : array (N, OH, OW, C)
        The averages.
    """
    xp, (n_count, _, _, c_count) = array_module(x), x.shape
    y = xp.zeros((n_count, *window.output, c_count), dtype=x.dtype)
    for oh, ow, _, _, h, w in pixels_read(window):
        for n, c in ranges(n_count, c_count):
            y[n, oh, ow, c] += x[n, h, w, c] / pixels_counted(window, oh, ow, count_include_pad)
    return y


def avg_pool2d_dx(dy: Array, window: Window, count_include_pad: bool = False) -> Array:
    """dx[n, h, w, c] += dy[n, oh, ow, c] / number of pixels counted.

    Parameters
    ----------
    dy : array (N, OH, OW, C)
    window : Window
    count_include_pad : bool, whether padding counts

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    dx = array_module(dy).zeros((dy.shape[0], *window.input, dy.shape[3]), dtype=dy.dtype)
    for oh, ow, _, _, h, w in pixels_read(window):
        for n, c in ranges(dy.shape[0], dy.shape[3]):
            dx[n, h, w, c] += dy[n, oh, ow, c] / pixels_counted(window, oh, ow, count_include_pad)
    return dx


def pixels_counted(window: Window, oh: int, ow: int, count_include_pad: bool) -> int:
    """The number that the average at (oh, ow) divides by: all taps, or those that lie on the image."""
    if count_include_pad:
        return window.taps[0] * window.taps[1]
    return sum(1 for position in pixels_read(window) if position[:2] == (oh, ow))
