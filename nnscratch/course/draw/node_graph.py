"""A computation as a graph: a box for each step, with its value above in blue and its gradient below in orange.

An arrow that passes other boxes gets a lane of its own. Where a value is read several times, each arrow may say how much of the
gradient comes along it: they add up to the gradient of the box.
"""
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from nnscratch.course.draw.drawing import BLUE, CARD, FAINT, INK, ORANGE, Drawing, canvas
from nnscratch.hints import checked

__all__ = ["Node", "graph", "neuron"]

ACROSS, DOWN, HIGH, INCHES = 2.5, 1.5, 0.56, 0.72  # from box to box, the height of a box, in units, and a unit
LONG = 12  # characters of an array on one line
NARROW, WIDE, WIDEST = 0.8, 1.3, 12.6  # the width of a box, and of the whole: scaled down to 600 pixels it is still legible

Point = tuple[float, float]


class Node(NamedTuple):
    """A step of a computation.

    Parameters
    ----------
    name : str
    inputs : tuple
        Names of the nodes it reads, or tuples (name, label of the arrow) or (name, label, gradient that comes along it).
    value, gradient : float, array, str or None
        None is not drawn.
    """
    name: str
    inputs: tuple[Any, ...] = ()
    value: Any = None
    gradient: Any = None


class Arrow(NamedTuple):
    """What a node reads."""
    start: str
    label: str = ""
    gradient: Any = None


@checked
def graph(nodes: Sequence[Node], text: str) -> Drawing:
    """Draw a computation in columns, each node to the right of those it reads.

    Parameters
    ----------
    nodes : sequence of Node
        In the order of computation.
    text : str
        The image in a sentence.

    Returns
    -------
    image : Drawing
        The graph.
    """
    depth = depths(nodes)
    columns = [[node.name for node in nodes if depth[node.name] == k] for k in range(1 + max(depth.values()))]
    lanes = [(arrow.start, node.name) for node in nodes for arrow in arrows(node)]
    row: dict[Any, float] = {}
    for k, column in enumerate(columns):  # a lane goes straight on, below the boxes that it passes
        passing = [lane for lane in lanes if depth[lane[0]] < k < depth[lane[1]]]
        top = -len(column) if passing else (1 - len(column)) / 2
        row |= {(name, k): top + place for place, name in enumerate([*column, *passing])}
    highest, lowest = min(row.values()), max(row.values())
    wide = min(WIDE, max(NARROW, 0.3 + 0.13 * max(len(node.name) for node in nodes)))
    across = min(ACROSS, (WIDEST - wide - 0.7) / max(len(columns) - 1, 1))
    margin = 0.05 + 0.2 * max(("" if node.value is None else short_text(node.value)).count("\n") for node in nodes)
    figure, axes = canvas(across * (len(columns) - 1) + wide + 0.7, DOWN * (lowest - highest + 1) + margin + 0.05, INCHES)
    place = {(name, k): (0.35 + wide / 2 + across * k, margin + DOWN * (down - highest + 0.5))
             for (name, k), down in row.items()}
    for node in nodes:
        for arrow in arrows(node):
            begin, end = depth[arrow.start], depth[node.name]
            lane = [place[(arrow.start, node.name), k] for k in range(begin + 1, end)]
            connect(axes, [place[arrow.start, begin], *lane, place[node.name, end]], arrow, wide)
    for node in nodes:
        box(axes, node, *place[node.name, depth[node.name]], wide)
    return Drawing(figure, text)


def depths(nodes: Sequence[Node]) -> dict[str, int]:
    """The column of each node: to the right of all it reads; an input just before the first node that reads it."""
    depth: dict[str, int] = {}
    for node in nodes:
        depth[node.name] = 1 + max((depth[arrow.start] for arrow in arrows(node)), default=-1)
    for node in nodes:
        readers = [depth[other.name] for other in nodes if node.name in [arrow.start for arrow in arrows(other)]]
        if not node.inputs and readers:
            depth[node.name] = min(readers) - 1
    return depth


def arrows(node: Node) -> list[Arrow]:
    """What it reads."""
    return [Arrow(one) if isinstance(one, str) else Arrow(*one) for one in node.inputs]


