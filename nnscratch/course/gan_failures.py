"""GANs that fail: the training of notebook 14, each time with one thing changed, and the quality of the result.

    python -m nnscratch.course.gan_failures  trains each variant with three seeds (six minutes on two cores), writes the .npz

Shapes: noise (N, 32), labels (N,), images (N, 16, 16, 1) in [-1, 1]; scores (variants, seeds, checkpoints).

Two scores measure a generator. `label_accuracy`: the fraction of its images whose nearest real image, pixel by pixel, has
the label that was asked for. `modes`: how many of the 210 printed forms of the digits it produces (evaluate/modes.py).
"""
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnscratch import initializers
from nnscratch.backend import Array
from nnscratch.data.pixels import to_bytes, to_floats
from nnscratch.data.synthetic.faces import glyph_templates
from nnscratch.data.synthetic.glyphs import glyphs
from nnscratch.errors import InputError
from nnscratch.generate.adversarial import Pair, adversarial_step
from nnscratch.generate.adversarial_losses import AdversarialLoss, constant_target, non_saturating, saturating
from nnscratch.generate.ema import EMA
from nnscratch.generate.evaluate.modes import modes_hit
from nnscratch.generate.inputs import generate_images, one_hot_rows
from nnscratch.generate.pairwise import squared_distances
from nnscratch.hints import checked
from nnscratch.layers import Concatenate, Conv2D, Conv2DTranspose, Dense, Input, LeakyReLU, Reshape
from nnscratch.layers.inputs import check_model
from nnscratch.losses import binary_cross_entropy
from nnscratch.models import Model
from nnscratch.networks.gan import KERNEL_INITIALIZER, SLOPE, Preset, discriminator, generator
from nnscratch.ops.validation import check_array, check_int, check_shape
from nnscratch.optimizers import Adam, linear_decay

__all__ = ["CHECKPOINTS", "RATE", "VARIANTS", "Variant", "label_accuracy", "mode_count", "sample", "stored_results", "train"]

SMALL = Preset(noise_length=32, up=(32, 32, 16), down=(16, 32), hidden=64, refine=True, side=16, channels=1)
SHAPE, CLASSES, BATCH, RATE = (16, 16, 1), 10, 64, 2e-3
CHECKPOINTS, SEEDS, SCORED = (100, 200, 400, 700), (0, 1, 2), 2100  # steps; seeds; images that are scored
FILE = Path(__file__).with_name("gan_failures.npz")


def bare_generator() -> Model:
    """The generator of SMALL without batch normalisation; biases replace its offsets."""
    noise, labels = Input((SMALL.noise_length,)), Input((CLASSES,))
    x = Dense(4 * 4 * 32, kernel_initializer=KERNEL_INITIALIZER)(Concatenate()([noise, labels]))
    x = LeakyReLU(SLOPE)(Reshape((4, 4, 32))(x))
    for filters in SMALL.up[1:]:
        x = LeakyReLU(SLOPE)(Conv2DTranspose(filters, 4, 2, 1, kernel_initializer=KERNEL_INITIALIZER)(x))
    return Model([noise, labels], Conv2D(1, 3, padding="same", activation="tanh", kernel_initializer=KERNEL_INITIALIZER)(x))


class WeightsOnly(EMA):
    """Averages the weights, but leaves the running statistics of batch normalisation at their start."""

    def update(self, source: Model, step: int) -> None:
        statistics = {name: array.copy() for name, array in self.model.buffers.items()}
        super().update(source, step)
        for name, array in statistics.items():
            self.model.set_buffer(name, array)


normal_generator = partial(generator, SMALL, SHAPE, CLASSES)


class Variant(NamedTuple):
    """The parts of a training; the defaults are those of a healthy one.

    Parameters
    ----------
    loss : AdversarialLoss
    beta_1 : float
        Of Adam, for both networks.
    generator : callable
        Builds the generator.
    average : type
        Averages its weights.
    """
    loss: AdversarialLoss = non_saturating(0.9)
    beta_1: float = 0.5
    generator: Callable[[], Model] = normal_generator
    average: Callable[..., Any] = EMA


BOTH_SIDES = AdversarialLoss(constant_target(binary_cross_entropy, 0.9), constant_target(binary_cross_entropy, 0.1),
                             non_saturating().generator)
VARIANTS = {"healthy": Variant(), "saturating": Variant(saturating(0.9)), "no batch norm": Variant(generator=bare_generator),
            "beta_1 = 0.9": Variant(beta_1=0.9), "both sides smooth": Variant(BOTH_SIDES),
            "no statistics": Variant(average=WeightsOnly)}


