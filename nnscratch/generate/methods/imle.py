"""IMLE: each real image selects the nearest of several generated images, and the generator moves that one nearer to it.

Shapes: real images (N, H, W, C) in [-1, 1], noise (N, Z), labels (N, K) or None, pool of noise (M, Z) with M = POOL * N.

    loss = mean over real images x of mean (G(z) - x)²,   z the noise of the pool whose image is nearest to x

If generated images selected real ones, a generator could get by with a few modes of the data; here every real image requires
one near itself, so no mode is forgotten.

References: Li and Malik, "Implicit maximum likelihood estimation", 2018, section 3.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module, to_device
from nnscratch.generate.adversarial import diversity
from nnscratch.generate.inputs import with_labels
from nnscratch.generate.pairwise import squared_distances
from nnscratch.generate.trainer import Trainer
from nnscratch.losses import mse
from nnscratch.optimizers import global_norm

__all__: list[str] = []

POOL_STREAM = 5


class IMLETrainer(Trainer):
    """Trains the generator on the nearest sample of each real image."""

    POOL = 4       # samples per real image; with 16 the images differ more, but the recall is still 0
    JITTER = 0.05  # standard deviation of noise on the selected sample, so that the generator also learns what lies between

    def build(self) -> dict[str, Any]:
        """No further networks."""
        return {}

    def train_step(self, real: Array, noise: Array, labels: Array | None) -> dict[str, Array]:
        """Select the nearest samples, and update the generator on them."""
        n, pool = len(real), self.pool_noise(self.POOL * len(real))
        if labels is None:
            generated = self.generator.forward(pool)
            nearest = squared_distances(real.reshape(n, -1), generated.reshape(len(generated), -1)).argmin(axis=1)
        else:  # POOL samples for each image, of its own class
            generated = self.generator.forward([pool, labels.repeat(self.POOL, axis=0)])
            difference = generated.reshape(n, self.POOL, -1) - real.reshape(n, 1, -1)
            nearest = (difference * difference).sum(axis=2).argmin(axis=1) + self.POOL * array_module(real).arange(n)
        chosen = pool[nearest] + self.JITTER * noise
        fake = self.generator.forward(with_labels(chosen, labels), training=True)
        loss, gradient = mse(fake, real)
        self.generator.zero_grads()
        self.generator.backward(gradient, wrt="parameters")
        self.optimizer("generator").step(self.generator.trainable_params, self.generator.grads)
        return {"rmse": loss**0.5, "g_norm": global_norm(self.generator.grads), "diversity": diversity(fake, real)}

    def pool_noise(self, count: int) -> Array:
        """The noise (count, Z) of this step's samples."""
        rng = np.random.default_rng([self.options.seed, POOL_STREAM, self.step_count])
        return to_device(rng.standard_normal((count, self.noise_length), np.float32))
