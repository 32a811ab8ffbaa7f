"""What a classifier says: images in rows with titles, images with their probabilities, decision regions in the plane."""
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Rectangle

from nnscratch.course.draw.drawing import BLUE, CARD, FAINT, INK, ORANGE, PALETTE, Drawing, new_figure, shade, tint
from nnscratch.hints import checked

__all__ = ["gallery", "regions", "verdicts"]

MARKERS = "os^Dv*"


@checked
def gallery(images: Sequence[np.ndarray] | np.ndarray, titles: Sequence[str], text: str, columns: int = 10,
            inches: float = 0.75, signed: bool = False) -> Drawing:
    """Draw small images in rows, each with a title.

    Parameters
    ----------
    images : sequence of array (H, W)
    titles : sequence of str
    text : str
        The image in a sentence.
    columns : int
    inches : float
        Width of an image.
    signed : bool
        Blue for values above 0, orange below, white for 0; else grey from 0 to 1.

    Returns
    -------
    image : Drawing
        The rows.
    """
    rows = -(-len(images) // columns)
    lines = max(title.count("\n") + 1 for title in titles)
    figure = new_figure(inches * columns, rows * (inches + 0.19 * lines))
    panels = np.ravel(figure.subplots(rows, columns, squeeze=False))
    for axes in panels:
        axes.set_axis_off()
    for axes, image, title in zip(panels, images, titles):
        vmax = np.abs(image).max()
        axes.imshow([[shade(value, vmax) for value in line] for line in image] if signed else image,
                    cmap=None if signed else "gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set_title(title, fontsize=9.5, color=INK, pad=3)
        axes.add_patch(Rectangle((-0.5, -0.5), image.shape[1], image.shape[0], fill=False, edgecolor=FAINT, linewidth=0.8,
                                 clip_on=False))
    return Drawing(figure, text)


@checked
def verdicts(images: Sequence[np.ndarray] | np.ndarray, probabilities: np.ndarray, labels: Sequence[int] | np.ndarray,
             text: str, inches: float = 2.1) -> Drawing:
    """Draw images, and below each its probabilities; the bar of the true class is blue, the others are orange.

    Parameters
    ----------
    images : sequence of array (H, W)
    probabilities : array (N, classes)
    labels : sequence of int
        The true classes.
    text : str
        The image in a sentence.
    inches : float
        Width of an image.

    Returns
    -------
    image : Drawing
        The images beside each other.
    """
    figure = new_figure(inches * len(images), 2.9)
    panels = figure.subplots(2, len(images), squeeze=False, height_ratios=[1, 1.1])
    for k, (image, p, label) in enumerate(zip(images, probabilities, labels)):
        panels[0, k].imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        panels[0, k].set_title(f"true class {int(label)}", fontsize=10, color=INK)
        panels[0, k].set_axis_off()
        bars = panels[1, k]
        bars.bar(np.arange(len(p)), p, color=[BLUE if u == label else ORANGE for u in range(len(p))], width=0.8)
        bars.set(xticks=range(len(p)), ylim=(0, 1.05), yticks=[0, 0.5, 1])
        bars.set_xlabel("class", fontsize=10, color=INK)
        bars.tick_params(labelsize=9)
        bars.spines[["top", "right"]].set_visible(False)
        bars.set_facecolor("none")
    panels[1, 0].set_ylabel("probability", fontsize=10, color=INK)
    return Drawing(figure, text)


@checked
def regions(classify: Callable[[np.ndarray], np.ndarray], points: np.ndarray, labels: np.ndarray, text: str,
            title: str = "", axes: Any = None, side: int = 120) -> Drawing | None:
    """Draw the plane in the colours of the classes that a classifier gives its points, and samples on it.

    Parameters
    ----------
    classify : callable
        points (N, 2) -> classes (N,), integers.
    points : array (N, 2)
        Samples.
    labels : array (N,)
        Their true classes.
    text : str
        The image in a sentence.
    title : str
    axes : matplotlib axes, optional
        Where to draw; by default a new figure.
    side : int
        Points of the grid along each side.

    Returns
    -------
    image : Drawing or None
        None if axes are given.
    """
    figure = new_figure(3.6, 3.5) if axes is None else None
    panel = axes if figure is None else figure.subplots()
    low, high = points.min() - 0.15, points.max() + 0.15
    line = np.linspace(low, high, side)
    grid = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    classes = int(labels.max()) + 1
    panel.imshow(np.asarray(classify(grid)).reshape(side, side), origin="lower", extent=(low, high, low, high), vmin=0,
                 vmax=classes - 1, cmap=ListedColormap([tint(colour, 0.3) for colour in PALETTE[:classes]]),
                 interpolation="nearest")
    for u in range(classes):
        chosen = points[labels == u]
        panel.plot(chosen[:, 0], chosen[:, 1], MARKERS[u], color=PALETTE[u], markersize=3.2, markeredgecolor=CARD,
                   markeredgewidth=0.3, label=f"class {u}")
    panel.set_title(title, fontsize=10, color=INK)
    panel.set_xlabel("first input", fontsize=10, color=INK)
    panel.set_ylabel("second input", fontsize=10, color=INK)
    panel.tick_params(labelsize=9)
    return None if figure is None else Drawing(figure, text)
