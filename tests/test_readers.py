"""Readers of users' files: every format with known values, and every way a file can be wrong."""
import gzip
import io
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from nnscratch.data import source
from nnscratch.data.open import open_dataset
from nnscratch.errors import InputError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 5, 4)).astype(np.uint8)
LABELS = np.array([0, 2, 1, 1, 0, 2], np.uint8)
PLANES = np.random.default_rng(1).integers(0, 256, (3, 3, 32, 32)).astype(np.uint8)


def idx(array, count=None):
    shape = (len(array) if count is None else count, *array.shape[1:])
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *shape) + array.tobytes()


def write(folder, name, data):
    (folder / name).write_bytes(data)
    return folder / name


@pytest.mark.parametrize("images, labels", [
    ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"), ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz")])
def test_idx(tmp_path, images, labels):
    """Values and labels, raw and packed, mixed, the labels found by their name; by file and by folder."""
    path = write(tmp_path, images, gzip.compress(idx(IMAGES)) if images.endswith("gz") else idx(IMAGES))
    write(tmp_path, labels, gzip.compress(idx(LABELS)) if labels.endswith("gz") else idx(LABELS))
    for dataset in (open_dataset(path), open_dataset(tmp_path)):
        np.testing.assert_array_equal(dataset.images[..., 0], IMAGES)
        np.testing.assert_array_equal(dataset.labels, LABELS)
    (tmp_path / labels).unlink()
    assert open_dataset(path).labels is None


def record(label, planes):
    return bytes(label) + planes.tobytes()


@pytest.mark.parametrize("head", [1, 2])
def test_cifar_binary(tmp_path, head):
    """Planes become pixels: red, green, blue of the pixel (i, j); of two labels the second counts."""
    data = b"".join(record([9, k][-head:], PLANES[k]) for k in range(3))
    dataset = open_dataset(write(tmp_path, "data_batch_1.bin", data))
    np.testing.assert_array_equal(dataset.labels, [0, 1, 2])
    for k, c, i, j in [(0, 0, 0, 1), (1, 2, 31, 0), (2, 1, 7, 9)]:
        assert dataset.images[k, i, j, c] == PLANES[k, c, i, j]


@pytest.mark.parametrize("protocol", [2, 4])
def test_cifar_python_batches_in_a_folder(tmp_path, protocol):
    """All batches, in order, and the names of the classes."""
    for k in (1, 2):
        batch = {b"data": PLANES.reshape(3, -1)[:k + 1], b"labels": [0, 1, 0][:k + 1], b"filenames": [b"a"]}
        write(tmp_path, f"data_batch_{k}", pickle.dumps(batch, protocol))
    write(tmp_path, "batches.meta", pickle.dumps({b"label_names": [b"cat", b"ship"]}, protocol))
    dataset = open_dataset(tmp_path)
    assert dataset.names == ["cat", "ship"] and dataset.labels.tolist() == [0, 1, 0, 1, 0]
    np.testing.assert_array_equal(dataset.images[2:, :, :, 1], PLANES[:, 1])


class Evil:
    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def test_a_pickle_that_calls_os_system_does_not(tmp_path):
    """Refused in one sentence, and nothing has run; the same pickle does run where pickle.load is trusted."""
    mark = tmp_path / "mark"
    path = write(tmp_path, "data_batch_1", pickle.dumps({b"data": Evil(mark), b"labels": [0]}))
    with pytest.raises(InputError, match="asks for posix.system|asks for nt.system"):
        open_dataset(path)
    assert not mark.exists()
    pickle.loads(path.read_bytes())
    assert mark.exists()


@pytest.mark.parametrize("array, expected", [
    (IMAGES, IMAGES[..., None]), (PLANES, PLANES.transpose(0, 2, 3, 1)), (np.float32([[[[0.0], [1.0]]]]), [[[[0], [255]]]]),
    (np.float64([[[[-1.0], [0.0], [1.0]]]]), [[[[0], [128], [255]]]])], ids=["grey", "channels first", "0 to 1", "-1 to 1"])
def test_numpy_files(tmp_path, array, expected):
    """.npy, and .npz with labels."""
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(open_dataset(tmp_path / "a.npy").images, expected)
    np.savez_compressed(tmp_path / "b.npz", x_train=array, y_train=np.zeros((len(array), 1), np.int32))
    dataset = open_dataset(tmp_path / "b.npz")
    np.testing.assert_array_equal(dataset.images, expected)
    assert dataset.labels.tolist() == [0] * len(array)


def save(folder, name, size, color, mode="RGB"):
    folder.mkdir(exist_ok=True)
    Image.new(mode, size, color).save(folder / name)


def test_folder_of_pictures(tmp_path, caplog):
    """Sub-folders are classes by name; mixed sizes are cut to the middle and shrunk; what is no picture is passed over."""
    save(tmp_path / "dogs", "a.png", (40, 20), (250, 0, 0))
    save(tmp_path / "cats", "b.png", (16, 30), (0, 0, 250))
    (tmp_path / "cats" / "c.png").write_bytes(b"\x89PNG broken")
    (tmp_path / "empty").mkdir()
    with caplog.at_level("INFO", logger="nnscratch"):
        dataset = open_dataset(tmp_path, size=16)
    assert dataset.names == ["cats", "dogs"] and dataset.labels.tolist() == [0, 1] and dataset.images.shape == (2, 16, 16, 3)
    assert dataset.images[0, 8, 8].tolist() == [0, 0, 250] and "1 files" in caplog.text and "c.png" in caplog.text
    with pytest.raises(InputError, match="2 sizes .such as 40x20, 16x30"):
        open_dataset(tmp_path)


