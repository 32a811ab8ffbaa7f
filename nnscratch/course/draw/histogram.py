"""Histograms beside each other: the distribution of each channel, before and after."""
from collections.abc import Mapping

import numpy as np

from nnscratch.course.draw.drawing import PALETTE, Drawing, new_figure
from nnscratch.course.draw.line_plot import finish
from nnscratch.hints import checked

__all__ = ["histograms"]


@checked
def histograms(panels: Mapping[str, Mapping[str, np.ndarray]], text: str, bins: int = 40, width: float = 2.7,
               height: float = 2.5) -> Drawing:
    """Draw histograms, a panel for each title, each with its own scale.

    Parameters
    ----------
    panels : dict of str to dict of str to array
        Title -> label -> values. The legend is in the first panel.
    text : str
        The image in a sentence.
    bins : int
    width, height : float, inches of a panel

    Returns
    -------
    image : Drawing
        The panels beside each other.
    """
    figure = new_figure(width * len(panels), height)
    for place, (title, series) in enumerate(panels.items()):
        axes = figure.add_subplot(1, len(panels), place + 1)
        edges = np.histogram_bin_edges(np.concatenate([np.ravel(values) for values in series.values()]), bins)
        for k, (label, values) in enumerate(series.items()):
            axes.hist(np.ravel(values), edges.tolist(), histtype="stepfilled", color=PALETTE[k], alpha=0.25)
            axes.hist(np.ravel(values), edges.tolist(), histtype="step", color=PALETTE[k], linewidth=1.6, label=label)
        finish(axes, title, "")
        axes.legend(frameon=False, fontsize=9).set_visible(place == 0)
        axes.set_yticks([])
    return Drawing(figure, text)
