"""The settings of a style transfer: everything but the images that decides its result, so that it can be saved beside it."""
from dataclasses import dataclass
from math import inf
from typing import Any

from nnscratch.errors import InputError
from nnscratch.hints import checked, is_number
from nnscratch.ops.validation import check_choice, check_int
from nnscratch.style.features import COLORS, check_features
from nnscratch.style.minimizers import MINIMIZERS
from nnscratch.style.statistics import STATISTICS

__all__ = ["Settings"]

KEEP_COLORS = ("match", "luminance")
INITS = ("content", "noise")


def check_strength(strength: float) -> None:
    """Raise InputError unless the strength is a number from 0 to 100 (NaN is none)."""
    if not (is_number(strength) and 0 <= strength <= 100):
        raise InputError(f"the strength is {strength}, expected 0, the photograph, to 100, nothing but style; start with 50")


def check_style_scale(style_scale: float) -> None:
    """Raise InputError unless strokes of this size can be painted."""
    if not 0.1 <= style_scale <= 10:
        raise InputError(f"--style-scale is {style_scale}, expected 0.1 to 10; 2 makes strokes twice as large")


def check_size(size: int, smallest: int) -> None:
    """Raise InputError unless images with this longer side can be painted."""
    if not smallest <= size <= 8192:
        raise InputError(f"--size is {size}, expected {smallest} to 8192 pixels")


@dataclass
class Settings:
    """The settings of a style transfer.

    Parameters
    ----------
    features : str, the loss network that measures style: "texture", "random", "vgg19" or "vgg16" (features.py)
    weights : str, a file, needed for VGG; for "texture" a file of your own, or None
    colors : str, "rgb" or "bgr", the channel order that VGG was trained on (networks/vgg.py)
    strength : float, 0 (the photograph) over 50 (a painting) to 100 (nothing but style), much the same for all images, sizes
        and features (objective.py)
    steps : int, steps at each size: full, half, a quarter, ... as long as content and styles have 80 pixels a side
    seed : int, of random filters and of the noise to start from
    keep_colors : str, "match" or "luminance", how to keep the photograph's colours (colour.py), or None
    init : str, the image before the first step, "content" (in the style's colours) or "noise"
    optimizer : str, "lbfgs" or "adam" (which needs about five times as many steps)
    statistics : str, "gram", "covariance" or "sliced", the statistics of the features to match (statistics.py)
    max_memory : float, GB for the whole process; large images are cut into strips for it (memory_limit.py); or None
    blend : list of float, the weight of each of several styles, any positive numbers; None for equal weights

    Raises
    ------
    InputError
        The first setting that is invalid.

    Examples
    --------
    >>> Settings(strength=75).optimizer
    'lbfgs'
    >>> Settings(blend=[1, 3]).blend_weights(2)
    [0.25, 0.75]
    """
    features: str = "texture"
    weights: str | None = None
    colors: str = "rgb"
    strength: float = 50.0
    steps: int = 40
    seed: int = 0
    keep_colors: str | None = None
    init: str = "content"
    optimizer: str = "lbfgs"
    statistics: str = "gram"
    max_memory: float | None = None
    blend: list[float] | None = None

    def __post_init__(self) -> None:
        check_features(self.features, self.weights)
        check_choice(self.colors, "style transfer: colors", COLORS)
        check_strength(self.strength)
        check_int(self.steps, "style transfer: the number of steps", 1)
        check_int(self.seed, "style transfer: seed", 0)
        if self.keep_colors is not None:
            check_choice(self.keep_colors, "style transfer: keep_colors", KEEP_COLORS)
        check_choice(self.init, "style transfer: init", INITS)
        check_choice(self.optimizer, "style transfer: optimizer", MINIMIZERS)
        check_choice(self.statistics, "style transfer: statistics", STATISTICS)
        if self.max_memory is not None and not (is_number(self.max_memory) and 0 < self.max_memory < 1e6):
            raise InputError(f"--max-memory is {self.max_memory}, expected a number of GB above 0, such as 2")
        blend = [1] if self.blend is None else self.blend
        if not (isinstance(blend, (list, tuple)) and all(is_number(weight) and weight > 0 for weight in blend)
                and 0 < sum(blend) < inf):
            raise InputError(f"the blend is {self.blend}, expected a number above 0 for each style, such as 1 3")

    @checked
    def blend_weights(self, styles: int) -> list[float]:
        """Normalise the blend.

        Parameters
        ----------
        styles : int, the number of style images

        Returns
        -------
        list of float
            The weight of each style, 1 in all.

        Raises
        ------
        InputError
            A blend for another number of styles.
        """
        blend = self.blend or [1.0] * styles
        if len(blend) != styles:
            raise InputError(f"the blend has {len(blend)} numbers for {styles} style image(s), expected one for each")
        return [weight / sum(blend) for weight in blend]

    @classmethod
    @checked
    def from_saved(cls, saved: dict[str, Any]) -> "Settings":
        """Restore settings from a saved dict.

        Parameters
        ----------
        saved : dict, `dataclasses.asdict` of settings, also as version 0.1 saved them

        Returns
        -------
        Settings
            The settings.
        """
        return cls(**{"colors" if name == "colours" else name: value for name, value in saved.items()})
