"""Readers: hostile pickles, archives and paths are refused at once, whatever they are made of."""
import gzip
import io
import os
import pickle
import shutil
import struct
import sys
import tarfile
import time

import numpy as np
import pytest
from memory_use import peak_megabytes
from reader_files import IMAGES, PLANES, idx, npy_header, record, write

from nnscratch.data.dataset import Dataset
from nnscratch.data.readers.cifar import read_cifar
from nnscratch.data.readers.folder import image_files, read_folder
from nnscratch.data.readers.formats import open_dataset
from nnscratch.data.readers.idx import read_idx
from nnscratch.data.readers.npz import read_npz
from nnscratch.data.splits import load_splits
from nnscratch.errors import InputError

READERS = [open_dataset, load_splits, read_cifar, read_folder, read_idx, read_npz, image_files]

# Each tuple holds the one before twice: its hash, and its text, would take 2^60 steps. q stores, h fetches, \x86 makes a pair.
DEEP = b")" + b"".join(b"q" + bytes([k]) + b"h" + bytes([k]) + b"\x86" for k in range(60))
EQUAL = b"".join(pickle.dumps(k * (2**61 - 1), 2)[2:-1] + b"N" for k in range(1, 150_000))  # integers whose hash is 0
ARRAY, KIND = b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01", b"cnumpy\ndtype\nU\x02u1\x85R"


def batch(data, labels=b"](K\x00e"):
    """A pickle of a dict with this code for its data and its labels."""
    return b"\x80\x02}(U\x04data" + data + b"U\x06labels" + labels + b"u."


PICKLES = {
    "key": b"\x80\x02}" + DEEP + b"Ns.", "keys": b"\x80\x02}(" + DEEP + b"Nu.", "dict": b"\x80\x02(" + DEEP + b"Nd.",
    "nested": batch(b"}" + DEEP + b"Ns"), "set": b"\x80\x04\x8f(" + DEEP + b"\x90.", "frozen": b"\x80\x04(" + DEEP + b"\x91.",
    "equal hashes": b"\x80\x02}(" + EQUAL + b"u.", "state": batch(b"}}" + DEEP + b"Nsb"),
    "data": batch(DEEP), "labels": batch(b"N", DEEP), "shape": batch(ARRAY + b"(" + DEEP + b"K\x01t" + KIND + b"\x89U\x01atb"),
    "side": batch(ARRAY + DEEP + b"M\x00\x0c\x86" + KIND + b"\x89U\x01atb"),
    "order": batch(b"cnumpy.core.numeric\n_frombuffer\n(U\x01a" + KIND + b"K\x01M\x00\x0c\x86" + DEEP + b"tR"),
    "bytes": batch(ARRAY + b"K\x01M\x00\x0c\x86" + KIND + b"\x89" + DEEP + b"tb"),
    "copies": b"\x80\x02(" + b"N" * 200_000 + b"tq\x000" + b"cnumpy\ndtype\nh\x00R" * 50_000 + b".",
    "promise": b"\x80\x05}U\x04data\x96" + struct.pack("<Q", 2**40) + b"aaas.", "endless": b"\x80\x02}" + b"N0" * 10**7}


@pytest.mark.parametrize("kind", PICKLES)
def test_no_pickle_takes_long(tmp_path, kind):
    """Neither as a batch nor as the names of the classes."""
    start = time.process_time()
    with pytest.raises(InputError, match="refused as a pickle|without CIFAR's data"):
        open_dataset(write(tmp_path, "data_batch_1", PICKLES[kind]))
    write(tmp_path, "batches.meta", PICKLES[kind][:2**16])
    write(tmp_path, "data_batch_1", pickle.dumps({b"data": PLANES.reshape(3, -1), b"labels": [0, 1, 2]}))
    try:
        assert open_dataset(tmp_path).class_names == ["0", "1", "2"]
    except InputError as error:
        assert "refused as a pickle" in str(error)
    assert time.process_time() - start < 8  # a slow machine; without the checks: for ever


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("path", [0, 5, 10**30, -1, None, 2.5, b"bytes", [], "", pytest.param("x" * 5000, id="long"), "a\0b",
                                  "/dev/zero", "/dev/null"])
