"""Gradient descent as it is drawn in textbooks: steps on a parabola, and a path on a contour map of the loss.

Shapes: x, t (N,), the points of a line fit; path (steps + 1, 2), the pairs (w, b).
"""
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from nnscratch.course.draw.drawing import BLUE, CARD, FAINT, INK, ORANGE
from nnscratch.hints import checked

__all__ = ["loss_map", "residuals", "steps_on_curve"]


@checked
def steps_on_curve(axes: Axes, loss: Callable[[Any], Any], path: Sequence[float], reach: tuple[float, float]) -> None:
    """Draw a loss of one parameter, and the steps on it.

    Parameters
    ----------
    axes : matplotlib axes
    loss : callable
        Of arrays.
    path : sequence of float
        The parameter after 0, 1, 2 ... steps; what lies outside of `reach` is not drawn.
    reach : (float, float)
        The interval that is shown.
    """
    line = np.linspace(*reach, 200)
    axes.plot(line, loss(line), color=BLUE, linewidth=2)
    inside = np.array([value if reach[0] <= value <= reach[1] else np.nan for value in path])
    axes.plot(inside, loss(inside), "o-", color=ORANGE, markersize=4.5, linewidth=1.3, markeredgecolor=CARD)
    axes.set(xlim=reach, ylim=(0, 1.05 * float(np.max(loss(line)))))
    label(axes, "w", "L")


@checked
def loss_map(axes: Axes, x: np.ndarray, t: np.ndarray, path: np.ndarray, centre: tuple[float, float],
             reach: float = 2.5) -> None:
    """Draw the loss of the line y = w x + b as contours over w and b, and a path of gradient descent.

    Parameters
    ----------
    axes : matplotlib axes
    x, t : array (N,)
    path : array (steps + 1, 2)
        (w, b) after each step.
    centre : (float, float)
        (w, b) in the middle of the map.
    reach : float
        From the middle to the edge.
    """
    w, b = np.meshgrid(*(np.linspace(middle - reach, middle + reach, 121) for middle in centre))
    loss = ((w[..., None] * x + b[..., None] - t)**2).mean(axis=-1)
    low, high = loss.min(), loss.max()
    axes.contour(w, b, loss, levels=low + (high - low) * np.linspace(0.05, 1, 9)**2, colors=BLUE, linewidths=0.9, alpha=0.8)
    axes.plot(path[:, 0], path[:, 1], "o-", color=ORANGE, markersize=3.4, linewidth=1, markeredgecolor=CARD,
              markeredgewidth=0.4)
    best = np.polyfit(x, t, 1)
    axes.plot(*best, "x", color=INK, markersize=8, markeredgewidth=2)
    axes.set(xlim=(centre[0] - reach, centre[0] + reach), ylim=(centre[1] - reach, centre[1] + reach), aspect="equal")
    label(axes, "w", "b")


@checked
def residuals(axes: Axes, x: np.ndarray, t: np.ndarray, w: float, b: float) -> None:
    """Draw points, the line y = w x + b, and the error of each point as a vertical line.

    Parameters
    ----------
    axes : matplotlib axes
    x, t : array (N,)
    w, b : float
    """
    y = w * x + b
    axes.vlines(x, np.minimum(y, t), np.maximum(y, t), color=ORANGE, linewidth=1.1, alpha=0.8)
    axes.plot(x, t, "o", color=INK, markersize=3.5)
    ends = np.array([x.min(), x.max()])
    axes.plot(ends, w * ends + b, color=BLUE, linewidth=2)
    axes.text(0.04, 0.95, f"L = {((y - t)**2).mean():.2f}", transform=axes.transAxes, ha="left", va="top", fontsize=9.5,
              color=INK, bbox={"facecolor": CARD, "edgecolor": "none", "pad": 1.5, "alpha": 0.85})
    label(axes, "x", "t")


def label(axes: Axes, across: str, upwards: str) -> None:
    """Names at the axes, and their style."""
    axes.set_xlabel(across, color=INK)
    axes.set_ylabel(upwards, color=INK)
    axes.tick_params(labelsize=9, colors=INK)
    axes.grid(color=FAINT, alpha=0.4, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_facecolor("none")
