"""Losses of a generator and a discriminator that compete: what each of them lowers, given the discriminator's logits.

Shapes: logits D(x) (N, 1), above 0 for "real".
"""
from collections.abc import Callable
from math import log
from typing import NamedTuple, TypeAlias

from nnscratch.backend import Array, array_module
from nnscratch.losses import binary_cross_entropy, hinge, mse
from nnscratch.ops.validation import check_number

__all__ = ["CHANCE_LOSS", "LOSSES", "AdversarialLoss", "constant_target", "hinge_loss", "least_squares", "non_saturating",
           "saturating"]

LogitLoss: TypeAlias = Callable[[Array], tuple[Array, Array]]  # logits -> (loss, gradient with respect to the logits)


class AdversarialLoss(NamedTuple):
    """Three losses of the discriminator's logits: each a function logits -> (loss, gradient with respect to the logits).

    Parameters
    ----------
    real : callable, the discriminator's loss on real images
    fake : callable, the discriminator's loss on generated images
    generator : callable, the generator's loss on its images
    """
    real: LogitLoss
    fake: LogitLoss
    generator: LogitLoss


def constant_target(loss: Callable[[Array, Array], tuple[Array, Array]], target: float) -> LogitLoss:
    """A loss whose target is one number for all logits.

    Parameters
    ----------
    loss : callable, (logits, targets) -> (loss, gradient)
    target : float

    Returns
    -------
    callable
        A function logits -> (loss, gradient).
    """
    target = check_number(target, "constant_target: target")
    return lambda logits: loss(logits, array_module(logits).full_like(logits, target))


def non_saturating(smoothing: float = 0.9) -> AdversarialLoss:
    """Cross-entropy, with the generator raising log D(fake).

    Lowering log(1 - D(fake)) instead, the original form, has a vanishing gradient where D is sure.

    Parameters
    ----------
    smoothing : float, the discriminator's target for real images, which keeps it from growing too sure. Generated images
        keep the target 0: a higher one would reward the generator for images as they are.

    Returns
    -------
    AdversarialLoss
        The three losses.

    References
    ----------
    Goodfellow et al., "Generative adversarial nets", 2014, section 3; Salimans et al., "Improved techniques for training
    GANs", 2016, section 3.4.
    """
    bce = binary_cross_entropy
    return AdversarialLoss(constant_target(bce, smoothing), constant_target(bce, 0.0), constant_target(bce, 1.0))


def saturating(smoothing: float = 0.9) -> AdversarialLoss:
    """The original minimax loss, for comparison: the generator lowers log(1 - D(fake)), minus the discriminator's loss.

    Parameters
    ----------
    smoothing : float, the discriminator's target for real images

    Returns
    -------
    AdversarialLoss
        The three losses.

    References
    ----------
    Goodfellow et al., "Generative adversarial nets", 2014, equation 1.
    """
    def generator(logits: Array) -> tuple[Array, Array]:
        loss, gradient = constant_target(binary_cross_entropy, 0.0)(logits)
        return -loss, -gradient
    return non_saturating(smoothing)._replace(generator=generator)


def hinge_loss() -> AdversarialLoss:
    """The discriminator lowers max(0, 1 ∓ D) (- for real images, + for generated ones); the generator raises D(fake).

    Returns
    -------
    AdversarialLoss
        The three losses.

    References
    ----------
    Lim and Ye, "Geometric GAN", 2017, section 3.
    """
    def generator(logits: Array) -> tuple[Array, Array]:
        return -logits.mean(), array_module(logits).full_like(logits, -1 / logits.size)
    return AdversarialLoss(lambda logits: hinge(logits, +1), lambda logits: hinge(logits, -1), generator)


def least_squares() -> AdversarialLoss:
    """Both lower (D - target)²: the discriminator with target 1 for real images and 0 for generated ones, the generator 1.

    Returns
    -------
    AdversarialLoss
        The three losses.

    References
    ----------
    Mao et al., "Least squares generative adversarial networks", 2017, equation 9.
    """
    return AdversarialLoss(constant_target(mse, 1.0), constant_target(mse, 0.0), constant_target(mse, 1.0))


# Both losses of a discriminator that guesses: its logits are all 0.
CHANCE_LOSS = {
    "non-saturating": {"d_loss": 2 * log(2), "g_loss": log(2)}, "saturating": {"d_loss": 2 * log(2), "g_loss": -log(2)},
    "hinge": {"d_loss": 2.0, "g_loss": 0.0}, "least-squares": {"d_loss": 1.0, "g_loss": 1.0}}
LOSSES: dict[str, Callable[..., AdversarialLoss]] = {
    "non-saturating": non_saturating, "saturating": saturating, "hinge": hinge_loss, "least-squares": least_squares}
