"""The curves of a training: a panel for each kind of metric, over the steps."""
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nnscratch.plotting import figure_bytes, load_matplotlib

__all__: list[str] = []  # for trainings

COLORS = ("#0072b2", "#d55e00")
AT_CHECKPOINTS = ("score", "validation_loss")  # metrics that few records have: a dot for each


class Panel(NamedTuple):
    """Some curves in one frame.

    title  : what they show
    curves : {metric: label}
    marks  : {label: value} of reference lines
    log : whether the scale is logarithmic
    fraction : whether the values are fractions: the axis does not go beyond 0 and 1
    """
    title: str
    curves: dict[str, str]
    marks: dict[str, float]
    log: bool = False
    fraction: bool = False


def plot_panels(history: Sequence[dict[str, Any]], panels: Sequence[Panel]) -> bytes:
    """The metrics of the records as a PNG file, a panel below another; those that no record has are left out."""
    load_matplotlib()
    from matplotlib.figure import Figure  # not pyplot: no window, no global state
    figure = Figure(figsize=(9, 2.3 * len(panels)), layout="constrained")
    for axes, (title, curves, marks, log, fraction) in zip(np.atleast_1d(figure.subplots(len(panels), sharex=True)), panels):
        for (name, label), color in zip(curves.items(), COLORS):
            points = [(record["step"], record[name]) for record in history if name in record]
            if points:
                axes.plot(*zip(*points), color=color, label=label, linewidth=1, marker="o" if name in AT_CHECKPOINTS else None,
                          clip_on=not fraction, zorder=3)  # a line at 1 is whole, and on the frame
        for label, value in marks.items():
            axes.axhline(value, color="0.5", linewidth=0.8, linestyle=":")
            axes.annotate(label, (1, value), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points",
                          color="0.4", fontsize=8, va="center")
        if log:
            axes.set_yscale("log")
        if fraction:
            low, high = axes.get_ylim()
            axes.set_ylim(max(low, 0), min(high, 1))
        axes.set_title(title, loc="left", fontsize=10)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False, fontsize=8, ncols=2, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)
    axes.set_xlabel("step")
    axes.locator_params(axis="x", integer=True)
    return figure_bytes(figure, dpi=110)
