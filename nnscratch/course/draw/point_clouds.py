"""Clouds of points beside each other, each with an ellipse: its mean, and two standard deviations along every direction."""
from collections.abc import Mapping

import numpy as np

from nnscratch.course.draw.drawing import BLUE, FAINT, INK, ORANGE, Drawing, new_figure
from nnscratch.hints import checked

__all__ = ["clouds"]


@checked
def clouds(points: Mapping[str, np.ndarray], text: str, xlabel: str = "", ylabel: str = "", every: int = 1,
           inches: float = 1.9) -> Drawing:
    """Draw clouds of points on equal axes.

    Parameters
    ----------
    points : dict of str to array (N, 2)
        By title.
    text : str
        The image in a sentence.
    xlabel, ylabel : str
    every : int
        Draw one point of so many; the ellipse is that of all.
    inches : float
        Width of a panel.

    Returns
    -------
    image : Drawing
        The clouds beside each other.
    """
    figure = new_figure(inches * len(points), inches + 0.5)
    row = figure.subplots(1, len(points), sharex=True, sharey=True, squeeze=False)[0]
    circle = 2 * np.array([np.cos(np.linspace(0, 2 * np.pi, 60)), np.sin(np.linspace(0, 2 * np.pi, 60))])
    for axes, (title, cloud) in zip(row, points.items()):
        values, vectors = np.linalg.eigh(np.cov(cloud.T, bias=True))
        ellipse = cloud.mean(axis=0)[:, None] + vectors @ (values.clip(0)[:, None]**0.5 * circle)
        axes.plot(*cloud[::every].T, ".", color=BLUE, markersize=2, alpha=0.5)
        axes.plot(*ellipse, color=ORANGE, linewidth=1.8)
        axes.set_title(title, fontsize=10, color=INK)
        axes.set_xlabel(xlabel, color=INK)
        axes.set_aspect("equal")
        axes.grid(color=FAINT, alpha=0.5, linewidth=0.7)
        axes.spines[["top", "right"]].set_visible(False)
    row[0].set_ylabel(ylabel, color=INK)
    return Drawing(figure, text)
