"""What of a style's features an image is to meet: three statistics, `statistics` in settings.py, each with its gradient.

Shapes: features F of one map (1, H, W, C), counted from the style's mean; M = H*W pixels as rows f (M, C).

    gram         G = FᵀF / M: which channels vary together, the mean's difference included
    covariance   G - δδᵀ and δ, the mean of F: the same apart, so that neither can stand in for the other
    sliced       for K directions v, all values f·v in order of size: the whole distribution, not two moments of it

Each is a share of what style and photograph amount to together: with A and B their Gram matrices, of A² + B². So it is 0 where
met and at most 1 for the photograph (covariance: 2, for its two shares), whatever image, size and network; a share of A²
alone would make an even style count a hundred times as much as a lively one.

The first two are known from the moments δ and G, which are means over pixels: a large image's are the mean of its strips'
(strips.py). For the third all pixels are needed at once.

Sources: Gatys, Ecker, Bethge (2016), equations 3 to 6; Li et al., "Demystifying neural style transfer" (2017), section 4, for
means and covariances; Heitz et al., "A sliced Wasserstein loss for neural texture synthesis" (2021), section 3.
"""
import numpy as np

from nnscratch.backend import array_module, move
from nnscratch.fast import dense, gram_matrix
from nnscratch.losses import mse, relative_gram_loss
from nnscratch.losses.images import TINY

DIRECTIONS = 32


def moments(features, weights=None):
    """(1, C, C + 1): the Gram matrix G of features counted from the style's mean, and their mean δ as its last column.

    weights : (1, H, W, 1), how much each pixel counts, 1 on average: G = mean of w f fᵀ and δ = mean of w f.
    """
    if weights is not None:
        root = weights**0.5
        return array_module(features).concatenate([gram_matrix(root * features)[0],
                                                   (weights * features).mean(axis=(1, 2))[:, :, None]], axis=2)
    delta = features.mean(axis=(1, 2))[:, :, None]
    return array_module(features).concatenate([gram_matrix(features)[0], delta], axis=2)


def moments_backward(dmoments, features, weights=None):
    """The gradient with respect to the features (1, H, W, C): δ is a mean, so each pixel gets dδ / M; G gives
    F (dG + dGᵀ) / M, as ops.gram_matrix_backward derives. Both hold each pixel w times, and so does the gradient."""
    dgram, ddelta, pixels = dmoments[0, :, :-1], dmoments[:, None, None, :, -1], features.shape[1] * features.shape[2]
    gradient = dense(features, (dgram + dgram.T) / pixels)[0] + ddelta / pixels
    return gradient if weights is None else weights * gradient


def gram_loss(found, target, start):
    """relative_gram_loss, A the style's Gram matrix and B the photograph's. Returns (loss, gradient by `found`)."""
    loss, gradient = relative_gram_loss(found[:, :, :-1], target[:, :, :-1], start[:, :, :-1])
    return loss, array_module(found).pad(gradient, ((0, 0), (0, 0), (0, 1)))


def covariance_loss(found, target, start):
    """mean (S - A)² / mean (A² + B²) + Σ δ² / Σ diag (A + B), S = G - δδᵀ, A the style's, whose own mean is 0 here.

    S holds δ[a] δ[b] with a minus sign, so dδ gets -(dS + dSᵀ) δ. Returns (loss, gradient by the moments found).
    """
    gram, delta, target, start = found[:, :, :-1], found[:, :, -1:], target[:, :, :-1], start[:, :, :-1]
    whole = mean_square(target) + mean_square(start) + TINY
    loss, dcovariance = mse(gram - delta * delta.swapaxes(1, 2), target)
    variance = (target + start).diagonal(axis1=1, axis2=2).sum() + TINY
    ddelta = 2 * delta / variance - (dcovariance + dcovariance.swapaxes(1, 2)) @ delta / whole
    gradient = array_module(found).concatenate([dcovariance / whole, ddelta], axis=2)
    return loss / whole + (delta * delta).sum() / variance, gradient


def mean_square(x):
    return (x * x).mean()


STATISTICS = {"gram": gram_loss, "covariance": covariance_loss, "sliced": None}


def directions(channels, seed, xp, dtype):
    """K random directions of length 1: (C, K)."""
    v = np.random.default_rng([seed, channels]).standard_normal((channels, DIRECTIONS))
    return move((v / np.linalg.norm(v, axis=0)).astype(dtype), xp)


def sorted_values(features, v):
    """For each direction, the values of all pixels in order of size: (M, K)."""
    xp = array_module(features)
    return xp.sort(features.reshape(-1, features.shape[3]) @ v, axis=0)


def sliced_loss(features, target, v, whole):
    """mean (T - t)² / whole, T the sorted values and t the style's. Returns (loss, gradient by the features).

    Which pixel comes first is constant almost everywhere, so each pixel gets the difference at its own place in the order:
    dF = 2 / (M K whole) * unsort(T - t) vᵀ. A style with another number of pixels is read at M places in between.
    """
    xp, rows = array_module(features), features.reshape(-1, features.shape[3])
    values = rows @ v
    order = xp.argsort(values, axis=0)
    difference = xp.take_along_axis(values, order, axis=0) - at_places(target, len(values))
    scale = 1 / (difference.size * whole)
    unsorted = xp.empty_like(difference)
    xp.put_along_axis(unsorted, order, 2 * scale * difference, axis=0)
    return scale * (difference * difference).sum(), (unsorted @ v.T).reshape(features.shape)


def at_places(values, count):
    """Sorted values (M', K) read at `count` evenly spaced places, neighbours mixed: (count, K)."""
    if len(values) == count:
        return values
    xp = array_module(values)
    places = (xp.arange(count, dtype=values.dtype) + 0.5) * (len(values) / count) - 0.5
    places = xp.clip(places, 0, len(values) - 1)
    low = xp.minimum(places.astype(np.int64), max(len(values) - 2, 0))
    share = (places - low)[:, None].astype(values.dtype)
    return values[low] * (1 - share) + values[xp.minimum(low + 1, len(values) - 1)] * share
