"""Masks: images that say where something applies. White is yes, black is no, and so is transparent.

Shapes: a mask (1, H, W, 1), in [0, 1].
"""
from typing import TYPE_CHECKING

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.decode import decode
from nnscratch.data.pixels import BLACK
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file
from nnscratch.ops.validation import as_pair

if TYPE_CHECKING:
    from PIL import Image as PIL_Image

__all__ = ["read_mask"]


def read_mask(path: FilePath, size: tuple[int, int]) -> Array:
    """Read a mask: the luminance of an image, times its opacity.

    Parameters
    ----------
    path : str or path
        Any file that Pillow reads.
    size : (int, int)
        Height and width of the result, those of the image that the mask is for; the mask is stretched to it.

    Returns
    -------
    float32 array (1, H, W, 1)
        Values in [0, 1].

    Raises
    ------
    InputError
        What `read_image` refuses, or a mask that is black, or nearly black, everywhere.
    """
    height, width = as_pair(size, "read_mask: size")
    brightest = 0.0

    def luminance(band: "PIL_Image.Image") -> "PIL_Image.Image":
        nonlocal brightest
        if band.mode == "RGB":
            band = band.convert("L")
        brightest = max(brightest, float(np.max(np.asarray(band))) / (1 if band.mode == "F" else 255))
        return band

    with open_regular_file(path, "a mask, which is an image") as file:
        image = decode(file, path, lambda _: (width, height), ground="black", convert=luminance, lanczos=False)
    mask = np.asarray(image, np.float32)[None, :, :, None] / np.float32(1 if image.mode == "F" else 255)
    if brightest < BLACK or mask.max() <= 0:
        raise InputError(f"the mask {path} is black everywhere, its brightest value is {brightest:.3g}, expected white "
                         f"(255, in 16-bit files 65535) where it applies: paint some, or multiply a mask of 0 and 1 by that")
    return mask
