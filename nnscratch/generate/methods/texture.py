"""Texture: the generator is trained by the Gram loss of style transfer alone, on pieces of one texture.

Shapes: images (N, H, W, 3) in [-1, 1]; features F (N, H', W', C) of the texture network; Gram matrices (1, C, C).

    loss = mean over the feature maps of  Σ (G - A)² / Σ (A² + B²)

    G, A, B : Gram matrices over all pixels of all images: of the batch, of the texture, and of the texture's pixels in random
              order, which have its colours and none of its structure. The loss is 0 where A is met, and at most 1 for B.

There is no discriminator, and no comparison pixel by pixel: any image with the texture's statistics has a loss of 0. So the
generator learns to generate new pieces of it from noise.

The statistics are those of the batch as a whole, not of each image, since pieces of a real texture differ. Those of our
mosaic, 128 pixels wide, are off by Σ (G - A)² = 0.13 Σ A² each; a generator that brings every image nearer than that generates
stripes.

References: Ulyanov et al., "Texture networks", 2016, section 3, except for the batch.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array, to_device
from nnscratch.data.dataset import to_floats
from nnscratch.fast import gram_matrix, gram_matrix_backward
from nnscratch.generate.adversarial import diversity
from nnscratch.generate.trainer import Trainer
from nnscratch.losses import relative_gram_loss
from nnscratch.networks.texture_features import texture_features
from nnscratch.optimizers import global_norm

__all__: list[str] = []

SAMPLES = 16  # pieces that the texture's statistics are computed from


class TextureTrainer(Trainer):
    """Trains a generator of textures. The data are pieces of one texture; see `crops` in data/dataset.py."""

    GRID_SHAPE = 3, 4

    def build(self) -> dict[str, Any]:
        """No further networks to train, but the texture's statistics."""
        self.features = texture_features()
        self.statistics = []  # for each feature map: mean, Gram matrix A around it, Gram matrix B around it
        pieces = to_floats(self.dataset.images[:SAMPLES])
        shuffled = np.random.default_rng(0).permutation(pieces.reshape(-1, 3)).reshape(pieces.shape)
        texture, other = (self.features.forward(to_device(zero_to_one(images))) for images in (pieces, shuffled))
        for ours, others in zip(texture, other):
            mean = ours.mean(axis=(0, 1, 2))
            self.statistics.append((mean, *(gram_matrix(as_one(features - mean))[0] for features in (ours, others))))
        return {}

    def train_step(self, real: Array, noise: Array, labels: Array | None) -> dict[str, Array]:
        """One update of the generator; of the real images only the diversity is used."""
        fake = self.generator.forward(noise, training=True)
        loss: Array = 0
        gradients, weight = [], 1 / len(self.statistics)
        for features, (mean, target, other) in zip(self.features.forward(zero_to_one(fake), remember=True), self.statistics):
            gram, cache = gram_matrix(as_one(features - mean))
            map_loss, dgram = relative_gram_loss(self.shard.mean(gram), target, other)
            loss = loss + weight * map_loss
            gradients.append(gram_matrix_backward(self.shard.weight * weight * dgram, cache).reshape(features.shape))
        dfake = self.features.backward(gradients, wrt="input") / 2  # the derivative of zero_to_one
        self.generator.zero_grads()
        self.generator.backward(dfake, wrt="parameters")
        grads = self.optimize("generator")
        return {"style": loss, "g_norm": global_norm(grads), "diversity": diversity(fake, real, self.shard)}


def as_one(features: Array) -> Array:
    """The pixels of all images as one image: (N, H, W, C) -> (1, N * H, W, C)."""
    return features.reshape(1, -1, *features.shape[2:])


def zero_to_one(images: Array) -> Array:
    """From [-1, 1], the generator's range, to [0, 1], the loss network's."""
    return (images + np.float32(1)) / 2
