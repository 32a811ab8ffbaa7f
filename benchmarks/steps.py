"""`python -m benchmarks steps`: whole steps, ours against the same network in PyTorch eager, with the same weights.

    GAN step       discriminator on real and fake images in one pass, generator through the discriminator, two Adam updates
    style step     loss and gradient with respect to the image, through the loss network of `nnscratch style`

Losses are compared before anything is timed.
"""
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.timing import interleave
from benchmarks.torch_steps import TorchGAN, TorchStyle
from nnscratch import initializers
from nnscratch.bench.clock import median_and_spread
from nnscratch.layers import BatchNormalization, Conv2D, Conv2DTranspose, Dense, Flatten, Input, LeakyReLU, Reshape
from nnscratch.losses import binary_cross_entropy
from nnscratch.models import Model
from nnscratch.optimizers import Adam
from nnscratch.style.features import loss_network
from nnscratch.style.objective import Objective

BATCH, NOISE = 64, 64
# Side and maps of the generator's first image, maps of its transposed convolutions, image, maps of the discriminator.
PRESETS: dict[str, dict[str, Any]] = {
    "tiny": {"first": (7, 64), "up": (32, 16), "image": (28, 1), "down": (32, 64)},
    "small": {"first": (4, 128), "up": (64, 32, 16), "image": (32, 3), "down": (32, 64, 128)},
}


def generator(first: tuple[int, int], up: tuple[int, ...], image: tuple[int, int], **_: Any) -> Model:
    """Dense, then transposed convolutions 4x4 stride 2, each with batch norm and LeakyReLU, then 3x3 and tanh."""
    side, maps = first
    x = noise = Input((NOISE,))
    x = Reshape((side, side, maps))(Dense(side * side * maps, use_bias=False)(x))
    x = LeakyReLU(0.2)(BatchNormalization(momentum=0.9, epsilon=1e-5)(x))
    for filters in up:
        x = Conv2DTranspose(filters, 4, 2, padding="same", use_bias=False)(x)
        x = LeakyReLU(0.2)(BatchNormalization(momentum=0.9, epsilon=1e-5)(x))
    return Model(noise, Conv2D(image[1], 3, padding="same", activation="tanh")(x))


def discriminator(image: tuple[int, int], down: tuple[int, ...], **_: Any) -> Model:
    """Convolutions 4x4 stride 2 with LeakyReLU, then one logit."""
    side, channels = image
    x = image = Input((side, side, channels))
    for filters in down:
        x = LeakyReLU(0.2)(Conv2D(filters, 4, 2, padding="same")(x))
    return Model(image, Dense(1)(Flatten()(x)))


class OurGAN:
    """One step written out: forward, backward, update."""

    def __init__(self, preset: str) -> None:
        initializers.set_seed(0)
        self.g, self.d = generator(**PRESETS[preset]), discriminator(**PRESETS[preset])
        self.adam_g, self.adam_d = Adam(5e-4, beta_1=0.5), Adam(5e-4, beta_1=0.5)
        rng, (side, channels) = np.random.default_rng(0), PRESETS[preset]["image"]
        self.noise = rng.normal(size=(BATCH, NOISE)).astype(np.float32)
        self.real = rng.uniform(-1, 1, size=(BATCH, side, side, channels)).astype(np.float32)

    def step(self) -> tuple[float, float]:
        """The losses of one step."""
        ones, zeros = np.ones((BATCH, 1), np.float32), np.zeros((BATCH, 1), np.float32)
        fake = self.g.forward(self.noise, training=True)
        self.d.zero_grads()
        logits = self.d.forward(np.concatenate([self.real, fake]), training=True)
        real_loss, dreal = binary_cross_entropy(logits[:BATCH], 0.9 * ones)
        fake_loss, dfake = binary_cross_entropy(logits[BATCH:], zeros)
        self.d.backward(np.concatenate([dreal, dfake]), wrt="parameters")
        self.adam_d.step(self.d.trainable_params, self.d.grads)
        self.g.zero_grads()
        g_loss, gradient = binary_cross_entropy(self.d.forward(fake, training=True), ones)
        self.g.backward(self.d.backward(gradient, wrt="input"), wrt="parameters")
        self.adam_g.step(self.g.trainable_params, self.g.grads)
        return float(real_loss + fake_loss), float(g_loss)


class OurStyle:
    """Loss and gradient of style transfer from one random image to another, on the features of `nnscratch style`."""

    def __init__(self, side: int) -> None:
        rng = np.random.default_rng(0)
        self.content, self.style = (rng.random((1, side, side, 3)).astype(np.float32) for _ in range(2))
        network = loss_network("random", self.style)
        self.network = network.model
        self.objective = Objective(self.network, self.content, [self.style], content_layer=network.content_layer,
                                   **network.weights(50))
        self.image = rng.random((1, side, side, 3)).astype(np.float32)

    def step(self) -> tuple[float, float]:
        """The loss, and the norm of its gradient."""
        loss, gradient = self.objective(self.image)
        return float(loss), float(np.linalg.norm(gradient))


def torch_style(torch: Any, ours: OurStyle, layout: str) -> TorchStyle:
    """The same in PyTorch."""
    return TorchStyle(torch, ours.network, ours.objective, ours.image, layout)


STEPS = {"GAN step, tiny": (OurGAN, "tiny", TorchGAN), "GAN step, small": (OurGAN, "small", TorchGAN),
         "style step, 256 px": (OurStyle, 256, torch_style)}


def run(torch: Any, rounds: int) -> Iterator[dict]:
    """A row for each step: times, and our time over PyTorch's better layout."""
    for name, (make, size, rival) in STEPS.items():
        steps, losses = {"ours": make(size)}, {}
        for layout in ("contiguous", "channels last") if torch else ():
            steps[layout] = rival(torch, make(size), layout)
        for who, step in steps.items():
            losses[who] = step.step()
            if not np.allclose(losses[who], losses["ours"], rtol=1e-3):
                raise ValueError(f"{name}: the losses of {who} are {losses[who]}, ours are {losses['ours']}; nothing is timed")
        seconds = interleave({who: step.step for who, step in steps.items()}, rounds)
        times = {who: dict(zip(("median", "spread"), median_and_spread(s))) for who, s in seconds.items()}
        rivals = [figure["median"] for who, figure in times.items() if who != "ours"]
        ratio = {"ratio": times["ours"]["median"] / min(rivals)} if rivals else {}
        yield {"name": name, "losses": losses, "times": times, **ratio}


def scaling(sides: Sequence[int], rounds: int) -> dict[int, float]:
    """Seconds per pixel of a style step for images of these sides: with bounded blocks it should be constant."""
    steps = {side: OurStyle(side) for side in sides}
    seconds = interleave({side: step.step for side, step in steps.items()}, rounds, budget=60)
    return {side: median_and_spread(s)[0] / side**2 for side, s in seconds.items()}
