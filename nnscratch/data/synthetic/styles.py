"""Style images by name, drawn by rule: a painting, and patterns in colours chosen for each.

Shapes: images (1, size, size, 3) in [0, 1].
"""
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.synthetic.paintings import flow_painting
from nnscratch.data.synthetic.patterns import PATTERNS
from nnscratch.data.synthetic.textures import apply_palette, tones
from nnscratch.errors import InputError
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
MAX_SIDE = 10_000  # pixels: a square of that side takes 1.2 GB
BAND = 2**17       # pixels drawn at a time


def is_style(name: FilePath) -> bool:
    """Whether a path names one of the built-in styles, in small letters or capitals; a file of that name takes precedence.

    Parameters
    ----------
    name : str or path
        What a user gave as a style.

    Returns
    -------
    bool
        True for one of STYLES, unless such a file exists.

    Examples
    --------
    >>> is_style("Night"), is_style("day")
    (True, False)
    """
    return isinstance(name, (str, PathLike)) and str(name).lower() in STYLES and not Path(name).is_file()


def style_image(name: str, size: int = 384, seed: int = 0) -> Array:
    """Draw a style image.

    Parameters
    ----------
    name : {"night", "mosaic", "hatching", "ink", "glass", "coral", "leaves"}
        Which style; capitals are allowed.
    size : int
        Rows and columns, from 16 to 10,000.
    seed : int
        The same size and seed give the same image.

    Returns
    -------
    float32 array (1, size, size, 3)
        Values in [0, 1].

    Raises
    ------
    InputError
        The name is unknown, or size or seed is not an integer from 16 to 10,000, or of at least 0.

    Examples
    --------
    >>> style_image("mosaic", size=32).shape
    (1, 32, 32, 3)
    """
    name = check_choice(name.lower() if isinstance(name, str) else name, "style image", STYLES)
    size, seed = check_int(size, "size", 16), check_int(seed, "seed", 0)
    if size > MAX_SIDE:
        raise InputError(f"size is {size}, expected at most {MAX_SIDE}: draw a smaller image and enlarge it")
    if name == "night":
        return flow_painting(size, seed)
    recipe, rng = RECIPES[name], np.random.default_rng(seed)
    families = {recipe.family: PATTERNS[recipe.family]}
    draws, grid = rng.random((1, 5), np.float32), rng.random((1, 8, 8), np.float32)
    image, rows = np.empty((1, size, size, 3), np.float32), max(1, BAND // size)
    for top in range(0, size, rows):  # a formula needs many arrays of the size of what it draws
        band = slice(2 * top, 2 * (top + rows))
        tone = tones(np.zeros(1, int), draws, grid, 2 * size, families, (recipe.periods, recipe.periods), band)
        image[:, top:top + rows] = apply_palette(tone, np.array([recipe.colours], np.float32) / 255).clip(0, 1)
    return image
