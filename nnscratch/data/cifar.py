"""CIFAR-10 and CIFAR-100: 32x32 colour pictures, in their binary and in their Python form.

A record of the binary form: 1 label (CIFAR-100: coarse and fine), then 1024 red, 1024 green, 1024 blue bytes, row by row.
The Python form is a pickle, which could run any program it likes; ours may only build arrays of bytes, lists and text.

Source: Krizhevsky, "Learning multiple layers of features from tiny images" (2009), appendix; the data's own page.
"""
import io
import pickle
from pathlib import Path

import numpy as np

from nnscratch.data.dataset import Dataset
from nnscratch.errors import InputError

SIDE, PIXELS = 32, 3 * 32 * 32
LARGEST = 2**30  # bytes; a batch has 30 million
HARMLESS = {("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"), ("numpy", "ndarray"),
            ("numpy", "dtype"), ("_codecs", "encode")}


class ArraysOnly(pickle.Unpickler):
    """Finds what an array of bytes is built with, and nothing else: a pickle that calls anything else is refused."""

    def find_class(self, module, name):
        if (module, name) not in HARMLESS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no CIFAR file needs")
        return super().find_class(module, name)


def read_cifar(path):
    """The Dataset in one batch file, binary or Python, or in a folder of batches (the training ones, all together).

    Raises InputError for files that are missing, truncated or of another format, and for pickles that ask for anything but
    arrays.
    """
    path = Path(path)
    files = batches_in(path) if path.is_dir() else [path]
    parts = [read_batch(file) for file in files]
    names = class_names(files[0].parent)
    images, labels = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    return Dataset(images, labels, names if names and len(names) > labels.max() else [], f"pictures of {path.name}")


def batches_in(folder):
    """The training batches in a folder, in order."""
    files = sorted(p for p in folder.iterdir() if p.name.startswith("data_batch_") or p.name in ("train", "train.bin"))
    if not files:
        raise InputError(f"{folder} has no data_batch_1 or train, expected the batches of CIFAR; give the folder with them")
    return files


def looks_like_cifar(path):
    """Whether a file could be a batch: whole records, or a pickle."""
    with open(path, "rb") as file:
        first = file.read(2)
    size = path.stat().st_size
    return first[:1] == b"\x80" and len(first) == 2 and first[1] <= 5 or size > 0 and (
        size % (1 + PIXELS) == 0 or size % (2 + PIXELS) == 0)


def read_batch(path):
    """(images (N, 32, 32, 3), labels (N,)) of one file."""
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} has {path.stat().st_size} bytes, expected a batch of CIFAR, {LARGEST} at most")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror or error}); give a readable file") from error
    if data[:1] == b"\x80" and path.suffix != ".bin":
        return from_pickle(path, data)
    for head in (1, 2):  # labels in front of each picture; of two the second is the fine one
        if data and len(data) % (head + PIXELS) == 0:
            records = np.frombuffer(data, np.uint8).reshape(-1, head + PIXELS)
            return to_pictures(records[:, head:]), records[:, head - 1].astype(np.int64)
    raise InputError(f"{path} has {len(data)} bytes, expected a multiple of {1 + PIXELS} (CIFAR-10) or {2 + PIXELS} "
                     f"(CIFAR-100), or a pickle; it is truncated or of another format")


def from_pickle(path, data):
    found = unpickle(path, data)
    try:
        rows = np.asarray(found[b"data"])
        labels = np.asarray(found[b"labels"] if b"labels" in found else found[b"fine_labels"])
        fits = rows.dtype == np.uint8 and rows.ndim == 2 and rows.shape[1] == PIXELS
        if not fits or labels.shape != (len(rows),) or labels.dtype.kind not in "iu":
            raise ValueError(f"data {rows.shape} of {rows.dtype}, labels {labels.shape} of {labels.dtype}")
        return to_pictures(rows), labels.astype(np.int64)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is a pickle without CIFAR's data and labels ({error}); give a batch of CIFAR") from error


def unpickle(path, data):
    """What is in the pickle, if it is harmless."""
    try:
        return ArraysOnly(io.BytesIO(data), encoding="bytes").load()
    except Exception as error:  # a damaged pickle can fail in any way at all
        raise InputError(f"{path} is refused as a pickle ({str(error) or type(error).__name__}); give a batch of CIFAR as it "
                         f"was published") from error


def to_pictures(rows):
    """Planes of red, green, blue -> pixels."""
    return np.ascontiguousarray(rows.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))


def class_names(folder):
    """The names of the classes, from the file beside the batches; none where it is not there."""
    text = next((folder / name for name in ("batches.meta.txt", "fine_label_names.txt") if (folder / name).is_file()), None)
    if text is not None:
        return text.read_text(errors="replace").split()
    meta = next((folder / name for name in ("batches.meta", "meta") if (folder / name).is_file()), None)
    if meta is None or meta.stat().st_size > 2**20:
        return []
    found = unpickle(meta, meta.read_bytes())
    names = found.get(b"label_names", found.get(b"fine_label_names", [])) if isinstance(found, dict) else []
    return [name.decode(errors="replace") for name in names if isinstance(name, bytes)]
