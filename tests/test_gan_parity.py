"""Twenty adversarial steps agree with PyTorch's: every loss, and every final weight.

They run live if PyTorch is installed; the losses stored from it (oracles/gan_steps.json) are always compared.
"""
import json
from pathlib import Path

import numpy as np
import pytest
from helpers import normal

from nnscratch import initializers
from nnscratch.generate.adversarial import Pair, adversarial_step
from nnscratch.generate.adversarial_losses import non_saturating
from nnscratch.networks.gan import Preset, discriminator, generator
from nnscratch.optimizers import Adam

CASES = {  # preset, classes
    "refined, by class": (Preset(6, (8, 5, 4), (5, 7), 9, True, 12, 1), 3),
    "unconditional": (Preset(5, (6, 4), (4, 6), 7, False, 12, 1), 0),
}
SHAPE, BATCH, STEPS, RATE = (12, 12, 1), 8, 20, 2e-3
EPSILON = 1e-20  # of Adam. PyTorch adds it after the bias correction, Keras and we before it; here it is negligible


def inputs(classes, noise, dtype):
    for k in range(STEPS):
        labels = np.eye(classes)[np.arange(BATCH) % classes].astype(dtype) if classes else None
        real = np.tanh(normal(BATCH, *SHAPE, seed=2 * k))
        yield real.astype(dtype), normal(BATCH, noise, seed=2 * k + 1).astype(dtype), labels


def networks(name, dtype):
    """Initial weights are ten times larger, so that twenty steps leave the neighbourhood of 0."""
    preset, classes = CASES[name]
    initializers.set_seed(1)
    pair = generator(preset, SHAPE, classes), discriminator(preset, SHAPE, classes)
    for model in pair:
        model.cast(dtype)
        for parameter, array in model.params.items():
            if parameter.endswith("kernel"):
                array *= 10
    return pair


def twenty_steps(name, dtype):
    g, d = networks(name, dtype)
    pair = Pair(g, d, *(Adam(RATE, beta_1=0.5, epsilon=EPSILON) for _ in range(2)))
    losses = []
    for real, noise, labels in inputs(CASES[name][1], CASES[name][0].noise_length, dtype):
        metrics = adversarial_step(pair, non_saturating(0.9), real, noise, labels)
        losses.append([float(metrics["d_loss"]), float(metrics["g_loss"])])
    return losses, g.params, d.params


def twenty_steps_of_torch(name, dtype):
    from oracles.torch_gan import TorchGAN, ours
    preset, classes = CASES[name]
    g, d = networks(name, dtype)
    side = 12 // 2 ** (len(preset.up) - preset.refine)
    twin = TorchGAN(g, d, (preset.up[0], side, side), {"lr": RATE, "betas": (0.5, 0.999), "eps": EPSILON}, 0.9)
    losses = [twin.step(*given) for given in inputs(classes, preset.noise_length, dtype)]
    return losses, ours(twin.g), ours(twin.d)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-9), ("float32", 1e-4)])
def test_twenty_steps_equal_those_of_pytorch(name, dtype, tolerance):
    """Every loss of the twenty steps, and every final weight."""
    pytest.importorskip("torch", reason="PyTorch is not installed; the stored numbers stand in")
    for a, b in zip(twenty_steps(name, dtype), twenty_steps_of_torch(name, dtype)):
        if isinstance(a, list):
            np.testing.assert_allclose(a, b, rtol=tolerance)
        else:
            for parameter in a:
                distance = np.linalg.norm(a[parameter] - b[parameter]) / np.linalg.norm(b[parameter])
                assert distance < tolerance, parameter


@pytest.mark.parametrize("name", CASES)
def test_losses_of_twenty_steps_equal_the_stored_ones(name):
    """For machines without PyTorch."""
    stored = json.loads((Path(__file__).parent / "oracles" / "gan_steps.json").read_text())
    np.testing.assert_allclose(twenty_steps(name, "float64")[0], stored[name], rtol=1e-9)
