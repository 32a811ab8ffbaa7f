"""Style images by name, drawn by rule: a painting, and patterns in colours chosen for each.

Shapes: images (1, size, size, 3) in [0, 1].
"""
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.synthetic.paintings import flow_painting
from nnscratch.data.synthetic.patterns import PATTERNS
from nnscratch.data.synthetic.textures import apply_palette, tones
from nnscratch.files import FilePath
from nnscratch.ops.validation import check_choice, check_int

__all__ = ["STYLES", "is_style", "style_image"]


class Recipe(NamedTuple):
    """A family of patterns, the number of its periods in the image, and its colours, from tone 0 to tone 1."""
    family: str
    periods: float
    colours: tuple[tuple[int, int, int], ...]


RECIPES = {
    "mosaic": Recipe("mosaic", 6.5, ((18, 52, 88), (200, 84, 48), (240, 188, 92), (240, 232, 212))),
    "hatching": Recipe("crosshatching", 7.0, ((28, 26, 34), (84, 72, 70), (216, 204, 180), (248, 242, 226))),
    "ink": Recipe("swirls", 4.0, ((16, 20, 52), (40, 84, 148), (196, 216, 224), (250, 246, 236))),
    "glass": Recipe("glass", 5.5, ((12, 12, 16), (28, 72, 168), (204, 40, 52), (250, 206, 72))),
    "coral": Recipe("labyrinth", 5.0, ((20, 36, 60), (176, 48, 72), (240, 128, 96), (252, 232, 204))),
    "leaves": Recipe("dabs", 5.5, ((22, 44, 36), (60, 110, 62), (196, 176, 72), (246, 236, 196))),
}
STYLES = ("night", *RECIPES)


def is_style(name: FilePath) -> bool:
    """Whether a path names one of the built-in styles; a file of that name takes precedence.

    Parameters
    ----------
    name : str or path
        What a user gave as a style.

    Returns
    -------
    bool
        True for one of STYLES, unless such a file exists.
    """
    return name in STYLES and not Path(name).is_file()


def style_image(name: str, size: int = 384, seed: int = 0) -> Array:
    """Draw a style image.

    Parameters
    ----------
    name : {"night", "mosaic", "hatching", "ink", "glass", "coral", "leaves"}
        Which style.
    size : int
        Rows and columns, at least 16.
    seed : int
        The same size and seed give the same image.

    Returns
    -------
    float32 array (1, size, size, 3)
        Values in [0, 1].

    Raises
    ------
    InputError
        The name is unknown, or size or seed is not an integer of at least 16 or 0.

    Examples
    --------
    >>> style_image("mosaic", size=32).shape
    (1, 32, 32, 3)
    """
    check_choice(name, "style image", STYLES)
    size, seed = check_int(size, "size", 16), check_int(seed, "seed", 0)
    if name == "night":
        return flow_painting(size, seed)
    recipe, rng = RECIPES[name], np.random.default_rng(seed)
    families = {recipe.family: PATTERNS[recipe.family]}
    tone = tones(np.zeros(1, int), rng.random((1, 5), np.float32), rng.random((1, 8, 8), np.float32), 2 * size, families,
                 (recipe.periods, recipe.periods))
    return apply_palette(tone, np.array([recipe.colours], np.float32) / 255).clip(0, 1).astype(np.float32)
