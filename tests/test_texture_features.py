"""The loss network that nnscratch trains: its images, its training, and the network without batch normalization."""
from functools import cache

import numpy as np
import pytest
from helpers import normal, same

from nnscratch.checkpoint import read_arrays
from nnscratch.data.synthetic.patterns import PATTERNS
from nnscratch.data.synthetic.procedural_noise import cell_random
from nnscratch.data.synthetic.textures import tones
from nnscratch.errors import InputError
from nnscratch.generate.sampler import SHIPPED as GENERATOR
from nnscratch.layers import BatchNormalization
from nnscratch.models import Model
from nnscratch.networks.texture_features import SHIPPED, texture_classifier, texture_features, without_batch_norm
from nnscratch.style import train_texture as module
from nnscratch.style.features import loss_network
from nnscratch.style.stylizer import SHIPPED as STYLIZER
from nnscratch.style.train_stylizer import train_stylizer
from nnscratch.style.train_texture import TextureDataset, palette, train_texture
from tools.ship_style import ship

pytestmark = pytest.mark.xdist_group("textures")  # fixtures are drawn once, in one process
drawn_once = cache(TextureDataset)


@pytest.fixture
def quick(monkeypatch):
    """A few images of each family, small batches."""
    for name, value in {"IMAGES_PER_PATTERN": 3, "TEST_CROPS": 50, "SAVE_EVERY": 3, "PAINTINGS": 2,
                        "PAINTING_SIDE": 160}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(TextureDataset.batch, "__defaults__", (8,))
    monkeypatch.setattr(module, "TextureDataset", drawn_once)


def test_patterns_differ():
    """They are in range, not uniform, reproducible, and differ for other seeds; no two families look the same."""
    rng = np.random.default_rng(0)
    labels, draws, grid = np.arange(len(PATTERNS)), rng.random((len(PATTERNS), 5), np.float32), rng.random(
        (len(PATTERNS), 8, 8), np.float32)
    one = tones(labels, draws, grid, 64, PATTERNS)
    assert one.dtype == np.float32 and one.min() > -0.2 and one.max() < 1.01 and (np.ptp(one, axis=(1, 2)) > 0.1).all()
    np.testing.assert_array_equal(one, tones(labels, draws, grid, 64, PATTERNS))
    other = tones(labels, draws, rng.random(grid.shape, np.float32), 64, PATTERNS)
    by_place_alone = {"stripes", "checks", "weave", "basket", "knit", "plaid", "chevrons", "hexagons"}
    changed = {name for name, a, b in zip(PATTERNS, one, other) if (a != b).any()}
    assert changed == set(PATTERNS) - by_place_alone
    rows = one.reshape(len(one), -1) - one.mean(axis=(1, 2))[:, None]
    correlation = np.abs(np.corrcoef(rows)) - np.eye(len(rows))
    assert correlation.max() < 0.9


def test_hashed_random_numbers_are_uniform_and_independent():
    """Uniform, and neighbouring cells are uncorrelated, as fur, grain and mosaics require."""
    numbers = cell_random(normal(1, 8, 8), *np.mgrid[:200, :200][:, None])[0]
    assert abs(numbers.mean() - 0.5) < 0.01 and abs(numbers.std() - 12**-0.5) < 0.01
    assert abs(np.corrcoef(numbers[:, 1:].ravel(), numbers[:, :-1].ravel())[0, 1]) < 0.02


def test_batch_normalisation_is_folded_into_the_kernels():
    """After the image itself, the maps of the plain chain equal those of the classifier in inference mode."""
    classifier = texture_classifier(5, seed=1)
    images = np.random.default_rng(0).random((6, 24, 24, 3), np.float32)
    for layer in classifier.layers:
        if isinstance(layer, BatchNormalization):
            layer.trainable = True
    classifier.forward(images, training=True)
    for k, (name, array) in enumerate(classifier.params.items()):
        if "batch" in name:
            array += 0.2 * normal(*array.shape, seed=k).astype(np.float32)
    maps = [call for call in classifier.calls if type(call.layer).__name__ == "ReLU"]
    expected = Model(classifier.inputs[0], maps).forward(images)
    for ours, theirs in zip(without_batch_norm(classifier).forward(images), [images, *expected], strict=True):
        same(ours, theirs, 1e-4)


