"""Data sets: mini-batches for training, labels, and checksums."""
import numpy as np
import pytest

from nnscratch.data import Dataset
from nnscratch.errors import InputError
from nnscratch.layers import Dense, Flatten, Input
from nnscratch.losses import softmax_cross_entropy
from nnscratch.models import Model
from nnscratch.optimizers import Adam


def numbered(count=10, labels=True):
    """Images whose pixels equal their index, with a class for each index modulo 3."""
    images = np.arange(count, dtype=np.uint8)[:, None, None, None].repeat(8, 1).repeat(8, 2)
    return Dataset(images, np.arange(count) % 3 if labels else None, ["a", "b", "c"])


def indices(images):
    """The indices of images made by `numbered`, as floats in [-1, 1]."""
    return np.rint((images[:, 0, 0, 0] + 1) * 127.5).astype(int)


@pytest.mark.parametrize("one_hot", [True, False])
def test_an_epoch_contains_every_image_once_with_its_label(one_hot):
    """Shuffled, float32 in [-1, 1], labels one-hot float32 or int64; the last batch is short."""
    batches = list(numbered().batches(4, np.random.default_rng(0), one_hot=one_hot))
    assert [len(images) for images, _ in batches] == [4, 4, 2]
    seen = np.concatenate([indices(images) for images, _ in batches])
    assert sorted(seen) == list(range(10)) and seen.tolist() != list(range(10))
    for images, labels in batches:
        assert images.dtype == np.float32 and images.shape[1:] == (8, 8, 1) and images.min() >= -1 and images.max() <= 1
        assert labels.dtype == (np.float32 if one_hot else np.int64)
        np.testing.assert_array_equal(labels.argmax(axis=1) if one_hot else labels, indices(images) % 3)
        assert not one_hot or labels.shape == (len(images), 3) and (labels.sum(axis=1) == 1).all()


def test_the_last_short_batch_can_be_dropped():
    """Nine of ten images with batches of three; all of nine."""
    assert [len(images) for images, _ in numbered(10).batches(3, drop_last=True)] == [3, 3, 3]
    assert [len(images) for images, _ in numbered(9).batches(3, drop_last=True)] == [3, 3, 3]


def test_epochs_of_one_rng_differ_and_a_seed_repeats_them():
    """Each epoch has a new order; without an rng the images are not shuffled."""
    def epochs(seed):
        rng = np.random.default_rng(seed)
        return [np.concatenate([indices(images) for images, _ in numbered().batches(4, rng)]).tolist() for _ in range(2)]
    assert epochs(0) == epochs(0) and epochs(0)[0] != epochs(0)[1] and epochs(0) != epochs(1)
    assert np.concatenate([indices(images) for images, _ in numbered().batches(4)]).tolist() == list(range(10))


def test_batches_without_labels():
    """The same loop works on images alone."""
    assert all(labels is None for _, labels in numbered(labels=False).batches(4, np.random.default_rng(0)))


def test_batches_train_a_model():
    """The loop in the README, on images that a linear layer can separate."""
    images = np.zeros((60, 8, 8, 1), np.uint8)
    labels = np.arange(60) % 3
    images[np.arange(60), labels] = 255
    dataset, rng = Dataset(images, labels), np.random.default_rng(0)
    x = Input((8, 8, 1))
    model, optimizer = Model(x, Dense(3)(Flatten()(x))), Adam(0.05)
    losses = []
    for _ in range(5):
        for batch, target in dataset.batches(16, rng):
            model.zero_grads()
            loss, dlogits = softmax_cross_entropy(model.forward(batch, training=True), target)
            model.backward(dlogits)
            optimizer.step(model.trainable_params, model.grads)
            losses.append(float(loss))
    assert losses[-1] < 0.05 < losses[0]


@pytest.mark.parametrize("arguments, words", [
    ((0,), "batch_size is 0"), ((2.0,), "batch_size is 2.0"), ((True,), "batch_size is True"), ((4, 0), "rng is 0"),
    ((4, np.random), r"use np.random.default_rng\(0\)"), ((11, None, "drop"), "expected at most 10")])
def test_wrong_arguments_are_refused_before_the_first_batch(arguments, words):
    """In one sentence, when `batches` is called; a data set smaller than one batch would otherwise train nothing, silently."""
    with pytest.raises(InputError, match=words):
        numbered().batches(*arguments[:2], drop_last=len(arguments) == 3)
