"""Groups of small images, such as generated digits: each group under its title, its images in rows."""
from collections.abc import Mapping

import numpy as np

from nnscratch.course.draw.drawing import CARD, INK, Drawing, new_figure
from nnscratch.hints import checked

__all__ = ["tiles"]


@checked
def tiles(groups: Mapping[str, np.ndarray], text: str, columns: int = 10, per_row: int = 1, width: float = 6.0,
          low: float = -1.0, high: float = 1.0) -> Drawing:
    """Draw groups of images.

    Parameters
    ----------
    groups : dict of str to array (N, H, W) or (N, H, W, 1)
        By title.
    text : str
        The image in a sentence.
    columns : int
        Images in a row of a group.
    per_row : int
        Groups beside each other.
    width : float, inches
        Of the whole.
    low, high : float
        The values that are drawn black and white.

    Returns
    -------
    image : Drawing
        The groups.
    """
    sheets = {title: sheet(np.asarray(images, dtype=float), columns, low, high) for title, images in groups.items()}
    rows, tallest = -(-len(sheets) // per_row), max(one.shape[0] / one.shape[1] for one in sheets.values())
    figure = new_figure(width, rows * (tallest * (width / per_row - 0.15) + 0.3))
    panels = np.ravel(figure.subplots(rows, per_row, squeeze=False))
    for axes, (title, one) in zip(panels, sheets.items()):
        axes.imshow(one, cmap="gray", interpolation="nearest", vmin=low, vmax=high)
        axes.set_title(title, fontsize=10, color=INK, loc="left")
    for axes in panels:
        axes.set_axis_off()
        axes.set_facecolor(CARD)
    return Drawing(figure, text)


def sheet(images: np.ndarray, columns: int, low: float, high: float) -> np.ndarray:
    """Images (N, H, W) side by side, `columns` in a row, with a gap between them: NaN, which is drawn as nothing."""
    h, w = images.shape[1:3]
    images, columns = images.reshape(-1, h, w), min(columns, len(images))
    rows = -(-len(images) // columns)
    page = np.full((rows * (h + 1) - 1, columns * (w + 1) - 1), np.nan)
    for n, image in enumerate(images):
        top, left = n // columns * (h + 1), n % columns * (w + 1)
        page[top:top + h, left:left + w] = np.clip(image, low, high)
    return page