def connect(axes: Any, points: Sequence[Point], arrow: Arrow, wide: float) -> None:
    """Draw an arrow between two boxes, through the points between."""
    (x0, y0), (x1, y1) = (points[0][0] + wide / 2, points[0][1]), (points[-1][0] - wide / 2, points[-1][1])
    if len(points) == 2:
        path = Path([(x0, y0), (x1, y1)])
    else:  # bends in the gaps before and after the lane, which is straight
        (left, top), (right, _) = (points[1][0] - wide / 2, points[1][1]), (points[-2][0] + wide / 2, points[-2][1])
        path = Path([(x0, y0), ((x0 + left) / 2, y0), ((x0 + left) / 2, top), (left, top), (right, top),
                     ((x1 + right) / 2, top), ((x1 + right) / 2, y1), (x1, y1)],
                    [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3])
    axes.add_patch(FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=11, color="#888888", linewidth=1.2))
    paper = {"facecolor": CARD, "edgecolor": "none", "pad": 1.0}
    if arrow.label:
        axes.text(x0 + 0.42 * (x1 - x0), y0 + 0.42 * (y1 - y0), arrow.label, ha="center", va="center", fontsize=9, color=INK,
                  bbox={**paper, "pad": 1.5})
    if arrow.gradient is not None:
        direct = len(points) == 2
        x, y = (points[1][0] + points[-2][0]) / 2, points[1][1] + 0.08
        if direct:
            x, y = x0 + 0.58 * (x1 - x0), y0 + 0.58 * (y1 - y0)
        axes.text(x, y, short_text(arrow.gradient), ha="center", va="center" if direct else "top", fontsize=10, color=ORANGE,
                  bbox=paper)


def box(axes: Any, node: Node, x: float, y: float, wide: float) -> None:
    """Draw a node."""
    axes.add_patch(FancyBboxPatch((x - wide / 2, y - HIGH / 2), wide, HIGH, boxstyle="round,pad=0,rounding_size=0.12",
                                  facecolor="white" if node.inputs else "#f0f0ec", edgecolor=FAINT, linewidth=1.2))
    axes.text(x, y, node.name, ha="center", va="center_baseline", fontsize=11, color=INK)
    if node.value is not None:
        axes.text(x, y - HIGH / 2 - 0.07, short_text(node.value), ha="center", va="bottom", fontsize=10, color=BLUE)
    if node.gradient is not None:
        axes.text(x, y + HIGH / 2 + 0.07, short_text(node.gradient), ha="center", va="top", fontsize=10, color=ORANGE)


def short_text(value: Any) -> str:
    """A number with at most four decimals; an array in brackets, on two lines if it is long; text as it is."""
    if isinstance(value, str):
        return value
    numbers = [f"{one + 0:g}" for one in np.round(np.ravel(value), 4)]
    if len(numbers) == 1:
        return numbers[0]
    half = -(-len(numbers) // 2)
    gap = "\n" if len(", ".join(numbers)) > LONG else " "
    return f"({', '.join(numbers[:half])},{gap}{', '.join(numbers[half:])})"


@checked
def neuron(x: Sequence[float], w: Sequence[float], b: float, y: float, f: str = "f") -> Drawing:
    """Draw one neuron, y = f(Σ x w + b): the inputs, a weight at each arrow, the sum, the activation, the output.

    Parameters
    ----------
    x, w : array (inputs,)
    b, y : float
    f : str
        Name of the activation.

    Returns
    -------
    image : Drawing
        The neuron.
    """
    inputs = [Node(f"x[{k}]", (), value) for k, value in enumerate(x)]
    total, adder = float(np.dot(x, w) + b), f"Σ {'-' if b < 0 else '+'} {abs(b):g}"
    nodes = [*inputs, Node(adder, tuple((node.name, f"· {weight:g}") for node, weight in zip(inputs, w)), total),
             Node(f, (adder,), y)]
    return graph(nodes, f"a neuron: {len(inputs)} inputs, each times its weight, summed with b = {b:g} to {total:g}, through "
                        f"{f} to {y:g}")
