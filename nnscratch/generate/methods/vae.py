"""VAE: an encoder estimates, for each real image, the noise it could have come from; the generator reconstructs it from there.

Shapes: real images x and reconstructions y (N, H, W, C) in [-1, 1]; mean, log variance, ε and z (N, Z).

    mean, log variance = E(x)     z = mean + exp(log variance / 2) * ε     y = G(z)
    loss = Σ (y - x)² / (2 S²)  +  Σ (mean² + variance - log variance - 1) / 2        for each image, averaged

The second sum is the Kullback-Leibler divergence of the encoder's distribution from plain noise. For the gradient, ε is a
constant (the reparametrization trick), and with std = exp(log variance / 2):

    dmean = dz + mean           dlogvariance = dz * ε * std / 2 + (variance - 1) / 2

Every image is covered, and all are blurred: where the code does not determine a pixel, the mean of its possible values costs
least.

References: Kingma and Welling, "Auto-encoding variational Bayes", 2014, section 2.4 and appendix B.
"""
from typing import Any

from nnscratch.backend import Array, array_module
from nnscratch.generate.adversarial import diversity
from nnscratch.generate.inputs import with_labels
from nnscratch.generate.trainer import Trainer
from nnscratch.networks.gan import encoder
from nnscratch.optimizers import global_norm

__all__: list[str] = []


class VAETrainer(Trainer):
    """Trains an encoder and the generator to reconstruct the images."""

    PIXEL_STD = 1.0  # S: errors of this size are cheap; the smaller, the more information the code must carry

    def build(self) -> dict[str, Any]:
        """The encoder."""
        self.encoder = encoder(self.options.preset, self.shape, 2 * self.noise_length)
        return {"encoder": self.encoder}

    def train_step(self, real: Array, noise: Array, labels: Array | None) -> dict[str, Array]:
        """One update of encoder and generator."""
        n, xp = self.options.batch_size, array_module(real)  # each process adds the terms of its images to the means over N
        code = self.encoder.forward(real, training=True)
        mean, log_variance = code[:, :self.noise_length], code[:, self.noise_length:]
        std = xp.exp(log_variance / 2)
        fake = self.generator.forward(with_labels(mean + std * noise, labels), training=True)
        difference = fake - real
        divergence = (mean * mean + std * std - log_variance - 1).sum(axis=1).mean() / 2

        self.generator.zero_grads()
        dz = self.generator.backward(difference / (n * self.PIXEL_STD**2))
        dz = dz if labels is None else dz[0]
        dlog_variance = (dz * noise * std + (std * std - 1) / n) / 2
        self.encoder.zero_grads()
        self.encoder.backward(xp.concatenate([dz + mean / n, dlog_variance], axis=1), wrt="parameters")
        grads = self.optimize("generator")
        self.optimize("encoder")
        return {"rmse": self.shard.mean((difference * difference).mean())**0.5, "divergence": divergence,
                "g_norm": global_norm(grads), "diversity": diversity(fake, real, self.shard)}
