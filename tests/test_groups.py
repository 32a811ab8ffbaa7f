"""Pseudo-labels: k-means finds them, samples have their frequencies, and generators save them."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_training import data, options

from nnscratch import checkpoint
from nnscratch.data.dataset import Dataset
from nnscratch.errors import InputError
from nnscratch.generate.methods import make_trainer
from nnscratch.generate.options import make_options
from nnscratch.generate.pseudo_labels import k_means, kmeans_plus_plus, nearest_centre, sample_in_proportion, with_pseudo_labels
from nnscratch.generate.sampler import load_generator, save_generator
from nnscratch.networks import gan


def clusters(sizes, seed=0):
    """Clusters of images around patterns: (Dataset without labels, the cluster of each image)."""
    rng = np.random.default_rng(seed)
    patterns = rng.integers(40, 216, (len(sizes), 6, 5, 3))
    cluster = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    images = patterns[cluster] + rng.integers(-8, 9, (len(cluster), 6, 5, 3))
    return Dataset(images.astype(np.uint8)), cluster


def test_separate_clusters_are_found():
    """Each cluster is one group, whatever their sizes; the images do not change."""
    dataset, cluster = clusters([200, 40, 90, 30])
    found = with_pseudo_labels(dataset, 4)
    pairs = set(zip(cluster.tolist(), found.labels.tolist()))
    assert len(pairs) == 4 and found.num_classes == 4 and found.class_names == ["group 1", "group 2", "group 3", "group 4"]
    assert found.images is dataset.images and dataset.labels is None


def test_centres_are_the_means_of_their_groups():
    """At convergence, neither half of an iteration changes anything."""
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.normal(centre, 0.3, (50, 4)) for centre in (-2, 0, 3)])
    centres = k_means(x, 3, rng)
    groups = nearest_centre(x, centres)
    np.testing.assert_allclose(centres, [x[groups == k].mean(axis=0) for k in range(3)], rtol=1e-12)
    distances = ((x[:, None] - centres)**2).sum(axis=2)
    np.testing.assert_array_equal(groups, distances.argmin(axis=1))


def test_an_empty_group_keeps_its_centre():
    """Two centres for three equal rows: the second has no rows, stays unchanged and does not become 0."""
    x = np.full((3, 2), 7.0)
    np.testing.assert_array_equal(k_means(x, 2, np.random.default_rng(0)), np.full((2, 2), 7.0))


def test_first_centres_are_far_apart():
    """One large cluster and two distant small ones get one centre each; uniform sampling would fail 98 times in 100."""
    x = np.concatenate([np.zeros((980, 2)), np.full((10, 2), 50.0), np.full((10, 2), -50.0)])
    for seed in range(10):
        assert sorted(kmeans_plus_plus(x, 3, np.random.default_rng(seed))[:, 0]) == [-50, 0, 50]


@given(st.integers(1, 120), st.integers(0, 12), st.integers(0, 3), st.booleans())
def test_groups_of_any_data(count, wanted, seed, alike):
    """Few or equal images: groups from 0 on, at most as many as requested and one per 25 images; or no labels at all."""
    images = np.random.default_rng(seed).integers(0, 256, (count, 3, 4, 1)).astype(np.uint8)
    dataset = Dataset(images * (not alike), np.zeros(count, np.int64), ["all"])
    found, again = (with_pseudo_labels(dataset, wanted, seed) for _ in range(2))
    assert found.num_classes == (min(wanted, count // 25) if min(wanted, count // 25) > 1 else 0)
    if found.num_classes:
        assert found.labels.shape == (count,) and 0 <= found.labels.min() and found.labels.max() < found.num_classes
        np.testing.assert_array_equal(found.labels, again.labels)
    else:
        assert found.labels is None and found.class_names == []


def test_groups_are_sampled_in_proportion():
    """A group with three quarters of the images is sampled three times as often as one with a quarter; an empty one never."""
    drawn = sample_in_proportion([0.75, 0.0, 0.25], 20_000, np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(drawn, minlength=3) / 20_000, [0.75, 0, 0.25], atol=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["gan", "vae", "glo", "imle"])
def test_every_method_trains_with_groups(method):
    """If labels are missing or not used, the networks are conditioned on the group; `sample` uses the fractions."""
    dataset = data()
    trainer = make_trainer(dataset, options(method=method, conditional=False, groups=5))
    assert trainer.num_classes == 5 and not trainer.labelled and sum(trainer.label_fractions()) == pytest.approx(1)
    metrics = trainer.step()
    assert all(np.isfinite(float(value)) for value in metrics.values())
    largest = int(np.argmax(trainer.label_fractions()))
    assert np.bincount(trainer.sample(2000, 1)[1]).argmax() == largest
    assert make_trainer(Dataset(dataset.images), options(groups=5)).num_classes == 5
    named = make_trainer(dataset, options(groups=5))
    assert named.labelled and named.num_classes == 2 and named.label_fractions() is None


def test_a_texture_is_not_grouped():
    """Crops of one image are all of one kind: no groups by default, and an error if they are requested."""
    images = np.random.default_rng(0).integers(0, 256, (100, 16, 16, 3)).astype(np.uint8)
    assert make_trainer(Dataset(images), make_options({"method": "texture"})).num_classes == 0
    with pytest.raises(InputError, match="groups is 4 for the method 'texture'"):
        make_options({"method": "texture", "groups": 4})


def test_gans_of_two_presets_have_defaults_of_their_own():
    """What is chosen has precedence, and other methods have no penalty."""
    small = make_options({"preset": "small"})
    assert (small.steps, small.batch_size, small.r1) == (4000, 32, 0.1)
    large = make_options({"preset": "dcgan64"})
    assert (large.steps, large.batch_size, large.learning_rate, large.r1) == (2500, 16, 2e-4, 0.1)
    assert make_options({"preset": "small", "r1": 0.0, "steps": 7}).r1 == 0
    assert make_options({"preset": "small", "method": "vae"}).r1 == 0 and make_options({}).r1 == 0
    with pytest.raises(InputError, match="preset"):
        make_options({"preset": ["small"]})


def test_a_generator_of_the_preset_small_of_version_0_1_loads(tmp_path, monkeypatch):
    """It has transposed convolutions, and generates the same images as before."""
    monkeypatch.setitem(gan.PRESETS, "small", gan.PRESETS["small"]._replace(resize=False))
    save_generator(tmp_path / "g.safetensors", make_trainer(data(), options(preset="small", groups=0)))
    before = load_generator(tmp_path / "g.safetensors").sample(3)[0]
    monkeypatch.undo()
    np.testing.assert_array_equal(load_generator(tmp_path / "g.safetensors").sample(3)[0], before)


def test_a_saved_generator_has_its_groups(tmp_path):
    """It has the trainer's fractions, and finds a group by name; files with wrong fractions are refused."""
    trainer = make_trainer(data(), options(conditional=False, groups=4))
    trainer.step()
    path = tmp_path / "g.safetensors"
    save_generator(path, trainer)
    sampler = load_generator(path)
    assert sampler.fractions == trainer.label_fractions() and sampler.names == ["group 1", "group 2", "group 3", "group 4"]
    uniform = make_trainer(Dataset(np.zeros((200, 12, 12, 1), np.uint8)), options(groups=4))  # three groups are empty
    save_generator(tmp_path / "alike.safetensors", uniform)
    assert load_generator(tmp_path / "alike.safetensors").fractions == [1, 0, 0, 0]
    labels = sampler.sample(2000, seed=1)[1]
    np.testing.assert_allclose(np.bincount(labels, minlength=4) / 2000, sampler.fractions, atol=0.04)
    assert (sampler.sample(3, label=sampler.class_number("group 2"))[1] == 1).all()
    for wrong in ([0.5, 0.5], [-1, 1, 0.5, 0.5], [0, 0, 0, 0], "abcd", 3):
        bad = tmp_path / "bad.safetensors"
        checkpoint.save(bad, trainer.sampling_model(), info=sampler.info | {"shares": wrong})
        with pytest.raises(InputError, match="does not say what its generator is"):
            load_generator(bad)
