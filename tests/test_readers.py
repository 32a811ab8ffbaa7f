"""Readers of users' files: every format, with files built by hand whose values are known."""
import gzip
import os
import pickle
import tarfile

import numpy as np
import pytest
from PIL import Image
from reader_files import IMAGES, LABELS, PLANES, idx, python_2, record, save, write

from nnscratch.data import splits
from nnscratch.data.dataset import Dataset
from nnscratch.data.readers.formats import open_dataset
from nnscratch.data.readers.idx import read_idx
from nnscratch.data.synthetic.registry import SYNTHETIC
from nnscratch.errors import InputError

# --- IDX ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("images, labels", [
    ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"), ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz")])
def test_idx(tmp_path, images, labels):
    """Images and labels, raw, compressed or one of each; the labels are found by name; by file and by folder."""
    path = write(tmp_path, images, gzip.compress(idx(IMAGES)) if images.endswith("gz") else idx(IMAGES))
    write(tmp_path, labels, gzip.compress(idx(LABELS)) if labels.endswith("gz") else idx(LABELS))
    for dataset in (open_dataset(path), open_dataset(tmp_path), read_idx(tmp_path)):
        np.testing.assert_array_equal(dataset.images[..., 0], IMAGES)
        np.testing.assert_array_equal(dataset.labels, LABELS)
    (tmp_path / labels).unlink()
    assert open_dataset(path).labels is None


def test_a_folder_gives_the_training_images(tmp_path):
    """Not those of t10k, which is first alphabetically; a compressed copy of the raw file does not count as a second file."""
    write(tmp_path, "t10k-images-idx3-ubyte", idx(IMAGES[:2]))
    write(tmp_path, "train-images-idx3-ubyte", idx(IMAGES))
    write(tmp_path, "train-images-idx3-ubyte.gz", gzip.compress(idx(IMAGES[:1])))
    np.testing.assert_array_equal(open_dataset(tmp_path).images[..., 0], IMAGES)


def test_the_content_determines_the_format(tmp_path):
    """Compressed IDX named .npy, an .npy named .gz: the content decides; a compressed copy is not mistaken for labels."""
    write(tmp_path, "a", idx(IMAGES))
    write(tmp_path, "a.gz", gzip.compress(idx(IMAGES)))
    write(tmp_path, "b.npy", gzip.compress(idx(IMAGES)))
    np.save(tmp_path / "c.npy", IMAGES)
    (tmp_path / "c.npy").rename(tmp_path / "c.gz")
    for name in ("a", "b.npy", "c.gz"):
        np.testing.assert_array_equal(open_dataset(tmp_path / name).images[..., 0], IMAGES)


@pytest.mark.parametrize("tail", [b"x", b"\n", b"trailing bytes", bytes(99)])
def test_what_follows_a_gzip_stream_is_ignored(tmp_path, tail):
    """As the program gzip does; a second member belongs to the data."""
    whole = idx(IMAGES)
    path = write(tmp_path, "a.gz", gzip.compress(whole) + tail)
    np.testing.assert_array_equal(open_dataset(path).images[..., 0], IMAGES)
    path = write(tmp_path, "b.gz", gzip.compress(whole[:50]) + gzip.compress(whole[50:]))
    np.testing.assert_array_equal(open_dataset(path).images[..., 0], IMAGES)


@pytest.mark.parametrize("place", ["raw", "MNIST/raw", "FashionMNIST/raw"])
def test_idx_as_torchvision_leaves_them(tmp_path, place):
    """Below the given folder; two data sets in it are not mixed."""
    (tmp_path / place).mkdir(parents=True)
    write(tmp_path / place, "train-images-idx3-ubyte", idx(IMAGES))
    write(tmp_path / place, "train-labels-idx1-ubyte", idx(LABELS))
    assert open_dataset(tmp_path).labels.tolist() == LABELS.tolist()
    (tmp_path / "Other" / "raw").mkdir(parents=True)
    write(tmp_path / "Other" / "raw", "train-images-idx3-ubyte", idx(IMAGES))
    with pytest.raises(InputError, match="several data sets, .*Other/raw.* expected one"):
        open_dataset(tmp_path)


def test_real_fashion_mnist():
    """Debian's copy, if it is installed: 60,000 images, 6,000 of each class, the first an ankle boot (9)."""
    path = "/usr/share/datasets/fashion-mnist"
    if not os.path.isdir(path):
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    dataset = open_dataset(path)
    assert dataset.images.shape == (60_000, 28, 28, 1) and np.bincount(dataset.labels).tolist() == [6000] * 10
    assert dataset.labels[0] == 9