def test_palette_by_hand():
    """Mean and standard deviation of each channel."""
    x = np.random.default_rng(0).random((3, 7, 5, 3))
    same(palette(x), np.concatenate([x.mean(axis=(1, 2)), x.std(axis=(1, 2))], axis=1))


@pytest.mark.slow
def test_crops_are_the_same_for_the_same_step(quick):
    """They depend only on the seed and the step, are in range, and contain patterns and paintings."""
    images = drawn_once(0)
    (crops, labels), (again, _), (other, _) = images.batch(3, 60), TextureDataset(0).batch(3, 60), images.batch(4, 60)
    np.testing.assert_array_equal(crops, again)
    assert (crops != other).any() and crops.min() >= 0 and crops.max() <= 1 and crops.dtype == np.float32
    assert labels.min() >= 0 and (labels >= len(PATTERNS)).any() and labels.max() < images.num_classes


@pytest.mark.slow
def test_an_interrupted_training_is_resumed(quick, tmp_path, monkeypatch):
    """Seven steps at once, or four, Ctrl-C, and the rest: the same loss network, bit for bit; nothing is overwritten."""
    train_texture(tmp_path / "once", steps=7, device="cpu")
    batch, calls = TextureDataset.batch, []

    def stop(self, step):
        calls.append(step)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return batch(self, step)
    monkeypatch.setattr(TextureDataset, "batch", stop)
    with pytest.raises(KeyboardInterrupt):
        train_texture(tmp_path / "twice", steps=7, device="cpu")
    monkeypatch.setattr(TextureDataset, "batch", batch)
    with pytest.raises(InputError, match="holds a training already; add --resume"):
        train_texture(tmp_path / "twice", steps=7, device="cpu")
    for folder, more, words in (("nowhere", {"resume": True}, "holds no training to resume; leave out --resume"),
                                ("once/features.safetensors", {}, "cannot make the folder"),
                                ("new", {"seed": -1}, "seed is -1")):
        with pytest.raises(InputError, match=words):
            train_texture(tmp_path / folder, **more, device="cpu")
    with pytest.raises(InputError, match="what is 'texture training', expected 'stylizer training'"):
        train_stylizer(tmp_path / "twice", resume=True, device="cpu")
    train_texture(tmp_path / "twice", resume=True, device="cpu")
    first, second = (texture_features(tmp_path / way / "features.safetensors") for way in ("once", "twice"))
    assert all(np.array_equal(first.params[name], second.params[name]) for name in first.params)


@pytest.mark.slow
def test_the_shipped_weights():
    """At most 1.5 MB; nine maps; few dead filters."""
    assert SHIPPED.stat().st_size < 1.5e6
    rng = np.random.default_rng(0)
    labels, count = np.arange(len(PATTERNS)), len(PATTERNS)
    tone = tones(labels, rng.random((count, 5), np.float32), rng.random((count, 8, 8), np.float32), 64, PATTERNS)
    maps = loss_network("texture", None).model.forward(np.repeat(tone[..., None], 3, axis=3).clip(0, 1))
    assert [f.shape[-1] for f in maps] == [3, 32, 32, 64, 64, 128, 128, 128, 128]
    assert all((f.max(axis=(0, 1, 2)) > 0).mean() > 0.8 for f in maps)


def test_invalid_features():
    """They are refused in one sentence each."""
    for features, weights, words in (("vgg", None, "features"), ("vgg19", None, "give --weights FILE"),
                                     ("random", __file__, "need none; leave them out"),
                                     ("texture", "a.safetensors", "cannot read a.safetensors")):
        with pytest.raises(InputError, match=words):
            loss_network(features, None, weights=weights)


def test_shipping_is_idempotent(tmp_path):
    """`python -m tools.ship_style` reproduces both shipped files, array by array; and its own, byte by byte."""
    again, twice = tmp_path / "again.safetensors", tmp_path / "twice.safetensors"
    for path in (SHIPPED, STYLIZER):
        ship(path, again)
        ship(again, twice)
        assert again.read_bytes() == twice.read_bytes()
        (arrays, header), (shipped, shipped_header) = read_arrays(again), read_arrays(path)
        assert header == shipped_header and arrays.keys() == shipped.keys()
        assert all((a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
                   for a, b in zip(arrays.values(), shipped.values()))
    with pytest.raises(InputError, match="expected texture features or a stylizer"):
        ship(GENERATOR, tmp_path / "again.safetensors")
