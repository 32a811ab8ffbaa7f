"""Strips of an image too large for its feature maps: the loss network sees one strip at a time, and nothing changes.

Shapes: image (1, H, W, 3); a feature map (1, H // scale, W // scale, C), scale = 1, 2, 4, 8.

    ........   halo: rows that the strip's own features look at      A feature looks at a few pixels around it. Run on all
    ########   own rows: each row of the image is in one strip     the rows that its own features look at, a strip finds
    ########                                                         for its own rows exactly the features of the whole
    ........   halo                                                  image; those of the halo are wrong, and not used.

Only a cut has a halo. At the true top and bottom a strip ends with the image, and has its mirrored border.
"""
from itertools import pairwise
from typing import NamedTuple

from nnscratch.errors import InputError
from nnscratch.layers.conv import Conv2D
from nnscratch.layers.pooling import Pooling2D

# Bytes that features and their gradients may take. Strips take longer, since all but one are walked through twice; so a
# image of up to 1060x1060 pixels stays in one piece. A larger one leaves less room beside it, and is cut into small strips.
# No strip is lower than two halos and a row of the smallest map, for our network 72 rows: with 5700 columns that is more than
# STRIP, with 15,000 more than WHOLE_IMAGE. (Images that wide need less memory turned on their side.)
WHOLE_IMAGE, STRIP = 1400 * 2**20, 512 * 2**20


class Strip(NamedTuple):
    """The rows of the image to run the network on, and for each feature map that comes out of it:"""
    seen: slice
    own: list     # its rows that count: not of the halo
    rows: list    # where those are in the whole map
    shares: list  # how many of the whole image's rows those are, as a share of 1


def cut(network, image, memory=None):
    """The strips of an image, from top to bottom, all about as high, for a chain of layers as in random_features.py.

    memory : bytes that features and their gradients may take, in place of WHOLE_IMAGE and STRIP.

    They are cut where pooling windows meet at every scale. Odd rows at the end, which poolings leave out, are the last
    strip's, as they were the image's.
    """
    height, width = image.shape[1:3]
    scales, halo, itemsize = row_scales(network), reach(network), image.dtype.itemsize
    unit, of_maps = max(scales.values()), [scales[symbol] for symbol in network.outputs]
    if height < unit:
        raise InputError(f"the image has {height} rows, expected at least {unit} for the network's poolings")
    units, count = height // unit, 1
    if height > rows_at_once(network, width, itemsize, memory or WHOLE_IMAGE):
        most = rows_at_once(network, width, itemsize, memory or STRIP) - 2 * halo
        while count < units and unit * -(-units // count) + height % unit > most:  # the last strip is the highest
            count += 1
    edges = [unit * (units * k // count) for k in range(count)] + [height]
    strips = []
    for top, bottom in pairwise(edges):
        first, last = max(0, top - halo), min(height, bottom + halo)
        strips.append(Strip(slice(first, last), [slice((top - first) // s, bottom // s - first // s) for s in of_maps],
                            [slice(top // s, bottom // s) for s in of_maps],
                            [(bottom // s - top // s) / (height // s) for s in of_maps]))
    return strips


def row_scales(network):
    """For each layer call, how many rows of the image one row of its output stands for: poolings multiply it."""
    scale, scales = 1, {}
    for call in network.calls:
        if isinstance(call.layer, Pooling2D):
            scale *= call.layer.strides[0]
        scales[call] = scale
    return scales


def reach(network):
    """How many rows of the image next to a cut have a wrong feature in one of the maps.

    At a cut the image is mirrored, where really it goes on. Each convolution carries the error half a kernel further;
    pooling shrinks it with the image, and what is half wrong is wrong. For our eight convolutions: 2 rows at full size,
    3 at a half, 4 at a quarter, 4 at an eighth, which are 32 rows of the image.
    """
    wrong = 0
    for call in network.calls:
        if isinstance(call.layer, Conv2D):
            wrong += call.layer.kernel_size[0] // 2
        elif isinstance(call.layer, Pooling2D):
            wrong = -(-wrong // call.layer.strides[0])
    return wrong * max(row_scales(network).values())


def lowest(network):
    """Rows of the lowest strip: two halos, a row of the smallest map, and what may be left over below the last of those."""
    return 2 * reach(network) + 2 * max(row_scales(network).values()) - 1


def rows_at_once(network, width, itemsize, memory):
    """How many rows of an image so many bytes of memory hold, on the way there and back."""
    return int(memory / bytes_a_row(network, width, itemsize))


def bytes_a_row(network, width, itemsize):
    """What features and their gradients take for each row of an image.

    That is about one array for each layer: of padding, convolution and ReLU, backward needs the first and the last, and
    the third is the gradient that each feature map is given.
    """
    numbers = sum(call.shape[-1] / scale**2 for call, scale in row_scales(network).items())  # for each pixel of the image
    return numbers * itemsize * width
