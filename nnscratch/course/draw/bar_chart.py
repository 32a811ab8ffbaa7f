"""Bar charts: a value for each label and series."""
from collections.abc import Mapping
from typing import Any

import numpy as np

from nnscratch.course.draw.drawing import FAINT, INK, PALETTE, Drawing, new_figure
from nnscratch.course.draw.line_plot import finish
from nnscratch.hints import checked

__all__ = ["bars"]


@checked
def bars(groups: Mapping[str, Mapping[str, float]], text: str, xlabel: str = "", width: float = 7.0) -> Drawing:
    """Draw a horizontal bar for each value, with the number behind it.

    Parameters
    ----------
    groups : dict of str to dict of str to float
        Label -> series -> value above 0; all labels have the same series.
    text : str
        The image in a sentence.
    xlabel : str
    width : float, inches

    Returns
    -------
    image : Drawing
        The chart.
    """
    series = list(next(iter(groups.values())))
    figure = new_figure(width, 0.9 + (0.3 * len(series) + 0.12) * len(groups))
    axes = figure.subplots()
    places, thick = np.arange(len(groups)), 0.8 / len(series)
    for k, name in enumerate(series):
        values = [group[name] for group in groups.values()]
        rows = places + (k - (len(series) - 1) / 2) * thick
        axes.barh(rows, values, 0.9 * thick, color=PALETTE[k], label=name, edgecolor=INK, linewidth=0.5,
                  hatch=("", "///", "...")[k % 3])
        for row, value in zip(rows, values):
            axes.annotate(f"{value:.3g}", (value, row), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9,
                          color=INK)
    axes.margins(x=0.12)
    axes.set_yticks(places, groups)
    axes.invert_yaxis()
    finish_groups(axes, xlabel, len(series))
    axes.grid(visible=False, axis="y")
    return Drawing(figure, text)


def finish_groups(axes: Any, xlabel: str, series: int) -> None:
    """Style of axes whose rows are groups: no ticks at the labels, and a legend above, if there are several series."""
    finish(axes, xlabel, "")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_color(FAINT)
    legend = axes.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=series)
    if series == 1:
        legend.remove()
