"""Whole training steps: real and generated images as one batch, and how many large arrays a step makes."""
import sys
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from helpers import normal, same

from nnscratch.generate.adversarial import Pair, adversarial_step, discriminator_gradients
from nnscratch.generate.adversarial_losses import LOSSES, non_saturating
from nnscratch.generate.spectral import SpectralNormalization
from nnscratch.gradcheck.layer_cases import LAYER_CASES
from nnscratch.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input
from nnscratch.models import Model
from nnscratch.networks import gan
from nnscratch.networks.gan import Preset
from nnscratch.optimizers import Adam
from nnscratch.style.statistics import moments, moments_backward

PRESET = Preset(5, (6, 4), (4, 6), 7, False, 12, 1)


def two_passes(d, loss, real, fake, labels):
    """The gradients and the logits of real and of generated images, one after the other."""
    d.zero_grads()
    logits = []
    for images, part in ((real, loss.real), (fake, loss.fake)):
        logits.append(d.forward(images if labels is None else [images, labels], training=True))
        d.backward(part(logits[-1])[1], wrt="parameters")
    return [array.copy() for array in d.grads.values()], logits


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "spectral"])
def test_one_pass_has_the_gradient_of_two(loss, classes, wrapped):
    """Real and generated images as one batch: the same losses, logits and gradients, within 1e-12 in float64."""
    d = gan.discriminator(PRESET, (9, 8, 2), classes)
    d.cast(np.float64)
    for k, array in enumerate(d.params.values()):
        array[...] = 0.3 * normal(*array.shape, seed=k)
    d = SpectralNormalization(d) if wrapped else d
    real, fake = normal(4, 9, 8, 2), normal(4, 9, 8, 2, seed=1)
    labels = np.eye(3)[[0, 2, 1, 1]] if classes else None
    assert d.per_sample
    expected, logits = two_passes(d, LOSSES[loss](), real, fake, labels)
    u = {name: d.right[name].copy() for name in d.kernels} if wrapped else {}
    (d.model if wrapped else d).zero_grads()
    _, *found = discriminator_gradients(d, LOSSES[loss](), real, fake, labels)
    same(found, logits, 1e-12)
    same([*d.grads.values()], expected, 1e-12)
    assert all((d.right[name] == u[name]).all() for name in u), "the passes used different singular vectors"


@pytest.mark.parametrize("mixing", [BatchNormalization(), Dropout(0.3, seed=1)], ids=str)
def test_layers_that_mix_images_get_them_apart(mixing):
    """With batch normalization or dropout one pass would have another gradient: real and generated images go one by one."""
    x = Input((6, 6, 1))
    inner = Input((3, 3, 4))
    nested = Model(inner, mixing(inner))  # also inside a model inside a model
    d = Model(x, Dense(1)(Flatten()(nested(Conv2D(4, 4, 2, "same")(x)))))
    assert not d.per_sample and not nested.per_sample
    real, fake = (normal(5, 6, 6, 1, seed=seed).astype(np.float32) for seed in (0, 1))
    calls = []
    forward = d.forward
    d.forward = lambda images, training: calls.append(len(images)) or forward(images, training)
    discriminator_gradients(d, non_saturating(), real, fake, None)
    assert calls == [5, 5]


def large_allocations(function, least):
    """Where memory of at least so many bytes is allocated during a call: {function of the library: how many times}."""
    found, line = Counter(), [None]

    def measure(frame):
        """The line that was begun last has ended; another begins."""
        if line[0] and tracemalloc.get_traced_memory()[1] - line[0][1] >= least:
            found[line[0][0]] += 1
        tracemalloc.reset_peak()
        line[0] = frame.f_code.co_name, tracemalloc.get_traced_memory()[0]

    def trace(frame, event, argument):
        if event == "return" and frame.f_back:
            measure(frame.f_back)
        elif event == "line":
            measure(frame)
        return trace

    function()
    tracemalloc.start()
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    finally:
        sys.settrace(before)
        tracemalloc.stop()
    return found


def test_large_allocations_are_found():
    """The instrument itself: three arrays of 1 MB in two functions, one of them freed at once; and one that is too small."""
    def inner():
        return np.zeros(2**20, np.uint8)

    def outer():
        kept = [inner()]
        kept.append(kept[0] + np.uint8(1))
        (kept[0] + np.uint8(2)).sum()
        return kept, np.zeros(2**19, np.uint8)
    assert large_allocations(outer, 2**20) == {"inner": 1, "outer": 2}


def test_no_large_array_is_made_twice():
    """A GAN step with 64 images of 32x32 makes its arrays above 1 MB once: y, what the backward pass needs, and dx. More than
    today means that something is computed or copied twice."""
    shape = (32, 32, 3)
    pair = Pair(gan.generator("small", shape), gan.discriminator("small", shape), Adam(), Adam())
    real, noise = normal(64, *shape).astype(np.float32), normal(64, 64, seed=1).astype(np.float32)
    found = large_allocations(lambda: adversarial_step(pair, non_saturating(), real, noise), 2**20)
    assert sum(found.values()) <= 60, found


@pytest.mark.parametrize("mean, bound", [(0, 1e-6), (4, 1e-5), (1000, 1e-4)])
def test_moments_of_features_far_from_zero(mean, bound):
    """In float32, features of standard deviation 1 around a large mean: G and the mean within rounding of float64, also for
    several blocks; the gradient of their loss as well."""
    features = (mean + normal(1, 96, 96, 160)).astype(np.float32)
    center = features.mean(axis=(1, 2), keepdims=True) + np.float32(0.1)
    exact = moments(features.astype(np.float64), center=center.astype(np.float64))
    same(moments(features, center=center), exact, 1e-6)
    dmoments = normal(1, 160, 161, seed=3)
    same(moments_backward(dmoments.astype(np.float32), features, center=center),
         moments_backward(dmoments, features.astype(np.float64), center=center.astype(np.float64)), bound)


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{name}-{k}") for name, cases in LAYER_CASES.items()
                                  for k, case in enumerate(cases)])
def test_per_sample_tells_the_truth(case):
    """In training, y of two samples is that of each by itself where `per_sample` holds, and only there."""
    layer = case.make()
    shapes = case.shape if isinstance(case.shape, list) else [case.shape]
    inputs = [normal(2, *shape[1:], seed=k) for k, shape in enumerate(shapes)]

    def run(*arrays):
        return layer.forward(list(arrays) if isinstance(case.shape, list) else arrays[0], training=True)

    both = run(*inputs)
    apart = np.concatenate([run(*(array[k:k + 1] for array in inputs)) for k in range(2)])
    assert np.allclose(both, apart, rtol=1e-10) == layer.per_sample
