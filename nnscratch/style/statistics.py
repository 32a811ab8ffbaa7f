"""The statistics of a style's features that an image must match: three choices, `statistics` in settings.py.

Shapes: features F of one map (1, H, W, C), measured from a center (1, 1, 1, C), the style's mean; M = H*W pixels f, (M, C).

    gram         G = FᵀF / M: which channels vary together, including the difference of the means
    covariance   S = G - δδᵀ and δ, the mean of F: the two separated, so that neither can compensate for the other
    sliced       for K directions v, the sorted values f·v: the whole distribution, not two of its moments

Each loss is divided by what style and photograph amount to together, for the Gram matrices A of the style and B of the
photograph by A² + B². So it is 0 at the style and at most 1 at the photograph (covariance: 2, for its two terms), for any
image, size and network. Divided by A² alone, an even style would count a hundred times as much as a lively one.

The first two depend on the moments δ and G alone, which are means over pixels: the moments of a large image are the mean of
those of its strips (tiling.py). The third needs all pixels at once.

Sources: Gatys, Ecker, Bethge (2016), equations 3 to 6; Li et al., "Demystifying neural style transfer" (2017), section 4, for
means and covariances; Heitz et al., "A sliced Wasserstein loss for neural texture synthesis" (2021), section 3.
"""
from collections.abc import Callable
from types import ModuleType

import numpy as np

from nnscratch.backend import Array, array_module, move
from nnscratch.fast import dense, gram_matrix
from nnscratch.fast.cpu.normalize import in_long_rows
from nnscratch.losses import mse, relative_gram_loss
from nnscratch.losses.images import TINY
from nnscratch.ops.validation import check_form, check_int, check_precision
from nnscratch.style.checks import check_directions, check_features, check_moments, check_sliced

__all__ = ["STATISTICS", "covariance_loss", "gram_loss", "moments", "moments_backward", "random_directions", "sliced_loss",
           "sorted_values"]

DIRECTIONS = 32
BLOCK = 2**20  # values that are centred at once


