"""One step of adversarial training: the discriminator learns to tell real from generated images, the generator to fool it.

Shapes: noise (N, Z), labels (N, K) or None, images (N, H, W, C) in [-1, 1], logits D(x) (N, 1), above 0 for "real".

    fake = G(noise)
    the discriminator's update:  lower  L_real(D(real)) + L_fake(D(fake))      with respect to D's weights
    the generator's update:      lower  L_generator(D(fake))                   with respect to G's weights, through D

Each `backward` says which gradients it computes: those of the weights ("parameters"), or that of the input ("input"), which
carries the generator's gradient through the discriminator and leaves the discriminator's own gradients unchanged.

References: Goodfellow et al., "Generative adversarial nets", 2014, algorithm 1.
"""
from typing import Any, NamedTuple

import numpy as np

from nnscratch.backend import Array
from nnscratch.generate.adversarial_losses import AdversarialLoss
from nnscratch.generate.augment import augment, augment_backward
from nnscratch.generate.inputs import with_labels
from nnscratch.generate.penalty import gradient_penalty
from nnscratch.models import Model
from nnscratch.optimizers import global_norm

__all__ = ["Pair", "adversarial_step", "diversity"]


class Pair(NamedTuple):
    """Generator and discriminator, and an optimizer for each.

    Parameters
    ----------
    generator : Model
    discriminator : Model
    generator_optimizer : Optimizer
    discriminator_optimizer : Optimizer
    """
    generator: Model
    discriminator: Any
    generator_optimizer: Any
    discriminator_optimizer: Any


def adversarial_step(pair: Pair, loss: AdversarialLoss, real: Array, noise: Array, labels: Array | None = None,
                     rng: np.random.Generator | None = None, penalty: float = 0.0) -> dict[str, Array]:
    """Update the discriminator, then the generator, with one batch of generated images for both.

    Parameters
    ----------
    pair : Pair
    loss : AdversarialLoss
    real : Array (N, H, W, C)
    noise : Array (N, Z)
    labels : Array (N, K), of the real images; the generated ones get the same, so that both have equal proportions
    rng : Generator; if given, the discriminator sees all images distorted (augment.py)
    penalty : float, weight of the gradient penalty R1 (penalty.py)

    Returns
    -------
    dict
        Metrics of the step, as 0-d arrays: both losses, mean logits, gradient norms, diversity.
    """
    g, d, g_optimizer, d_optimizer = pair

    fake = g.forward(with_labels(noise, labels), training=True)
    seen_real, seen_fake = real, fake
    if rng is not None:
        (seen_real, _), (seen_fake, augment_cache) = augment(real, rng), augment(fake, rng)

    d.zero_grads()
    if penalty:
        gradient_penalty(d, seen_real, labels, penalty)
    real_logits = d.forward(with_labels(seen_real, labels), training=True)
    real_loss, gradient = loss.real(real_logits)
    d.backward(gradient, wrt="parameters")
    fake_logits = d.forward(with_labels(seen_fake, labels), training=True)
    fake_loss, gradient = loss.fake(fake_logits)
    d.backward(gradient, wrt="parameters")
    d_norm = global_norm(d.grads)
    d_optimizer.step(d.trainable_params, d.grads)

    g.zero_grads()
    g_loss, gradient = loss.generator(d.forward(with_labels(seen_fake, labels), training=True))
    dfake = d.backward(gradient, wrt="input")
    dfake = dfake if labels is None else dfake[0]
    g.backward(dfake if rng is None else augment_backward(dfake, augment_cache), wrt="parameters")
    g_norm = global_norm(g.grads)
    g_optimizer.step(g.trainable_params, g.grads)

    return {"d_loss": real_loss + fake_loss, "g_loss": g_loss, "d_real": real_logits.mean(), "d_fake": fake_logits.mean(),
            "d_norm": d_norm, "g_norm": g_norm, "diversity": diversity(fake, real)}


def diversity(fake: Array, real: Array) -> Array:
    """Standard deviation over the batch, averaged over pixels, of generated images relative to real ones.

    Parameters
    ----------
    fake : Array (N, H, W, C)
    real : Array (N, H, W, C)

    Returns
    -------
    0-d Array
        Near 1 for a healthy generator; near 0 all images look alike: it has collapsed.
    """
    return fake.std(axis=0).mean() / (real.std(axis=0).mean() + 1e-6)
