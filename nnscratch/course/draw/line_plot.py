"""Line plots, such as an activation and its derivative, or a loss over the steps."""
from collections.abc import Mapping
from typing import Any

from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import ArrayLike

from nnscratch.course.draw.drawing import FAINT, INK, PALETTE, Drawing, new_figure
from nnscratch.hints import checked
from nnscratch.ops.validation import check_choice

__all__ = ["curves"]

DASHES = "-", "--", ":", "-."  # besides the colours: for print, and for colour-blind readers


@checked
def curves(lines: Mapping[str, tuple[ArrayLike, ArrayLike]], text: str, xlabel: str = "", ylabel: str = "",
           points: Mapping[str, tuple[ArrayLike, ArrayLike]] | None = None, log: bool | str = False, width: float = 5.6,
           height: float = 3.0) -> Drawing:
    """Draw lines, and points.

    Parameters
    ----------
    lines : dict of str to (x, y)
        By label.
    text : str
        The image in a sentence.
    xlabel, ylabel : str
    points : dict of str to (x, y), optional
        Drawn as dots.
    log : bool or "y"
        Logarithmic scale of both axes, or of the vertical one.
    width, height : float, inches

    Returns
    -------
    image : Drawing
        The plot.
    """
    if not isinstance(log, bool):
        check_choice(log, "curves: log", ("y",))
    figure = new_figure(width, height)
    axes = figure.subplots()
    for k, (label, (x, y)) in enumerate(lines.items()):
        axes.plot(x, y, color=PALETTE[k], linestyle=DASHES[k % 4], linewidth=2, label=label)
    for label, (x, y) in (points or {}).items():
        axes.plot(x, y, "o", color=INK, markersize=3.5, alpha=0.7, label=label)
    if log:
        log_scale(axes, "y")
    if log is True:
        log_scale(axes, "x")
    finish(axes, xlabel, ylabel)
    return Drawing(figure, text)


def log_scale(axes: Any, direction: str) -> None:
    """A logarithmic scale, "x" or "y", with ticks such as 0.5 and 2,000; powers of ten where these would be long."""
    axes.set(**{f"{direction}scale": "log"})
    axis = getattr(axes, f"{direction}axis")
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7) if high / low < 10 else (1, 2, 5) if high / low < 1000 else (1,)))
    axis.set_minor_locator(NullLocator())
    if 1e-4 < low and high < 1e7:
        axis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")


def finish(axes: Any, xlabel: str, ylabel: str) -> None:
    """Style that all axes share."""
    axes.set_xlabel(xlabel, color=INK)
    axes.set_ylabel(ylabel, color=INK)
    axes.grid(color=FAINT, alpha=0.5, linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_facecolor("none")
    axes.legend(frameon=False, fontsize=9)
