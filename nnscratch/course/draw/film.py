"""Images that move, for what only motion explains: one row of grids after the other, as a GIF inside the page.

A notebook keeps three forms of it: the GIF, in an <img> of its own since not every viewer of notebooks shows a GIF otherwise;
some of its frames under each other, which is what a printer gets; and a sentence.
"""
from base64 import b64encode
from html import escape
from io import BytesIO

from nnscratch.course.draw.number_grid import grids
from nnscratch.course.draw.stamping import stamp_rows
from nnscratch.course.draw.windows import sliding_rows
from nnscratch.errors import InputError

FRAMES, MILLISECONDS, REST, COLOURS = 30, 700, 2500, 64  # at most so many; the last one stands longer


class Film:
    """rows : for each frame a row of Grids and signs, all of the same widths."""

    def __init__(self, rows, text, inches=0.36):
        if not 1 <= len(rows) <= FRAMES:
            raise InputError(f"draw: a film of {len(rows)} frames, expected 1 to {FRAMES}; show a smaller image")
        self.rows, self.text, self.inches = rows, text, inches

    def gif(self):
        """Its bytes. All frames share one palette, so that only what changes is stored."""
        from PIL import Image
        frames = [Image.open(BytesIO(grids([row], "", self.inches)._repr_png_())).convert("RGB") for row in self.rows]
        palette = frames[-1].quantize(COLOURS)
        first, *others = (frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
        file = BytesIO()
        first.save(file, "GIF", save_all=True, append_images=others, loop=0,
                   duration=[MILLISECONDS] * len(others) + [REST])
        return file.getvalue()

    def strip(self):
        """Its first, middle and last frame as an image that stands still."""
        last = len(self.rows) - 1
        return grids([self.rows[k] for k in sorted({0, last // 2, last})], self.text, self.inches)

    def _repr_html_(self):
        return f'<img alt="{escape(self.text)}" src="data:image/gif;base64,{b64encode(self.gif()).decode()}">'

    def _repr_png_(self):
        return self.strip()._repr_png_()

    def __repr__(self):
        return f"<film of {len(self.rows)} frames: {self.text}>"


def sliding_film(x, kernel):
    """`sliding` at every place, one after the other."""
    places = [(r, s) for r in range(x.shape[0] - kernel.shape[0] + 1) for s in range(x.shape[1] - kernel.shape[1] + 1)]
    return Film(sliding_rows(x, kernel, places), f"the window of {kernel.shape[0]}x{kernel.shape[1]} visits all {len(places)} "
                f"places of a {x.shape[0]}x{x.shape[1]} image, row by row; at each the sum of the products is written into y")


def stamps_film(x, kernel, stride):
    """`stamps` for every number of x, one after the other."""
    places = [(h, w) for h in range(x.shape[0]) for w in range(x.shape[1])]
    return Film(stamp_rows(x, kernel, stride, places), f"each of the {x.size} numbers of x in turn paints the kernel, times "
                f"itself, into y, {stride} pixels apart; where two kernels overlap the paint adds up", inches=0.34)