def test_grey_folder_without_classes(tmp_path):
    for k in range(3):
        save(tmp_path, f"{k}.png", (12, 12), 40 * k, "L")
    dataset = open_dataset(tmp_path)
    assert dataset.images.shape == (3, 12, 12, 1) and dataset.labels is None and dataset.images[2, 0, 0, 0] == 80


WRONG = {  # what is wrong: (name, bytes, words)
    "truncated gzip": ("a.gz", gzip.compress(idx(IMAGES))[:60], "truncated"),
    "damaged gzip": ("a.gz", b"\x1f\x8b" + bytes(50), "damaged or truncated"),
    "header promises more": ("a", idx(IMAGES, count=7), "promises 140 bytes of data and has 120"),
    "header promises less": ("a", idx(IMAGES, count=5), "promises 100 bytes of data and has more"),
    "header promises a terabyte": ("a", idx(IMAGES, count=2**32 - 1)[:8] + b"\xff" * 8 + bytes(20), "expected 1 to"),
    "gzip bomb": ("a.gz", gzip.compress(idx(IMAGES) + bytes(10**7)), "has more"),
    "labels for pictures": ("a", idx(LABELS), "expected 00000803"),
    "nothing": ("a", b"", "begins with nothing"),
    "text": ("a.npz", b"hello, I am no data set", "expected an IDX"),
    "pickle of something else": ("data_batch_1", pickle.dumps([1, 2]), "without CIFAR's data"),
    "truncated pickle": ("data_batch_1", pickle.dumps({b"data": PLANES.reshape(3, -1)})[:500], "refused as a pickle"),
    "objects": ("a.npy", None, "Python objects|Object arrays"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_files(tmp_path, what):
    """One sentence each."""
    name, data, words = WRONG[what]
    if data is None:
        stream = io.BytesIO()
        np.save(stream, np.array([Evil(tmp_path / "mark")], dtype=object), allow_pickle=True)
        data = stream.getvalue()
    with pytest.raises(InputError, match=words):
        open_dataset(write(tmp_path, name, data))
    assert not (tmp_path / "mark").exists()


def test_more_that_is_wrong(tmp_path):
    """No folder, an empty one, numbers of labels, sizes, npz without pictures, floats out of range, a zip that swells."""
    with pytest.raises(InputError, match="cannot read"):
        open_dataset(tmp_path / "missing")
    with pytest.raises(InputError, match="holds no pictures"):
        open_dataset(tmp_path)
    with pytest.raises(InputError, match="neither a file or folder nor one of glyphs"):
        source.parts_of("glyfs")
    with pytest.raises(InputError, match="size is 2"):
        open_dataset(tmp_path, size=2)
    np.savez(tmp_path / "a.npz", something=IMAGES)
    with pytest.raises(InputError, match="holds something, expected pictures under"):
        open_dataset(tmp_path / "a.npz")
    np.save(tmp_path / "b.npy", IMAGES.astype(np.float32))
    with pytest.raises(InputError, match="divide by 255"):
        open_dataset(tmp_path / "b.npy")
    np.savez(tmp_path / "c.npz", images=IMAGES, labels=LABELS[:3])
    with pytest.raises(InputError, match=r"the labels are \(3,\)"):
        open_dataset(tmp_path / "c.npz")
    path = write(tmp_path, "x-images-idx3-ubyte", idx(IMAGES))
    write(tmp_path, "x-labels-idx1-ubyte", idx(LABELS[:4]))
    with pytest.raises(InputError, match="4 labels for 6 pictures"):
        open_dataset(path)
    header = b"\x93NUMPY\x01\0" + struct.pack("<H", 118)
    header += repr({"descr": "|u1", "fortran_order": False, "shape": (10**12, 9, 9)}).ljust(117).encode() + b"\n"
    with pytest.raises(InputError):
        open_dataset(write(tmp_path, "lies.npy", header + bytes(100)))
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", header + bytes(10**7))
    with pytest.raises(InputError):
        open_dataset(tmp_path / "bomb.npz")


def test_damaged_files_never_crash(tmp_path):
    """Bytes changed and ends cut off, 400 times: a data set or an InputError comes out, and no other exception."""
    stream, random = io.BytesIO(), np.random.default_rng(5)
    np.savez_compressed(stream, images=IMAGES, labels=LABELS)
    batch = pickle.dumps({b"data": PLANES.reshape(3, -1), b"labels": [0, 1, 2]}, 2)
    whole = [gzip.compress(idx(IMAGES)), idx(IMAGES), stream.getvalue(), batch]
    for k in range(400):
        data = bytearray(whole[k % 4])
        for place in random.integers(0, min(len(data), 200), random.integers(1, 6)):
            data[place] = random.integers(0, 256)
        try:
            open_dataset(write(tmp_path, "data_batch_1", bytes(data[:random.integers(1, len(data) + 1)])))
        except InputError:
            pass


def test_parts_of_files_do_not_overlap(tmp_path):
    """Every tenth picture is held out, and only those."""
    images = np.arange(40, dtype=np.uint8)[:, None, None].repeat(8, 1).repeat(8, 2)
    np.save(tmp_path / "a.npy", images)
    parts = source.parts_of(tmp_path / "a.npy")
    assert parts.held_out.images[:, 0, 0, 0].tolist() == [9, 19, 29, 39] and len(parts.train) == 36
    assert not set(parts.train.images[:, 0, 0, 0]) & {9, 19, 29, 39}


def test_real_fashion_mnist():
    """Debian's copy, where it is installed: 60,000 pictures, 6,000 of each class."""
    path = "/usr/share/datasets/fashion-mnist"
    if not os.path.isdir(path):
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    dataset = open_dataset(path)
    assert dataset.images.shape == (60_000, 28, 28, 1) and np.bincount(dataset.labels).tolist() == [6000] * 10
