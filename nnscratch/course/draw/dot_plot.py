"""Dot plots: a value for each label and series. Unlike a bar, a dot on a logarithmic axis needs no zero."""
from collections.abc import Mapping

from nnscratch.course.draw.bar_chart import finish_groups
from nnscratch.course.draw.drawing import INK, PALETTE, Drawing, new_figure
from nnscratch.course.draw.line_plot import log_scale
from nnscratch.hints import checked

__all__ = ["dots"]

MARKERS = "osD^v"  # besides the colours: for print, and for colour-blind readers


@checked
def dots(groups: Mapping[str, Mapping[str, float]], text: str, xlabel: str, log: bool = True, width: float = 7.0) -> Drawing:
    """Draw a row of dots for each label, each dot with its number.

    Parameters
    ----------
    groups : dict of str to dict of str to float
        Label -> series -> value above 0; a label may lack some of the series.
    text : str
        The image in a sentence.
    xlabel : str
    log : bool
        Logarithmic scale; else the axis begins at 0.
    width : float, inches

    Returns
    -------
    image : Drawing
        The plot.
    """
    series = list(dict.fromkeys(name for group in groups.values() for name in group))
    figure = new_figure(width, 0.9 + (0.36 if len(series) == 1 else 0.46) * len(groups) + 0.3 * (len(series) > 1))
    axes = figure.subplots()
    for k, name in enumerate(series):
        rows = [row for row, group in enumerate(groups.values()) if name in group]
        values = [group[name] for group in groups.values() if name in group]
        axes.plot(values, rows, MARKERS[k % 5], color=PALETTE[k % 6], markersize=7, label=name, clip_on=False)
        for row, value in zip(rows, values):
            axes.annotate(short(value), (value, row), xytext=(0, -5 if k % 2 else 5), textcoords="offset points", ha="center",
                          va="top" if k % 2 else "bottom", fontsize=9, color=PALETTE[k % 6] if len(series) > 1 else INK)
    axes.margins(x=0.08)
    if log:
        log_scale(axes, "x")
    if not log:
        axes.set_xlim(0, 1.08 * max(value for group in groups.values() for value in group.values()))
    axes.set_yticks(range(len(groups)), groups)
    axes.set_ylim(len(groups) - 0.6, -0.75)
    if len(series) == 1:
        axes.lines[0].set_label("the values")  # for `finish`; the legend is removed
    finish_groups(axes, xlabel, len(series))
    return Drawing(figure, text)


def short(value: float) -> str:
    """Three digits, and no exponent for large numbers."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
