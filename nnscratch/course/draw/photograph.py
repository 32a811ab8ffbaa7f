"""Photographs and paintings beside each other, as JPEG: PNG keeps every grain of them, and a notebook becomes too large."""
from io import BytesIO

from nnscratch.course.draw.drawing import CARD, Drawing
from nnscratch.course.draw.windows import images


class Photographs(Drawing):
    """A Drawing that a notebook keeps as JPEG; `save` still writes PNG."""
    _repr_png_ = None

    def _repr_jpeg_(self):
        file = BytesIO()
        self.figure.savefig(file, format="jpeg", facecolor=CARD, pil_kwargs={"quality": 90})
        return file.getvalue()


def photographs(photos, text, inches=2.0):
    """{title: (H, W, 3) in [0, 1]}: as `images`."""
    drawn = images(photos, text, inches)
    return Photographs(drawn.figure, drawn.text)
