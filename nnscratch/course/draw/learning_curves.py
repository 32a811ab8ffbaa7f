"""Learning curves of several trainings in panels, each beside a healthy one: what a failed training looks like."""
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnscratch.course.draw.drawing import BLUE, FAINT, INK, ORANGE, Drawing, new_figure
from nnscratch.errors import InputError
from nnscratch.hints import checked

__all__ = ["training_panels"]

PER_ROW = 3


@checked
def training_panels(logs: Mapping[str, Mapping[str, Any]], healthy: Mapping[str, Any], text: str) -> Drawing:
    """Draw the loss of each training over its steps, on a logarithmic axis.

    Parameters
    ----------
    logs : dict of str to dict
        Title -> "step", "train" and "validation", sequences of equal length. Values that are not finite are left out, and the
        panel says so.
    healthy : dict
        Such a log; its training loss is drawn in every panel, in grey.
    text : str
        The image in a sentence.

    Returns
    -------
    image : Drawing
        Three panels in a row.

    Raises
    ------
    InputError
        There is no log.
    """
    if not logs:
        raise InputError("training_panels: expected one log or more, got none")
    rows = -(-len(logs) // PER_ROW)
    figure = new_figure(7.4, 2.15 * rows + 0.35)
    panels = np.ravel(figure.subplots(rows, min(PER_ROW, len(logs)), sharex=True, sharey=True, squeeze=False))
    for place, (axes, (title, log)) in enumerate(zip(panels, logs.items())):
        axes.plot(healthy["step"], healthy["train"], color=FAINT, linewidth=2.5, label="healthy network, training")
        axes.plot(log["step"], finite(log["train"]), color=BLUE, linewidth=2, marker="o", markevery=[0], markersize=4,
                  label="training")
        axes.plot(log["step"], finite(log["validation"]), color=ORANGE, linewidth=2, linestyle="--", label="validation")
        if not np.isfinite(log["train"]).all():
            first = log["step"][int(np.argmin(np.isfinite(log["train"])))]
            axes.text(0.97, 0.5, f"NaN from step\n{first} on", transform=axes.transAxes, ha="right", va="center", color=INK)
        axes.set_title(title, fontsize=10, color=INK)
        axes.semilogy()
        axes.set_ylim(3e-4, 2e3)
        axes.set_yticks([0.001, 0.1, 10, 1000], ["0.001", "0.1", "10", "1000"])
        axes.minorticks_off()
        axes.grid(color=FAINT, alpha=0.5, linewidth=0.7)
        axes.spines[["top", "right"]].set_visible(False)
        if place % PER_ROW == 0:
            axes.set_ylabel("loss", color=INK)
        if place + PER_ROW >= len(logs):
            axes.set_xlabel("step", color=INK)
    for axes in panels[len(logs):]:
        axes.set_axis_off()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False, fontsize=10)
    return Drawing(figure, text)


def finite(values: Sequence[float]) -> np.ndarray:
    """NaN where a value is not finite: matplotlib leaves a gap there."""
    array = np.asarray(values, dtype=float)
    return np.where(np.isfinite(array), array, np.nan)
