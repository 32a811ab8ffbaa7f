"""An image of the course: a matplotlib figure without pyplot, so that no figure stays open, and a sentence that describes it.

Everything is drawn on a light card, which is legible on a dark page too. The colours can be distinguished with every kind of
colour vision (Okabe and Ito, "Color universal design", 2008). Where both occur, blue is for values and orange for gradients.
"""
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from nnscratch.course.language import label, language, said
from nnscratch.hints import checked
from nnscratch.plotting import figure_bytes

__all__ = ["Drawing"]

BLUE, ORANGE, GREEN, PINK, SKY, YELLOW = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#f0e442"
PALETTE = BLUE, ORANGE, GREEN, PINK, SKY, YELLOW
INK, FAINT, CARD = "#222222", "#bbbbbb", "#fcfcfa"


class Drawing:
    """A figure with a sentence: a notebook shows the image, `print` the sentence.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    text : str
        The image in a sentence.
    """

    @checked
    def __init__(self, figure: Figure, text: str) -> None:
        self.figure, self.text = figure, text

    def _repr_png_(self) -> bytes:
        file = BytesIO()
        self.save(file)
        return file.getvalue()

    def _file(self, **options: Any) -> bytes:
        """The bytes of a file, with labels in the language of the course; the options are those of `savefig`."""
        for axis in self.figure.findobj(Axis) if language() != "en" else ():  # the names of rows are made anew by each drawing
            names = axis.get_major_formatter().format_ticks(list(axis.get_majorticklocs()))
            if (translated := [label(name) for name in names]) != names:
                axis.set_ticks(axis.get_majorticklocs(), translated)
        for text in self.figure.findobj(Text) if language() != "en" else ():
            text.set_text(label(text.get_text()))
        return figure_bytes(self.figure, facecolor=CARD, **options)

    @checked
    def save(self, file: str | Path | IO[bytes]) -> None:
        """Write the image as PNG.

        Parameters
        ----------
        file : path or open file
        """
        data = self._file(metadata={"Software": None})
        if isinstance(file, (str, Path)):
            Path(file).write_bytes(data)
        else:
            file.write(data)

    def __repr__(self) -> str:
        return said(f"<image: {self.text}>")


def new_figure(width: float, height: float) -> Figure:
    """An empty figure; the size is in inches."""
    return Figure(figsize=(width, height), dpi=96, layout="constrained", facecolor=CARD)


def canvas(width: float, height: float, inches: float) -> tuple[Figure, Any]:
    """A figure with one frameless axes of `width` x `height` units, each `inches` long; y points down, as rows do."""
    figure = Figure(figsize=(width * inches, height * inches), dpi=96, facecolor=CARD)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
    axes.set_axis_off()  # the ticks are laid out nevertheless, which takes long: hence none
    return figure, axes


def tint(colour: str, strength: float) -> tuple[float, ...]:
    """The colour mixed with white: strength 0 is white, 1 the colour itself."""
    channels = np.array([int(colour[k:k + 2], 16) for k in (1, 3, 5)]) / 255
    return tuple(1 - strength * (1 - channels))


def shade(value: float, vmax: float) -> tuple[float, ...]:
    """The colour of a number: white at 0, blue at vmax, orange at -vmax."""
    if not vmax or np.isnan(value):
        return tint(BLUE, 0)
    return tint(BLUE if value > 0 else ORANGE, 0.55 * min(1.0, abs(value) / vmax))


def number(value: float) -> str:
    """At most four characters and a sign, which fit in a cell; empty for NaN, which means "not yet computed"."""
    if np.isnan(value):
        return ""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{round(float(value), digits) + 0:g}"
