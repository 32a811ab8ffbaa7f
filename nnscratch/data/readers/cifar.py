"""CIFAR-10 and CIFAR-100: 32x32 colour images, in the binary and in the Python version.

A record of the binary version: 1 label (CIFAR-100: coarse and fine), then 1024 red, 1024 green, 1024 blue bytes, row by row.
The Python version is a pickle of a dict: data uint8 (N, 3072) and labels; pickles.py says why that is dangerous.

Reference: Krizhevsky, "Learning multiple layers of features from tiny images" (2009), appendix; the data's own page.
"""
import io
import os
import re
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.dataset import Dataset
from nnscratch.data.limits import check_labels
from nnscratch.data.readers.gunzip import MAGIC, Gunzip
from nnscratch.data.readers.pickles import is_pickle, rows_of, unpickle
from nnscratch.data.readers.places import as_path, title_of, visible
from nnscratch.data.resize import resize_dataset
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file, read_file, reason

__all__ = ["read_cifar"]

SIDE, VALUES = 32, 3 * 32 * 32  # of an image: pixels a side, bytes
NUM_CLASSES = {1: 10, 2: 100}  # by the number of labels before an image; of two, the second is the fine one
MAX_FILE_BYTES = 2**28         # the largest published file has 155 million
MAX_MEMBERS, MAX_ARCHIVE_BYTES = 100, 2**29  # of an archive; the published ones have 9 members and 186 million bytes
BATCH, META = r"(data_batch_\d+|train)(\.bin)?", ("batches.meta.txt", "fine_label_names.txt", "batches.meta", "meta")
EXPECTED = "a batch of CIFAR"


def read_cifar(path: FilePath, size: int | tuple[int, int] | None = None, channels: int | None = None) -> Dataset:
    """Read one batch file of CIFAR, binary or Python, or all training batches in a folder or in a .tar.gz.

    Parameters
    ----------
    path : str or path
        The file, the folder, or the archive as it was published. Class names come from batches.meta(.txt), meta or
        fine_label_names.txt in the same folder.
    size : int or (int, int), optional
        Side of a square, or height and width, to crop and resize the images to.
    channels : {1, 3}, optional
        Convert to grey or to colour.

    Returns
    -------
    Dataset
        Images uint8 (N, 32, 32, 3), labels from 0 to 9 (CIFAR-100: the fine labels, 0 to 99).

    Raises
    ------
    InputError
        A file is missing, truncated or of another format, or a pickle asks for anything but arrays.
    """
    path = as_path(path, EXPECTED)
    if os.path.isdir(path):
        return read_batches(path, batches_in(visible(path)), size, channels)
    if not is_archive(path):
        return read_batches(path, [path], size, channels)
    members = archive_members(path)
    return read_batches(path, choose_batches(members), size, channels, members)


def read_batches(path: Path, batches: list[Path], size: Any, channels: int | None,
                 members: dict[Path, bytes | None] | None = None) -> Dataset:
    """Read these batches, all in the folder or archive `path`; `members` is the content of the archive."""
    content = members or {}
    if not batches:
        raise InputError(f"{path} has no data_batch_1 or train, expected the batches of CIFAR: give the folder with them")
    parts = [read_batch(file, content.get(file)) for file in batches]
    images, labels = np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
    names, numbers = class_names(batches[0].parent, content), [str(k) for k in range(int(labels.max()) + 1)]
    fitting = len(numbers) <= len(names) <= NUM_CLASSES[2]
    return resize_dataset(Dataset(images, labels, names if fitting else numbers, title_of(path)), size, channels)


def batches_in(entries: list[Path]) -> list[Path]:
    """Those entries of a folder that are training batches, in order; a batch that exists in both versions counts once."""
    return choose_batches([path for path in entries if re.fullmatch(BATCH, path.name) and path.is_file()])


def choose_batches(files: Iterable[Path]) -> list[Path]:
    """Those of the files that are training batches, sorted; of a batch in both versions the Python version."""
    files = sorted(path for path in files if re.fullmatch(BATCH, path.name))
    batches = [path for path in files if path.name.startswith("data")] or files
    return [path for path in batches if path.suffix != ".bin" or path.with_suffix("") not in batches]


def is_archive(path: Path) -> bool:
    """Whether a file is a tar archive compressed with gzip: its first header says ustar, or its first name is CIFAR's."""
    with open_regular_file(path, EXPECTED) as file:
        if file.read(2) != MAGIC:
            return False
        file.seek(0)
        try:
            head = io.BufferedReader(Gunzip(file, path)).read(512)
        except (EOFError, zlib.error, OSError):
            return False
    return head[257:262] == b"ustar" or head.startswith(b"cifar-")