# --- CIFAR --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("head", [1, 2])
def test_cifar_binary(tmp_path, head):
    """Planes become pixels: red, green, blue of pixel (i, j); of two labels the second is used."""
    data = b"".join(record([9, k][-head:], PLANES[k]) for k in range(3))
    dataset = open_dataset(write(tmp_path, "data_batch_1.bin", data))
    np.testing.assert_array_equal(dataset.labels, [0, 1, 2])
    for k, c, i, j in [(0, 0, 0, 1), (1, 2, 31, 0), (2, 1, 7, 9)]:
        assert dataset.images[k, i, j, c] == PLANES[k, c, i, j]


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_cifar_python_batches_in_a_folder(tmp_path, protocol):
    """All batches in order, one that exists in both versions only once, with the names of the classes."""
    for k in (1, 2):
        batch = {b"data": PLANES.reshape(3, -1)[:k + 1], b"labels": [0, 1, 0][:k + 1], b"filenames": [b"a"]}
        write(tmp_path, f"data_batch_{k}", pickle.dumps(batch, protocol))
    write(tmp_path, "data_batch_1.bin", record([3], PLANES[0]))
    write(tmp_path, "batches.meta", pickle.dumps({b"label_names": [b"cat", b"ship"]}, protocol))
    dataset = open_dataset(tmp_path)
    assert dataset.class_names == ["cat", "ship"] and dataset.labels.tolist() == [0, 1, 0, 1, 0]
    np.testing.assert_array_equal(dataset.images[2:, :, :, 1], PLANES[:, 1])


@pytest.mark.parametrize("name", ["data_batch_1", "train"])
def test_cifar_as_written_by_python_2(tmp_path, name):
    """The published files: NumPy under its old name, text as bytes; a folder of CIFAR-100 has fine labels."""
    key = b"labels" if name == "data_batch_1" else b"fine_labels"
    path = write(tmp_path, name, python_2(PLANES.reshape(3, -1), [4, 0, 9], key))
    for dataset in (open_dataset(path), open_dataset(tmp_path)):
        assert dataset.labels.tolist() == [4, 0, 9]
        np.testing.assert_array_equal(dataset.images, PLANES.transpose(0, 2, 3, 1))


def test_cifar_array_in_fortran_order(tmp_path):
    """The pickle states the order of the bytes."""
    batch = {"data": np.asfortranarray(PLANES.reshape(3, -1)), "labels": [0, 1, 2]}
    for protocol in (4, 5):
        dataset = open_dataset(write(tmp_path, "data_batch_1", pickle.dumps(batch, protocol)))
        np.testing.assert_array_equal(dataset.images, PLANES.transpose(0, 2, 3, 1))


CIFAR_FILES = {  # as published: the folder in the archive, and its files
    "cifar-10-batches-py": {"data_batch_1": python_2(PLANES.reshape(3, -1), [1, 0, 1]), "test_batch": b"x", "readme.html": b"x",
                            "batches.meta": pickle.dumps({b"label_names": [b"cat", b"ship"]}, 2)},
    "cifar-10-batches-bin": {"data_batch_1.bin": b"".join(record([k], PLANES[j]) for j, k in enumerate([1, 0, 1])),
                             "batches.meta.txt": b"cat\nship\n\n"},
    "cifar-100-python": {"train": python_2(PLANES.reshape(3, -1), [1, 0, 1], b"fine_labels"),
                         "meta": pickle.dumps({b"fine_label_names": [b"cat", b"ship"]}, 2)}}


