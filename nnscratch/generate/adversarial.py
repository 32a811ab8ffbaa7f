"""One step of adversarial training: the discriminator learns to tell real images from made ones, the generator to fool it.

Shapes: noise (N, Z), labels (N, K) or None, images (N, H, W, C) in [-1, 1], logits D(x) (N, 1), above 0 for "real".

    fake = G(noise)
    the discriminator's turn:  lower  L_real(D(real)) + L_fake(D(fake))      by D's weights
    the generator's turn:      lower  L_generator(D(fake))                   by G's weights, through D

There is no autograd to lead a gradient astray: each `backward` says whether it is for weights ("parameters"), or for what
came in ("input"), which is what carries the generator's gradient through the discriminator and leaves no trace there.

Source: Goodfellow et al., "Generative adversarial nets" (2014), algorithm 1.
"""
from math import log
from typing import NamedTuple

from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.fast.recording import recording
from nnscratch.generate.augment import augment, augment_backward
from nnscratch.generate.penalty import gradient_penalty
from nnscratch.losses import binary_cross_entropy, hinge, mse
from nnscratch.optimizers import global_norm


class AdversarialLoss(NamedTuple):
    """Three functions logits -> (loss, gradient by the logits)."""
    real: object        # the discriminator, on real images
    fake: object        # the discriminator, on made ones
    generator: object   # the generator, on the made ones it wants to be taken for real


def towards(loss, target):
    """The loss of all logits against one number."""
    return lambda logits: loss(logits, array_module(logits).full_like(logits, target))


def non_saturating(smoothing=0.9):
    """Cross-entropy; the generator raises log D(fake) instead of lowering log(1 - D(fake)), which has no slope where D is sure.

    Real images are called real with probability `smoothing`, so that the discriminator never grows too sure. Only they:
    made ones called a little real would teach the generator to stay as it is. Source: Goodfellow et al. (2014), section 3;
    Salimans et al., "Improved techniques for training GANs" (2016), section 3.4.
    """
    bce = binary_cross_entropy
    return AdversarialLoss(towards(bce, smoothing), towards(bce, 0.0), towards(bce, 1.0))


def saturating(smoothing=0.9):
    """The first form of all, for the museum: the generator lowers log(1 - D(fake)), the discriminator's loss turned around."""
    def generator(logits):
        loss, gradient = towards(binary_cross_entropy, 0.0)(logits)
        return -loss, -gradient
    return non_saturating(smoothing)._replace(generator=generator)


def hinge_loss():
    """max(0, 1 ∓ D); the generator raises D(fake). Source: Lim and Ye, "Geometric GAN" (2017), section 3."""
    def generator(logits):
        return -logits.mean(), array_module(logits).full_like(logits, -1 / logits.size)
    return AdversarialLoss(lambda logits: hinge(logits, +1), lambda logits: hinge(logits, -1), generator)


def least_squares():
    """(D - target)². Source: Mao et al., "Least squares generative adversarial networks" (2017), equation 9."""
    return AdversarialLoss(towards(mse, 1.0), towards(mse, 0.0), towards(mse, 1.0))


# Both losses where the discriminator knows nothing and says 0 to everything.
CLUELESS = {"non-saturating": {"d_loss": 2 * log(2), "g_loss": log(2)}, "saturating": {"d_loss": 2 * log(2), "g_loss": -log(2)},
            "hinge": {"d_loss": 2.0, "g_loss": 0.0}, "least-squares": {"d_loss": 1.0, "g_loss": 1.0}}
LOSSES = {"non-saturating": non_saturating, "saturating": saturating, "hinge": hinge_loss, "least-squares": least_squares}


class Pair(NamedTuple):
    """Who plays: two models, and an optimizer for each."""
    generator: object
    discriminator: object
    generator_optimizer: object
    discriminator_optimizer: object


def adversarial_step(pair, loss, real, noise, labels=None, rng=None, penalty=0.0):
    """One turn of each player, with one batch of fakes for both. Returns the facts of the step as a dict of 0-d arrays.

    `labels` are those of the real images; fakes are asked for with the same ones, so both come equally often. With
    `random`, a NumPy Generator, the discriminator sees all images distorted (augment.py). `penalty` is the weight of R1
    (penalty.py).
    """
    g, d, g_optimizer, d_optimizer = pair

    def given(first):
        return first if labels is None else [first, labels]

    fake = g.forward(given(noise), training=True)
    seen_real, seen_fake = real, fake
    if rng is not None:
        (seen_real, _), (seen_fake, way_back) = augment(real, rng), augment(fake, rng)

    d.zero_grads()
    if penalty:
        gradient_penalty(d, seen_real, labels, penalty)
    real_logits = d.forward(given(seen_real), training=True)
    real_loss, gradient = loss.real(real_logits)
    d.backward(gradient, wrt="parameters")
    fake_logits = d.forward(given(seen_fake), training=True)
    fake_loss, gradient = loss.fake(fake_logits)
    d.backward(gradient, wrt="parameters")
    d_norm = global_norm(d.grads)
    d_optimizer.step(d.trainable_params, d.grads)

    g.zero_grads()
    g_loss, gradient = loss.generator(d.forward(given(seen_fake), training=True))
    dfake = d.backward(gradient, wrt="input")
    dfake = dfake if labels is None else dfake[0]
    g.backward(dfake if rng is None else augment_backward(dfake, way_back), wrt="parameters")
    g_norm = global_norm(g.grads)
    g_optimizer.step(g.trainable_params, g.grads)

    return {"d_loss": real_loss + fake_loss, "g_loss": g_loss, "d_real": real_logits.mean(), "d_fake": fake_logits.mean(),
            "d_norm": d_norm, "g_norm": g_norm, "diversity": diversity(fake, real)}


def diversity(fake, real):
    """How much generated images differ, relative to real ones: the standard deviation over the batch, averaged over pixels.

    Near 1 is healthy; near 0 all images look alike: the generator has collapsed.
    """
    return fake.std(axis=0).mean() / (real.std(axis=0).mean() + 1e-6)


class Average:
    """A second generator whose weights are a running mean of the first one's: what to draw from.

    Training circles around its goal; the mean lies nearer to it. average = d * average + (1 - d) * now, where d grows
    from little to 0.995, since early weights are soon worthless. The statistics of batch normalisation are averaged as
    well: with those of one moment, the averaged weights would be normalised for another network. (The field calls it an
    exponential moving average, EMA.)
    Source: Yazıcı et al., "The unusual effectiveness of averaging in GAN training" (2019), section 3.
    """

    def __init__(self, model, most=0.995):
        self.model, self.most = model, most

    def update(self, source, step):
        """After step number `step`, outside of a recorded step: how much counts now is a number of Python's."""
        if recording():
            raise InputError("an Average cannot be updated in a step that is being recorded; update it after the step")
        decay = min(self.most, (1 + step) / (10 + step))
        for name, array in self.model.params.items():
            array *= decay
            array += (1 - decay) * source.params[name]
        for name, array in self.model.buffers.items():
            if array.dtype.kind == "f":  # a dropout's count of calls is no number to average
                self.model.set_buffer(name, decay * array + (1 - decay) * source.buffers[name])
