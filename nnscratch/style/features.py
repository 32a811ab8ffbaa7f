"""The loss networks that measure style, chosen by one setting, `features`.

Shapes: image (1, H, W, 3) in [0, 1] -> a list of feature maps (1, H / 2^k, W / 2^k, C).

    texture       nine maps of a small network that nnscratch trained itself (networks/texture_features.py)
    random        eight maps of random filters, normalised on the style image (networks/random_features.py)
    vgg19, vgg16  six maps of a large network trained on photographs, from a file of yours (networks/vgg.py)
"""
import os
from os import PathLike
from typing import Any, NamedTuple

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.hints import checked, is_path
from nnscratch.models import Model
from nnscratch.networks.random_features import normalize_filters, random_features
from nnscratch.networks.texture_features import texture_features
from nnscratch.networks.vgg import CONTENT, vgg_features
from nnscratch.ops.validation import check_choice
from nnscratch.style.tiling import row_scales

__all__ = ["FEATURES", "LossNetwork", "loss_network"]

ALL_MAPS_SIDE = 32  # pixels a side that are enough for all maps of all networks
COLORS = ("rgb", "bgr")
PUBLISHED = {"vgg19": "vgg19-dcbb9e9d.pth", "vgg16": "vgg16-397923af.pth"}
FEATURES = ("texture", "random", "vgg19", "vgg16")


class LossNetwork(NamedTuple):
    """A fixed network that measures content and style.

    Parameters
    ----------
    model : Model from an image to a list of feature maps
    content_layer : int, the index of the map that represents the content
    smoothness : float, the weight of the total variation at strength 100
    balance : float, the weight of style divided by that of content at strength 50

    Notes
    -----
    The content layer and the balance were chosen with another network as the judge (benchmarks/README.md), the smoothness by
    eye. The content layer is the second convolution, which has the full resolution: at the same style it keeps far more of the
    photograph than deeper maps do. (VGG's content layer is Gatys' choice, not measured.)
    """
    model: Model
    content_layer: int
    smoothness: float
    balance: float

    @checked
    def weights(self, strength: float) -> dict[str, Any]:
        """Compute the weights of the loss terms.

        Parameters
        ----------
        strength : float, from 0 (content alone) over 50 to 100 (no content)

        Returns
        -------
        dict of float
            "content_weight", "style_weight" and "smoothness", keyword arguments of `Objective`.
        """
        style = strength / 100
        return {"content_weight": 1 - style, "style_weight": self.balance * style, "smoothness": self.smoothness * style}


@checked
def loss_network(features: str, style: Array | None, *, side: int = ALL_MAPS_SIDE, seed: int = 0,
                 weights: str | PathLike | None = None, colors: str = "rgb") -> LossNetwork:
    """Build a loss network by its name.

    Parameters
    ----------
    features : str, one of FEATURES
    style : Array (N, H, W, 3), the images on which random filters are normalised; other networks ignore it
    side : int, the shortest side in pixels of the images that the network will get
    seed : int, of the random filters
    weights : path, VGG's file, or texture weights of your own
    colors : str, "rgb" or "bgr", the channel order that VGG was trained on

    Returns
    -------
    LossNetwork
        The network, without maps that are too small for images of this side.

    Raises
    ------
    InputError
        An unknown name, or weights that are missing, not needed, or wrong.

    Examples
    --------
    >>> network = loss_network("texture", None)
    >>> [symbol.shape[-1] for symbol in network.model.outputs]
    [3, 32, 32, 64, 64, 128, 128, 128, 128]
    """
    check_features(features, weights)
    check_choice(colors, "style transfer: colors", COLORS)
    if features == "random":
        return LossNetwork(normalize_filters(drop_small_maps(random_features(seed=seed), side), style), 1, 0.5, 200.0)
    if features == "texture":
        return LossNetwork(drop_small_maps(texture_features(*[weights] if weights else []), side), 2, 2.0, 100.0)
    assert weights is not None  # check_features has seen to it
    return LossNetwork(drop_small_maps(vgg_features(weights, features, colours=colors), side), CONTENT, 1.0, 50.0)


def drop_small_maps(model: Model, side: int) -> Model:
    """The model without the maps of fewer than 2 pixels a side, which a mirrored border needs."""
    scales = row_scales(model)
    return Model(model.inputs[0], [symbol for symbol in model.outputs if side // scales[symbol] >= 2], name=model.name)


def min_side(features: str) -> int:
    """The smallest side of an image, in pixels: below it, few maps remain, and VGG loses its content map."""
    return 16 if features.startswith("vgg") else 8


def check_features(features: str, weights: str | PathLike | None) -> None:
    """Raise InputError for an unknown name, or weights that are missing or not needed."""
    check_choice(features, "style transfer: features", FEATURES)
    if features.startswith("vgg") and weights is None:
        raise InputError(f"the features {features!r} need a file of weights, which nnscratch does not include; give --weights "
                         f"FILE, torchvision's {PUBLISHED[features]} for instance, or use the features texture")
    if weights is not None and not (is_path(weights) and os.path.isfile(weights)):
        raise InputError(f"cannot read {weights!s:.200}, expected a file of weights; check the path")
    if features == "random" and weights is not None:
        raise InputError(f"weights {weights} were given for the features 'random', which need none; leave them out, or use "
                         f"the features texture or vgg19")
