"""An image of the course: a matplotlib figure without pyplot, so that nothing is left open, and a sentence that says the same.

Everything is drawn on a light card, which is legible on a dark page too. The colours are told apart with any kind of colour
vision (Okabe and Ito, "Color universal design", 2008); blue stands for values, orange for gradients, wherever both are shown.
"""
from io import BytesIO

import numpy as np
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PINK, SKY, YELLOW = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#f0e442"
PALETTE = BLUE, ORANGE, GREEN, PINK, SKY, YELLOW
INK, FAINT, CARD = "#222222", "#bbbbbb", "#fcfcfa"


class Drawing:
    """What a notebook shows as an image, and a reader without images as a sentence."""

    def __init__(self, figure, text):
        self.figure, self.text = figure, text

    def _repr_png_(self):
        file = BytesIO()
        self.save(file)
        return file.getvalue()

    def save(self, file):
        """Write it as PNG, to a path or an open file."""
        self.figure.savefig(file, format="png", facecolor=CARD, metadata={"Software": None})

    def __repr__(self):
        return f"<image: {self.text}>"


def new_figure(width, height):
    """An empty figure of so many inches."""
    return Figure(figsize=(width, height), dpi=96, layout="constrained", facecolor=CARD)


def canvas(width, height, inches):
    """A figure and one axes without any frame, `width` x `height` units of `inches` each; y points down, as rows do."""
    figure = Figure(figsize=(width * inches, height * inches), dpi=96, facecolor=CARD)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def tint(colour, strength):
    """The colour mixed with white: strength 0 is white, 1 the colour itself."""
    channels = np.array([int(colour[k:k + 2], 16) for k in (1, 3, 5)]) / 255
    return tuple(1 - strength * (1 - channels))


def shade(value, largest):
    """White at 0, towards blue above, towards orange below."""
    if not largest or np.isnan(value):
        return tint(BLUE, 0)
    return tint(BLUE if value > 0 else ORANGE, 0.55 * min(1.0, abs(value) / largest))


def number(value):
    """At most four characters and a sign, so that it fits in a cell; nothing for NaN, which stands for "not yet"."""
    if np.isnan(value):
        return ""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{round(float(value), digits) + 0:g}"