@checked
def train(variant: Variant, seed: int = 0, steps: int = CHECKPOINTS[-1],
          callback: Callable[[int, Model], None] | None = None) -> Model:
    """Train a variant.

    Parameters
    ----------
    variant : Variant
        One of `VARIANTS`, or one of your own.
    seed : int
    steps : int
    callback : callable, optional
        Called as callback(step, average) after every step.

    Returns
    -------
    average : Model
        The generator with averaged weights.
    """
    data, rng = glyphs(6000, size=SHAPE[0]), np.random.default_rng(seed)
    assert data.labels is not None  # all glyphs are labelled
    initializers.set_seed(seed)
    g, average = variant.generator(), variant.average(variant.generator())
    optimizers = [Adam(linear_decay(RATE, steps, start=0.75), beta_1=variant.beta_1) for _ in range(2)]
    pair = Pair(g, discriminator(SMALL, SHAPE, CLASSES), *optimizers)
    for step in range(steps):
        chosen = rng.integers(len(data), size=BATCH)
        noise = rng.standard_normal((BATCH, SMALL.noise_length), np.float32)
        labels = one_hot_rows(data.labels[chosen], CLASSES)
        adversarial_step(pair, variant.loss, to_floats(data.images[chosen]), noise, labels)
        average.update(g, step)
        if callback:
            callback(step + 1, average.model)
    return average.model


def sample(model: Model, count: int) -> tuple[Array, Array]:
    """Generate images, from the same noise every time.

    Parameters
    ----------
    model : Model
        A generator.
    count : int

    Returns
    -------
    images : array (count, 16, 16, 1) in [-1, 1]
        Generated images.
    labels : array (count,)
        The digits that were asked for: 0 to 9 in turn.
    """
    check_model("sample", model)
    check_int(count, "sample: count", 1)
    noise = np.random.default_rng(1).standard_normal((count, SMALL.noise_length), np.float32)
    labels = np.arange(count) % CLASSES
    return generate_images(model, noise, labels, CLASSES), labels


def label_accuracy(generated: Array, labels: Array) -> float:
    """How often a generated image shows the digit that was asked for.

    Parameters
    ----------
    generated : array (N, 16, 16, 1) in [-1, 1]
    labels : array (N,)
        The digits that were asked for.

    Returns
    -------
    accuracy : float
        Fraction of images whose nearest of 2000 real ones, which are not in the training data, has the label.
    """
    check_generated("label_accuracy", generated)
    check_shape("label_accuracy", "labels", labels, (len(generated),), "one for each image")
    if labels.dtype.kind not in "biuf":
        raise InputError(f"label_accuracy: labels have dtype {labels.dtype}, expected numbers from 0 to 9")
    real = glyphs(2000, seed=1, size=SHAPE[0])
    assert real.labels is not None  # all glyphs are labelled
    apart = squared_distances(generated.reshape(len(generated), -1), to_floats(real.images).reshape(2000, -1))
    return float((real.labels[apart.argmin(axis=1)] == labels).mean())


def mode_count(generated: Array) -> int:
    """Count the printed forms of digits among generated images.

    Parameters
    ----------
    generated : array (N, 16, 16, 1) in [-1, 1]

    Returns
    -------
    modes : int
        At most 210.
    """
    check_generated("mode_count", generated)
    return modes_hit(generated, glyph_templates()[0]).hit


def check_generated(name: str, generated: Array) -> None:
    """Raise InputError unless these are images as `sample` returns them."""
    check_array(name, "generated", generated, 4)
    check_shape(name, "generated", generated, (len(generated), *SHAPE), "(N, 16, 16, 1)")


def stored_results() -> dict[str, Any]:
    """Read the scores of all variants, which `python -m nnscratch.course.gan_failures` has stored.

    Returns
    -------
    results : dict
        "names" (V,) of the variants, "label_accuracy" and "modes" (V, seeds, checkpoints), "images" (V, 20, 16, 16, 1) in
        [-1, 1] at the end of the first seed, and "real", both scores of as many real images.
    """
    with np.load(FILE, allow_pickle=False) as file:
        stored = dict(file)
    return stored | {"images": to_floats(stored["images"]), "names": stored["names"].tolist()}


def main() -> None:
    """Train all variants and write gan_failures.npz."""
    real = glyphs(SCORED, seed=2, size=SHAPE[0])
    real_images = to_floats(real.images)
    scores, shown = np.zeros((2, len(VARIANTS), len(SEEDS), len(CHECKPOINTS)), np.float32), []
    for v, (name, variant) in enumerate(VARIANTS.items()):
        for s, seed in enumerate(SEEDS):
            def score(step: int, model: Model, v: int = v, s: int = s) -> None:
                if step in CHECKPOINTS:
                    generated, labels = sample(model, SCORED)
                    scores[:, v, s, CHECKPOINTS.index(step)] = label_accuracy(generated, labels), mode_count(generated)

            model = train(variant, seed, callback=score)
            print(f"{name}, seed {seed}: label accuracy {scores[0, v, s].round(3)}, modes {scores[1, v, s]}", flush=True)
            if s == 0:
                shown.append(to_bytes(sample(model, 2 * CLASSES)[0]))
    np.savez_compressed(FILE, names=list(VARIANTS), label_accuracy=scores[0], modes=scores[1], images=np.stack(shown),
                        real=[label_accuracy(real_images, real.labels), mode_count(real_images)])


if __name__ == "__main__":
    main()
