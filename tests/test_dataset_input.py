"""What a Dataset is made of: arrays of any layout and numbers, labels of any kind; read, noted, or refused with a way out."""
import numpy as np
import pytest

from nnscratch.data import Dataset, to_bytes
from nnscratch.data.dataset import fingerprint, with_images
from nnscratch.data.resize import resize_dataset
from nnscratch.errors import InputError

BYTES = np.random.default_rng(0).integers(0, 256, (6, 5, 4, 3)).astype(np.uint8)
GREY = BYTES[..., :1]
LABELS = [0, 2, 1, 1, 0, 2]


# --- images -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("images, expected", [
    (GREY[..., 0], GREY), (BYTES.transpose(0, 3, 1, 2), BYTES), (BYTES / 255, BYTES), ((BYTES / 127.5 - 1).astype("f4"), BYTES),
    (GREY > 99, np.where(GREY > 99, 255, 0)), (GREY[..., 0].tolist(), GREY), (BYTES / np.float32(255) + 1e-6, BYTES)],
    ids=["no channels", "channels first", "0 to 1", "-1 to 1", "bools", "lists", "rounding errors"])
def test_images_of_other_layouts_and_numbers(images, expected):
    """As the reader of .npy files takes them: what is unambiguous is converted, and no array is changed."""
    before = np.array(images)
    dataset = Dataset(images)
    assert dataset.images.dtype == np.uint8
    np.testing.assert_array_equal(dataset.images, expected)
    np.testing.assert_array_equal(images, before)


def test_an_array_of_bytes_is_neither_copied_nor_changed():
    """A read-only view: no memory, no way to write; what the caller changes later is seen, and a copy protects from that."""
    images = BYTES.copy()
    dataset, own = Dataset(images), Dataset(images.copy())
    assert np.shares_memory(dataset.images, images) and images.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        dataset.images[0] = 0
    images[0] = 7
    assert (dataset.images[0] == 7).all() and (own.images == BYTES).all()


def test_labels_are_copied():
    """Those of the caller, and those of a part or of another size."""
    labels = np.array(LABELS)
    dataset = Dataset(BYTES, labels, ["a", "b", "c"])
    smaller = resize_dataset(dataset, 4)
    dataset.labels[:] = 0
    assert labels.tolist() == LABELS == smaller.labels.tolist()


@pytest.mark.parametrize("images", [(GREY > 99).astype(np.uint8), (GREY > 99).astype(int).tolist(), BYTES // 128])
def test_bytes_of_0_and_1_are_refused(images):
    """They would be black; the advice is right. All black is no mistake of this kind."""
    with pytest.raises(InputError, match="all 0 or 1.*multiply by 255"):
        Dataset(images)
    assert Dataset(np.uint8(images) * np.uint8(255)).images.max() == 255 and Dataset(0 * GREY).images.max() == 0


def test_what_is_nearly_black_is_noted_once(caplog):
    """Digits of 0 to 15; 17 is dark, but may be meant. Parts and other sizes of what is accepted are not judged again."""
    dark = Dataset(BYTES // 16)
    assert caplog.messages == ["images: nearly black, the brightest value is 0.0588 of white; if that is its white, multiply "
                               "by 17"]
    assert (dark.images * 17).max() == 255
    part = with_images(dark, dark.images.clip(0, 1), None)
    assert resize_dataset(part, 4).images.shape == (6, 4, 4, 3) and Dataset(BYTES // 15).images.max() == 17
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("images", [
    GREY.astype(np.uint16) * 257, GREY.astype(np.int64), GREY * 1.0])
def test_the_advice_for_other_numbers_is_right_when_followed(images):
    """Their white is not certain, so they are refused."""
    with pytest.raises(InputError) as caught:
        Dataset(images)
    advice = str(caught.value).rsplit(": ", 1)[1]
    code = {"divide by 255": "x / 255"}.get(advice, advice.split(", ", 1)[-1].removeprefix("convert with "))
    made = Dataset(eval(code, {"np": np, "x": images})).images.astype(int)
    assert abs(made - GREY).max() <= 1


def test_bytes_of_half_precision():
    """All 256 levels come back; NaN has none."""
    halves = (np.arange(256) / 127.5 - 1).astype(np.float16)
    np.testing.assert_array_equal(to_bytes(halves), to_bytes(halves.astype(np.float64)))
    with pytest.raises(InputError, match="NaN"):
        to_bytes(np.array([0.0, np.nan]))


# --- labels -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("labels", [np.array(LABELS, np.float32), np.array(LABELS)[:, None], np.array(LABELS, np.uint64),
                                    np.ma.masked_equal(LABELS, 9), [float(k) for k in LABELS]])
def test_labels_that_are_whole_numbers(labels):
    """Of any dtype, and as Keras's columns."""
    dataset = Dataset(BYTES, labels)
    assert dataset.labels.dtype == np.int64 and dataset.labels.tolist() == LABELS and dataset.class_names == ["0", "1", "2"]
    assert fingerprint(dataset) == fingerprint(Dataset(BYTES, LABELS))


def test_bools_are_two_classes():
    assert Dataset(BYTES, np.array(LABELS) > 0, ["none", "some"]).labels.tolist() == [0, 1, 1, 1, 0, 1]


@pytest.mark.parametrize("labels, advice", [
    (np.array(list("acbbac")), "names, labels = np.unique(labels, return_inverse=True)"),
    (list("acbbac"), "names, labels = np.unique(labels, return_inverse=True)"),
    (np.eye(3)[LABELS], "labels.argmax(axis=1)"), (np.array(LABELS) + 0.25, "labels.round().astype(int)"),
    (np.array(list("acbbac"), object), "names, labels = np.unique(labels, return_inverse=True)")])
def test_other_labels_are_refused_with_a_way_out(labels, advice):
    """Names, one-hot rows, fractions: the sentence holds what makes right ones."""
    with pytest.raises(InputError) as caught:
        Dataset(BYTES, labels)
    assert advice in str(caught.value)
    names = {"np": np, "labels": labels}
    exec(advice if advice.startswith("names") else f"labels = {advice}", names)
    assert Dataset(BYTES, names["labels"], ["a", "b", "c"]).labels.tolist() == LABELS


@pytest.mark.parametrize("labels", [[0, 1, 2, np.nan, 0, 1], [0, 1], np.zeros((6, 0)), [0, 1, 2, 1e300, 0, 1],
                                    np.ma.masked_equal(LABELS, 2), np.array([0, 1, 2, 2**63, 0, 1], np.uint64)])
def test_labels_that_are_none(labels):
    with pytest.raises(InputError, match="labels"):
        Dataset(BYTES, labels)
