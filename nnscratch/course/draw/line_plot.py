"""Curves: an activation and its slope, a line through points, the error of a measured slope over the step."""
from nnscratch.course.draw.drawing import FAINT, INK, PALETTE, Drawing, new_figure

DASHES = "-", "--", ":", "-."  # beside the colours, for print and for whoever sees no colours


def curves(lines, text, xlabel="", ylabel="", points=None, log=False, width=5.6, height=3.0):
    """{label: (x, y)} as lines; `points` likewise as dots; `log` for both axes, log="y" for the upright one."""
    figure = new_figure(width, height)
    axes = figure.subplots()
    for k, (label, (x, y)) in enumerate(lines.items()):
        axes.plot(x, y, color=PALETTE[k], linestyle=DASHES[k % 4], linewidth=2, label=label)
    for label, (x, y) in (points or {}).items():
        axes.plot(x, y, "o", color=INK, markersize=3.5, alpha=0.7, label=label)
    if log == "y":
        axes.semilogy()
    elif log:
        axes.loglog()
    finish(axes, xlabel, ylabel)
    return Drawing(figure, text)


def finish(axes, xlabel, ylabel):
    """What all axes have in common."""
    axes.set_xlabel(xlabel, color=INK)
    axes.set_ylabel(ylabel, color=INK)
    axes.grid(color=FAINT, alpha=0.5, linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_facecolor("none")
    axes.legend(frameon=False, fontsize=9)
