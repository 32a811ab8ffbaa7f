"""Keep the photograph's colours, although the style has its own: two ways.

Shapes: images (1, H, W, 3) in [0, 1]; their pixels as rows (M, 3).

    match        recolour the style before the transfer: its colours get the content's mean and covariance
    luminance    transfer the luminance alone, and restore the content's colours afterwards

Source: Gatys, Bethge, Hertzmann, Shechtman, "Preserving color in neural artistic style transfer" (2016), sections 2 and 3.
"""
from collections.abc import Iterator, Sequence

import numpy as np

from nnscratch.backend import Array
from nnscratch.ops.validation import check_form, check_number, check_numbers, check_positive
from nnscratch.style.checks import check_image

__all__ = ["grey", "match_colours", "match_luminance", "matrix_power", "restore_colours"]

# Y, I and Q of the NTSC standard: the luminance, and two directions of colour.
RGB_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
BLOCK = 2**18  # pixels
EPSILON = 1e-4  # a colour without variance, such as any in a grey style, cannot be stretched
STRETCH = 8.0   # beyond it, the noise of a nearly grey photograph, or the blocks of its JPEG, would become bright colours
AGAIN = 2.0     # to match colours once more, which only corrects them; else the noise would get there in two steps


def recolour_inputs(content: Array, styles: list[Array], keep_colors: str | None) -> list[Array]:
    """The images that the transfer works on, content first: unchanged, or recoloured to keep the photograph's colours."""
    if keep_colors == "match":
        return [content, *(match_colours(style, content) for style in styles)]
    if keep_colors == "luminance":
        return [grey(content), *(match_luminance(grey(style), grey(content)) for style in styles)]
    return [content, *styles]


def match_colours(image: Array, reference: Array | list[Array], weights: Sequence[float] = (1.0,),
                  stretch: float = STRETCH) -> Array:
    """Give an image the colours of another.

    Parameters
    ----------
    image : Array (1, H, W, 3) in [0, 1]
    reference : Array or list of Array (1, H', W', 3), whose colours are taken; several are mixed
    weights : sequence of float, the weight of each reference, 1 in all
    stretch : float, the largest factor by which colours may move apart; where they hardly differ, the image stays calm

    Returns
    -------
    Array (1, H, W, 3)
        The recoloured image, clipped to [0, 1].

    Notes
    -----
    x -> A (x - mean of the image) + mean of the reference, with A = Cr^½ Ci^-½ and Cr, Ci the covariances of the colours of
    reference and image. Then A Ci Aᵀ = Cr. A principal axis v of the image's colours, an eigenvector of Ci, has the standard
    deviation σ, and then |Cr^½ v|. Where that is more than `stretch` σ, Cr^½ is shortened along v.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> image, reference = rng.random((1, 8, 8, 3)), 0.4 + 0.2 * rng.random((1, 9, 7, 3))
    >>> bool(abs(match_colours(image, reference).mean() - reference.mean()) < 1e-3)
    True
    """
    references = reference if isinstance(reference, list) else [reference]
    for name, array in (("image", image), *(("reference", one) for one in references)):
        check_image("match_colours", name, array)
    check_positive(stretch, "match_colours: stretch")
    own_mean, own = colour_moments([image], [1.0])
    mean, wanted = colour_moments(references, check_numbers(weights, "match_colours: weights", len(references)))
    count = image.size // 3
    unbiased = own * (count / max(count - 1, 1))
    a = limited_root(wanted, own, stretch) @ matrix_power(unbiased + EPSILON * np.eye(3), -0.5)
    result = np.empty(image.shape, image.dtype).reshape(-1, 3)
    for rows, x in blocks(image):
        result[rows] = ((x - own_mean) @ a.T + mean).clip(0, 1)
    return result.reshape(image.shape)


def limited_root(wanted: Array, own: Array, stretch: float) -> Array:
    """Cr^½, shortened along the principal axes of Ci that would be stretched too much."""
    root = matrix_power(wanted, 0.5)
    variances, axes = np.linalg.eigh(own)
    factors = np.minimum(1, stretch * variances.clip(0)**0.5 / np.linalg.norm(root @ axes, axis=0))
    return root if factors.min() == 1 else root @ (factors * axes) @ axes.T


def colour_moments(images: list[Array], weights: Sequence[float]) -> tuple[Array, Array]:
    """Mean (3,) and covariance (3, 3) of the colours of a weighted mixture of images."""
    means = [sum(x.sum(axis=0) for _, x in blocks(image)) / (image.size // 3) for image in images]
    mean = sum(weight * m for weight, m in zip(weights, means))
    return mean, sum(weight * sum((x - mean).T @ (x - mean) for _, x in blocks(image)) / (image.size // 3)
                     for weight, image in zip(weights, images))


def blocks(image: Array) -> Iterator[tuple[slice, Array]]:
    """The pixels of an image in blocks of rows (M, 3) in double precision, which would take much memory all at once."""
    pixels = image.reshape(-1, 3)
    for first in range(0, len(pixels), BLOCK):
        yield slice(first, first + BLOCK), pixels[first:first + BLOCK].astype(np.float64)


def matrix_power(matrix: Array, power: float) -> Array:
    """Raise a symmetric positive semidefinite matrix to a real power.

    Parameters
    ----------
    matrix : Array (C, C)
    power : float, for example 0.5 for the square root, -0.5 for its inverse

    Returns
    -------
    Array (C, C)
        V diag(λ^power) Vᵀ, with the eigenvalues λ and the eigenvectors V of the matrix.

    Examples
    --------
    >>> matrix_power(np.array([[5.0, 4], [4, 5]]), 0.5).round(6)
    array([[2., 1.],
           [1., 2.]])
    """
    check_form("matrix_power", "matrix", matrix, ("C", "C"))
    check_number(power, "matrix_power: power")
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values.clip(1e-12)**power) @ vectors.T


def grey(image: Array) -> Array:
    """Take the colour out of an image.

    Parameters
    ----------
    image : Array (1, H, W, 3)

    Returns
    -------
    Array (1, H, W, 3)
        The luminance Y in all three channels, which networks for colour images can read.
    """
    check_image("grey", "image", image)
    return np.repeat(image @ RGB_TO_YIQ[0].astype(image.dtype), 3).reshape(image.shape)


def match_luminance(style: Array, content: Array) -> Array:
    """Give a grey style the brightness and the contrast of a grey content.

    Parameters
    ----------
    style : Array (1, H', W', 3), grey
    content : Array (1, H, W, 3), grey

    Returns
    -------
    Array (1, H', W', 3)
        The style with the content's mean and standard deviation, clipped to [0, 1].
    """
    check_image("match_luminance", "style", style)
    check_image("match_luminance", "content", content)
    matched = (style - style.mean()) * (content.std() / max(style.std(), EPSILON)) + content.mean()
    return matched.clip(0, 1).astype(style.dtype)


def restore_colours(image: Array, content: Array) -> Array:
    """Combine the luminance of one image with the colours of another.

    Parameters
    ----------
    image : Array (1, H, W, 3), from which Y is taken
    content : Array (1, H, W, 3), from which I and Q are taken

    Returns
    -------
    Array (1, H, W, 3)
        The combined image, clipped to [0, 1].
    """
    check_image("restore_colours", "image", image)
    check_form("restore_colours", "content", content, image.shape)
    yiq = content.astype(np.float64) @ RGB_TO_YIQ.T
    yiq[..., 0] = image.astype(np.float64) @ RGB_TO_YIQ[0]
    return (yiq @ np.linalg.inv(RGB_TO_YIQ).T).clip(0, 1).astype(image.dtype)
