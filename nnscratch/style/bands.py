"""Give a photograph the contrast of a style, separately for fine grain, strokes and larger forms. No network takes part.

Shapes: images (1, H, W, 3) in [0, 1]; band k (1, H / 2^k, W / 2^k, 3), sides rounded up; the rest (1, H / 16, W / 16, 3).

A Laplacian pyramid splits an image into bands of detail, each twice as coarse as the one before, and a small rest:

    band = image - enlarge(halve(image)),        and the same again for halve(image)

Backwards, the rest is enlarged and the coarsest band added, and so on: with unchanged bands that is the image. Here each band
is first multiplied by a number, so that it gets the standard deviation of the style's band. A calm style takes the grain out of
a photograph, a lively one makes it stronger: a better start for a transfer than the recoloured photograph alone.

Source: Burt, Adelson, "The Laplacian pyramid as a compact image code" (1983). Matching their statistics: Heeger, Bergen,
"Pyramid-based texture analysis/synthesis" (1995).
"""
from collections.abc import Sequence

import numpy as np

from nnscratch.backend import Array
from nnscratch.fast import avg_pool2d, resize2d
from nnscratch.ops.validation import check_numbers
from nnscratch.style.checks import check_image
from nnscratch.style.colour import AGAIN, match_colours

__all__ = ["laplacian_pyramid", "match_appearance", "match_bands"]

BANDS = 4
FACTORS = 0.2, 2.0  # a style without detail would leave a blur; beyond twice the contrast, film grain becomes visible


def laplacian_pyramid(image: Array) -> tuple[list[Array], Array]:
    """Split an image into bands of detail.

    Parameters
    ----------
    image : Array (1, H, W, 3)

    Returns
    -------
    bands : list of Array (1, H / 2^k, W / 2^k, 3)
        The finest first.
    rest : Array (1, H / 16, W / 16, 3)
        What is left.

    Examples
    --------
    >>> bands, rest = laplacian_pyramid(np.full((1, 16, 16, 3), 0.5))
    >>> len(bands), float(abs(bands[0]).max()), rest.ravel().tolist()
    (4, 0.0, [0.5, 0.5, 0.5])
    """
    check_image("laplacian_pyramid", "image", image)
    bands = []
    for _ in range(BANDS):
        half = halve(image)
        bands.append(image - resize2d(half, image.shape[1:3])[0])
        image = half
    return bands, image


def halve(image: Array) -> Array:
    """Half the size, every pixel the mean of four."""
    return avg_pool2d(image, 2, padding="same")[0]


def enlarge(image: Array, shape: tuple[int, int]) -> Array:
    """The image at another size, without a lattice.

    Enlarged to twice the size by bilinear interpolation, white noise has steps between neighbours that are twice as high as the
    next: every second pair of pixels lies within one old pixel. The mean over 3x3 pixels makes the steps alike.
    """
    return avg_pool2d(resize2d(image, shape)[0], 3, 1, padding="same")[0]


def match_bands(image: Array, reference: Array | list[Array], weights: Sequence[float] = (1.0,)) -> Array:
    """Give an image the contrast of others, band by band.

    Parameters
    ----------
    image : Array (1, H, W, 3) in [0, 1]
    reference : Array or list of Array (1, H', W', 3), whose contrast is taken; the variances of several are mixed
    weights : sequence of float, the weight of each reference, 1 in all

    Returns
    -------
    Array (1, H, W, 3)
        The image, clipped to [0, 1]. A band is multiplied by at least 0.2 and at most 2.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise, calmer = rng.random((1, 32, 32, 3)), 0.5 + 0.4 * (rng.random((1, 32, 32, 3)) - 0.5)
    >>> bool(abs(match_bands(noise, calmer).std() / calmer.std() - 1) < 0.2)
    True
    """
    references = reference if isinstance(reference, list) else [reference]
    for one in references:
        check_image("match_bands", "reference", one)
    weights = check_numbers(weights, "match_bands: weights", len(references))
    bands, result = laplacian_pyramid(image)
    variances = [sum(weight * band.var() for weight, band in zip(weights, alike))
                 for alike in zip(*(laplacian_pyramid(reference)[0] for reference in references))]
    for band, variance in zip(reversed(bands), reversed(variances)):
        factor = np.clip((variance / max(band.var(), 1e-12))**0.5, *FACTORS)
        result = resize2d(result, band.shape[1:3])[0] + factor.astype(band.dtype) * band
    return result.clip(0, 1)


def match_appearance(image: Array, reference: Array | list[Array], weights: Sequence[float] = (1.0,)) -> Array:
    """Give an image the colours and the contrast of others.

    Parameters
    ----------
    image : Array (1, H, W, 3) in [0, 1]
    reference : Array or list of Array (1, H', W', 3)
    weights : sequence of float, the weight of each reference, 1 in all

    Returns
    -------
    Array (1, H, W, 3)
        The image in [0, 1].

    Notes
    -----
    Colours come first, because bands are measured in them, and last, because contrast changes them.
    """
    recoloured = match_colours(image, reference, weights)
    return match_colours(match_bands(recoloured, reference, weights), reference, weights, AGAIN)
