"""Layers under rooflines: each dot has its name beside it, and its arithmetic intensity is its place on the axis."""
from collections.abc import Mapping

import numpy as np

from nnscratch.course.draw.drawing import CARD, INK, PALETTE, Drawing, new_figure
from nnscratch.course.draw.line_plot import DASHES, finish, log_scale
from nnscratch.hints import checked

__all__ = ["roofline"]


@checked
def roofline(machines: Mapping[str, tuple[float, float]], layers: Mapping[str, tuple[float, float]], text: str,
             width: float = 7.0, height: float = 4.2) -> Drawing:
    """Draw rooflines, and layers under them.

    Parameters
    ----------
    machines : dict of str to (float, float)
        By name: peak in GFLOP/s and bandwidth in GB/s.
    layers : dict of str to (float, float)
        By name: FLOP per byte, and the GFLOP/s that were reached.
    text : str
        The image in a sentence.
    width, height : float, inches

    Returns
    -------
    image : Drawing
        The plot.
    """
    figure = new_figure(width, height)
    axes = figure.subplots()
    ridges = [peak / bandwidth for peak, bandwidth in machines.values()]
    places = [*ridges, *(one for one, _ in layers.values())]
    per_byte = np.geomspace(min(places) / 3, max(places) * 6, 200)
    for k, (name, (peak, bandwidth)) in enumerate(machines.items()):
        reach = np.minimum(peak, bandwidth * per_byte)
        axes.plot(per_byte, reach, DASHES[k % 4], color=PALETTE[k], linewidth=2, label=name)
        axes.annotate(f"{peak:,.0f} GFLOP/s", (per_byte[-1], reach[-1]), xytext=(0, 4), textcoords="offset points", ha="right",
                      fontsize=9, color=PALETTE[k])
        middle = np.sqrt(per_byte[0] * peak / bandwidth)  # of the slope; layers lie below it, so its name stands above
        axes.annotate(f"{bandwidth:,.0f} GB/s", (middle, bandwidth * middle), xytext=(-5, 1), textcoords="offset points",
                      ha="right", fontsize=9, color=PALETTE[k])
    for name, (place, reached) in layers.items():
        axes.plot(place, reached, "o", color=INK, markersize=5)
        near = [other for other, speed in layers.values()
                if place / 2 < other < 2 * place and reached / 4 < speed < 4 * reached and other != place]
        left = bool(near) and place < min(near)  # names of neighbours stand on both sides of them
        axes.annotate(name, (place, reached), xytext=(-6 if left else 6, 0 if near else -3), textcoords="offset points",
                      ha="right" if left else "left", va="center" if near else "top", fontsize=9, color=INK,
                      bbox={"facecolor": CARD, "edgecolor": "none", "alpha": 0.8, "pad": 0.5})
    log_scale(axes, "x")
    log_scale(axes, "y")
    finish(axes, "arithmetic intensity (FLOP per byte)", "GFLOP/s")
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    return Drawing(figure, text)
