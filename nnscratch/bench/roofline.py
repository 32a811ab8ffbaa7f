"""The roofline: no layer is faster than the multipliers, nor than memory delivers numbers to them.

    ceiling = min(multiplications a second, bytes a second * intensity),     intensity = FLOP of a layer / bytes it must move

A layer with few multiplications for each byte is under the sloping part, and faster products would not help it. The fraction of
the ceiling that a layer reaches can be compared across devices, which a time cannot.

References: Williams, Waterman, Patterson, "Roofline: an insightful visual performance model" (2009).
"""
from collections.abc import Mapping
from typing import Any

import numpy as np

from nnscratch.plotting import figure_bytes, load_matplotlib

__all__ = ["ceiling", "fraction"]

COLOURS = {"NumPy": "#0072b2", "CuPy": "#d55e00"}
OTHERS = ("#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def ceiling(flop: float, size: float, ceilings: Mapping[str, float]) -> float:
    """Compute the least time for so many operations and bytes.

    Parameters
    ----------
    flop : float
        Additions and multiplications.
    size : float
        Bytes that must be read or written.
    ceilings : dict
        "gflops" and "gb_per_s" of the device, as `machine.ceilings` measures them.

    Returns
    -------
    float
        Seconds.

    Examples
    --------
    >>> ceiling(2e9, 1e6, {"gflops": 100.0, "gb_per_s": 10.0})
    0.02
    """
    return max(flop / (1e9 * ceilings["gflops"]), size / (1e9 * ceilings["gb_per_s"]))


def fraction(row: Mapping[str, Any], seconds: float, ceilings: Mapping[str, float]) -> float:
    """Compute the fraction of the ceiling that a layer reaches.

    Parameters
    ----------
    row : dict
        "flop" and "bytes" of the layer.
    seconds : float
        Its time.
    ceilings : dict
        As for `ceiling`.

    Returns
    -------
    float
        1 on the roofline; NaN if the time is 0.
    """
    return ratio(ceiling(row["flop"], row["bytes"], ceilings), seconds)


def ratio(a: float, b: float) -> float:
    """a / b; NaN if b is 0."""
    return a / b if b else float("nan")


def plot(report: Mapping[str, Any]) -> bytes:
    """Draw the layers that multiply under the ceilings of each device, as PNG; rivals appear under ours."""
    load_matplotlib()
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator
    rows = [row for row in report["layers"] if row["flop"] and row["times"]]
    names = list(dict.fromkeys(name for row in rows for name in row["times"]))
    colours = COLOURS | dict(zip((name for name in names if name not in COLOURS), OTHERS))
    figure = Figure(figsize=(9, 5.6), layout="constrained")
    axes = figure.subplots()
    tops = report["machine"]["ceilings"]
    places = [row["flop"] / row["bytes"] for row in rows] + [top["gflops"] / top["gb_per_s"] for top in tops.values()]
    x = np.geomspace(min(places) / 4, max(places) * 4, 400)
    for name, top in tops.items():
        line = np.minimum(top["gflops"], top["gb_per_s"] * x)
        axes.plot(x, line, color=colours.get(name, "0.3"), linewidth=1.5)
        axes.annotate(f"{name}: {top['gflops']:,.0f} GFLOP/s", (x[-1], line[-1]), xytext=(0, 4), textcoords="offset points",
                      ha="right", color=colours.get(name, "0.3"), fontsize=9)
        axes.annotate(f"{top['gb_per_s']:,.0f} GB/s", (x[0], line[0]), xytext=(20, -3), textcoords="offset points",
                      color=colours.get(name, "0.3"), fontsize=9)
    for name in names:
        for way, marker, fill in (("forward", "o", True), ("backward", "s", False)):
            there = [row for row in rows if row["way"] == way and name in row["times"]]
            reached = [ratio(row["flop"] / 1e9, row["times"][name]["device"]) for row in there]  # NaN is not drawn
            axes.plot([row["flop"] / row["bytes"] for row in there], reached, marker, color=colours[name],
                      markerfacecolor=colours[name] if fill else "white", label=f"{name}, {way}")
    axes.set(xscale="log", yscale="log", xlabel="FLOP for each byte that must be moved", ylabel="GFLOP/s reached")
    axes.set_title("Each layer under the ceiling of its device", loc="left")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(LogLocator(subs=(2, 5)))
        axis.set_major_formatter("{x:,g}")
        axis.set_minor_formatter("{x:,g}")
    axes.grid(color="0.92", which="both")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, fontsize=8, loc="outside right upper")
    return figure_bytes(figure, dpi=130)