def archive_members(path: Path) -> dict[Path, bytes | None]:
    """The batches and class names in a .tar.gz. Links, devices and holes are left out; nothing is written to the disk."""
    members: dict[Path, bytes | None] = {}
    try:
        with open_regular_file(path, EXPECTED) as file, tarfile.open(fileobj=Gunzip(file, path), mode="r|") as archive:
            total = 0
            for count, member in enumerate(archive):
                total += member.size
                if count >= MAX_MEMBERS or total > MAX_ARCHIVE_BYTES:
                    raise ValueError("it holds more than CIFAR")
                name = Path(member.name).name
                if member.isreg() and not member.issparse() and (re.fullmatch(BATCH, name) or name in META):
                    content = archive.extractfile(member)
                    members[path / name] = content.read() if content else None
    except InputError:
        raise
    except Exception as error:  # a damaged archive can raise any exception
        raise InputError(f"{path} is not a whole archive of CIFAR ({reason(error)[:90]}), expected it as it was published: "
                         f"fetch it again") from error
    return members


def looks_like_cifar(head: bytes, size: int) -> bool:
    """Whether a file with these first bytes and this size could be a batch: a pickle, or whole records."""
    return is_pickle(head) or size > 0 and any(size % (labels + VALUES) == 0 for labels in NUM_CLASSES)


def read_batch(path: Path, data: bytes | None = None) -> tuple[Array, Array]:
    """(images (N, 32, 32, 3), labels (N,)) of one file, or of its content."""
    data = read_file(path, EXPECTED, MAX_FILE_BYTES) if data is None else data
    if data[:1] == b"\x80":  # no label is 128
        return from_pickle(path, data)
    for head, num_classes in NUM_CLASSES.items():
        if data and len(data) % (head + VALUES) == 0:
            records = np.frombuffer(data, np.uint8).reshape(-1, head + VALUES)
            check_labels(path, records[:, head - 1], num_classes)
            return to_images(records[:, head:]), records[:, head - 1].astype(np.int64)
    raise InputError(f"{path} has {len(data)} bytes, expected a multiple of {1 + VALUES} (CIFAR-10) or {2 + VALUES} "
                     f"(CIFAR-100), or a pickle: it is truncated or of another format, fetch it again")


def from_pickle(path: Path, data: bytes) -> tuple[Array, Array]:
    """(images, labels) of a file of the Python version."""
    found = unpickle(path, data)
    try:
        key = next(key for key in (b"labels", b"fine_labels") if key in found)
        if not isinstance(found[key], list) or not all(type(k) is int and abs(k) < 2**31 for k in found[key]):
            raise ValueError("the labels are not a list of integers")
        rows, labels = rows_of(found[b"data"], VALUES), np.array(found[key], np.int64)
        if labels.shape != (len(rows),) or not len(rows):
            raise ValueError(f"{len(labels)} labels for {len(rows)} images")
    except Exception as error:  # the values in the dict can be of any type
        what = type(error).__name__ if isinstance(error, (KeyError, StopIteration)) else reason(error)
        raise InputError(f"{path} is a pickle without CIFAR's data and labels ({what[:90]}), expected bytes (N, {VALUES}) "
                         f"and N labels: give a batch as it was published") from error
    check_labels(path, labels, NUM_CLASSES[1] if key == b"labels" else NUM_CLASSES[2])
    return to_images(rows), labels


def to_images(rows: Array) -> Array:
    """Planes of red, green and blue (N, 3072) -> pixels (N, 32, 32, 3)."""
    return np.ascontiguousarray(rows.reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1))


def class_names(folder: Path, files: dict[Path, bytes | None]) -> list[str]:
    """The names of the classes, from the file beside the batches, which may have been read; none if there is no such file."""
    path = next((folder / name for name in META if folder / name in files or (folder / name).is_file()), None)
    if path is None:
        return []
    data = files.get(path) or read_file(path, "names of classes", 2**16)
    if path.suffix == ".txt":
        return data.decode(errors="replace").split()
    found = unpickle(path, data)
    names = found.get(b"label_names", found.get(b"fine_label_names", []))
    names = [name for name in names if isinstance(name, (bytes, str))] if isinstance(names, list) else []
    return [name if isinstance(name, str) else name.decode(errors="replace") for name in names]