def test_what_is_no_path_is_refused(reader, path):
    """Also the numbers of open files, and devices that never end; in one short sentence."""
    with pytest.raises(InputError) as caught:
        reader(path)
    assert "\n" not in str(caught.value) and "expected" in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_is_refused_at_once(tmp_path, reader):
    """By itself, and beside data."""
    os.mkfifo(tmp_path / "train-images-idx3-ubyte")
    os.mkfifo(tmp_path / "data_batch_1")
    with pytest.raises(InputError):
        reader(tmp_path / "data_batch_1")
    if reader != image_files:
        with pytest.raises(InputError):
            reader(tmp_path)


def archive(*members, **options):
    """A .tar.gz of (name, content) pairs."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", **options) as file:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            if data is None:
                info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0
            file.addfile(info, io.BytesIO(data or b""))
    return stream.getvalue()


@pytest.mark.parametrize("data, words", [
    (archive(("other.txt", b"x")), "no data_batch_1"), (archive(("data_batch_1", b"x")), "expected a multiple"),
    (archive(("../../data_batch_1.bin", record([9], PLANES[0])))[:-500], "whole archive|fetch it again"),
    (archive(*[(f"{k}", b"") for k in range(200)]), "more than CIFAR"),
    (archive(("train", b"\x80\x02cposix\nsystem\n.")), "asks for 'posix.system'")],
    ids=["no batch", "short", "cut", "many", "evil"])  # the bytes hold the time
def test_bad_archives(tmp_path, data, words):
    """One sentence each."""
    with pytest.raises(InputError, match=words):
        open_dataset(write(tmp_path, "a.tar.gz", data))


def test_an_archive_is_not_unpacked_to_the_disk(tmp_path):
    """A name that leads out of it is only a name; links are not followed."""
    members = [("../../data_batch_1.bin", record([9], PLANES[0])), ("data_batch_2.bin", None)]
    path = write(tmp_path, "a.tar.gz", archive(*[(name, data) for name, data in members if data is not None]))
    assert open_dataset(path).labels.tolist() == [9] and os.listdir(tmp_path) == ["a.tar.gz"]


def test_many_classes_take_no_square(tmp_path):
    """12,000 images in 12,000 classes: a batch is made without a matrix of 12,000 x 12,000."""
    dataset = Dataset(np.zeros((12_000, 2, 2, 1), np.uint8), np.arange(12_000))
    import tracemalloc
    tracemalloc.start()
    try:
        _, labels = next(iter(dataset.batches(4)))
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()
    assert labels.shape == (4, 12_000) and labels.argmax(axis=1).tolist() == [0, 1, 2, 3] and labels.sum() == 4


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
@pytest.mark.parametrize("kind", ["idx", "npz", "tar", "folder"])
def test_bombs_take_little_memory(tmp_path, kind):
    """Small files that unpack to gigabytes, or to images of 9000x9000."""
    if kind == "idx":
        with gzip.open(tmp_path / "a", "wb", 1) as file:
            file.write(idx(IMAGES, 0)[:4] + struct.pack(">III", 20, 9000, 9000))
            for _ in range(1600):
                file.write(bytes(2**20))
    elif kind == "npz":
        import zipfile
        archive = zipfile.ZipFile(tmp_path / "a", "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        with archive as file, file.open("images.npy", "w") as entry:
            entry.write(npy_header((3 * 2**20, 32, 16)))
            for _ in range(1536):
                entry.write(bytes(2**20))
    elif kind == "tar":
        with gzip.open(tmp_path / "a", "wb", 1) as file:
            header = tarfile.TarInfo("data_batch_1")
            header.size = 3 * 2**30
            file.write(header.tobuf())
            for _ in range(1536):
                file.write(bytes(2**20))
    else:
        from PIL import Image
        Image.new("RGB", (9000, 9000), (200, 100, 50)).save(tmp_path / "a.png", compress_level=1)
        for name in ("b.png", "c.png"):
            shutil.copy(tmp_path / "a.png", tmp_path / name)
    path = tmp_path if kind == "folder" else tmp_path / "a"
    for size in (None, 64) if kind == "folder" else (64,):
        code = f"from nnscratch.data import open_dataset; open_dataset(sys.argv[1], size={size})"
        assert peak_megabytes(code, path) < 950


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
def test_calls_do_not_copy_their_arguments(tmp_path):
    """200,000 arguments, in 50,000 calls: 80 GB of copies."""
    path = write(tmp_path, "data_batch_1", PICKLES["copies"])
    assert peak_megabytes("from nnscratch.data import open_dataset; open_dataset(sys.argv[1])", path) < 300
