"""The gradient of R1, a gradient of a gradient, against differences of the penalty itself."""
import numpy as np
import pytest
from helpers import normal, on, same, slopes

from nnscratch import backend
from nnscratch.generate.penalty import gradient_penalty
from nnscratch.networks.gan import Preset, discriminator

PRESET = Preset(5, (6, 4), (4, 6), 7, False, 12, 1)


def setting(classes, dtype=np.float64, xp=np):
    backend.use("cpu" if xp is np else "gpu")
    d = discriminator(PRESET, (9, 8, 2), classes)
    d.cast(dtype)
    for k, array in enumerate(d.params.values()):
        array[...] = on(xp, (0.3 * normal(*array.shape, seed=k)).astype(dtype))
    labels = np.eye(3)[[0, 2, 1, 1]].astype(dtype) if classes else None
    return d, on(xp, normal(4, 9, 8, 2).astype(dtype)), on(xp, labels)


@pytest.mark.parametrize("classes", [0, 3])
def test_gradient_of_the_penalty(classes):
    """Every weight array, along a random direction, by central differences; convolutions, dense layers, projection."""
    d, real, labels = setting(classes)
    gradient_penalty(d, real, labels, weight=2.5)
    gradients = {name: array.copy() for name, array in d.grads.items()}
    for name, direction, slope in slopes(d.params, lambda: gradient_penalty(d, real, labels, weight=2.5), 1e-6, seed=100):
        size = np.linalg.norm(gradients[name]) * np.linalg.norm(direction)
        assert slope == pytest.approx((gradients[name] * direction).sum(), abs=1e-6 * size + 1e-8), name
    assert sum((g * g).sum() for g in gradients.values()) > 1


def test_the_penalty_of_a_linear_layer():
    """By hand: D(x) = x · w has gradient w everywhere, R = |w|² / 2, dR/dw = w."""
    from nnscratch.layers import Dense, Flatten, Input
    from nnscratch.models import Model
    x = Input((2, 2, 1))
    d = Model(x, Dense(1)(Flatten()(x)))
    w, = (array for name, array in d.params.items() if name.endswith("kernel"))
    value = gradient_penalty(d, normal(3, 2, 2, 1).astype(np.float32))
    same(np.float32(value), (w * w).sum() / 2, 1e-6)
    same(d.grads["dense_0/kernel"], w, 1e-6)


def test_single_precision_is_enough(xp):
    """On every device within 1e-5 of float64, and no bit of the weights changes."""
    exact, real, labels = setting(3)
    gradient_penalty(exact, real, labels)
    d, real, labels = setting(3, np.float32, xp)
    before = {name: array.copy() for name, array in d.params.items()}
    gradient_penalty(d, real, labels)
    for name, gradient in exact.grads.items():
        same(d.grads[name].astype(np.float64), gradient, 1e-5)
        same(d.params[name], backend.to_cpu(before[name]), 0)
        assert d.grads[name].dtype == d.params[name].dtype == np.float32