@pytest.mark.parametrize("folder", CIFAR_FILES)
def test_cifar_as_published(tmp_path, folder):
    """The folder, the one that contains it, and the .tar.gz give the same; hidden files do not count."""
    (tmp_path / "root").mkdir()
    for name, data in (CIFAR_FILES[folder] | {"._data_batch_2.bin": b"x", ".data_batch_3": b"x"}).items():
        write(tmp_path / "root" / folder, name, data)
    with tarfile.open(tmp_path / "cifar.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "root" / folder, folder)
    for path in (tmp_path / "root" / folder, tmp_path / "root", tmp_path / "cifar.tar.gz"):
        dataset = open_dataset(path)
        assert dataset.labels.tolist() == [1, 0, 1] and dataset.class_names == ["cat", "ship"]
        np.testing.assert_array_equal(dataset.images, PLANES.transpose(0, 2, 3, 1))


def test_more_names_than_classes_are_not_believed(tmp_path):
    """32,768 names would be as many columns of a one-hot label."""
    write(tmp_path, "data_batch_1.bin", record([1], PLANES[0]))
    write(tmp_path, "batches.meta.txt", b"a\n" * 32768)
    assert open_dataset(tmp_path).class_names == ["0", "1"]


def test_cifar_names_as_text(tmp_path):
    """batches.meta.txt in the folder of binary batches."""
    write(tmp_path, "data_batch_1.bin", record([1], PLANES[0]))
    write(tmp_path, "batches.meta.txt", b"airplane\nautomobile\n\n")
    assert open_dataset(tmp_path).class_names == ["airplane", "automobile"]


# --- NumPy --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("array, expected", [
    (IMAGES, IMAGES[..., None]), (PLANES, PLANES.transpose(0, 2, 3, 1)), (np.float32([[[[0.0], [1.0]]]]), [[[[0], [255]]]]),
    (np.float64([[[[-1.0], [0.0], [1.0]]]]), [[[[0], [128], [255]]]]), (IMAGES.astype(">f8") / 255, IMAGES[..., None]),
    (np.asfortranarray(IMAGES), IMAGES[..., None]), (IMAGES > 99, np.where(IMAGES > 99, 255, 0)[..., None]),
    (np.float32([[[[-1e-7], [0.2], [1 + 1e-6]]]]), [[[[0], [51], [255]]]]),
    (np.float32([[[[-1 - 1e-6], [0.2], [1 + 1e-6]]]]), [[[[0], [153], [255]]]])],
    ids=["grey", "channels first", "0 to 1", "-1 to 1", "other byte order", "by columns", "bool", "0 to 1 with rounding errors",
         "-1 to 1 with rounding errors"])
def test_numpy_files(tmp_path, array, expected):
    """.npy, and .npz with labels."""
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(open_dataset(tmp_path / "a.npy").images, expected)
    np.savez_compressed(tmp_path / "b.npz", x_train=array, y_train=np.zeros((len(array), 1), np.int32))
    dataset = open_dataset(tmp_path / "b.npz")
    np.testing.assert_array_equal(dataset.images, expected)
    assert dataset.labels.tolist() == [0] * len(array)


def test_the_data_are_independent_of_the_file(tmp_path):
    """An .npy is memory-mapped while it is read; the data set is a copy, which does not change with the file."""
    np.save(tmp_path / "a.npy", IMAGES)
    dataset = open_dataset(tmp_path / "a.npy")
    with open(tmp_path / "a.npy", "r+b") as file:
        file.write(bytes(300))
    np.testing.assert_array_equal(dataset.images[..., 0], IMAGES)


# --- folders, sizes, channels, names ------------------------------------------------------------------------------

def test_folder_of_images(tmp_path, caplog):
    """Subfolders are classes by name; mixed sizes are cropped and resized; files that are not images are skipped."""
    wide = np.zeros((20, 40, 3), np.uint8)
    wide[:, :10], wide[:, 10:30], wide[:, 30:] = (0, 250, 0), (250, 0, 0), (0, 250, 0)
    save(tmp_path / "dogs", "a.png", wide)
    save(tmp_path / "cats", "b.png", np.full((30, 16, 3), (0, 0, 250), np.uint8))
    whole = save(tmp_path / "cats", "c.jpg", np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8))
    whole.write_bytes(whole.read_bytes()[:-900])
    write(tmp_path / "cats", ".hidden", b"x")
    (tmp_path / "empty").mkdir()
    write(tmp_path, "readme.txt", b"in no class")
    dataset = open_dataset(tmp_path, size=16)
    assert dataset.class_names == ["cats", "dogs"] and dataset.labels.tolist() == [0, 1]
    expected = np.array([[0, 0, 250], [250, 0, 0]])[:, None, None].repeat(16, 1).repeat(16, 2)
    np.testing.assert_allclose(dataset.images, expected, atol=8)  # Lanczos reads a few pixels beyond the cut
    assert len(caplog.records) == 1 and "skipped 3 files or folders; cats/c.jpg: is damaged" in caplog.text
    assert "; empty: no images that can be used, so no class; readme.txt: no image" in caplog.text


