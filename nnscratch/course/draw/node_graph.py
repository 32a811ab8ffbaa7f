"""A computation as a graph: a box for each step, with its value above in blue and its gradient below in orange."""
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from nnscratch.course.draw.drawing import BLUE, FAINT, INK, ORANGE, Drawing, canvas
from nnscratch.hints import checked

__all__ = ["Node", "graph", "neuron"]

ACROSS, DOWN, WIDE, HIGH = 2.5, 1.5, 1.3, 0.56  # from box to box, and the size of a box, in units


class Node(NamedTuple):
    """A step of a computation.

    Parameters
    ----------
    name : str
    inputs : tuple
        Names of the nodes it reads, or pairs (name, label of the arrow).
    value, gradient : float, str or None
        None is not drawn.
    """
    name: str
    inputs: tuple[str | tuple[str, str], ...] = ()
    value: float | str | None = None
    gradient: float | str | None = None


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
    depth: dict[str, int] = {}
    for node in nodes:
        depth[node.name] = 1 + max((depth[name] for name, _ in arrows(node)), default=-1)
    columns = [[node.name for node in nodes if depth[node.name] == k] for k in range(1 + max(depth.values()))]
    tallest = max(map(len, columns))
    figure, axes = canvas(ACROSS * (len(columns) - 1) + WIDE + 0.7, DOWN * tallest + 0.1, 0.72)
    place = {name: (0.35 + WIDE / 2 + ACROSS * k, 0.05 + DOWN * (row + 0.5 + (tallest - len(column)) / 2))
             for k, column in enumerate(columns) for row, name in enumerate(column)}
    for node in nodes:
        for name, label in arrows(node):
            connect(axes, place[name], place[node.name], label)
    for node in nodes:
        box(axes, node, *place[node.name])
    return Drawing(figure, text)


def arrows(node: Node) -> list[tuple[str, str]]:
    """(name, label) of each input."""
    return [(one, "") if isinstance(one, str) else one for one in node.inputs]


def connect(axes: Any, start: tuple[float, float], end: tuple[float, float], label: str) -> None:
    """Draw an arrow between two boxes."""
    (x0, y0), (x1, y1) = (start[0] + WIDE / 2, start[1]), (end[0] - WIDE / 2, end[1])
    axes.add_patch(FancyArrowPatch((x0, y0), (x1, y1), arrowstyle="-|>", mutation_scale=11, color="#888888", linewidth=1.2,
                                   shrinkA=1, shrinkB=1))
    if label:
        axes.text(x0 + 0.42 * (x1 - x0), y0 + 0.42 * (y1 - y0), label, ha="center", va="center", fontsize=9, color=INK,
                  bbox={"facecolor": "#fcfcfa", "edgecolor": "none", "pad": 1.5})


def box(axes: Any, node: Node, x: float, y: float) -> None:
    """Draw a node."""
    axes.add_patch(FancyBboxPatch((x - WIDE / 2, y - HIGH / 2), WIDE, HIGH, boxstyle="round,pad=0,rounding_size=0.12",
                                  facecolor="white" if node.inputs else "#f0f0ec", edgecolor=FAINT, linewidth=1.2))
    axes.text(x, y, node.name, ha="center", va="center_baseline", fontsize=10.5, color=INK)
    if node.value is not None:
        axes.text(x, y - HIGH / 2 - 0.07, short_text(node.value), ha="center", va="bottom", fontsize=9.5, color=BLUE)
    if node.gradient is not None:
        axes.text(x, y + HIGH / 2 + 0.07, short_text(node.gradient), ha="center", va="top", fontsize=9.5, color=ORANGE)


def short_text(value: float | str) -> str:
    """A number with at most four decimals; text as it is."""
    return value if isinstance(value, str) else f"{np.round(value, 4) + 0:g}"


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
