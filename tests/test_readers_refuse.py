"""Readers of users' files: a bad file gives one sentence, no code is run, and memory stays bounded."""
import gzip
import io
import os
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from reader_files import IMAGES, LABELS, PLANES, Evil, idx, npy_header, python_2, record, save, write

from nnscratch.data import splits
from nnscratch.data.readers.cifar import read_cifar
from nnscratch.data.readers.folder import read_folder
from nnscratch.data.readers.formats import open_dataset
from nnscratch.data.readers.idx import read_idx
from nnscratch.data.readers.npz import read_npz
from nnscratch.errors import InputError

ROWS = PLANES.reshape(3, -1)


def saved_objects(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def short(code):
    """A pickle of a dict whose value under b"data" is made by `code`."""
    return b"\x80\x02}(U\x04data" + code + b"U\x06labels](K\x00eu."


BIG = b"J" + struct.pack("<i", 2**31 - 1)
WRONG = {  # the problem: (name, bytes, words)
    "truncated gzip": ("a.gz", gzip.compress(idx(IMAGES))[:60], "truncated"),
    "damaged gzip": ("a.gz", b"\x1f\x8b" + bytes(50), "damaged or truncated"),
    "gzip of another file": ("a.gz", gzip.compress(b"hello, I am no data set"), "expected 00000803"),
    "header promises more": ("a", idx(IMAGES, count=7), "promises 140 bytes of data and has 120"),
    "header promises less": ("a", idx(IMAGES, count=5), "promises 100 bytes of data and has more"),
    "header promises a terabyte": ("a", idx(IMAGES, count=2**32 - 1)[:8] + b"\xff" * 8 + bytes(20), "expected 1 to"),
    "header cut off": ("a", idx(IMAGES)[:9], "expected 00000803"),
    "labels for images": ("a", idx(LABELS), "expected 00000803"),
    "nothing": ("a", b"", "begins with nothing"),
    "text": ("a.npz", b"hello, I am no data set", "expected a folder of images, an IDX"),
    "label of CIFAR-10": ("a.bin", record([10], PLANES[0]), "labels from 10 to 10, expected 0 to 9"),
    "label of CIFAR-100": ("a.bin", record([0, 100], PLANES[0]), "labels from 100 to 100, expected 0 to 99"),
    "CIFAR cut off": ("a.bin", record([1], PLANES[0])[:-1], "expected a folder of images, an IDX, CIFAR"),
    "pickle of a list": ("a", pickle.dumps([1, 2]), "it holds a list, not a dict"),
    "pickle of other things": ("a", pickle.dumps({"weights": 1}), "without CIFAR's data"),
    "pickle of wrong width": ("a", pickle.dumps({b"data": ROWS[:, :99], b"labels": [0, 1, 2]}), "without CIFAR's data"),
    "pickle of floats": ("a", pickle.dumps({b"data": ROWS / 255, b"labels": [0, 1, 2]}), "without CIFAR's data"),
    "pickle, too few labels": ("a", pickle.dumps({b"data": ROWS, b"labels": [0]}), "1 labels for 3 images"),
    "pickle, label out of range": ("a", python_2(ROWS, [0, 1, 10]), "expected 0 to 9"),
    "pickle, negative label": ("a", pickle.dumps({b"data": ROWS, b"labels": [0, -1, 2]}), "labels from -1"),
    "truncated pickle": ("a", pickle.dumps({b"data": ROWS, b"labels": [0, 1, 2]})[:500], "refused as a pickle"),
    "pickle: a huge array from nothing": ("a", short(b"cnumpy\nndarray\n" + BIG + b"\x85U\x02u1\x86R"), "without CIFAR's data"),
    "pickle: a huge memo": ("a", short(b"Nr\xff\xff\xff\xff"), "more than its format needs"),
    "pickle: a deep key": ("a", b"\x80\x02})" + b"\x85" * 10**6 + b"Ns.", "more than its format needs"),
    "pickle: a long text promised": ("a", b"\x80\x04}\x8e" + b"\xff" * 7 + b"\x0f.", "refused as a pickle"),
    "objects": ("a.npy", saved_objects(np.array([None, {}])), "Python objects|Object arrays"),
    "an .npy cut off": ("a.npy", saved_objects(IMAGES)[:-5], "not a whole file of NumPy"),
    "an .npy that promises terabytes": ("a.npy", npy_header((10**12, 9, 9)) + bytes(99), "not a whole file of NumPy"),
    "one image": ("a.npy", saved_objects(np.zeros((8, 8, 3), np.uint8)), r"an array \(8, 8, 3\), expected"),
    "no images": ("a.npy", saved_objects(np.zeros((0, 8, 8), np.uint8)), "expected"),
    "whole numbers": ("a.npy", saved_objects(IMAGES.astype(np.int64)), "holds int64, expected uint8"),
    "floats to 255": ("a.npy", saved_objects(IMAGES.astype(np.float32)), "divide by 255"),
    "NaN": ("a.npy", saved_objects(np.full((2, 8, 8), np.nan)), "from nan to nan"),
}


@pytest.mark.parametrize("what", WRONG)
def test_bad_files(tmp_path, what):
    """One sentence for each, which names the file."""
    name, data, words = WRONG[what]
    with pytest.raises(InputError, match=words) as caught:
        open_dataset(write(tmp_path, name, data))
    assert name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("protocol", [0, 1, 2, 4, 5])
def test_a_pickle_cannot_call_os_system(tmp_path, protocol):
    """It is refused in one sentence, as a batch or as class names, and nothing has run; pickle.loads would run it."""
    mark, batch = tmp_path / "mark", {b"data": ROWS, b"labels": [0, 1, 2]}
    evil = write(tmp_path, "data_batch_1", pickle.dumps({b"data": Evil(mark), b"labels": [0]}, protocol))
    with pytest.raises(InputError, match="asks for 'posix.system'|asks for 'nt.system'"):
        read_cifar(evil) if protocol > 1 else open_and_say(evil)
    write(tmp_path, "batches.meta", pickle.dumps({b"label_names": Evil(mark)}, protocol))
    write(tmp_path, "data_batch_1", pickle.dumps(batch, 4))
    with pytest.raises(InputError, match="batches.meta is refused .* asks for"):
        open_dataset(tmp_path)
    assert not mark.exists()
    pickle.loads((tmp_path / "batches.meta").read_bytes())
    assert mark.exists()


def open_and_say(path):
    """Protocols 0 and 1 have no magic number, so such a file is not recognized as a pickle; `unpickle` also refuses it."""
    from nnscratch.data.readers.cifar import unpickle
    with pytest.raises(InputError, match="expected a folder of images, an IDX"):
        open_dataset(path)
    unpickle(path, path.read_bytes())


@pytest.mark.parametrize("asked", ["builtins\neval", "numpy\nload", "numpy.core.multiarray\nfromfile",
                                   "nnscratch.files\nreason", "numpy\nndarray.__class__", "copyreg\n_reconstructor"])
def test_a_pickle_can_use_no_other_name(tmp_path, asked):
    """Neither Python's names, nor NumPy's, nor our own."""
    path = write(tmp_path, "data_batch_1", short(b"c" + asked.encode() + b"\n(tR"))
    with pytest.raises(InputError, match="which its format does not need"):
        open_dataset(path)


@pytest.fixture(scope="module")
def bombs(tmp_path_factory):
    """Files of a few KB that decompress to far more than their headers state, or whose headers state far too much."""
    folder = tmp_path_factory.mktemp("bombs")
    write(folder, "a.gz", gzip.compress(idx(IMAGES) + bytes(10**8)))
    with zipfile.ZipFile(folder / "header.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images.npy", npy_header((10**10, 9, 9)) + bytes(10**7))
    with zipfile.ZipFile(folder / "method.npz", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("images.npy", npy_header((10**8, 1, 1)) + bytes(10**8))
    with zipfile.ZipFile(folder / "size.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("images.npy", "labels.npy"):
            archive.writestr(name, npy_header((10**6, 9, 9)) + bytes(1000))
    parts = (folder / "size.npz").read_bytes().split(b"PK\x01\x02")  # the directory; an entry has the unpacked size at 20
    parts[1:] = [part[:20] + struct.pack("<I", 2**32 - 2) + part[24:] for part in parts[1:]]
    write(folder, "size.npz", b"PK\x01\x02".join(parts))
    np.savez(folder / "label.npz", x=IMAGES, y=np.arange(6) + 10**9)
    return folder


@pytest.mark.slow
@pytest.mark.xdist_group("bombs")  # created once, in one process
@pytest.mark.parametrize("name, words", [
    ("a.gz", "has more"), ("header.npz", "header promises more"), ("method.npz", "compressed in a way"),
    ("size.npz", "bytes, unpacked"), ("label.npz", "labels from 1000000000")])
def test_bombs_are_refused(bombs, name, words):
    """Less than 20 MB is allocated before the error."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=words):
            open_dataset(bombs / name)
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


def test_files_that_do_not_match(tmp_path):
    """Another number of labels, no known name in an .npz, two training files in a folder."""
    np.savez(tmp_path / "a.npz", **{"some\nthing": IMAGES})
    with pytest.raises(InputError, match=r"holds 'some\\nthing', expected images under"):
        open_dataset(tmp_path / "a.npz")
    np.savez(tmp_path / "c.npz", images=IMAGES, labels=LABELS[:3])
    with pytest.raises(InputError, match=r"expected labels \(6,\) of integers, one for each image, got \(3,\)"):
        open_dataset(tmp_path / "c.npz")
    path = write(tmp_path, "x-train-images-idx3-ubyte", idx(IMAGES))
    write(tmp_path, "x-train-labels-idx1-ubyte", idx(LABELS[:4]))
    with pytest.raises(InputError, match="4 labels for 6 images"):
        open_dataset(path)
    write(tmp_path, "y-train-images-idx3-ubyte", idx(IMAGES))
    with pytest.raises(InputError, match="x-train-images-idx3-ubyte, y-train-images-idx3-ubyte, expected one"):
        open_dataset(tmp_path)


def test_unusable_folders(tmp_path, caplog):
    """Folders that are empty, without images, or with mixed sizes."""
    with pytest.raises(InputError, match="holds no images"):
        open_dataset(tmp_path)
    write(tmp_path, "a.txt", b"text")
    with pytest.raises(InputError, match="holds no images"):
        open_dataset(tmp_path)
    assert "a.txt" in caplog.text
    save(tmp_path, "b.png", np.zeros((20, 40), np.uint8))
    save(tmp_path, "c.png", np.zeros((30, 16), np.uint8))
    with pytest.raises(InputError, match="several sizes .b.png has 40x20, c.png has 16x30., expected one: give a size"):
        open_dataset(tmp_path)
    assert open_dataset(tmp_path, size=8).images.shape == (2, 8, 8, 1)


def test_images_larger_than_memory_are_refused(tmp_path, monkeypatch):
    """Their size is counted while they are read."""
    monkeypatch.setattr("nnscratch.data.readers.folder.MAX_BYTES", 3 * 8 * 8 * 2)
    for k in range(3):
        save(tmp_path, f"{k}.png", np.zeros((8, 8), np.uint8))
    with pytest.raises(InputError, match="more than 2 images of 8x8"):
        open_dataset(tmp_path)


def test_paths_without_data(tmp_path, monkeypatch):
    """Missing, unknown names, impossible paths, a pipe (reading it would wait forever), a file without permission."""
    for path in (tmp_path / "missing", "glyfs", "a\0b", None, 3.5, "", "x" * 5000):
        with pytest.raises(InputError, match="expected a folder of images, an IDX"):
            open_dataset(path)
    with pytest.raises(InputError, match="glyphs, letters, shapes, textures"):
        open_dataset("glyfs")
    with pytest.raises(InputError, match="neither a file or folder nor one of glyphs"):
        splits.load_splits("glyfs")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        for reader in (open_dataset, read_idx, read_cifar, read_npz):
            with pytest.raises(InputError, match="not a regular file"):
                reader(tmp_path / "pipe")
    path = write(tmp_path, "a", idx(IMAGES))
    def refuse(*_):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr("builtins.open", refuse)  # simulated: root may read everything
    for reader in (open_dataset, read_idx, read_cifar, read_npz):
        with pytest.raises(InputError, match="Permission denied"):
            reader(path)


@pytest.mark.parametrize("options", [{"size": 2}, {"size": 10**6}, {"size": "big"}, {"size": (8, 8, 8)}, {"size": 8.5},
                                     {"channels": 2}, {"channels": True}, {"channels": "grey"}, {"channels": 0}])
def test_impossible_options(tmp_path, options):
    """They are refused before anything is read, and the sentence names the given value."""
    name, value = next(iter(options.items()))
    for reader in (open_dataset, read_folder):
        with pytest.raises(InputError) as caught:
            reader(tmp_path / "missing", **options)
        assert f"{name} is {value!r}" in str(caught.value)


@pytest.mark.parametrize("kind", ["gzip", "idx", "npy", "npz", "pickle 2", "pickle 4", "pickle 5", "python 2", "cifar", "png"])
def test_damaged_files_never_crash_the_reader(tmp_path, kind):
    """120 files with changed bytes or truncated ends give a data set or an InputError, and no other exception."""
    rng, batch = np.random.default_rng(5), {b"data": ROWS, b"labels": [0, 1, 2]}
    npz, png = io.BytesIO(), save(tmp_path / "made", "a.png", IMAGES[0])
    np.savez_compressed(npz, images=IMAGES, labels=LABELS)
    whole = {"gzip": gzip.compress(idx(IMAGES)), "idx": idx(IMAGES), "npy": saved_objects(IMAGES), "npz": npz.getvalue(),
             "python 2": python_2(ROWS, [0, 1, 2]), "cifar": record([1], PLANES[0]), "png": png.read_bytes(),
             **{f"pickle {k}": pickle.dumps(batch, k) for k in (2, 4, 5)}}[kind]
    refused = 0
    for trial in range(120):
        data = bytearray(whole)
        for place in rng.integers(0, len(data) if trial % 2 else min(len(data), 200), rng.integers(1, 6)):
            data[place] = rng.integers(0, 256)
        path = write(tmp_path / "fuzz", "data_batch_1", bytes(data[:rng.integers(1, len(data) + 1)] if trial % 3 else data))
        try:
            assert open_dataset(path.parent if kind in ("png", "cifar") else path).images.dtype == np.uint8
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
    assert refused > 30
