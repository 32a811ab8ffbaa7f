"""Losses of images and of their features, for style transfer and textures.

Shapes: images and features (N, H, W, C), Gram matrices (N, C, C); the gradient has the shape of the first argument, and
`loss` is a 0-d array.
"""
from nnscratch.backend import Array, array_module
from nnscratch.fast import gram_matrix, gram_matrix_backward
from nnscratch.losses.predictions import as_target
from nnscratch.ops.validation import check_array, check_shape

__all__ = ["content_loss", "gram_style_loss", "log_gram_loss", "relative_gram_loss", "total_variation"]

TINY = 1e-12  # keeps the loss finite for a target of zeros
FLOOR = 0.1   # of Σ A², in the divisor of log_gram_loss


def content_loss(features: Array, target: Array) -> tuple[Array, Array]:
    """Squared error of features, relative to the target's mean square: features of zeros have a loss of 1.

    Parameters
    ----------
    features, target : array (N, H, W, C)
        F of the image and T of the content image.

    Returns
    -------
    loss : array ()
        Σ (F - T)² / Σ T².
    gradient : array like features
        2 (F - T) / Σ T².

    References
    ----------
    Gatys, Ecker, Bethge, "Image style transfer using convolutional neural networks" (2016), equation 1, made free of scale.
    """
    target = as_target("content_loss", features, target, "features")
    scale = 1 / ((target * target).mean() + TINY)
    difference = features - target
    return scale * (difference * difference).mean(), difference * (2 * scale / difference.size)


def gram_style_loss(features: Array, target_gram: Array) -> tuple[Array, Array]:
    """Squared error of Gram matrices, relative to the style's: features of zeros have a loss of 1.

    Parameters
    ----------
    features : array (N, H, W, C)
        F of the image.
    target_gram : array (N, C, C) or (1, C, C)
        Gram matrix A of the style's features.

    Returns
    -------
    loss : array ()
        Σ (G - A)² / Σ A², with the Gram matrices G of the features.
    gradient : array like features
        4 F (G - A) / (M Σ A²), with M = H W.

    Notes
    -----
    d/dG = 2 (G - A) / Σ A², and gram_matrix_backward takes that to the features.

    References
    ----------
    Gatys, Ecker, Bethge, "Image style transfer using convolutional neural networks" (2016), equations 4 to 6, made free of
    scale.
    """
    gram, cache = gram_matrix(features)
    check_array("gram_style_loss", "target_gram", target_gram, 3, "(N, C, C)")
    if target_gram.shape != gram.shape:
        check_shape("gram_style_loss", "target_gram", target_gram, (1, *gram.shape[1:]), f"or {gram.shape} for these features")
    difference, scale = gram - target_gram, 1 / ((target_gram * target_gram).sum() + TINY)
    return scale * (difference * difference).sum(), gram_matrix_backward(2 * scale * difference, cache)


def relative_gram_loss(gram: Array, target: Array, other: Array) -> tuple[Array, Array]:
    """Squared error of Gram matrices, relative to that of an image without the style.

    Parameters
    ----------
    gram, target, other : array (N, C, C); target and other also (1, C, C)
        Gram matrices G of the image, A of the style, and B of an image without the style: a photograph, or noise.

    Returns
    -------
    loss : array ()
        Σ (G - A)² / Σ (A² + B²) for each image, averaged.
    gradient : array (N, C, C)
        Gradient with respect to G: 2 (G - A) / (N Σ (A² + B²)).

    Notes
    -----
    The loss is 0 for G = A and at most 1 for G = B, since Σ A B of two Gram matrices is never negative. Divided by Σ A²
    alone, as in gram_style_loss, a style of low contrast would weigh a hundred times as much as one of high contrast.
    """
    check_grams("relative_gram_loss", gram, target, other)
    difference = gram - target
    whole = (target * target).mean(axis=(1, 2), keepdims=True) + (other * other).mean(axis=(1, 2), keepdims=True) + TINY
    return (difference * difference / whole).mean(), difference * (2 / difference.size) / whole


def log_gram_loss(gram: Array, target: Array, other: Array) -> tuple[Array, Array]:
    """Logarithm of how far Gram matrices are from a style's, compared with those of the content.

    Parameters
    ----------
    gram, target, other : array (N, C, C); target and other also (1, C, C)
        Gram matrices G of the image, A of its style, and B of its content.

    Returns
    -------
    loss : array ()
        log(1 + s) for each image, averaged: s = Σ (G - A)² / Σ ((B - A)² + 0.1 A²).
    gradient : array (N, C, C)
        Gradient with respect to G: 2 (G - A) / (N (1 + s) Σ ((B - A)² + 0.1 A²)).

    Notes
    -----
    For many pairs of content and style, as a network is trained on them. s compares each pair with itself, so that a calm style
    counts as much as a lively one; the logarithm keeps a pair that is still far off from drowning all others, and 0.1 A² one
    whose content looks like the style from the start.
    """
    check_grams("log_gram_loss", gram, target, other)
    difference = gram - target
    whole = ((other - target)**2 + FLOOR * target**2).sum(axis=(1, 2), keepdims=True) + TINY
    share = (difference**2).sum(axis=(1, 2), keepdims=True) / whole
    return array_module(gram).log1p(share).mean(), difference * (2 / len(gram)) / (whole * (1 + share))


def check_grams(loss: str, gram: Array, target: Array, other: Array) -> None:
    """Raise InputError unless these are Gram matrices of equally many images, or of one image."""
    for name, array in (("gram", gram), ("target", target), ("other", other)):
        check_array(loss, name, array, 3, "(N, C, C)")
        images = 1 if len(array) == 1 else len(gram)
        check_shape(loss, name, array, (images, *gram.shape[1:]), "like gram, or for one image")


def total_variation(x: Array) -> tuple[Array, Array]:
    """Squared differences of neighbouring pixels, down and across: how rough an image is.

    Parameters
    ----------
    x : array (N, H, W, C)
        Images.

    Returns
    -------
    loss : array ()
        Sum of the squared differences / number of values.
    gradient : array like x
        Each difference d = x[h+1] - x[h] adds 2 d to the gradient of x[h+1] and -2 d to that of x[h], / number of values.

    References
    ----------
    Mahendran and Vedaldi, "Understanding deep image representations by inverting them" (2015), equation 5 with beta = 2.
    """
    check_array("total_variation", "x", x, 4)
    down, across, gradient = x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1], array_module(x).zeros_like(x)
    gradient[:, 1:] += down
    gradient[:, :-1] -= down
    gradient[:, :, 1:] += across
    gradient[:, :, :-1] -= across
    return ((down * down).sum() + (across * across).sum()) / x.size, gradient * (2 / x.size)
