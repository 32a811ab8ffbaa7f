"""Losses of predictions: regression, classification and GANs.

Shapes: prediction, logits, target and gradient have one shape, (N, ...); `loss` is a 0-d array. Each loss is a mean over the
batch (the first axis) and over all values of a sample, so that neither the learning rate nor the loss weights depend on
sizes. Logits are scores before the sigmoid or softmax.
"""
from numbers import Real

from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.fast import sigmoid, softmax
from nnscratch.ops.validation import check_array, check_fraction, check_shape

__all__ = ["binary_cross_entropy", "hinge", "least_squares", "mse", "softmax_cross_entropy"]


def as_target(loss: str, prediction: Array, target: Array, name: str = "prediction") -> Array:
    """Check both; return the target in the prediction's precision, so that integer labels do not make it float64."""
    check_array(loss, name, prediction, None)
    check_shape(loss, "target", target, prediction.shape, f"like the {name}")
    if target.dtype.kind not in "biuf" + prediction.dtype.kind:
        raise InputError(f"{loss}: target has dtype {target.dtype}, expected numbers of the kind of the {name}")
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
    target = as_target("mse", prediction, target)
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
    target = as_target("softmax_cross_entropy", logits, target, "logits")
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
    target = as_target("binary_cross_entropy", logits, target, "logits")
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
    if not isinstance(sign, Real) or isinstance(sign, bool) or abs(sign) != 1:
        raise InputError(f"hinge: sign is {sign!r}, expected +1 for real or -1 for fake, one for the whole batch")
    xp, sign = array_module(logits), float(sign)
    margin = 1 - sign * logits
    wrong = margin.real > 0
    return xp.where(wrong, margin, 0).mean(), xp.where(wrong, -sign / logits.size, 0).astype(logits.dtype)
