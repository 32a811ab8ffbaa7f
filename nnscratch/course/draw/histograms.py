"""Histograms beside each other: how the values of each channel are spread, before and after."""
import numpy as np

from nnscratch.course.draw.curves import finish
from nnscratch.course.draw.picture import PALETTE, Picture, new_figure


def histograms(panels, text, bins=40, width=2.7, height=2.5):
    """{title: {label: values}}: a panel for each title, each with its own scale, an outline for each label."""
    figure = new_figure(width * len(panels), height)
    for axes, (title, series) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items()):
        edges = np.histogram_bin_edges(np.concatenate([np.ravel(values) for values in series.values()]), bins)
        for k, (label, values) in enumerate(series.items()):
            axes.hist(np.ravel(values), edges, histtype="stepfilled", color=PALETTE[k], alpha=0.25)
            axes.hist(np.ravel(values), edges, histtype="step", color=PALETTE[k], linewidth=1.6, label=label)
        finish(axes, title, "")
        axes.set_yticks([])
    return Picture(figure, text)
