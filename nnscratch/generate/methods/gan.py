"""GAN: a discriminator learns to tell real from generated images, and the generator follows its gradient.

Shapes: real images (N, H, W, C) in [-1, 1], noise (N, Z), labels (N, K) or None. The step itself is in adversarial.py.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.checkpoint import Saved
from nnscratch.fast.cuda import capture
from nnscratch.files import FilePath
from nnscratch.generate.adversarial import Pair, adversarial_step
from nnscratch.generate.adversarial_losses import LOSSES
from nnscratch.generate.spectral import SpectralNormalization
from nnscratch.generate.trainer import Trainer
from nnscratch.networks.gan import discriminator

__all__: list[str] = []

AUGMENT_STREAM = 6
PENALTY_INTERVAL = 16  # steps


class GANTrainer(Trainer):
    """Trains a generator against a discriminator."""

    def build(self) -> dict[str, Any]:
        """The discriminator."""
        o = self.options
        smoothing = [o.smoothing] if "saturating" in o.loss else []
        self.loss = LOSSES[o.loss](*smoothing)
        self.discriminator: Any = discriminator(o.preset, self.shape, self.num_classes)
        if o.spectral_norm:
            self.discriminator = SpectralNormalization(self.discriminator, o.seed)
        self.replay = capture(self.update, required=False)
        return {"discriminator": self.discriminator}

    def train_step(self, real: Array, noise: Array, labels: Array | None) -> dict[str, Array]:
        """One update of both networks. From the second step on, a GPU replays it as one launch, with equal bits; but not where
        Python takes part in it: where it draws distortions, applies the penalty in some steps only, normalizes kernels, or
        waits for other processes."""
        penalty = PENALTY_INTERVAL * self.options.r1 if self.step_count % PENALTY_INTERVAL == 0 else 0
        shared = self.shard.world.size > 1
        if penalty or self.options.augment or self.options.spectral_norm or shared:
            return self.update(real, noise, labels, penalty)
        return self.replay(real, noise, labels)

    def update(self, real: Array, noise: Array, labels: Array | None, penalty: float = 0.0) -> dict[str, Array]:
        """The step without replay."""
        pair = Pair(self.generator, self.discriminator, self.optimizer("generator"), self.optimizer("discriminator"))
        rng = np.random.default_rng([self.options.seed, AUGMENT_STREAM, self.step_count]) if self.options.augment else None
        return adversarial_step(pair, self.loss, real, noise, labels, rng, penalty, self.shard)

    def load(self, path: FilePath, saved: Saved | None = None) -> None:
        """Resume; what was recorded is discarded, because it refers to the old arrays of Adam's state."""
        super().load(path, saved)
        self.replay = capture(self.update, required=False)
