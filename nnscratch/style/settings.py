"""Everything that decides what comes out of a style transfer, but for the images: so it can be kept beside the result."""
from dataclasses import dataclass
from math import isfinite
from numbers import Real

from nnscratch.errors import InputError
from nnscratch.ops.validation import check_choice, check_int
from nnscratch.style.features import check_features
from nnscratch.style.minimizers import MINIMIZERS
from nnscratch.style.statistics import STATISTICS

KEEP_COLORS = ("match", "luminance")
INITS = ("content", "noise")


def check_strength(strength):
    """One sentence about what is no strength, NaN too."""
    if not (isinstance(strength, Real) and 0 <= strength <= 100):
        raise InputError(f"the strength is {strength}, expected 0, the photograph, to 100, nothing but style; take 50 to begin "
                         f"with")


@dataclass
class Settings:
    """Raises InputError for the first that makes no sense.

    features : "texture", "random", "vgg19" or "vgg16": what style is told by (features.py)
    weights, colours : for VGG, its file and "rgb" or "bgr" (networks/vgg.py); for texture, a file of your own, or None
    strength : 0 (the photograph as it is), 50 (a painting) to 100 (nothing but style), much the same for all images, sizes
        and features (objective.py)
    steps : steps at each size: the full one, a half, a quarter, ... as long as content and styles keep 80 pixels a side
    seed : draws random filters, and the noise to begin from
    keep_colors : None, "match" or "luminance": keep the photograph's colours (colour.py)
    init : "content" (in the style's colours) or "noise": what the image is before the first step
    optimizer : "lbfgs" or "adam" (which wants some five times as many steps)
    statistics : "gram", "covariance" or "sliced": what of the style's features is to be met (statistics.py)
    max_memory : None, or how many GB the whole process may take: large images are cut for it (budget.py)
    blend : for several styles, how much of each, None for equal shares; any positive numbers
    """
    features: str = "texture"
    weights: str | None = None
    colours: str = "rgb"
    strength: float = 50.0
    steps: int = 40
    seed: int = 0
    keep_colors: str | None = None
    init: str = "content"
    optimizer: str = "lbfgs"
    statistics: str = "gram"
    max_memory: float | None = None
    blend: list | None = None

    def __post_init__(self):
        check_features(self.features, self.weights)
        check_choice(self.colours, "style transfer: colours", ("rgb", "bgr"))
        check_strength(self.strength)
        check_int(self.steps, "style transfer: the number of steps", 1)
        check_int(self.seed, "style transfer: seed", 0)
        if self.keep_colors is not None:
            check_choice(self.keep_colors, "style transfer: keep_colors", KEEP_COLORS)
        check_choice(self.init, "style transfer: init", INITS)
        check_choice(self.optimizer, "style transfer: optimizer", MINIMIZERS)
        check_choice(self.statistics, "style transfer: statistics", STATISTICS)
        if self.max_memory is not None and not (isinstance(self.max_memory, Real) and 0 < self.max_memory < 1e6):
            raise InputError(f"--max-memory is {self.max_memory}, expected a number of GB above 0, such as 2")
        blend = self.blend or [1]
        if not (all(isinstance(b, Real) and b > 0 for b in blend) and isfinite(sum(blend))):
            raise InputError(f"the blend is {self.blend}, expected a number above 0 for each style, such as 1 3")

    def shares(self, styles):
        """How much of each style, 1 in all; InputError where the blend is for another number of them."""
        blend = self.blend or [1.0] * styles
        if len(blend) != styles:
            raise InputError(f"the blend has {len(blend)} numbers for {styles} style image(s), expected one for each")
        return [b / sum(blend) for b in blend]
