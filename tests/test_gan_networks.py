"""Generator and discriminator: sizes, symmetry, labels, losses, and the moving average."""
import numpy as np
import pytest
from helpers import normal, same

from nnscratch.errors import InputError
from nnscratch.generate.adversarial import diversity
from nnscratch.generate.adversarial_losses import LOSSES
from nnscratch.generate.ema import EMA
from nnscratch.gradcheck import check_model
from nnscratch.gradcheck.check import check_op
from nnscratch.layers import Input
from nnscratch.models import Model
from nnscratch.networks.gan import PRESETS, Preset, discriminator, generator, halved_sizes, image_features

SMALL = Preset(5, (6, 4, 3), (4, 5), 7, True, 12, 1)


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("shape", [(28, 28, 1), (30, 31, 3), (5, 7, 1), (33, 12, 3)])
@pytest.mark.parametrize("refine, resize", [(True, False), (False, False), (True, True), (False, True)])
def test_any_size(shape, classes, refine, resize):
    """Odd and unequal sides: images have the requested size and values in [-1, 1]; the discriminator accepts them."""
    preset = SMALL._replace(refine=refine, resize=resize)
    g, d = generator(preset, shape, classes), discriminator(preset, shape, classes)
    labels = [np.eye(3, dtype=np.float32)[[0, 2]]] if classes else []
    noise = normal(2, 5).astype(np.float32)
    image = g.forward([noise, *labels] if classes else noise)
    assert image.shape == (2, *shape) and np.abs(image).max() <= 1
    assert d.forward([image, *labels] if classes else image).shape == (2, 1)


def test_the_generator_has_the_discriminators_sizes_in_reverse():
    """For an odd size."""
    shape, sizes = (29, 22, 3), halved_sizes((29, 22), 2)
    g, d = generator(SMALL, shape), discriminator(SMALL, shape)
    up = [call.shape[1:3] for call in g.calls if type(call.layer).__name__ in ("Reshape", "Conv2DTranspose")]
    down = [call.shape[1:3] for call in d.calls if type(call.layer).__name__ == "Conv2D"]
    assert up == sizes[::-1] and down == sizes[1:]


@pytest.mark.parametrize("name, parameters", [("tiny", 242_033), ("nano", None), ("small", None), ("dcgan64", None)])
def test_presets(name, parameters):
    """Every preset generates images of its size; tiny has the number of weights computed by hand."""
    preset = PRESETS[name]
    if name != "dcgan64":  # 24 million weights
        g = generator(name, (preset.side, preset.side, preset.channels))
        images = g.forward(normal(1, preset.noise_length).astype(np.float32))
        assert images.shape == (1, preset.side, preset.side, preset.channels)
        assert parameters is None or sum(array.size for array in g.params.values()) == parameters
    with pytest.raises(InputError, match="preset"):
        generator("huge", (28, 28, 1))


def test_the_discriminator_of_small_begins_with_signals_of_one_size():
    """He's kernels keep the mean square of the features within a factor of 4; 0.02 lets it fall to a thousandth."""
    image = normal(20, 32, 32, 3).astype(np.float32)
    squares = []
    for preset in (PRESETS["small"], PRESETS["small"]._replace(initializer="normal_002")):
        seen = Input((32, 32, 3))
        squares.append((Model(seen, image_features(preset, seen)).forward(image)**2).mean())
    assert 0.25 < squares[0] < 4 and squares[1] < 1e-3


@pytest.mark.parametrize("preset", [SMALL, SMALL._replace(resize=True)], ids=["transposed", "resize"])
def test_gradients_of_both_networks_by_class(preset):
    """Whole networks against numeric gradients: noise, labels, images and every weight array."""
    shape = (6, 5, 1)
    for model, first in ((generator(preset, shape, 3), normal(4, 5)), (discriminator(preset, shape, 3), normal(4, *shape))):
        for array in model.params.values():
            array[...] = 0.3 * normal(*array.shape) + 0.1
        report = check_model(model, [first, np.eye(3)[[0, 1, 2, 1]]], smooth=False, max_elements=6)
        assert report.ok, str(report)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("role", ["real", "fake", "generator"])
def test_gradients_of_the_losses(name, role):
    """Each of the three losses against numeric gradients, for logits away from the hinge's kink."""
    loss, logits = getattr(LOSSES[name](), role), np.array([[-3.1], [-0.4], [0.3], [2.7]])
    report = check_op(lambda z: loss(z), lambda dy, cache: dy * cache, [logits], smooth=False)
    assert report.ok, str(report)


def test_the_saturating_loss_has_a_vanishing_gradient():
    """If the discriminator is certain; the non-saturating loss has a gradient of almost 1 there."""
    sure = np.array([[-10.0]])
    assert abs(LOSSES["saturating"]().generator(sure)[1].item()) < 1e-4
    assert LOSSES["non-saturating"]().generator(sure)[1].item() < -0.99


def test_average_of_weights_and_statistics():
    """After two updates: d2 (d1 a + (1 - d1) w1) + (1 - d2) w2 with d = (1 + t) / (10 + t), for kernels and for buffers."""
    source, average = (generator(SMALL, (6, 6, 1)) for _ in range(2))
    start = {name: array.copy() for name, array in (average.params | average.buffers).items()}
    seen = []
    for step in (0, 1):
        for k, array in enumerate(source.params.values()):
            array[...] = normal(*array.shape, seed=10 * step + k)
        for name, array in source.buffers.items():
            source.set_buffer(name, np.abs(normal(*array.shape, seed=step)).astype(np.float32))
        seen.append({name: array.copy() for name, array in (source.params | source.buffers).items()})
        EMA(average).update(source, step)
    for name, array in (average.params | average.buffers).items():
        first = 0.1 * start[name] + 0.9 * seen[0][name]
        same(array, 2 / 11 * first + 9 / 11 * seen[1][name], 1e-5)


def test_diversity_of_collapsed_and_of_real_images():
    """0 if all images are equal, 1 if they differ as much as real ones."""
    real = normal(8, 4, 4, 1)
    assert diversity(np.repeat(real[:1], 8, axis=0), real) < 1e-6 and diversity(real, real) == pytest.approx(1, rel=1e-4)
