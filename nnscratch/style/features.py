"""The loss networks that style can be told by: one switch, `features`.

Shapes: image (1, H, W, 3) in [0, 1] -> a list of feature maps (1, H / 2^k, W / 2^k, C).

    texture       nine maps of a small network that nnscratch has trained itself (networks/texture_features.py)
    random        eight maps of random filters, made fit for the style image (networks/random_features.py)
    vgg19, vgg16  six maps of a large network trained on photographs, from a file of yours (networks/vgg.py)
"""
from pathlib import Path
from typing import NamedTuple

from nnscratch.errors import InputError
from nnscratch.models import Model
from nnscratch.networks.random_features import normalize_filters, random_features
from nnscratch.networks.texture_features import texture_features
from nnscratch.networks.vgg import CONTENT, vgg_features
from nnscratch.ops.validation import check_choice
from nnscratch.style.tiling import row_scales

LARGE = 32  # pixels a side that all maps of all networks can be made of
FEATURES = ("texture", "random", "vgg19", "vgg16")


class LossNetwork(NamedTuple):
    """A fixed Model; which of its maps says what an image shows; how much total variation calms its grain; and how many times
    style counts beside content at strength 50.

    Map and balance are chosen by a network that took no part (benchmarks/README.md), smoothness by eye. What an image shows is
    asked of the second convolution, which sees it at full size: at the same style far more of the photograph is left than with
    deeper maps. (VGG's are Gatys' choice, not measured.)
    """
    model: object
    content_layer: int
    smoothness: float
    balance: float

    def weights(self, strength):
        """What content, style and smoothness count, for a strength from 0 (content alone) over 50 to 100 (no content)."""
        style = strength / 100
        return {"content_weight": 1 - style, "style_weight": self.balance * style, "smoothness": self.smoothness * style}


def loss_network(features, style, *, side=LARGE, seed=0, weights=None, colours="rgb"):
    """The LossNetwork of a name. style : the images (N, H, W, 3) that random filters are made fit for; side : of the smallest
    image that it is to see; seed : what random filters are drawn from. weights, colours : VGG's file, and what it was trained
    to see; or texture weights of your own.

    Raises InputError for an unknown name, weights that are missing, not wanted, or wrong.
    """
    check_features(features, weights)
    if features == "random":
        return LossNetwork(normalize_filters(fitting(random_features(seed=seed), side), style), 1, 0.5, 200.0)
    if features == "texture":
        return LossNetwork(fitting(texture_features(*[weights] if weights else []), side), 2, 2.0, 100.0)
    return LossNetwork(fitting(vgg_features(weights, features, colours=colours), side), CONTENT, 1.0, 50.0)


def fitting(model, side):
    """The model without those maps that would have fewer than 2 pixels a side, which a mirrored border needs."""
    scales = row_scales(model)
    return Model(model.inputs[0], [symbol for symbol in model.outputs if side // scales[symbol] >= 2], name=model.name)


def smallest_side(features):
    """Pixels: with fewer, hardly a map would be left (`fitting`); of VGG's, not the one that says what an image shows."""
    return 16 if features.startswith("vgg") else 8


def check_features(features, weights):
    """One sentence about a wrong name, or about weights that are missing or not wanted."""
    check_choice(features, "style transfer: features", FEATURES)
    if features.startswith("vgg") and weights is None:
        raise InputError(f"the features {features!r} need a file of weights, which does not come along; give --weights FILE, a "
                         f".safetensors file with torchvision's names, or take the features texture")
    if weights is not None and not Path(weights).is_file():
        raise InputError(f"cannot read {weights}, expected a file of weights; check the path")
    if features == "random" and weights is not None:
        raise InputError(f"weights {weights} were given for the features 'random', which need none; leave them out, or take "
                         f"the features texture or vgg19")
