"""Style images by name, drawn by our own rules: a painting, and patterns in colours that make them worth having.

Shapes: images (1, size, size, 3) in [0, 1].
"""
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnscratch.data.synthetic.glyphs import check_whole
from nnscratch.data.synthetic.paintings import flow_painting
from nnscratch.data.synthetic.patterns import PATTERNS
from nnscratch.data.synthetic.textures import tint_with, tones
from nnscratch.ops.validation import check_choice


class Recipe(NamedTuple):
    """A family of patterns, how many of its periods span the image, and its colours, from tone 0 to tone 1."""
    family: str
    periods: float
    colours: tuple


RECIPES = {
    "mosaic": Recipe("mosaic", 6.5, ((18, 52, 88), (200, 84, 48), (240, 188, 92), (240, 232, 212))),
    "hatching": Recipe("crosshatching", 7.0, ((28, 26, 34), (84, 72, 70), (216, 204, 180), (248, 242, 226))),
    "ink": Recipe("swirls", 4.0, ((16, 20, 52), (40, 84, 148), (196, 216, 224), (250, 246, 236))),
    "glass": Recipe("glass", 5.5, ((12, 12, 16), (28, 72, 168), (204, 40, 52), (250, 206, 72))),
    "coral": Recipe("labyrinth", 5.0, ((20, 36, 60), (176, 48, 72), (240, 128, 96), (252, 232, 204))),
    "leaves": Recipe("dabs", 5.5, ((22, 44, 36), (60, 110, 62), (196, 176, 72), (246, 236, 196))),
}
STYLES = ("night", *RECIPES)


def is_style(name):
    """Whether a path given for a style is the name of one of ours; a file of that name comes first."""
    return name in STYLES and not Path(name).is_file()


def style_image(name, size=384, seed=0):
    """The style image of a name: "night", "mosaic", "hatching", "ink", "glass", "coral" or "leaves".

    size : rows and columns, at least 16. The same size and seed give the same image.

    Returns
    -------
    float32 array (1, size, size, 3), values in [0, 1].

    Raises
    ------
    InputError : an unknown name, a size or seed that is no whole number.
    """
    check_choice(name, "style image", STYLES)
    check_whole(size=(size, 16), seed=(seed, 0))
    if name == "night":
        return flow_painting(size, seed)
    recipe, rng = RECIPES[name], np.random.default_rng(seed)
    families = {recipe.family: PATTERNS[recipe.family]}
    tone = tones(np.zeros(1, int), rng.random((1, 5), np.float32), rng.random((1, 8, 8), np.float32), 2 * size, families,
                 (recipe.periods, recipe.periods))
    return tint_with(tone, np.array([recipe.colours], np.float32) / 255).clip(0, 1).astype(np.float32)
