"""Spectral normalization: singular values and gradients."""
import numpy as np
import pytest
from helpers import normal

from nnscratch.generate.penalty import gradient_penalty
from nnscratch.generate.spectral import SpectralNormalization
from nnscratch.networks.gan import Preset, discriminator

PRESET = Preset(5, (6, 4), (4, 6), 7, False, 12, 1)


def network(classes=3, dtype=np.float64):
    d = discriminator(PRESET, (9, 8, 2), classes)
    d.cast(dtype)
    for k, array in enumerate(d.params.values()):
        array[...] = 0.3 * normal(*array.shape, seed=k)
    return SpectralNormalization(d), [normal(4, 9, 8, 2).astype(dtype), np.eye(3)[[0, 2, 1, 1]].astype(dtype)]


def test_normalized_kernels_have_singular_values_of_at_most_one():
    """After some steps of power iteration the largest singular value of every normalized kernel is 1."""
    d, given = network()
    for _ in range(300):
        d.zero_grads()
    d.forward(given)
    for name in d.kernels:
        w = d.model.params[name]
        assert np.linalg.svd(w.reshape(-1, w.shape[-1]), compute_uv=False)[0] == pytest.approx(1, rel=1e-3), name


def test_gradients_with_respect_to_the_kernels():
    """Every array against central differences along a random direction, with u and v fixed."""
    d, given = network()
    dy, step = normal(4, 1), 1e-7
    d.forward(given, training=True)
    d.backward(dy, wrt="parameters")
    gradients = {name: array.copy() for name, array in d.grads.items()}
    for k, (name, array) in enumerate(d.params.items()):
        direction = normal(*array.shape, seed=50 + k)
        array += step * direction
        above = (d.forward(given) * dy).sum()
        array -= 2 * step * direction
        slope = (above - (d.forward(given) * dy).sum()) / (2 * step)
        array += step * direction
        size = np.linalg.norm(gradients[name]) * np.linalg.norm(direction)
        assert slope == pytest.approx((gradients[name] * direction).sum(), abs=1e-5 * size + 1e-7), name


def test_gradients_with_the_gradient_penalty():
    """R1's gradient is backpropagated through the normalization as usual: it is finite and not 0."""
    d, (real, labels) = network(dtype=np.float32)
    d.zero_grads()
    gradient_penalty(d, real, labels)
    assert all(np.isfinite(g).all() for g in d.grads.values())
    assert all(np.abs(d.grads[name]).max() > 0 for name in d.kernels if name.startswith("conv2d"))
