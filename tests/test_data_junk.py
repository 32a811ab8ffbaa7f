"""Public functions of data/ with arrays of every kind: a right result or one sentence, and the inputs are unchanged."""
import numpy as np
import pytest

from nnscratch.data import Dataset, glyphs, shapes, textures, to_bytes, to_floats
from nnscratch.data.dataset import crops, fingerprint
from nnscratch.data.resize import resize_dataset
from nnscratch.data.splits import load_splits
from nnscratch.data.synthetic.registry import make_synthetic
from nnscratch.errors import InputError

BYTES = np.random.default_rng(0).integers(0, 256, (4, 6, 5, 3)).astype(np.uint8)
LABELS = np.array([1, 0, 2, 1])
JUNK = [None, "text", 2.5, object(), [[1, 2], [3]], np.zeros(0), np.array(["a"]), np.array([None]), {},
        np.zeros((2, 2), "M8[s]"), [["a"]], iter([1]), np.float64(2), -1]


@pytest.mark.parametrize("images", [
    BYTES, BYTES.tolist(), list(BYTES), np.asfortranarray(BYTES), np.repeat(BYTES, 2, axis=2)[:, :, ::2],
    BYTES.view(np.ma.MaskedArray), np.lib.stride_tricks.as_strided(BYTES, writeable=False)])
@pytest.mark.parametrize("labels", [LABELS, LABELS.tolist(), LABELS.astype(">i4"), LABELS.astype(np.uint8), tuple(LABELS)])
def test_a_data_set_of_any_arrays(images, labels):
    """Lists, other orders of bytes and axes, read-only: the same data and fingerprint; the caller's arrays are unchanged."""
    dataset = Dataset(images, labels, ("a", "b", "c"))
    np.testing.assert_array_equal(dataset.images, BYTES)
    assert dataset.labels.dtype == np.int64 and dataset.labels.tolist() == [1, 0, 2, 1]
    assert fingerprint(dataset) == fingerprint(Dataset(BYTES.copy(), LABELS.copy(), ["x", "y", "z"], "another title"))
    (batch, targets), = dataset.batches(4)
    batch[:] = targets[:] = 0
    dataset.labels[:] = 0
    np.testing.assert_array_equal(images, BYTES)
    np.testing.assert_array_equal(labels, LABELS)
    np.testing.assert_array_equal(resize_dataset(dataset, channels=3).images, BYTES)


IMAGE, DATASET = np.zeros((1, 20, 20, 3)), Dataset(BYTES)
CALLS = {
    "images": Dataset, "names": lambda x: Dataset(BYTES, class_names=x), "crops": lambda x: crops(x, 4, 2),
    "fingerprint": fingerprint,
    "side": lambda x: crops(IMAGE, x, 2), "count": lambda x: crops(IMAGE, 4, x), "seed": lambda x: crops(IMAGE, 4, 2, x),
    "to_floats": to_floats, "resize": resize_dataset,
    "channels": lambda x: resize_dataset(DATASET, channels=2 if x is None else x),
    "synthetic": lambda x: make_synthetic(x, 4), "splits": load_splits, "a count": lambda x: make_synthetic("glyphs", x),
    **{f.__name__: f for f in (glyphs, shapes, textures)}, "labels": lambda x: Dataset(BYTES, "text" if x is None else x),
    **{f"size of {f.__name__}": lambda x, f=f: f(4, size=x) for f in (glyphs, shapes, textures)},
    "size": lambda x: resize_dataset(DATASET, "text" if x is None else x)}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: type(junk).__name__)
def test_junk_is_refused(name, junk):
    """In one sentence."""
    with pytest.raises(InputError) as caught:
        CALLS[name](junk)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("junk", [None, "text", [[1, 2], [3]], np.array(["a"]), np.array([None]), BYTES, 5])
def test_bytes_are_made_of_floats_alone(junk):
    """Bytes would silently become white."""
    with pytest.raises(InputError, match="expected an array of floats"):
        to_bytes(junk)


def test_masked_values_are_refused():
    """What they hide is no data."""
    with pytest.raises(InputError, match="masked"):
        Dataset(np.ma.masked_array(BYTES, BYTES > 99))


@pytest.mark.parametrize("image", [np.full((1, 20, 20, 3), np.nan), np.zeros((2, 20, 20, 3)), np.zeros((20, 20, 3)),
                                   np.zeros((1, 20, 20, 3), np.uint8), np.zeros((1, 20, 20, 4))])
def test_crops_of_what_is_no_image(image):
    """NaN, several images, other shapes and dtypes; and no or a negative number of crops, or of no pixels."""
    with pytest.raises(InputError):
        crops(image, 4, 2)
    for side, count in ((4, 0), (4, -1), (0, 4), (4, 2.5), (True, 4), (21, 4)):
        with pytest.raises(InputError):
            crops(np.zeros((1, 20, 20, 3)), side, count)


def test_crops_are_clipped_and_the_image_is_unchanged():
    """Slightly above 1 is white, not black."""
    image = np.full((1, 8, 8, 3), 1.01)
    assert (crops(image, 4, 3).images == 255).all() and (image == 1.01).all()


def test_equal_names_stay_different_classes():
    """A name that is like the number that another one would get stays with its own class."""
    dataset = Dataset(BYTES, LABELS, ["a\n", "a\\n", "a\\n (2)"], "two\nlines")
    assert dataset.class_names == ["a\\n", "a\\n (3)", "a\\n (2)"] and dataset.title == "two\\nlines"
    assert Dataset(BYTES, LABELS, dataset.class_names).class_names == dataset.class_names
