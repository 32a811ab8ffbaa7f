"""The museum of broken GANs: the training of notebook 09, each time with one thing changed, and how well it went.

    python -m nnscratch.course.gan_failures  trains each exhibit with three seeds (six minutes on two cores), writes the .npz

Shapes: noise (N, 32), labels (N,), images (N, 16, 16, 1) in [-1, 1]; scores (exhibits, seeds, looks).

Two numbers say how a generator does. `asked_for`: the share of its images whose nearest real image, pixel by pixel, is of
the class that was asked for. `modes`: in how many of the 210 printed forms of the digits its images are
(generate/evaluate/modes.py).
"""
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnscratch import initializers
from nnscratch.data.dataset import to_bytes, to_floats
from nnscratch.data.synthetic.faces import glyph_templates
from nnscratch.data.synthetic.glyphs import glyphs
from nnscratch.generate.adversarial import Pair, adversarial_step
from nnscratch.generate.adversarial_losses import AdversarialLoss, constant_target, non_saturating, saturating
from nnscratch.generate.ema import EMA
from nnscratch.generate.evaluate.modes import modes_hit
from nnscratch.generate.inputs import generate_images, one_hot
from nnscratch.generate.pairwise import squared_distances
from nnscratch.layers import Concatenate, Conv2D, Conv2DTranspose, Dense, Input, LeakyReLU, Reshape
from nnscratch.losses import binary_cross_entropy
from nnscratch.models import Model
from nnscratch.networks.gan import KERNEL_INITIALIZER, SLOPE, Preset, discriminator, generator
from nnscratch.optimizers import Adam, linear_decay

SMALL = Preset(noise_length=32, up=(32, 32, 16), down=(16, 32), hidden=64, refine=True, side=16, channels=1)
SHAPE, CLASSES, BATCH, RATE = (16, 16, 1), 10, 64, 2e-3
LOOKS, SEEDS, JUDGED = (100, 200, 400, 700), (0, 1, 2), 2100
FILE = Path(__file__).with_name("gan_failures.npz")


def bare_generator():
    """SMALL without batch normalisation; biases stand in for its offsets."""
    noise, labels = Input((SMALL.noise_length,)), Input((CLASSES,))
    x = Dense(4 * 4 * 32, kernel_initializer=KERNEL_INITIALIZER)(Concatenate()([noise, labels]))
    x = LeakyReLU(SLOPE)(Reshape((4, 4, 32))(x))
    for filters in SMALL.up[1:]:
        x = LeakyReLU(SLOPE)(Conv2DTranspose(filters, 4, 2, 1, kernel_initializer=KERNEL_INITIALIZER)(x))
    return Model([noise, labels], Conv2D(1, 3, padding="same", activation="tanh", kernel_initializer=KERNEL_INITIALIZER)(x))


class Forgetful(EMA):
    """Averages the weights, and leaves the statistics of batch normalisation what they were at the start."""

    def update(self, source, step):
        statistics = {name: array.copy() for name, array in self.model.buffers.items()}
        super().update(source, step)
        for name, array in statistics.items():
            self.model.set_buffer(name, array)


class Exhibit(NamedTuple):
    """What a training is made of; what is left out is as in a healthy one."""
    loss: AdversarialLoss = non_saturating(0.9)
    beta_1: float = 0.5
    generator: object = partial(generator, SMALL, SHAPE, CLASSES)
    average: type = EMA


BOTH_SIDES = AdversarialLoss(constant_target(binary_cross_entropy, 0.9), constant_target(binary_cross_entropy, 0.1),
                             non_saturating().generator)
EXHIBITS = {"healthy": Exhibit(), "saturating": Exhibit(saturating(0.9)), "no batch norm": Exhibit(generator=bare_generator),
            "beta_1 = 0.9": Exhibit(beta_1=0.9), "both sides smooth": Exhibit(BOTH_SIDES),
            "no statistics": Exhibit(average=Forgetful)}


def train(exhibit, seed=0, steps=LOOKS[-1], look=None):
    """The averaged generator after so many steps. look : callable(step, average), after every step."""
    data, rng = glyphs(6000, size=SHAPE[0]), np.random.default_rng(seed)
    initializers.set_seed(seed)
    g, average = exhibit.generator(), exhibit.average(exhibit.generator())
    optimizers = [Adam(linear_decay(RATE, steps, start=0.75), beta_1=exhibit.beta_1) for _ in range(2)]
    pair = Pair(g, discriminator(SMALL, SHAPE, CLASSES), *optimizers)
    for step in range(steps):
        chosen = rng.integers(len(data), size=BATCH)
        noise = rng.standard_normal((BATCH, SMALL.noise_length), np.float32)
        labels = one_hot(data.labels[chosen], CLASSES)
        adversarial_step(pair, exhibit.loss, to_floats(data.images[chosen]), noise, labels)
        average.update(g, step)
        if look:
            look(step + 1, average.model)
    return average.model


def drawn(model, count):
    """`count` images, from the same noises every time, and their labels: the ten digits in turn."""
    noise = np.random.default_rng(1).standard_normal((count, SMALL.noise_length), np.float32)
    labels = np.arange(count) % CLASSES
    return generate_images(model, noise, labels, CLASSES), labels


def asked_for(made, labels):
    """The share of images whose nearest of 2000 real ones, which no training saw, is of the class asked for."""
    real = glyphs(2000, seed=1, size=SHAPE[0])
    apart = squared_distances(made.reshape(len(made), -1), to_floats(real.images).reshape(2000, -1))
    return float((real.labels[apart.argmin(axis=1)] == labels).mean())


def modes(made):
    return modes_hit(made, glyph_templates()[0]).hit


def collection():
    """What the .npz holds: `names` (E,) of the exhibits, `asked_for` and `modes` (E, seeds, looks), `images` (E, 20, 16,
    16, 1) in [-1, 1] at the end of the first seed; and `real`, both numbers for as many real images."""
    with np.load(FILE, allow_pickle=False) as file:
        stored = dict(file)
    return stored | {"images": to_floats(stored["images"]), "names": stored["names"].tolist()}


def main():
    """Train all, and write gan_failures.npz."""
    real = glyphs(JUDGED, seed=2, size=SHAPE[0])
    real_images = to_floats(real.images)
    scores, shown = np.zeros((2, len(EXHIBITS), len(SEEDS), len(LOOKS)), np.float32), []
    for e, (name, exhibit) in enumerate(EXHIBITS.items()):
        for s, seed in enumerate(SEEDS):
            def look(step, model, e=e, s=s):
                if step in LOOKS:
                    made, labels = drawn(model, JUDGED)
                    scores[:, e, s, LOOKS.index(step)] = asked_for(made, labels), modes(made)

            model = train(exhibit, seed, look=look)
            print(f"{name}, seed {seed}: asked for {scores[0, e, s].round(3)}, modes {scores[1, e, s]}", flush=True)
            if s == 0:
                shown.append(to_bytes(drawn(model, 2 * CLASSES)[0]))
    np.savez_compressed(FILE, names=list(EXHIBITS), asked_for=scores[0], modes=scores[1], images=np.stack(shown),
                        real=[asked_for(real_images, real.labels), modes(real_images)])


if __name__ == "__main__":
    main()
