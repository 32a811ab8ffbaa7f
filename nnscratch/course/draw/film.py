"""Animations: one row of grids after the other, as a GIF inside the page.

A notebook stores three forms: the GIF, as an <img> because some viewers of notebooks show a GIF in no other way; three of its
frames below each other, for print; and a sentence.
"""
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from io import BytesIO

import numpy as np

from nnscratch.course.draw.drawing import Drawing
from nnscratch.course.draw.number_grid import Grid, Row, grids
from nnscratch.course.draw.windows import sliding_rows
from nnscratch.course.language import said
from nnscratch.errors import InputError
from nnscratch.hints import checked

__all__ = ["Film", "sliding_film", "stamps_film"]

MAX_FRAMES, COLOURS = 30, 64
MILLISECONDS, LAST_MILLISECONDS = 700, 2500  # how long a frame is shown, and the last one


class Film:
    """An animation.

    Parameters
    ----------
    rows : sequence of rows
        For each frame a row of Grids and signs, all of the same widths.
    text : str
        The film in a sentence.
    inches : float
        Side of a cell.

    Raises
    ------
    InputError
        No frame, or more than 30.
    """

    @checked
    def __init__(self, rows: Sequence[Row], text: str, inches: float = 0.36) -> None:
        if not 1 <= len(rows) <= MAX_FRAMES:
            raise InputError(f"draw: expected a film of 1 to {MAX_FRAMES} frames, got {len(rows)}; use a smaller image")
        self.rows, self.text, self.inches = rows, text, inches

    def gif(self) -> bytes:
        """Render the film.

        Returns
        -------
        data : bytes
            A GIF whose frames share one palette, so that only changed pixels are stored.
        """
        from PIL import Image
        frames = []
        for row in self.rows:
            file = BytesIO()
            grids([row], "", self.inches).save(file)
            frames.append(Image.open(file).convert("RGB"))
        palette = frames[-1].quantize(COLOURS)
        first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
        file = BytesIO()
        first.save(file, "GIF", save_all=True, append_images=others, loop=0,
                   duration=[MILLISECONDS] * len(others) + [LAST_MILLISECONDS])
        return file.getvalue()

    def strip(self) -> Drawing:
        """Draw the first, middle and last frame below each other.

        Returns
        -------
        image : Drawing
            A still image.
        """
        last = len(self.rows) - 1
        return grids([self.rows[k] for k in sorted({0, last // 2, last})], self.text, self.inches)

    def _repr_html_(self) -> str:
        return f'<img alt="{escape(said(self.text))}" src="data:image/gif;base64,{b64encode(self.gif()).decode()}">'

    def _repr_png_(self) -> bytes:
        return self.strip()._repr_png_()

    def __repr__(self) -> str:
        return said(f"<film of {len(self.rows)} frames: {self.text}>")


@checked
def sliding_film(x: np.ndarray, kernel: np.ndarray) -> Film:
    """Animate `sliding`: the window visits every place.

    Parameters
    ----------
    x : array (H, W)
    kernel : array (KH, KW)

    Returns
    -------
    film : Film
        A frame for each place.
    """
    places = [(r, s) for r in range(x.shape[0] - kernel.shape[0] + 1) for s in range(x.shape[1] - kernel.shape[1] + 1)]
    return Film(sliding_rows(x, kernel, places), f"the window of {kernel.shape[0]}x{kernel.shape[1]} visits all {len(places)} "
                f"places of a {x.shape[0]}x{x.shape[1]} image, row by row; at each the sum of the products is written into y")


@checked
def stamps_film(x: np.ndarray, kernel: np.ndarray, stride: int) -> Film:
    """Animate a transposed convolution: every value of x in turn adds the kernel, times itself, to y.

    Parameters
    ----------
    x : array (H, W)
    kernel : array (KH, KW)
    stride : int

    Returns
    -------
    film : Film
        A frame for each value of x.
    """
    return Film(transposed_rows(x, kernel, stride), f"each of the {x.size} values of x in turn adds the kernel, times the "
                f"value, to y, {stride} pixels apart; where two kernels overlap, their values add up", inches=0.34)


def transposed_rows(x: np.ndarray, kernel: np.ndarray, stride: int) -> list[Row]:
    """For each value of x a row: the value, the scaled kernel, and y so far."""
    (kh, kw), states = kernel.shape, []
    y = np.zeros(((x.shape[0] - 1) * stride + kh, (x.shape[1] - 1) * stride + kw))
    for h, w in np.ndindex(x.shape):
        y[h * stride:h * stride + kh, w * stride:w * stride + kw] += x[h, w] * kernel
        states.append(y.copy())
    return [[Grid("x", x, (h, w, 1, 1)), "·", Grid("kernel", kernel), "→", Grid("scaled", x[h, w] * kernel), "add →",
             Grid("y so far", so_far, (h * stride, w * stride, kh, kw), vmax=np.abs(y).max())]
            for (h, w), so_far in zip(np.ndindex(x.shape), states)]
