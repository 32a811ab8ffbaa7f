"""Tiling: the loss network processes a large image in strips, one at a time, with the same result as for the whole image.

Shapes: image (1, H, W, 3); a feature map (1, H // scale, W // scale, C), scale = 1, 2, 4, 8.

    ........   halo: rows that the strip's own features depend on   A feature depends on a few pixels around it. If a strip
    ########   own rows: each row of the image is in one strip      contains all rows that its own features depend on, these
    ########                                                        are exactly the features of the whole image. The features
    ........   halo                                                 of the halo are wrong, and not used.

Only a cut has a halo. At the true top and bottom a strip ends with the image, and has its mirrored border.
"""
from itertools import pairwise
from typing import NamedTuple

from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.layers.conv import Conv2D
from nnscratch.layers.pooling import Pooling2D
from nnscratch.models import Model
from nnscratch.ops.validation import check_form, check_positive, check_type

__all__ = ["Strip", "make_strips"]

# Bytes that features and their gradients may take. Strips take longer, since all but one need a second forward pass; so an
# image of up to 1060x1060 pixels stays in one piece. A larger one leaves less memory for its maps, and gets small strips.
# A strip has at least two halos and a row of the smallest map, 72 rows for our network: with 5700 columns that is more than
# STRIP_BYTES, with 15,000 more than WHOLE_IMAGE_BYTES. (Images that wide need less memory rotated by 90 degrees.)
WHOLE_IMAGE_BYTES, STRIP_BYTES = 1400 * 2**20, 512 * 2**20


class Strip(NamedTuple):
    """The rows of the image that the network gets, and what to use of each feature map.

    Parameters
    ----------
    input_rows : slice, the rows of the image, halo included
    own : list of slice, for each feature map of the strip its own rows, without the halo
    rows : list of slice, the position of those rows in the feature map of the whole image
    fractions : list of float, how much of the whole image's rows those are
    """
    input_rows: slice
    own: list[slice]
    rows: list[slice]
    fractions: list[float]


def make_strips(network: Model, image: Array, memory: float | None = None) -> list[Strip]:
    """Cut an image into strips of about equal height, from top to bottom.

    Parameters
    ----------
    network : Model, a chain of layers as in random_features.py
    image : Array (1, H, W, 3)
    memory : float, bytes that features and their gradients may take; None for WHOLE_IMAGE_BYTES and STRIP_BYTES

    Returns
    -------
    list of Strip
        One strip where the whole image fits.

    Raises
    ------
    InputError
        An image with fewer rows than one row of the smallest feature map.

    Notes
    -----
    Cuts are placed where the pooling windows of every scale end. Odd rows at the end, which poolings ignore, belong to the last
    strip, as they belong to the image.
    """
    check_type(network, "make_strips: network", Model)
    check_form("make_strips", "image", image, (1, "H", "W", "C"))
    if memory is not None:
        check_positive(memory, "make_strips: memory")
    height, width = image.shape[1:3]
    scales, halo, itemsize = row_scales(network), halo_rows(network), image.dtype.itemsize
    unit, map_scales = max(scales.values()), [scales[symbol] for symbol in network.outputs]
    if height < unit:
        raise InputError(f"the image has {height} rows, expected at least {unit} for the network's poolings")
    units, count = height // unit, 1
    if height > rows_that_fit(network, width, itemsize, memory or WHOLE_IMAGE_BYTES):
        max_rows = rows_that_fit(network, width, itemsize, memory or STRIP_BYTES) - 2 * halo
        while count < units and unit * -(-units // count) + height % unit > max_rows:  # the last strip is the highest
            count += 1
    edges = [unit * (units * k // count) for k in range(count)] + [height]
    strips = []
    for top, bottom in pairwise(edges):
        first, last = max(0, top - halo), min(height, bottom + halo)
        strips.append(Strip(slice(first, last), [slice((top - first) // s, bottom // s - first // s) for s in map_scales],
                            [slice(top // s, bottom // s) for s in map_scales],
                            [(bottom // s - top // s) / (height // s) for s in map_scales]))
    return strips


def row_scales(network: Model) -> dict:
    """For each layer call, the number of image rows that correspond to one row of its output: poolings multiply it."""
    scale, scales = 1, {}
    for call in network.calls:
        if isinstance(call.layer, Pooling2D):
            scale *= call.layer.strides[0]
        scales[call] = scale
    return scales


def halo_rows(network: Model) -> int:
    """The number of image rows next to a cut that have a wrong feature in one of the maps.

    At a cut the strip's border is mirrored, where the image really continues. Each convolution spreads the error by half a
    kernel; pooling shrinks it with the image, and a partly wrong window is wrong. For our eight convolutions: 2 rows at full
    size, 3 at a half, 4 at a quarter, 4 at an eighth, which are 32 rows of the image.
    """
    wrong = 0
    for call in network.calls:
        if isinstance(call.layer, Conv2D):
            wrong += call.layer.kernel_size[0] // 2
        elif isinstance(call.layer, Pooling2D):
            wrong = -(-wrong // call.layer.strides[0])
    return wrong * max(row_scales(network).values())


def min_strip_rows(network: Model) -> int:
    """The rows of the lowest strip: two halos, a row of the smallest map, and the odd rows that may follow it."""
    return 2 * halo_rows(network) + 2 * max(row_scales(network).values()) - 1


def rows_that_fit(network: Model, width: int, itemsize: int, memory: float) -> int:
    """The number of image rows whose features and gradients fit into so many bytes of memory."""
    return int(memory / bytes_per_row(network, width, itemsize))


def bytes_per_row(network: Model, width: int, itemsize: int) -> float:
    """The bytes that features and their gradients take for each row of an image.

    That is about one array for each layer: of padding, convolution and ReLU, the backward pass needs the first and the last,
    and the third is the gradient with respect to the feature map.
    """
    values = sum(call.shape[-1] / scale**2 for call, scale in row_scales(network).items())  # per pixel of the image
    return values * itemsize * width
