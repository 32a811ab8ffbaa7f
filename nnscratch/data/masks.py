"""Masks: images that say where something applies. White is yes, black is no, and so is transparent.

Shapes: a mask (1, H, W, 1), in [0, 1].

A hard edge of a mask is a cut in the image. Feathering is a Gaussian blur of the mask: the mask becomes, at each pixel, a
weighted mean of its neighbours, and so the edge a ramp.
"""
from typing import TYPE_CHECKING

import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.data.decode import decode
from nnscratch.data.pixels import BLACK
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file
from nnscratch.ops.validation import as_pair, check_form, check_int

if TYPE_CHECKING:
    from PIL import Image as PIL_Image

__all__ = ["feather_mask", "read_mask"]


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


def feather_mask(mask: Array, pixels: int) -> Array:
    """Soften the edges of a mask: a Gaussian blur that ends so many pixels from each edge.

    Parameters
    ----------
    mask : array (1, H, W, 1) in [0, 1]
    pixels : int, r
        How far an edge spreads to each side, at most the longer side of the mask. 0 leaves the mask as it is.

    Returns
    -------
    float32 array (1, H, W, 1)
        In [0, 1]. Masks that add up to at most 1 still do, up to rounding.

    Raises
    ------
    InputError
        No such mask, or too many pixels.

    Notes
    -----
    y[i] = Σ w[k] x[i + k], with k from -r to r and w[k] proportional to exp(-k² / 2σ²), σ = r / 3, so that the weights
    have fallen to a hundredth where they end. They add up to 1: what is even stays as it is. The two-dimensional Gaussian
    is the product of one along columns and one along rows, so 2 (2r + 1) products a pixel do instead of (2r + 1)². Beyond
    the border, the mask continues with its last value.

    From 10 % to 90 % of white, a straight edge takes 2.6 σ, which is 0.85 r.

    Examples
    --------
    >>> hard = np.repeat([0.0, 1.0], 4).reshape(1, 1, 8, 1)
    >>> feather_mask(hard, 3).ravel().round(2)
    array([0.  , 0.  , 0.06, 0.3 , 0.7 , 0.94, 1.  , 1.  ], dtype=float32)
    """
    check_form("feather_mask", "mask", mask, (1, "H", "W", 1))
    xp, r, longest = array_module(mask), check_int(pixels, "feather_mask: pixels", 0), max(mask.shape)
    if mask.dtype.kind == "c" or r > longest:
        raise InputError(f"feather_mask: pixels is {r} for a mask {mask.shape} of {mask.dtype}, expected at most {longest}, "
                         f"its longer side, and real numbers; choose fewer")
    weights = np.exp(-4.5 * (np.arange(-r, r + 1) / max(r, 1))**2)
    weights /= weights.sum()
    soft = mask.astype(np.float64)
    for _ in range(2):
        padded = xp.pad(soft, ((0, 0), (r, r), (0, 0), (0, 0)), mode="edge")
        soft = sum(weight * padded[:, k:k + soft.shape[1]] for k, weight in enumerate(weights.tolist())).swapaxes(1, 2)
    return soft.clip(0, 1).astype(np.float32)
