"""A generator of textures, taught by the Gram loss alone: where this project's two halves meet.

Shapes: pictures (N, H, W, 3) in [-1, 1]; features F (N, H', W', C) of a fixed network; Gram matrices (N, C, C).

    loss = mean over the feature maps of  mean (Gram(F(G(z))) - Gram of the texture)² / mean (Gram of the texture)²

There is no discriminator, and nothing to compare pixel by pixel: any picture with the texture's statistics will do. So the
generator learns to paint new pieces of it from noise. Source: Ulyanov et al., "Texture networks" (2016), section 3.
"""
import numpy as np

from nnscratch.backend import to_device
from nnscratch.data.dataset import to_floats
from nnscratch.errors import InputError
from nnscratch.generate.adversarial import diversity
from nnscratch.generate.training import Training
from nnscratch.losses import TINY
from nnscratch.networks.random_features import normalise, random_features
from nnscratch.ops.gram import gram_matrix, gram_matrix_backward
from nnscratch.optimizers import global_norm

WIDTHS, SAMPLES = (32, 64, 128), 64  # of the feature maps; pieces of the texture that its statistics are taken from


class TextureGenerator(Training):
    """The data are pieces of one texture; see `crops` in data/dataset.py."""

    def build(self):
        if self.shape[2] != 3:
            raise InputError(f"train: the pictures have {self.shape[2]} channel, expected 3 to learn a texture from; give a "
                             f"colour picture, or --method gan")
        pieces = to_device(zero_to_one(to_floats(self.dataset.images[:SAMPLES])))
        self.features = normalise(random_features(WIDTHS, seed=self.options.seed), pieces)
        self.statistics = []  # for each feature map: its mean, the Gram matrix around it, and what counts as wholly wrong
        for features in self.features.forward(pieces):
            mean = features.mean(axis=(0, 1, 2))
            gram = gram_matrix(features - mean)[0].mean(axis=0)
            self.statistics.append((mean, gram, (gram * gram).mean() + TINY))
        return {}

    def learn(self, real, noise, labels):
        fake = self.generator.forward(self.given(noise, labels), training=True)
        loss, gradients, share = 0, [], 1 / len(self.statistics)
        for features, (mean, target, whole) in zip(self.features.forward(zero_to_one(fake), remember=True), self.statistics):
            gram, cache = gram_matrix(features - mean)
            difference = gram - target
            loss = loss + share * (difference * difference).mean() / whole
            gradients.append(gram_matrix_backward(difference * (2 * share / (difference.size * whole)), cache))
        dfake = self.features.backward(gradients, wrt="input") / 2  # of zero_to_one
        self.generator.zero_grads()
        self.generator.backward(dfake, wrt="parameters")
        self.optimizer("generator").step(self.generator.trainable_params, self.generator.grads)
        return {"style": loss, "g_norm": global_norm(self.generator.grads), "diversity": diversity(fake, real)}


def zero_to_one(pictures):
    """From [-1, 1], the generator's range, to [0, 1], the loss network's."""
    return (pictures + np.float32(1)) / 2
