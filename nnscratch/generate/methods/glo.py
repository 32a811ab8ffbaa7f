"""GLO: every real image gets a learned code, and generator and codes are trained together to reconstruct it from there.

Shapes: codes (images of the data set, Z), real images x and reconstructions y (N, H, W, C) in [-1, 1].

    y = G(code of x)      loss = Σ over three sizes of mean |downsampled(y) - downsampled(x)|

lowered with respect to G's weights and the codes. There is no discriminator and no encoder: dL/dcode is the gradient with
respect to the generator's input. The codes start at the data's principal components, so that similar images start near each
other. Their distribution does not stay that of plain noise; so for sampling, noise is transformed to their covariance, by a
matrix that is multiplied into the first layer of the sampling model.

The noise on the codes is not in the paper. Without it each code determines its image completely, class included: images are
reconstructed perfectly, and samples between them show the requested class in 20 of 100 cases, with it in 97.

References: Bojanowski et al., "Optimizing the latent space of generative networks", 2018, sections 3.1 and 3.2.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module, move, to_cpu
from nnscratch.data.dataset import Dataset, to_floats
from nnscratch.fast import avg_pool2d, avg_pool2d_backward
from nnscratch.generate.adversarial import diversity
from nnscratch.generate.inputs import with_labels
from nnscratch.generate.trainer import Trainer
from nnscratch.models import Model
from nnscratch.networks.gan import generator
from nnscratch.optimizers import global_norm

__all__: list[str] = []

SIZES, PCA_IMAGES = 3, 2000  # sizes at which images are compared; images that the principal components are computed from
JITTER = 1.0      # standard deviation of the noise on the codes: samples come from between the codes, so that is trained too
CODE_RATE = 10.0  # learning rate of the codes, by plain gradient descent: each code is updated rarely, and must then move far


class Codes:
    """The codes, with what a checkpoint saves."""

    def __init__(self, codes: np.ndarray) -> None:
        self.params, self.buffers = {"codes": codes}, dict[str, Array]()


class GLOTrainer(Trainer):
    """Trains the generator and a code for each image. All images are covered; what varies without a pattern is averaged."""

    def build(self) -> dict[str, Any]:
        """No further networks, but the codes."""
        self.codes = Codes(principal_codes(self.dataset, self.noise_length))
        return {}

    def extra_models(self) -> dict[str, Any]:
        """The codes."""
        return {"codes": self.codes}

    def train_step(self, real: Array, noise: Array, labels: Array | None) -> dict[str, Array]:
        """One update of the generator and of the codes of the batch."""
        codes = self.codes.params["codes"]
        code = move(codes[self.indices[self.shard.rows]], array_module(real)) + JITTER * noise
        fake = self.generator.forward(with_labels(code, labels), training=True)
        loss, gradient = pyramid_loss(fake, real)
        self.generator.zero_grads()
        dcode = self.generator.backward(self.shard.weight * gradient)
        grads = self.optimize("generator")
        self.update_codes(to_cpu(self.shard.all_gather(dcode if labels is None else dcode[0])))
        return {"mae": abs(fake - real).mean(), "g_norm": global_norm(grads), "diversity": diversity(fake, real, self.shard)}

    def update_codes(self, dcode: np.ndarray) -> None:
        """A step of gradient descent for the codes of the batch. An image that is in the batch twice moves twice."""
        codes = self.codes.params["codes"]
        np.subtract.at(codes, self.indices, CODE_RATE * len(dcode) * dcode)
        codes[self.indices] = inside_ball(codes[self.indices])
        codes -= codes.mean(axis=0)  # a common drift carries no information, and `sampling_model` assumes mean 0

    def sampling_model(self) -> Model:
        """The average for plain noise z: its input is A z, where A Aᵀ is the covariance of the codes (their mean is 0)."""
        covariance = np.cov(self.codes.params["codes"].T.astype(np.float64))
        a = np.linalg.cholesky(covariance + 1e-6 * np.eye(self.noise_length))
        model, average = generator(self.options.preset, self.shape, self.num_classes), self.average.model
        for name, array in model.params.items():
            array[...] = average.params[name]
        for name, array in average.buffers.items():
            model.set_buffer(name, array)
        kernel = model.params["dense_0/kernel"]  # rows of the noise first, then those of the labels; z Aᵀ K instead of z K
        kernel[:len(a)] = move(a.T.astype(np.float32), array_module(kernel)) @ kernel[:len(a)]
        return model


def pyramid_loss(y: Array, x: Array) -> tuple[Array, Array]:
    """Σ mean |y - x| over SIZES sizes, each half the one before, and its gradient with respect to y: coarse structure counts
    as much as edges."""
    xp, difference = array_module(y), y - x
    levels, caches = [difference], []
    for _ in range(SIZES - 1):
        smaller, cache = avg_pool2d(levels[-1], 2, padding="same")
        levels.append(smaller)
        caches.append(cache)
    gradient = xp.sign(levels[-1]) / levels[-1].size
    for level, cache in zip(reversed(levels[:-1]), reversed(caches)):
        gradient = avg_pool2d_backward(gradient, cache) + xp.sign(level) / level.size
    return sum(abs(level).mean() for level in levels), gradient


def principal_codes(dataset: Dataset, length: int) -> np.ndarray:
    """Coordinates of each image along the first principal components, scaled to variance 1: (images, length) float32."""
    sample = to_floats(dataset.images[:PCA_IMAGES]).reshape(min(len(dataset), PCA_IMAGES), -1)
    mean = sample.mean(axis=0)
    _, singular_values, components = np.linalg.svd(sample - mean, full_matrices=False)
    count = min(length, int((singular_values > 1e-3 * singular_values[0]).sum()))
    axes = components[:count].T * (len(sample)**0.5 / singular_values[:count])
    codes = np.zeros((len(dataset), length), np.float32)
    for k in range(0, len(dataset), PCA_IMAGES):
        images = to_floats(dataset.images[k:k + PCA_IMAGES])
        codes[k:k + len(images), :count] = (images.reshape(len(images), -1) - mean) @ axes
    return inside_ball(codes)


def inside_ball(codes: np.ndarray) -> np.ndarray:
    """Codes with a norm of at most √Z, the typical norm of noise; longer ones are shortened to it."""
    radius = codes.shape[1]**0.5
    return codes * np.minimum(1, radius / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-12)).astype(codes.dtype)
