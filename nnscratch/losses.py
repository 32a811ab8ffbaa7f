"""Losses: how wrong a result is, as one number, together with its gradient with respect to that result.

    loss, gradient = mse(prediction, target)

Shapes: the gradient has the shape of the first argument; `loss` is a 0-d array, which stays on the GPU until it is read.
Every loss of predictions is a mean over the batch (the first axis) and over all values of a sample, so that neither the
learning rate nor the loss weights depend on sizes. Logits are scores before the sigmoid or softmax.
"""
from numbers import Real

from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.fast import gram_matrix, gram_matrix_backward, sigmoid, softmax
from nnscratch.ops.validation import check_array, check_fraction, check_shape

__all__ = ["binary_cross_entropy", "content_loss", "gram_style_loss", "hinge", "least_squares", "mse",
           "relative_gram_loss", "softmax_cross_entropy", "total_variation"]


def __dir__() -> list[str]:
    """The losses alone, for tab completion."""
    return __all__


def check_pair(loss: str, prediction: Array, target: Array) -> Array:
    """Check both; return the target in the prediction's precision, so that integer labels do not make it float64."""
    check_array(loss, "prediction", prediction, None)
    check_shape(loss, "target", target, prediction.shape, "like the prediction")
    return target.astype(prediction.real.dtype)


def mse(prediction: Array, target: Array) -> tuple[Array, Array]:
    """Mean squared error.

    Parameters
    ----------
    prediction, target : array
        Of one shape, which may be any.

    Returns
    -------
    loss : array ()
        Mean of (p - t)².
    gradient : array like prediction
        2 (p - t) / number of values.

    Examples
    --------
    >>> import numpy as np
    >>> loss, gradient = mse(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    >>> loss.item(), gradient.tolist()
    (2.0, [0.0, 2.0])
    """
    target = check_pair("mse", prediction, target)
    difference = prediction - target
    return (difference * difference).mean(), difference * (2 / difference.size)


least_squares = mse  # the least-squares GAN: logits against 1 for real, 0 for fake. Mao et al. (2017), equation 2


def softmax_cross_entropy(logits: Array, target: Array) -> tuple[Array, Array]:
    """Cross entropy of class probabilities, given the logits.

    Parameters
    ----------
    logits : array (N, ..., num_classes)
        Scores z before the softmax.
    target : array like logits
        Probabilities t, one-hot or smoothed.

    Returns
    -------
    loss : array ()
        Mean over all rows of -Σ_k t_k log softmax(z)_k, with the classes k along the last axis.
    gradient : array like logits
        (softmax(z)_k Σ_j t_j - t_k) / rows.

    Notes
    -----
    log softmax(z)_k = z_k - log Σ_j exp(z_j), so d/dz_k = softmax(z)_k Σ_j t_j - t_k; where the targets of a row sum to 1
    that is prediction minus truth. It is computed from the logits, so that a confident wrong answer still has its full
    gradient.

    References
    ----------
    Bishop, "Pattern recognition and machine learning" (2006), section 4.3.4.
    """
    target = check_pair("softmax_cross_entropy", logits, target)
    if logits.ndim < 2:
        raise InputError(f"softmax_cross_entropy: logits have shape {logits.shape}, expected (N, classes); add the batch "
                         f"axis with logits[None]")
    xp, rows = array_module(logits), logits.size // logits.shape[-1]
    shifted = logits - logits.real.max(axis=-1, keepdims=True)
    log_softmax = shifted - xp.log(xp.exp(shifted).sum(axis=-1, keepdims=True))
    gradient = softmax(logits)[0] * target.sum(axis=-1, keepdims=True) - target
    return -(target * log_softmax).sum() / rows, gradient / rows


def binary_cross_entropy(logits: Array, target: Array, label_smoothing: float = 0.0) -> tuple[Array, Array]:
    """Cross entropy of independent yes-or-no probabilities, given the logits.

    Parameters
    ----------
    logits : array
        Scores z before the sigmoid σ.
    target : array like logits
        Probabilities t in [0, 1].
    label_smoothing : float in [0, 1), default 0
        s moves the targets to t (1 - s) + s / 2, as in Keras.

    Returns
    -------
    loss : array ()
        Mean of softplus(z) - t z, which is -t log σ(z) - (1 - t) log(1 - σ(z)).
    gradient : array like logits
        (σ(z) - t) / number of values.

    References
    ----------
    Goodfellow et al., "Generative adversarial networks" (2014), equation 1.
    """
    target = check_pair("binary_cross_entropy", logits, target)
    label_smoothing = check_fraction(label_smoothing, "binary_cross_entropy: label_smoothing")
    target = target * (1 - label_smoothing) + label_smoothing / 2
    return (softplus(logits) - target * logits).mean(), (sigmoid(logits)[0] - target) / logits.size


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), without overflow: for x > 0 it is x + log(1 + exp(-x))."""
    xp = array_module(x)
    sign = xp.where(x.real > 0, 1, -1).astype(x.real.dtype)
    return xp.where(x.real > 0, x, 0) + xp.log1p(xp.exp(-sign * x))


def hinge(logits: Array, sign: float) -> tuple[Array, Array]:
    """Hinge loss of a GAN's discriminator.

    Parameters
    ----------
    logits : array
        Scores z, of a batch that is all real or all fake.
    sign : +1 or -1
        +1 for real images, -1 for fakes.

    Returns
    -------
    loss : array ()
        Mean of max(0, 1 - sign z): a value beyond 1 on the right side costs nothing.
    gradient : array like logits
        -sign / number of values where 1 - sign z > 0, else 0.

    References
    ----------
    Lim and Ye, "Geometric GAN" (2017), section 3.
    """
    check_array("hinge", "logits", logits, None)
    if not isinstance(sign, Real) or abs(sign) != 1:
        raise InputError(f"hinge: sign is {sign!r}, expected +1 for real or -1 for fake, one for the whole batch")
    xp, sign = array_module(logits), float(sign)
    margin = 1 - sign * logits
    wrong = margin.real > 0
    return xp.where(wrong, margin, 0).mean(), xp.where(wrong, -sign / logits.size, 0).astype(logits.dtype)


# --- images and features: x (N, H, W, C) ------------------------------------------------------------------------

TINY = 1e-12  # keeps the loss finite for a target of zeros


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
    target = check_pair("content_loss", features, target)
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
    if target_gram.shape != gram.shape:
        check_shape("gram_style_loss", "target_gram", target_gram, (1, *gram.shape[1:]), f"or {gram.shape} for these features")
    difference, scale = gram - target_gram, 1 / ((target_gram * target_gram).sum() + TINY)
    return scale * (difference * difference).sum(), gram_matrix_backward(2 * scale * difference, cache)


def relative_gram_loss(gram: Array, target: Array, other: Array) -> tuple[Array, Array]:
    """Squared error of Gram matrices, relative to that of an image without the style.

    Parameters
    ----------
    gram, target, other : array (N, C, C)
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
    alone, as in gram_style_loss, an even style would count a hundred times as much as a lively one.
    """
    difference = gram - target
    whole = (target * target).mean(axis=(1, 2), keepdims=True) + (other * other).mean(axis=(1, 2), keepdims=True) + TINY
    return (difference * difference / whole).mean(), difference * (2 / difference.size) / whole


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