def test_folder_without_classes(tmp_path):
    """Grey images stay grey, in the order of their names, unless colour is requested; a folder of text is not a class."""
    for k in range(3):
        save(tmp_path, f"{k}.png", np.full((12, 12), 40 * k, np.uint8))
    write(tmp_path / "notes", "a.txt", b"text")
    dataset = open_dataset(tmp_path)
    assert dataset.images.shape == (3, 12, 12, 1) and dataset.labels is None
    assert dataset.images[:, 3, 4, 0].tolist() == [0, 40, 80]
    assert open_dataset(tmp_path, channels=3).images[:, 3, 4].tolist() == [[0] * 3, [40] * 3, [80] * 3]


def test_images_in_folders_are_upright_and_on_white(tmp_path):
    """As by read_image: EXIF orientation, transparency, 16-bit grey."""
    exif = Image.Exif()
    exif[0x0112] = 3  # rotated by half a turn
    half = np.zeros((8, 8, 3), np.uint8)
    half[:4] = 200
    save(tmp_path, "a.png", half, exif=exif)
    save(tmp_path, "b.png", np.zeros((8, 8, 4), np.uint8))
    save(tmp_path, "c.png", np.full((8, 8), 32896, np.uint16))
    assert open_dataset(tmp_path).images[:, [0, 7], 0, 0].tolist() == [[0, 200], [255, 255], [128, 128]]


def test_size_and_channels_of_every_data_set(tmp_path):
    """A pair (H, W) crops to its aspect ratio; reducing averages; colour is converted to Rec. 601's grey."""
    board = np.zeros((1, 32, 64, 3), np.uint8)
    board[:, ::2, ::2] = board[:, 1::2, 1::2] = (200, 0, 0)
    board[:, :, :16] = 255  # cut off
    np.save(tmp_path / "a.npy", board)
    dataset = open_dataset(tmp_path / "a.npy", size=(8, 8))
    np.testing.assert_allclose(dataset.images[0, 2:6, 2:6], np.full((4, 4, 3), (100, 0, 0)), atol=3)
    assert open_dataset(tmp_path / "a.npy", size=(16, 8), channels=1).images.shape == (1, 16, 8, 1)
    red = np.full((2, 8, 8, 3), (200, 0, 0), np.uint8)
    np.save(tmp_path / "b.npy", red)
    assert (open_dataset(tmp_path / "b.npy", channels=1).images == round(0.299 * 200)).all()


def test_synthetic_data_by_name():
    """The four names, with the requested size and channels; the same seed gives the same images."""
    for name in SYNTHETIC:
        first, again = (open_dataset(name, size=16, channels=3, count=4, seed=7) for _ in range(2))
        assert first.images.shape == (4, 16, 16, 3) and first.images.std() > 0
        np.testing.assert_array_equal(first.images, again.images)
    assert open_dataset("glyphs", size=(12, 20), count=2).images.shape == (2, 12, 20, 1)
    assert len(open_dataset("letters", count=2).class_names) > len(open_dataset("glyphs", count=2).class_names)


def test_splits_of_a_file_do_not_overlap(tmp_path):
    """A tenth of each class is held out, also if labels alternate; the same images every time."""
    images = np.arange(40, dtype=np.uint8)[:, None, None].repeat(8, 1).repeat(8, 2)
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(40) % 4)
    parts, again = splits.load_splits(tmp_path / "a.npz"), splits.load_splits(tmp_path / "a.npz")
    assert sorted(parts.held_out.labels) == [0, 1, 2, 3] and len(parts.train) == 36 and not parts.disjoint
    assert sorted([*parts.train.images[:, 0, 0, 0], *parts.held_out.images[:, 0, 0, 0]]) == list(range(40))
    np.testing.assert_array_equal(parts.held_out.images, again.held_out.images)


def test_classes_are_the_labels_that_occur():
    """Letters labelled 1 to 3 are three classes, not four; with names, labels are indices into them."""
    images = np.zeros((4, 2, 2, 1), np.uint8)
    dataset = Dataset(images, np.array([3, 1, 2, 1]))
    assert dataset.class_names == ["1", "2", "3"] and dataset.labels.tolist() == [2, 0, 1, 0]
    assert Dataset(images, np.array([0, 1, 1, 0]), list("abc")).labels.tolist() == [0, 1, 1, 0]
