"""Give all images of a data set one size and one number of channels: centre crop, antialiased resize, grey or colour.

Shapes: images (N, H, W, C) of bytes, C is 1 (grey) or 3 (red, green, blue); a size is a pair (H, W).
"""
from typing import TYPE_CHECKING

import numpy as np

from nnscratch.data.dataset import Dataset, with_images
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_type

if TYPE_CHECKING:
    from PIL import Image as PIL_Image

__all__ = ["resize_dataset"]

MIN_SIDE, MAX_SIDE = 4, 1024  # pixels


def check_size(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    """None, or (H, W) from an integer or a pair of them; raise InputError for anything else."""
    if size is None:
        return None
    sides = tuple(size) if isinstance(size, (tuple, list)) else (size, size)
    valid = all(isinstance(side, (int, np.integer)) and MIN_SIDE <= side <= MAX_SIDE for side in sides)
    if len(sides) != 2 or not valid:
        raise InputError(f"size is {size!r}, expected pixels: give an integer from {MIN_SIDE} to {MAX_SIDE}, or two, (H, W)")
    return int(sides[0]), int(sides[1])


def check_channels(channels: int | None) -> None:
    """Raise InputError for anything but None, 1 and 3."""
    valid = isinstance(channels, (int, np.integer)) and type(channels) is not bool and channels in (1, 3)
    if channels is not None and not valid:
        raise InputError(f"channels is {channels!r}, expected 1 (grey) or 3 (colour): give one of these, or none to keep the "
                         f"channels as they are")


def crop_and_resize(image: "PIL_Image.Image", size: tuple[int, int]) -> "PIL_Image.Image":
    """Cut the largest centred part with the aspect ratio of `size` = (H, W) out of a Pillow image, then resize it to `size`."""
    from PIL import Image, ImageOps
    return ImageOps.fit(image, size[::-1], Image.Resampling.LANCZOS)


def resize_dataset(dataset: Dataset, size: int | tuple[int, int] | None = None, channels: int | None = None) -> Dataset:
    """A data set with all its images at another size, in grey or in colour.

    Parameters
    ----------
    dataset : Dataset
        The images.
    size : int or (int, int), optional
        Side of a square, or height and width; each image is cropped to this aspect ratio and resized with a Lanczos filter.
    channels : {1, 3}, optional
        Grey or colour. Grey is Rec. 601's luma, 0.299 red + 0.587 green + 0.114 blue, as in Pillow's mode L.

    Returns
    -------
    Dataset
        The same labels and names; the data set itself if nothing changes.

    Raises
    ------
    InputError
        No data set, or an impossible size or number of channels.
    """
    from PIL import Image
    check_type(dataset, "resize_dataset: dataset", Dataset)
    check_channels(channels)
    images = dataset.images
    size, channels = check_size(size) or images.shape[1:3], channels or images.shape[3]
    if images.shape[1:] == (*size, channels):
        return dataset
    result = np.empty((len(images), *size, channels), np.uint8)
    mode = "L" if channels == 1 else "RGB"
    for k, pixels in enumerate(images):
        image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).convert(mode)
        result[k] = np.asarray(crop_and_resize(image, size)).reshape(*size, channels)
    return with_images(dataset, result, dataset.labels)