def moments(features: Array, weights: Array | None = None, center: Array | None = None) -> Array:
    """Compute the Gram matrix and the mean of features, measured from a center.

    Parameters
    ----------
    features : Array (1, H, W, C)
    weights : Array (1, H, W, 1), the weight w of each pixel, 1 on average; None where all are 1
    center : Array (1, 1, 1, C), subtracted from the features; None for 0

    Returns
    -------
    Array (1, C, C + 1)
        The Gram matrix G = mean of w f fᵀ, and the mean δ = mean of w f as the last column; f is a pixel minus the center.

    Notes
    -----
    Without weights the pixels are centred and summed BLOCK values at a time: no large array of centred features is made.
    (FᵀF / M - aaᵀ, with the mean a of the features as they are, would need none either, but it cancels: in float32 nothing is
    left of a variance that is a million times smaller than a².)
    """
    check_features("moments", features, weights, center)
    xp, pixels = array_module(features), features.shape[1] * features.shape[2]
    if weights is not None:
        centred, root = features if center is None else features - center, weights**0.5
        return xp.concatenate([gram_matrix(root * centred)[0], (weights * centred).mean(axis=(1, 2))[:, :, None]], axis=2)
    rows, step = features.reshape(pixels, -1), max(1, BLOCK // features.shape[3])
    gram: Array = 0
    delta: Array = 0
    for first in range(0, pixels, step):
        block = rows[first:first + step]
        block = block if center is None else add_to_pixels(block, -center.reshape(-1))
        gram = gram + gram_matrix(block[None, None])[0] * (len(block) / pixels)
        delta = delta + dense(xp.full((1, len(block)), 1 / pixels, block.dtype), block)[0]
    return xp.concatenate([gram, delta[:, :, None]], axis=2)


def moments_backward(dmoments: Array, features: Array, weights: Array | None = None, center: Array | None = None) -> Array:
    """Compute the gradient with respect to the features.

    Parameters
    ----------
    dmoments : Array (1, C, C + 1), the gradient with respect to the moments
    features : Array (1, H, W, C)
    weights : Array (1, H, W, 1) or None, as in `moments`
    center : Array (1, 1, 1, C), as in `moments`

    Returns
    -------
    Array (1, H, W, C)
        The gradient.

    Notes
    -----
    δ is a mean, so each pixel gets dδ / M; G gives (F - center) (dG + dGᵀ) / M, as ops.gram_matrix_backward derives: together
    a dense layer on the features. Both contain each pixel w times, and so does the gradient.
    """
    check_features("moments_backward", features, weights, center)
    check_form("moments_backward", "dmoments", dmoments, (1, features.shape[3], features.shape[3] + 1))
    pixels = features.shape[1] * features.shape[2]
    matrix = (dmoments[0, :, :-1] + dmoments[0, :, :-1].T) / pixels
    bias = dmoments[0, :, -1] / pixels
    if center is not None:
        bias = bias - dense(center.reshape(1, -1), matrix)[0][0]
    gradient = add_to_pixels(dense(features.reshape(pixels, -1), matrix)[0], bias).reshape(features.shape)
    return gradient if weights is None else weights * gradient


def add_to_pixels(rows: Array, vector: Array) -> Array:
    """rows (M, C) + vector (C,), many pixels as one long row: NumPy has a cost for each row that it begins."""
    long_rows, repeat = in_long_rows(rows)
    return (long_rows + repeat(vector)).reshape(rows.shape)


def gram_loss(image: Array, style: Array, photograph: Array) -> tuple[Array, Array]:
    """Compare Gram matrices: mean (G - A)² / mean (A² + B²).

    Parameters
    ----------
    image, style, photograph : Array (1, C, C + 1), their moments, with the Gram matrices G, A and B

    Returns
    -------
    loss : Array ()
        0 at the style.
    gradient : Array (1, C, C + 1)
        With respect to the moments of the image.
    """
    check_moments("gram_loss", image, style, photograph)
    loss, gradient = relative_gram_loss(image[:, :, :-1], style[:, :, :-1], photograph[:, :, :-1])
    return loss, array_module(image).pad(gradient, ((0, 0), (0, 0), (0, 1)))


def covariance_loss(image: Array, style: Array, photograph: Array) -> tuple[Array, Array]:
    """Compare covariances and means: mean (S - A)² / mean (A² + B²) + Σ δ² / Σ diag (A + B).

    Parameters
    ----------
    image, style, photograph : Array (1, C, C + 1), their moments, with the Gram matrices G, A and B

    Returns
    -------
    loss : Array ()
        0 at the style.
    gradient : Array (1, C, C + 1)
        With respect to the moments of the image.

    Notes
    -----
    S = G - δδᵀ, and A is the style's covariance, because its features are centred. S contains -δ[a] δ[b], so dδ gets
    -(dS + dSᵀ) δ.
    """
    check_moments("covariance_loss", image, style, photograph)
    gram, delta, style, photograph = image[:, :, :-1], image[:, :, -1:], style[:, :, :-1], photograph[:, :, :-1]
    scale = mean_square(style) + mean_square(photograph) + TINY
    loss, dcovariance = mse(gram - delta * delta.swapaxes(1, 2), style)
    variance = (style + photograph).diagonal(axis1=1, axis2=2).sum() + TINY
    ddelta = 2 * delta / variance - (dcovariance + dcovariance.swapaxes(1, 2)) @ delta / scale
    gradient = array_module(image).concatenate([dcovariance / scale, ddelta], axis=2)
    return loss / scale + (delta * delta).sum() / variance, gradient


def mean_square(x: Array) -> Array:
    """The mean of x²."""
    return (x * x).mean()


MOMENT_LOSSES: dict[str, Callable[[Array, Array, Array], tuple[Array, Array]]] = {
    "gram": gram_loss, "covariance": covariance_loss}
STATISTICS = (*MOMENT_LOSSES, "sliced")


def random_directions(channels: int, seed: int, xp: ModuleType, dtype: np.dtype | type) -> Array:
    """Draw the K directions of the sliced loss.

    Parameters
    ----------
    channels : int, C
    seed : int
    xp : module, numpy or cupy
    dtype : dtype of the result

    Returns
    -------
    Array (C, K)
        Random columns of length 1.
    """
    channels, seed = check_int(channels, "random_directions: channels", 1), check_int(seed, "random_directions: seed", 0)
    check_precision(dtype, "random_directions: dtype")
    v = np.random.default_rng([seed, channels]).standard_normal((channels, DIRECTIONS))
    return move((v / np.linalg.norm(v, axis=0)).astype(dtype), xp)


def sorted_values(features: Array, v: Array) -> Array:
    """Project all pixels on each direction, and sort.

    Parameters
    ----------
    features : Array (1, H, W, C)
    v : Array (C, K), the directions

    Returns
    -------
    Array (M, K)
        The sorted values along each direction.
    """
    check_directions("sorted_values", features, v)
    return array_module(features).sort(features.reshape(-1, features.shape[3]) @ v, axis=0)


def sliced_loss(features: Array, style: Array, v: Array, scale: Array | float) -> tuple[Array, Array]:
    """Compare sorted values, the sliced Wasserstein loss: mean (T - t)² / scale.

    Parameters
    ----------
    features : Array (1, H, W, C), whose sorted values are T
    style : Array (M', K), the style's sorted values t
    v : Array (C, K), the directions
    scale : float

    Returns
    -------
    loss : Array ()
        0 at the style.
    gradient : Array (1, H, W, C)
        With respect to the features.

    Notes
    -----
    The order of the pixels is constant almost everywhere, so each pixel gets the difference at its own rank:
    dF = 2 / (M K scale) * unsort(T - t) vᵀ. A style with another number of pixels is interpolated at M ranks.
    """
    check_sliced("sliced_loss", features, style, v, scale)
    xp, rows = array_module(features), features.reshape(-1, features.shape[3])
    values = rows @ v
    order = xp.argsort(values, axis=0)
    difference = xp.take_along_axis(values, order, axis=0) - resample_sorted(style, len(values))
    factor = 1 / (difference.size * scale)
    unsorted = xp.empty_like(difference)
    xp.put_along_axis(unsorted, order, 2 * factor * difference, axis=0)
    return factor * (difference * difference).sum(), (unsorted @ v.T).reshape(features.shape)


def resample_sorted(values: Array, count: int) -> Array:
    """Sorted values (M', K) at `count` evenly spaced ranks, by linear interpolation: (count, K)."""
    if len(values) == count:
        return values
    xp = array_module(values)
    ranks = (xp.arange(count, dtype=values.dtype) + 0.5) * (len(values) / count) - 0.5
    ranks = xp.clip(ranks, 0, len(values) - 1)
    low = xp.minimum(ranks.astype(np.int64), max(len(values) - 2, 0))
    weight = (ranks - low)[:, None].astype(values.dtype)
    return values[low] * (1 - weight) + values[xp.minimum(low + 1, len(values) - 1)] * weight
