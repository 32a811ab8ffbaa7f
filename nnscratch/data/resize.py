"""Images of one size and of as many channels as asked for: cut to the middle, shrunk without moiré, grey or colour.

Shapes: images (N, H, W, C) of bytes, C is 1 (grey) or 3 (red, green, blue); a size is a pair (H, W).
"""
import numpy as np

from nnscratch.data.dataset import Dataset
from nnscratch.errors import InputError

SMALLEST, LARGEST = 4, 1024  # pixels a side


def checked_size(size):
    """None, or (H, W) from a whole number or a pair of them. Raises InputError for anything else."""
    if size is None:
        return None
    sides = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
    whole = all(isinstance(side, (int, np.integer)) and SMALLEST <= side <= LARGEST for side in sides)
    if len(sides) != 2 or not whole:
        raise InputError(f"size is {size!r}, expected pixels: give a whole number from {SMALLEST} to {LARGEST}, or two, (H, W)")
    return int(sides[0]), int(sides[1])


def checked_channels(channels):
    """Raises InputError for anything but None, 1 and 3."""
    if channels is not None and not (isinstance(channels, (int, np.integer)) and channels in (1, 3)):
        raise InputError(f"channels is {channels!r}, expected 1 (grey) or 3 (colour): give one of these, or none to keep "
                         f"what there is")


def fit(image, size):
    """A Pillow image cut to the middle part that has the shape of `size` = (H, W), then shrunk or enlarged to it."""
    from PIL import Image, ImageOps
    return ImageOps.fit(image, size[::-1], Image.Resampling.LANCZOS)


def fitted(dataset, size=None, channels=None):
    """The Dataset with images of `size` = (H, W) and `channels` 1 or 3; None: as they are.

    Grey is Rec. 601's: 0.299 red + 0.587 green + 0.114 blue, what Pillow's mode L means.
    """
    from PIL import Image
    images = dataset.images
    size, channels = size or images.shape[1:3], channels or images.shape[3]
    if images.shape[1:] == (*size, channels):
        return dataset
    result = np.empty((len(images), *size, channels), np.uint8)
    mode = "L" if channels == 1 else "RGB"
    for k, pixels in enumerate(images):
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).convert(mode)
        result[k] = np.asarray(fit(image, size)).reshape(*size, channels)
    return Dataset(result, dataset.labels, dataset.names, dataset.title)
