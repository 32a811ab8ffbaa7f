"""What one neuron and one layer compute: the line that a neuron draws in the plane, and the connections of a layer.

Shapes: X (N, 2), points in the plane; labels (N,), 0 or 1.
"""
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from nnscratch.course.draw.drawing import BLUE, CARD, FAINT, INK, ORANGE, Drawing, canvas, tint
from nnscratch.hints import checked

__all__ = ["boundary", "layer"]


@checked
def boundary(axes: Axes, X: np.ndarray, labels: np.ndarray, w: Sequence[float], b: float, reach: float = 3.0) -> None:
    """Draw points in two colours, and on which side of its line a neuron has a positive pre-activation.

    Parameters
    ----------
    axes : matplotlib axes
    X : array (N, 2)
    labels : array (N,)
        0 or 1.
    w : sequence of two numbers
    b : float
    reach : float
        The plot shows -reach to reach along both axes.
    """
    line = np.linspace(-reach, reach, 161)
    first, second = np.meshgrid(line, line)
    a = w[0] * first + w[1] * second + b
    axes.contourf(first, second, a, levels=[-1e9, 0, 1e9], colors=[tint(BLUE, 0.13), tint(ORANGE, 0.16)])
    if np.any(w):
        axes.contour(first, second, a, levels=[0], colors=INK, linewidths=1.6)
    for label, colour, sign in ((0, BLUE, "o"), (1, ORANGE, "^")):
        axes.plot(*X[labels == label].T, sign, color=colour, markersize=4.5, markeredgecolor=CARD, markeredgewidth=0.5)
    wrong = int(((X @ np.array(w) + b > 0) != (labels == 1)).sum())
    axes.text(0.03, 0.03, f"{wrong} of {len(X)} wrong", transform=axes.transAxes, fontsize=9.5, color=INK,
              bbox={"facecolor": CARD, "edgecolor": "none", "pad": 1.5, "alpha": 0.85})
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set_xlabel("$x_0$", color=INK)
    axes.set_ylabel("$x_1$", color=INK)
    axes.tick_params(labelsize=9, colors=INK)


@checked
def layer(inputs: int, units: int, unit: int, text: str) -> Drawing:
    """Draw the connections of a dense layer; those of one unit stand out.

    Parameters
    ----------
    inputs, units : int
    unit : int
        The unit whose weights are drawn in colour.
    text : str
        The image in a sentence.

    Returns
    -------
    image : Drawing
        Circles and lines.
    """
    tallest = max(inputs, units)
    figure, axes = canvas(7.4, 0.95 * tallest + 0.4, 0.62)
    heights = {count: [0.2 + 0.95 * (k + 0.5 + (tallest - count) / 2) for k in range(count)] for count in (inputs, units)}
    for u in sorted(range(units), key=lambda u: u == unit):
        for d in range(inputs):
            axes.plot([2.0, 5.2], [heights[inputs][d], heights[units][u]], color=ORANGE if u == unit else FAINT,
                      linewidth=2 if u == unit else 0.9, zorder=1)
    for d, y in enumerate(heights[inputs]):
        put_circle(axes, 2.0, y, f"$x_{d}$", "#f0f0ec", FAINT)
        share = 0.36
        axes.text(2.0 + share * 3.2, y + share * (heights[units][unit] - y), f"$W_{{{d}{unit}}}$", ha="center", va="center",
                  fontsize=10, color=ORANGE, bbox={"facecolor": CARD, "edgecolor": "none", "pad": 1}, zorder=2)
    for u, y in enumerate(heights[units]):
        put_circle(axes, 5.2, y, f"$y_{u}$", "white", ORANGE if u == unit else FAINT)
    axes.text(1.4, (0.2 + 0.95 * tallest / 2), f"{inputs} inputs", ha="right", va="center", fontsize=10.5, color=INK)
    axes.text(5.8, (0.2 + 0.95 * tallest / 2), f"{units} units", ha="left", va="center", fontsize=10.5, color=INK)
    return Drawing(figure, text)


def put_circle(axes: Any, x: float, y: float, label: str, face: str, edge: str) -> None:
    """Draw an input or a unit."""
    axes.add_patch(Circle((x, y), 0.33, facecolor=face, edgecolor=edge, linewidth=1.6, zorder=3))
    axes.text(x, y, label, ha="center", va="center", fontsize=11, color=INK, zorder=4)
