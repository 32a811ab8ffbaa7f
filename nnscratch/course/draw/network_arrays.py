"""The arrays of a network from the input to the output: each a stack of channels, as large as its rows and columns."""
from collections.abc import Mapping, Sequence

from matplotlib.patches import Rectangle

from nnscratch.course.draw.drawing import BLUE, INK, Drawing, canvas, tint
from nnscratch.errors import InputError
from nnscratch.hints import checked

__all__ = ["volumes"]

SIDE, GAP, FONT = 0.9, 0.86, 10.5  # inches: the largest image, the space for an arrow; points
DEPTH = 0.035  # inches from one channel to the next


@checked
def volumes(arrays: Mapping[str, Sequence[int]], steps: Sequence[str], text: str) -> Drawing:
    """Draw the arrays of a network.

    Parameters
    ----------
    arrays : dict of str to (rows, columns, channels) or (units,)
        From left to right, by name.
    steps : sequence of str
        What is done between one array and the next: one fewer than arrays. A line break makes two lines.
    text : str
        The image in a sentence.

    Returns
    -------
    image : Drawing
        Channels stand behind each other, at most twelve of them drawn; units are a column.

    Raises
    ------
    InputError
        The number of steps does not fit, or an array has other than 1 or 3 axes.
    """
    if len(steps) != len(arrays) - 1 or any(len(shape) not in (1, 3) for shape in arrays.values()):
        raise InputError(f"volumes: {len(arrays)} arrays and {len(steps)} steps, expected one step fewer, and "
                         f"shapes of 1 or 3 axes")
    largest = max([shape[0] for shape in arrays.values() if len(shape) == 3], default=1)
    most = max([units for units, *rest in arrays.values() if not rest], default=1)
    boxes = []
    for shape in arrays.values():
        layers = min(12, shape[2]) if len(shape) == 3 else 1
        height, width = (SIDE * side / largest for side in shape[:2]) if len(shape) == 3 else (
            SIDE * max(0.25, (shape[0] / most)**0.5), 0.12)
        boxes.append((width, height, layers))
    total = sum(width + DEPTH * (layers - 1) for width, _, layers in boxes) + GAP * len(steps) + 0.5
    middle = 0.2 + SIDE / 2 + DEPTH * 6
    figure, axes = canvas(total, middle + SIDE / 2 + DEPTH * 6 + 0.55, 1)
    left = 0.25
    for k, ((name, shape), (width, height, layers)) in enumerate(zip(arrays.items(), boxes)):
        for layer in reversed(range(layers)):
            corner = left + DEPTH * layer, middle - height / 2 - DEPTH * layer + DEPTH * (layers - 1) / 2
            axes.add_patch(Rectangle(corner, width, height, facecolor=tint(BLUE, 0.25), edgecolor=INK, linewidth=0.8))
        right = left + width + DEPTH * (layers - 1)
        below = middle + SIDE / 2 + DEPTH * 6 + 0.15
        axes.text((left + right) / 2, below, name, ha="center", va="center", color=INK, fontsize=FONT)
        axes.text((left + right) / 2, below + 0.2, " x ".join(map(str, shape)), ha="center", va="center", color=INK,
                  fontsize=FONT)
        if k < len(steps):
            axes.annotate("", (right + GAP - 0.1, middle), (right + 0.1, middle),
                          arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.2})
            axes.text(right + GAP / 2, middle - 0.1, steps[k], ha="center", va="bottom", color=INK, fontsize=FONT)
        left = right + GAP
    return Drawing(figure, text)
