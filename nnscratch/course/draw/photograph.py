"""Photographs and paintings beside each other, as JPEG: as PNG they would make a notebook too large."""
from collections.abc import Mapping

import numpy as np

from nnscratch.course.draw.drawing import Drawing
from nnscratch.course.draw.windows import images
from nnscratch.hints import checked

__all__ = ["photographs"]


class Photographs(Drawing):
    """A Drawing that a notebook stores as JPEG; `save` still writes PNG."""
    _repr_png_ = None  # type: ignore[assignment]  # IPython reads None as "not available", and takes the JPEG

    def _repr_jpeg_(self) -> bytes:
        return self._file(format="jpeg", pil_kwargs={"quality": 90})


@checked
def photographs(photos: Mapping[str, np.ndarray], text: str, inches: float = 2.0) -> Drawing:
    """Draw photographs beside each other; a notebook stores them as JPEG.

    Parameters
    ----------
    photos : dict of str to array (H, W, 3) in [0, 1]
        By title.
    text : str
        The image in a sentence.
    inches : float
        Width of a photograph.

    Returns
    -------
    image : Drawing
        The photographs.
    """
    drawn = images(photos, text, inches)
    return Photographs(drawn.figure, drawn.text)
