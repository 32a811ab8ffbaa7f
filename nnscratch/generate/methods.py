"""Ways to teach the same generator: against a discriminator, behind an encoder, or by its nearest sample. (Two more have files
of their own: from a code for each image, glo.py, and by the statistics of a texture, texture.py.)

Shapes: real images x (N, H, W, C) in [-1, 1], noise z (N, Z), labels (N, K) or None.

A method builds its networks in `build` and makes one step on a batch in `learn`; all else is in training.py.
"""
import numpy as np

from nnscratch.backend import array_module, to_device
from nnscratch.fast.cuda import capture
from nnscratch.generate.adversarial import LOSSES, Pair, adversarial_step, diversity
from nnscratch.generate.evaluate.neighbours import squared_distances
from nnscratch.generate.glo import LatentOptimization
from nnscratch.generate.spectral import SpectralNormalised
from nnscratch.generate.texture import TextureGenerator
from nnscratch.generate.trainer import Training
from nnscratch.losses import mse
from nnscratch.networks.gan import discriminator, encoder
from nnscratch.optimizers import global_norm

POOL_STREAM, AUGMENT_STREAM = 5, 6
PENALTY_EVERY = 16  # steps


class Adversarial(Training):
    """A discriminator learns what is wrong with the images, and hands the gradient on. Sharp, and the hardest to train."""

    def build(self):
        o = self.options
        smoothing = [o.smoothing] if "saturating" in o.loss else []
        self.loss = LOSSES[o.loss](*smoothing)
        self.discriminator = discriminator(o.preset, self.shape, self.classes)
        if o.spectral_norm:
            self.discriminator = SpectralNormalised(self.discriminator, o.seed)
        self.play = capture(self.turn, required=False)
        return {"discriminator": self.discriminator}

    def learn(self, real, noise, labels):
        """On a GPU from its second step on as one launch, with the same numbers to the bit, but where Python has a say in it:
        where it draws the distortions, adds a penalty, or normalises kernels."""
        penalty = PENALTY_EVERY * self.options.r1 if self.steps_made % PENALTY_EVERY == 0 else 0
        if penalty or self.options.augment or self.options.spectral_norm:
            return self.turn(real, noise, labels, penalty)
        return self.play(real, noise, labels)

    def turn(self, real, noise, labels, penalty=0.0):
        pair = Pair(self.generator, self.discriminator, self.optimizer("generator"), self.optimizer("discriminator"))
        rng = np.random.default_rng([self.options.seed, AUGMENT_STREAM, self.steps_made]) if self.options.augment else None
        return adversarial_step(pair, self.loss, real, noise, labels, rng, penalty)

    def load(self, path):
        super().load(path)
        self.play = capture(self.turn, required=False)  # what was recorded goes on with Adam's memory as it was before


class Variational(Training):
    """An encoder says, for each real image, which noise it could have come from; the generator draws it again from there.

        mean, log variance = E(x)     z = mean + exp(log variance / 2) * ε     y = G(z)
        loss = Σ (y - x)² / (2 S²)  +  Σ (mean² + variance - log variance - 1) / 2        for each image, averaged

    The second sum is the divergence of what the encoder says from plain noise; for the gradient, ε is a constant:

        d/dmean = dz + mean           d/dlogvariance = dz * ε * deviation / 2 + (variance - 1) / 2

    Every image is covered, and all are blurred: where the code leaves a choice, the mean of all choices costs least.
    Source: Kingma and Welling, "Auto-encoding variational Bayes" (2014), section 2.4 and appendix B.
    """

    DEVIATION = 1.0  # S: how far a pixel may be off at no great cost; the smaller, the more the code must say

    def build(self):
        self.encoder = encoder(self.options.preset, self.shape, 2 * self.noise_length)
        return {"encoder": self.encoder}

    def learn(self, real, noise, labels):
        n, xp = len(real), array_module(real)
        code = self.encoder.forward(real, training=True)
        mean, log_variance = code[:, :self.noise_length], code[:, self.noise_length:]
        deviation = xp.exp(log_variance / 2)
        fake = self.generator.forward(self.given(mean + deviation * noise, labels), training=True)
        difference = fake - real
        divergence = (mean * mean + deviation * deviation - log_variance - 1).sum() / (2 * n)

        self.generator.zero_grads()
        dz = self.generator.backward(difference / (n * self.DEVIATION**2))
        dz = dz if labels is None else dz[0]
        dlog_variance = (dz * noise * deviation + (deviation * deviation - 1) / n) / 2
        self.encoder.zero_grads()
        self.encoder.backward(xp.concatenate([dz + mean / n, dlog_variance], axis=1), wrt="parameters")
        for model, name in ((self.generator, "generator"), (self.encoder, "encoder")):
            self.optimizer(name).step(model.trainable_params, model.grads)
        return {"off": (difference * difference).mean()**0.5, "divergence": divergence,
                "g_norm": global_norm(self.generator.grads), "diversity": diversity(fake, real)}


class NearestSample(Training):
    """Each real image picks the nearest of a pool of generated ones, and pulls it nearer. No mode of the data is forgotten.

    The other way round, generated images picking real ones, a generator could live with a few modes; here every real image
    asks for one like itself. Source: Li and Malik, "Implicit maximum likelihood estimation" (2018), section 3.
    """

    POOL = 4   # generated images for each real one; with 16 images differ more, still not enough for a recall above 0
    JITTER = 0.05

    def build(self):
        return {}

    def learn(self, real, noise, labels):
        n, pool = len(real), self.more_noise(self.POOL * len(real))
        if labels is None:
            made = self.generator.forward(pool)
            nearest = squared_distances(real.reshape(n, -1), made.reshape(len(made), -1)).argmin(axis=1)
        else:  # POOL tries for each image, of its own class
            made = self.generator.forward([pool, labels.repeat(self.POOL, axis=0)])
            apart = made.reshape(n, self.POOL, -1) - real.reshape(n, 1, -1)
            nearest = (apart * apart).sum(axis=2).argmin(axis=1) + self.POOL * array_module(real).arange(n)
        chosen = pool[nearest] + self.JITTER * noise  # a little beside it, so that the way between two is learnt, too
        fake = self.generator.forward(self.given(chosen, labels), training=True)
        loss, gradient = mse(fake, real)
        self.generator.zero_grads()
        self.generator.backward(gradient, wrt="parameters")
        self.optimizer("generator").step(self.generator.trainable_params, self.generator.grads)
        return {"off": loss**0.5, "g_norm": global_norm(self.generator.grads), "diversity": diversity(fake, real)}

    def more_noise(self, count):
        rng = np.random.default_rng([self.options.seed, POOL_STREAM, self.steps_made])
        return to_device(rng.standard_normal((count, self.noise_length), np.float32))


METHODS = {"gan": Adversarial, "vae": Variational, "glo": LatentOptimization, "imle": NearestSample,
           "texture": TextureGenerator}


def make_training(dataset, options):
    """The Training for `options.method`."""
    return METHODS[options.method](dataset, options)
