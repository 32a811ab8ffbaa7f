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

from nnscratch.backend import Array, array_module, concatenate
from nnscratch.generate.adversarial_losses import AdversarialLoss
from nnscratch.generate.augment import augment, augment_backward
from nnscratch.generate.inputs import IMAGES, with_labels
from nnscratch.generate.penalty import gradient_penalty
from nnscratch.models import Model
from nnscratch.ops.validation import check_form, check_positive, check_type
from nnscratch.optimizers import global_norm
from nnscratch.shard import WHOLE, Shard

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
                     rng: np.random.Generator | None = None, penalty: float = 0.0, shard: Shard = WHOLE) -> dict[str, Array]:
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
    shard : Shard, which rows of the batch these are, where several processes share it

    Returns
    -------
    dict
        Metrics of the step, as 0-d arrays: both losses, mean logits, gradient norms, diversity. Losses and logits are means
        over this process's rows.
    """
    check_type(shard, "adversarial_step: shard", Shard)
    check_type(pair, "adversarial_step: pair", Pair)
    check_type(loss, "adversarial_step: loss", AdversarialLoss)
    check_positive(penalty, "adversarial_step: penalty", or_zero=True)
    g, d, g_optimizer, d_optimizer = pair

    fake = g.forward(with_labels(noise, labels), training=True)
    seen_real, seen_fake = real, fake
    if rng is not None:
        (seen_real, _), (seen_fake, augment_cache) = augment(real, rng, shard), augment(fake, rng, shard)

    d.zero_grads()
    if penalty:
        gradient_penalty(d, seen_real, labels, shard.weight * penalty)
    d_loss, real_logits, fake_logits = discriminator_gradients(d, loss, seen_real, seen_fake, labels, shard)
    d_grads = shard.sum(d.grads)
    d_norm = global_norm(d_grads)
    d_optimizer.step(d.trainable_params, d_grads)

    g.zero_grads()
    g_loss, gradient = loss.generator(d.forward(with_labels(seen_fake, labels), training=True))
    dfake = d.backward(shard.weight * gradient, wrt="input")
    dfake = dfake if labels is None else dfake[0]
    g.backward(dfake if rng is None else augment_backward(dfake, augment_cache), wrt="parameters")
    g_grads = shard.sum(g.grads)
    g_norm = global_norm(g_grads)
    g_optimizer.step(g.trainable_params, g_grads)

    return {"d_loss": d_loss, "g_loss": g_loss, "d_real": real_logits.mean(), "d_fake": fake_logits.mean(),
            "d_norm": d_norm, "g_norm": g_norm, "diversity": diversity(fake, real, shard)}


def discriminator_gradients(d: Any, loss: AdversarialLoss, real: Array, fake: Array, labels: Array | None,
                            shard: Shard = WHOLE) -> tuple[Array, Array, Array]:
    """Add the gradients of L_real(D(real)) + L_fake(D(fake)) to d.grads.

    Where D treats every image by itself, both batches go through D as one: the gradient is the same, and one large pass is
    faster than two. With batch normalization or dropout it would not be the same, so they go one after the other.

    Parameters
    ----------
    d : Model, the discriminator
    loss : AdversarialLoss
    real : Array (N, H, W, C)
    fake : Array (N, H, W, C)
    labels : Array (N, K), of the images of both batches; or None
    shard : Shard, which rows of the batch these are

    Returns
    -------
    loss : Array ()
    real_logits, fake_logits : Array (N, 1)
    """
    if not d.per_sample:
        real_logits = d.forward(with_labels(real, labels), training=True)
        real_loss, dlogits = loss.real(real_logits)
        d.backward(shard.weight * dlogits, wrt="parameters")
        fake_logits = d.forward(with_labels(fake, labels), training=True)
        fake_loss, dlogits = loss.fake(fake_logits)
        d.backward(shard.weight * dlogits, wrt="parameters")
        return real_loss + fake_loss, real_logits, fake_logits

    images = concatenate([real, fake], axis=0)
    logits = d.forward(with_labels(images, None if labels is None else concatenate([labels, labels], axis=0)), training=True)
    real_logits, fake_logits = logits[:len(real)], logits[len(real):]
    (real_loss, dreal), (fake_loss, dfake) = loss.real(real_logits), loss.fake(fake_logits)
    d.backward(shard.weight * concatenate([dreal, dfake], axis=0), wrt="parameters")
    return real_loss + fake_loss, real_logits, fake_logits


def diversity(fake: Array, real: Array, shard: Shard = WHOLE) -> Array:
    """Standard deviation over the batch, averaged over pixels, of generated images relative to real ones.

    Parameters
    ----------
    fake : Array (N, H, W, C)
    real : Array (N, H, W, C)
    shard : Shard, which rows of the batch these are, where several processes share it

    Returns
    -------
    0-d Array
        Near 1 for a healthy generator; near 0 all images look alike: it has collapsed.
    """
    check_form("diversity", "fake", fake, IMAGES)
    check_form("diversity", "real", real, ("N", *fake.shape[1:]))
    check_type(shard, "diversity: shard", Shard)
    both = array_module(fake).stack([fake, real], axis=1)  # (N, 2, H, W, C): one message for both means, one for both variances
    variance = shard.mean(((both - shard.mean(both.mean(axis=0)))**2).mean(axis=0))
    fake_std, real_std = (variance**0.5).mean(axis=(1, 2, 3))
    return fake_std / (real_std + 1e-6)
