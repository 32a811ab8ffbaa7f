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
from nnscratch.shard import Shard

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
        n, m, pool, shard = len(real), self.POOL, self.pool_noise(), self.shard
        if labels is None:  # each process generates a part of the pool
            part = Shard(shard.world, len(pool))
            generated = part.all_gather(self.generator.forward(pool[part.rows]))
            nearest = squared_distances(real.reshape(n, -1), generated.reshape(len(generated), -1)).argmin(axis=1)
        else:  # POOL samples for each image, of its own class
            pool = pool[m * shard.rows.start:m * shard.rows.stop]
            generated = self.generator.forward([pool, labels.repeat(m, axis=0)])
            difference = generated.reshape(n, m, -1) - real.reshape(n, 1, -1)
            nearest = (difference * difference).sum(axis=2).argmin(axis=1) + m * array_module(real).arange(n)
        chosen = pool[nearest] + self.JITTER * noise
        fake = self.generator.forward(with_labels(chosen, labels), training=True)
        loss, gradient = mse(fake, real)
        self.generator.zero_grads()
        self.generator.backward(shard.weight * gradient, wrt="parameters")
        grads = self.optimize("generator")
        return {"rmse": shard.mean(loss)**0.5, "g_norm": global_norm(grads), "diversity": diversity(fake, real, shard)}

    def pool_noise(self) -> Array:
        """The noise (M, Z) of this step's samples, of the whole batch."""
        rng = np.random.default_rng([self.options.seed, POOL_STREAM, self.step_count])
        count = self.POOL * self.options.batch_size
        return to_device(rng.standard_normal((count, self.noise_length), np.float32))
