"""GLO: every real image gets a code of its own, and generator and codes learn together to draw it from there.

Shapes: codes (images of the data set, Z), real images x and made ones y (N, H, W, C) in [-1, 1].

    y = G(code of x)      loss = Σ over three sizes of mean |shrunk(y) - shrunk(x)|      lowered by G's weights and by the codes

No discriminator and no encoder: dL/dcode is simply what the generator's backward hands on at the other end. The codes begin
at the data's principal components, so that like images begin near each other. They do not stay spread like plain noise;
so to draw, noise is bent to their covariance, and that bend goes into the first layer of the generator drawn with.

Noise on the codes is not in the paper. Without it each code becomes a name that says everything, class and all: images are
drawn back perfectly, and samples between them show the class asked for in 20 of 100 cases, with it in 97.

Source: Bojanowski et al., "Optimizing the latent space of generative networks" (2018), sections 3.1 and 3.2.
"""
import numpy as np

from nnscratch.backend import array_module, move, to_cpu
from nnscratch.data.dataset import to_floats
from nnscratch.fast import avg_pool2d, avg_pool2d_backward
from nnscratch.generate.adversarial import diversity
from nnscratch.generate.trainer import Training
from nnscratch.networks.gan import generator
from nnscratch.optimizers import global_norm

SIZES, FOR_COMPONENTS = 3, 2000  # sizes that images are compared at; images that the components are taken from
JITTER = 1.0      # deviation of noise on the codes: so that images are also learnt between them, where samples are drawn
CODE_RATE = 10.0  # of plain gradient descent: each code is only met once in a while, and must then move


class Codes:
    """The codes as something that a checkpoint saves."""

    def __init__(self, codes):
        self.params, self.buffers = {"codes": codes}, {}


class LatentOptimization(Training):
    """All real images are covered, and softly drawn: what differs from image to image without a reason is averaged."""

    def build(self):
        self.codes = Codes(principal_codes(self.dataset, self.noise_length))
        return {}

    def further(self):
        return {"codes": self.codes}

    def learn(self, real, noise, labels):
        codes = self.codes.params["codes"]
        code = move(codes[self.chosen], array_module(real)) + JITTER * noise
        fake = self.generator.forward(self.given(code, labels), training=True)
        loss, gradient = pyramid_loss(fake, real)
        self.generator.zero_grads()
        dcode = self.generator.backward(gradient)
        dcode = to_cpu(dcode if labels is None else dcode[0])
        self.optimizer("generator").step(self.generator.trainable_params, self.generator.grads)
        self.move_codes(dcode)
        return {"off": abs(fake - real).mean(), "g_norm": global_norm(self.generator.grads), "diversity": diversity(fake, real)}

    def move_codes(self, dcode):
        """A step of gradient descent for the codes of the batch. An image may be in it twice, and then moves twice."""
        codes = self.codes.params["codes"]
        np.subtract.at(codes, self.chosen, CODE_RATE * len(dcode) * dcode)
        codes[self.chosen] = inside_ball(codes[self.chosen])
        codes -= codes.mean(axis=0)  # drift of all together means nothing, and `drawn` wants mean 0

    def drawn(self):
        """The averaged generator for plain noise z: it sees A z, where A Aᵀ is the codes' covariance (their mean is 0)."""
        bend = np.linalg.cholesky(np.cov(self.codes.params["codes"].T.astype(np.float64)) + 1e-6 * np.eye(self.noise_length))
        model, average = generator(self.options.preset, self.shape, self.classes), self.average.model
        for name, array in model.params.items():
            array[...] = average.params[name]
        for name, array in average.buffers.items():
            model.set_buffer(name, array)
        kernel = model.params["dense_0/kernel"]  # rows of the noise first, then those of the labels; z A^T K for z K
        kernel[:len(bend)] = move(bend.T.astype(np.float32), array_module(kernel)) @ kernel[:len(bend)]
        return model


def pyramid_loss(y, x):
    """Σ mean |y - x| over SIZES sizes, each half the one before, and its gradient by y: coarse forms count as much as edges."""
    xp, difference = array_module(y), y - x
    levels, ways_back = [difference], []
    for _ in range(SIZES - 1):
        smaller, cache = avg_pool2d(levels[-1], 2, padding="same")
        levels.append(smaller)
        ways_back.append(cache)
    gradient = xp.sign(levels[-1]) / levels[-1].size
    for level, cache in zip(reversed(levels[:-1]), reversed(ways_back)):
        gradient = avg_pool2d_backward(gradient, cache) + xp.sign(level) / level.size
    return sum(abs(level).mean() for level in levels), gradient


def principal_codes(dataset, length):
    """Where each image lies along the data's first components, scaled to variance 1: (images, length) float32."""
    some = to_floats(dataset.images[:FOR_COMPONENTS]).reshape(min(len(dataset), FOR_COMPONENTS), -1)
    mean = some.mean(axis=0)
    _, stretch, components = np.linalg.svd(some - mean, full_matrices=False)
    count = min(length, int((stretch > 1e-3 * stretch[0]).sum()))
    axes = components[:count].T * (len(some)**0.5 / stretch[:count])
    codes = np.zeros((len(dataset), length), np.float32)
    for k in range(0, len(dataset), FOR_COMPONENTS):
        images = to_floats(dataset.images[k:k + FOR_COMPONENTS])
        codes[k:k + len(images), :count] = (images.reshape(len(images), -1) - mean) @ axes
    return inside_ball(codes)


def inside_ball(codes):
    """Codes longer than the square root of their length, as long as noise is, are shortened to it."""
    longest = codes.shape[1]**0.5
    return codes * np.minimum(1, longest / np.maximum(np.linalg.norm(codes, axis=1, keepdims=True), 1e-12)).astype(codes.dtype)
