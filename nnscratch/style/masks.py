"""Regions: where in the image which style is to be met. One region is everywhere; several have a mask each.

Shapes: mask (1, H, W, 1) in [0, 1], of the content's size; weights of a feature map (1, H / scale, W / scale, 1).

A region's moments are weighted means over pixels (statistics.py), with the mask, shrunk to the feature map, as weights. Weights
are 1 on average, so that such a mean is a plain mean of weighted features, and strips need to know nothing of masks.
"""
from typing import NamedTuple

from nnscratch.fast import avg_pool2d
from nnscratch.losses.images import TINY
from nnscratch.style.tiling import row_scales


class Region(NamedTuple):
    """Which styles are to be met in a part of the image, and how that part looks in each feature map."""
    styles: list   # images
    shares: list   # of each, 1 in all
    area: float    # of the whole image: what the region's style loss counts, so that all its pixels count as elsewhere
    weights: list  # for each map: how much each pixel counts, or None, where all count alike


def make_regions(network, styles, shares, masks=None):
    """Everywhere the mixture of all styles; or, with a mask for each, each style alone where its mask is white."""
    if masks is None:
        return [Region(styles, shares, 1.0, [None] * len(network.outputs))]
    return [Region([style], [1.0], float(mask.mean()), weights(network, mask)) for style, mask in zip(styles, masks)]


def weights(network, mask):
    """For each feature map: the mask as its pixels see it, 1 on average."""
    scales = row_scales(network)
    seen = [mask if scales[symbol] == 1 else avg_pool2d(mask, scales[symbol])[0] for symbol in network.outputs]
    return [m / (m.mean() + TINY) for m in seen]
