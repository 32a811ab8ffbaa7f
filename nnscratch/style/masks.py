"""Masks: where in the image each style applies. One region is the whole image; several have a mask each. Masks with soft edges
(data/masks.py) let one style fade into the other: their pixels count for both, each in part.

Shapes: mask (1, H, W, 1) in [0, 1], of the content's size; pixel weights of a feature map (1, H / scale, W / scale, 1).

The moments of a region are weighted means over pixels (statistics.py). The weights are the mask, shrunk to the feature map and
scaled to an average of 1: then a weighted mean is a plain mean of weighted features, and strips (tiling.py) need no special
case for masks.
"""
from collections.abc import Sequence
from typing import NamedTuple

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.fast import avg_pool2d
from nnscratch.losses.images import TINY
from nnscratch.models import Model
from nnscratch.ops.validation import check_numbers, check_type
from nnscratch.style.checks import IMAGE, MASK, check_list
from nnscratch.style.tiling import row_scales

__all__ = ["Region", "make_regions"]


class Region(NamedTuple):
    """A part of the image and the styles that apply there.

    Parameters
    ----------
    styles : list of Array (1, H', W', 3)
    blend_weights : list of float, the weight of each style, 1 in all
    area : float, the region's fraction of the image and the weight of its style loss, so that every pixel counts the same
    pixel_weights : list, for each feature map an Array of weights with mean 1, or None where all pixels count the same
    """
    styles: list[Array]
    blend_weights: list[float]
    area: float
    pixel_weights: list[Array | None]


def make_regions(network: Model, styles: list[Array], blend_weights: Sequence[float],
                 masks: list[Array] | None = None) -> list[Region]:
    """Divide an image into regions.

    Parameters
    ----------
    network : Model from an image to feature maps
    styles : list of Array (1, H', W', 3)
    blend_weights : list of float, the weight of each style; ignored with masks
    masks : list of Array (1, H, W, 1) in [0, 1], one for each style, white where it applies; or None

    Returns
    -------
    list of Region
        Without masks, the whole image with the mixture of all styles; with masks, one region for each style.
    """
    check_type(network, "make_regions: network", Model)
    check_list("make_regions", "styles", styles, IMAGE)
    if masks is None:
        blend_weights = check_numbers(blend_weights, "make_regions: blend_weights", len(styles))
        return [Region(styles, blend_weights, 1.0, [None] * len(network.outputs))]
    check_list("make_regions", "masks", masks, MASK)
    if len(masks) != len(styles):
        raise InputError(f"make_regions: {len(masks)} masks for {len(styles)} styles, expected one for each")
    return [Region([style], [1.0], float(mask.mean()), pixel_weights(network, mask)) for style, mask in zip(styles, masks)]


def pixel_weights(network: Model, mask: Array) -> list[Array | None]:
    """The mask at the size of each feature map, scaled to a mean of 1."""
    scales = row_scales(network)
    shrunk = [mask if scales[symbol] == 1 else avg_pool2d(mask, scales[symbol])[0] for symbol in network.outputs]
    return [m / (m.mean() + TINY) for m in shrunk]
