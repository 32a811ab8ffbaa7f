"""Histograms beside each other: how the values of each channel are spread, before and after."""
import numpy as np

from nnscratch.course.draw.drawing import PALETTE, Drawing, new_figure
from nnscratch.course.draw.line_plot import finish


def histograms(panels, text, bins=40, width=2.7, height=2.5):
    """{title: {label: values}}: a panel for each title, each with its own scale; labels are explained in the first."""
    figure = new_figure(width * len(panels), height)
    for place, (title, series) in enumerate(panels.items()):
        axes = figure.add_subplot(1, len(panels), place + 1)
        edges = np.histogram_bin_edges(np.concatenate([np.ravel(values) for values in series.values()]), bins)
        for k, (label, values) in enumerate(series.items()):
            axes.hist(np.ravel(values), edges, histtype="stepfilled", color=PALETTE[k], alpha=0.25)
            axes.hist(np.ravel(values), edges, histtype="step", color=PALETTE[k], linewidth=1.6, label=label)
        finish(axes, title, "")
        axes.get_legend().set_visible(place == 0)
        axes.set_yticks([])
    return Drawing(figure, text)
