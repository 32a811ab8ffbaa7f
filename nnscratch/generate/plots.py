"""What a training looks like: grids of images, and curves of its metrics.

Shapes: images (N, H, W, C) in [-1, 1] -> a grid (rows * H + gaps, columns * W + gaps, C) of bytes.
"""
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from nnscratch.data.pixels import to_bytes
from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.ops.validation import check_flag, check_form, check_int
from nnscratch.training.curves import Panel, plot_panels

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["grid", "plot_history", "png"]

MIN_GRID_SIDE = 480  # pixels: smaller grids are enlarged by a whole number, so that a pixel stays a square


def grid(images: np.ndarray, columns: int = 10, gap: int = 2, enlarge: bool = True) -> "Image":
    """Arrange images in rows on grey ground.

    Parameters
    ----------
    images : ndarray (N, H, W, C) in [-1, 1]
    columns : int, images per row
    gap : int, pixels between images
    enlarge : bool, enlarge small grids by a whole number, to about 480 pixels

    Returns
    -------
    Pillow image
        The grid, grey for C = 1.

    Examples
    --------
    >>> grid(np.zeros((6, 10, 10, 1)), columns=3, enlarge=False).size
    (38, 26)
    """
    from PIL import Image
    check_form("grid", "images", images, ("N", "H", "W", "C"))
    if images.shape[3] not in (1, 3):
        raise InputError(f"grid: images has {images.shape[3]} channels, expected 1 or 3")
    columns, gap = check_int(columns, "grid: columns", 1), check_int(gap, "grid: gap", 0)
    check_flag(enlarge, "grid: enlarge")
    n, h, w, c = images.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    sheet = np.full((rows * (h + gap) + gap, columns * (w + gap) + gap, c), 128, np.uint8)
    for k, image in enumerate(to_bytes(images)):
        top, left = gap + k // columns * (h + gap), gap + k % columns * (w + gap)
        sheet[top:top + h, left:left + w] = image
    whole = Image.fromarray(sheet[..., 0] if c == 1 else sheet)
    factor = max(1, round(MIN_GRID_SIDE / max(whole.size))) if enlarge else 1
    return whole.resize((whole.width * factor, whole.height * factor), Image.Resampling.NEAREST)


def png(image: "Image") -> bytes:
    """Encode a Pillow image as PNG.

    Parameters
    ----------
    image : Pillow image

    Returns
    -------
    bytes
        The file.
    """
    if not hasattr(image, "save"):
        raise InputError(f"png: image is a {type(image).__name__}, expected an image of Pillow; make one with grid(...)")
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


PANELS = [
    Panel("root mean squared error of a pixel", {"rmse": "generated images"}, {}),
    Panel("mean absolute error of a pixel", {"mae": "generated images"}, {}),
    Panel("style loss (0: the texture's statistics, 1: none of them)", {"style": "generated images"}, {}),
    Panel("divergence of the codes from plain noise", {"divergence": "encoder"}, {}),
    Panel("losses", {"d_loss": "discriminator", "g_loss": "generator"}, {}),
    Panel("probability of being real, by the discriminator", {"d_real": "real images", "d_fake": "generated images"},
          {"undecided": 0.5}, fraction=True),
    Panel("norm of the gradients", {"g_norm": "generator", "d_norm": "discriminator"}, {}, log=True),
    Panel("diversity (1: that of real images)", {"diversity": "generated images"}, {"real": 1.0}),
]


@checked
def plot_history(history: list[dict[str, Any]], chance: dict[str, float] | None = None) -> bytes:
    """Plot the metrics of a training, a panel for each kind.

    Parameters
    ----------
    history : list of dict, records with "step" and metrics
    chance : dict, {"d_loss": value, "g_loss": value} of a discriminator that guesses, drawn as reference lines

    Returns
    -------
    bytes
        A PNG file.
    """
    panels = [panel for panel in PANELS if next(iter(panel.curves)) in history[0]]
    if chance:
        panels = [panel._replace(marks={f"{label}: chance": chance[name] for name, label in panel.curves.items()})
                  if "d_loss" in panel.curves else panel for panel in panels]
    if any("score" in record for record in history):
        panels.append(Panel("fraction recognised by the classifier", {"score": "generated images"}, {}, fraction=True))
    return plot_panels(history, panels)
