"""Losses: how wrong a result is, as one number, together with the gradient by that result.

    loss, gradient = mse(prediction, target)

Shapes: gradient has the shape of the first argument; `loss` is a 0-d array, which stays on the GPU until somebody asks.
Every loss of predictions is a mean over the batch (the first axis) and everything in a sample, so that neither the
learning rate nor the loss weights depend on sizes. Logits are scores before the sigmoid or softmax.
"""
from numbers import Real

from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.fast import gram_matrix, gram_matrix_backward, sigmoid, softmax
from nnscratch.ops.validation import check_array, check_fraction, check_shape

__all__ = ["binary_cross_entropy", "content_loss", "gram_share", "gram_style_loss", "hinge", "least_squares", "mse",
           "softmax_cross_entropy", "total_variation"]


def compare(loss, prediction, target):
    """Check both; return the target in the prediction's precision, so that integer labels do not make it float64."""
    check_array(loss, "prediction", prediction, None)
    check_shape(loss, "target", target, prediction.shape, "like the prediction")
    return target.astype(prediction.real.dtype)


def mse(prediction, target):
    """Mean of (p - t)². d/dp = 2 (p - t) / count."""
    target = compare("mse", prediction, target)
    difference = prediction - target
    return (difference * difference).mean(), difference * (2 / difference.size)


least_squares = mse  # the least-squares GAN: logits against 1 for real, 0 for fake. Mao et al. (2017), equation 2


def softmax_cross_entropy(logits, target):
    """Mean over all rows of -Σ_k t_k log softmax(z)_k, the classes k along the last axis.

    log softmax(z)_k = z_k - log Σ_j exp(z_j), so d/dz_k = softmax(z)_k Σ_j t_j - t_k; where the targets of a row sum to
    1 (one-hot, or smoothed) that is prediction minus truth. Computed from the logits, so that a confident wrong answer
    still has its full gradient.

    logits, target: (N, ..., classes). Source: Bishop, "Pattern recognition and machine learning" (2006), section 4.3.4.
    """
    target = compare("softmax_cross_entropy", logits, target)
    if logits.ndim < 2:
        raise InputError(f"softmax_cross_entropy: logits have shape {logits.shape}, expected (N, classes); add the batch "
                         f"axis with logits[None]")
    xp, rows = array_module(logits), logits.size // logits.shape[-1]
    shifted = logits - logits.real.max(axis=-1, keepdims=True)
    log_softmax = shifted - xp.log(xp.exp(shifted).sum(axis=-1, keepdims=True))
    gradient = softmax(logits)[0] * target.sum(axis=-1, keepdims=True) - target
    return -(target * log_softmax).sum() / rows, gradient / rows


def binary_cross_entropy(logits, target, label_smoothing=0.0):
    """Mean of softplus(z) - t z, which is -t log σ(z) - (1 - t) log(1 - σ(z)). d/dz = (σ(z) - t) / count.

    label_smoothing s moves targets to t (1 - s) + s / 2, as Keras does. Source: Goodfellow et al. (2014), equation 1.
    """
    target = compare("binary_cross_entropy", logits, target)
    label_smoothing = check_fraction(label_smoothing, "binary_cross_entropy: label_smoothing")
    target = target * (1 - label_smoothing) + label_smoothing / 2
    return (softplus(logits) - target * logits).mean(), (sigmoid(logits)[0] - target) / logits.size


def softplus(x):
    """log(1 + exp(x)), without overflow: for x > 0 it is x + log(1 + exp(-x))."""
    xp = array_module(x)
    sign = xp.where(x.real > 0, 1, -1).astype(x.real.dtype)
    return xp.where(x.real > 0, x, 0) + xp.log1p(xp.exp(-sign * x))


def hinge(logits, sign):
    """Mean of max(0, 1 - sign z): zero once z lies beyond 1 on the side of `sign` (+1 or -1). d/dz = -sign there, else 0.

    The hinge GAN: real images +1, fakes -1. Source: Lim and Ye, "Geometric GAN" (2017), section 3.
    """
    check_array("hinge", "logits", logits, None)
    if not isinstance(sign, Real) or abs(sign) != 1:
        raise InputError(f"hinge: sign is {sign!r}, expected +1 for real or -1 for fake, one for the whole batch")
    xp, sign = array_module(logits), float(sign)
    margin = 1 - sign * logits
    wrong = margin.real > 0
    return xp.where(wrong, margin, 0).mean(), xp.where(wrong, -sign / logits.size, 0).astype(logits.dtype)


# --- images and features: x (N, H, W, C) ------------------------------------------------------------------------

TINY = 1e-12  # keeps shares of an all-zero target finite


def content_loss(features, target):
    """Mean square difference, as a share of the target's mean square: 1 is as far off as black.

    Source: Gatys, Ecker, Bethge (2016), equation 1, made free of scale.
    """
    target = compare("content_loss", features, target)
    scale = 1 / ((target * target).mean() + TINY)
    difference = features - target
    return scale * (difference * difference).mean(), difference * (2 * scale / difference.size)


def gram_style_loss(features, target_gram):
    """Σ (G - A)² / Σ A² with the Gram matrices G of the features and A of the style: 1 is as far off as no style at all.

    features (N, H, W, C), target_gram (N, C, C) or (1, C, C). d/dG = 2 (G - A) / Σ A², and gram_matrix_backward takes it
    on to the features: 4 F (G - A) / (M Σ A²). Source: Gatys, Ecker, Bethge (2016), equations 4 to 6, made free of scale.
    """
    gram, cache = gram_matrix(features)
    if target_gram.shape != gram.shape:
        check_shape("gram_style_loss", "target_gram", target_gram, (1, *gram.shape[1:]), f"or {gram.shape} for these features")
    difference, scale = gram - target_gram, 1 / ((target_gram * target_gram).sum() + TINY)
    return scale * (difference * difference).sum(), gram_matrix_backward(2 * scale * difference, cache)


def gram_share(gram, target, other):
    """Σ (G - A)² / Σ (A² + B²) for each image, averaged, and its gradient by the Gram matrices G.

    gram, target, other : G, A, B (N, C, C). B belongs to an image without the style: a photograph, or disorder. The share is 0
    where A is met and at most 1 for B, since Σ A B of two Gram matrices is never negative. Against A² alone, as in
    gram_style_loss, an even style would count a hundred times as much as a lively one.
    """
    difference = gram - target
    whole = (target * target).mean(axis=(1, 2), keepdims=True) + (other * other).mean(axis=(1, 2), keepdims=True) + TINY
    return (difference * difference / whole).mean(), difference * (2 / difference.size) / whole


def total_variation(x):
    """Mean square difference of neighbouring pixels, down and across: how restless an image is.

    Each difference d = x[h+1] - x[h] adds +2d to the gradient of x[h+1] and -2d to that of x[h].
    Source: Mahendran and Vedaldi (2015), equation 5 with beta = 2.
    """
    check_array("total_variation", "x", x, 4)
    down, across, gradient = x[:, 1:] - x[:, :-1], x[:, :, 1:] - x[:, :, :-1], array_module(x).zeros_like(x)
    gradient[:, 1:] += down
    gradient[:, :-1] -= down
    gradient[:, :, 1:] += across
    gradient[:, :, :-1] -= across
    return ((down * down).sum() + (across * across).sum()) / x.size, gradient * (2 / x.size)
