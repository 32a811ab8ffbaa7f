"""A generator of textures, taught by the Gram loss alone: where this project's two halves meet.

Shapes: images (N, H, W, 3) in [-1, 1]; features F (N, H', W', C) of the texture network; Gram matrices (1, C, C).

    loss = mean over the feature maps of  Σ (G - A)² / Σ (A² + B²)

    G, A, B : Gram matrices over all pixels of all images: of the batch, of the texture, and of the texture's own pixels in
              random order, which has its colours and none of its form. A loss of 0 is met; that disorder has 1 at most.

There is no discriminator, and nothing to compare pixel by pixel: any image with the texture's statistics will do. So the
generator learns to paint new pieces of it from noise.

The batch as a whole is to have the texture's statistics, not each image: pieces of a real texture differ. Those of our
mosaic, 128 pixels wide, are off by Σ (G - A)² = 0.13 Σ A² each; a generator that brings every image nearer than that paints
stripes.

Source: Ulyanov et al., "Texture networks" (2016), section 3; but for the batch.
"""
import numpy as np

from nnscratch.backend import to_device
from nnscratch.data.dataset import to_floats
from nnscratch.fast import gram_matrix, gram_matrix_backward
from nnscratch.generate.adversarial import diversity
from nnscratch.generate.trainer import Training
from nnscratch.losses import relative_gram_loss
from nnscratch.networks.texture_features import texture_features
from nnscratch.optimizers import global_norm

SAMPLES = 16  # pieces of the texture that its statistics are taken from


class TextureGenerator(Training):
    """The data are pieces of one texture; see `crops` in data/dataset.py."""

    SHOWN = 3, 4

    def build(self):
        self.features = texture_features()
        self.statistics = []  # for each feature map: its mean, the Gram matrix around it, and that of the disorder
        pieces = to_floats(self.dataset.images[:SAMPLES])
        disorder = np.random.default_rng(0).permutation(pieces.reshape(-1, 3)).reshape(pieces.shape)
        texture, disorder = (self.features.forward(to_device(zero_to_one(images))) for images in (pieces, disorder))
        for ours, others in zip(texture, disorder):
            mean = ours.mean(axis=(0, 1, 2))
            self.statistics.append((mean, *(gram_matrix(as_one(features - mean))[0] for features in (ours, others))))
        return {}

    def learn(self, real, noise, labels):
        fake = self.generator.forward(noise, training=True)
        loss, gradients, share = 0, [], 1 / len(self.statistics)
        for features, (mean, target, other) in zip(self.features.forward(zero_to_one(fake), remember=True), self.statistics):
            gram, cache = gram_matrix(as_one(features - mean))
            map_loss, dgram = relative_gram_loss(gram, target, other)
            loss = loss + share * map_loss
            gradients.append(gram_matrix_backward(share * dgram, cache).reshape(features.shape))
        dfake = self.features.backward(gradients, wrt="input") / 2  # of zero_to_one
        self.generator.zero_grads()
        self.generator.backward(dfake, wrt="parameters")
        self.optimizer("generator").step(self.generator.trainable_params, self.generator.grads)
        return {"style": loss, "g_norm": global_norm(self.generator.grads), "diversity": diversity(fake, real)}


def as_one(features):
    """The pixels of all images as one image: (N, H, W, C) -> (1, N * H, W, C)."""
    return features.reshape(1, -1, *features.shape[2:])


def zero_to_one(images):
    """From [-1, 1], the generator's range, to [0, 1], the loss network's."""
    return (images + np.float32(1)) / 2
