"""NumPy's own files as data sets: .npy with images, .npz with images and labels. Pickles inside are never loaded.

Shapes: images (N, H, W), (N, H, W, 1 or 3), or channels first, (N, 1 or 3, H, W); bytes, or floats in [0, 1] or [-1, 1].
Reference for the formats: numpy.lib.format in NumPy's documentation; an .npz is a zip of .npy files.
"""
import os
import zipfile
from collections.abc import Sequence
from math import prod
from pathlib import Path

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.dataset import Dataset
from nnscratch.data.labels import whole_labels
from nnscratch.data.limits import MAX_BYTES, check_labels, check_sides, check_unpacked
from nnscratch.data.pixels import as_bytes, channels_last
from nnscratch.data.readers.places import as_path, title_of
from nnscratch.data.resize import resize_dataset
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file, reason
from nnscratch.ops.validation import check_choice

__all__ = ["read_npz"]

NAMES = {"train": (("images", "x", "x_train", "data", "arr_0"), ("labels", "y", "y_train", "arr_1")),
         "test": (("x_test",), ("y_test",))}  # of images and labels


def read_npz(path: FilePath, size: int | tuple[int, int] | None = None, channels: int | None = None,
             part: str = "train") -> Dataset:
    """Read an .npy file of images, or an .npz file of images and labels.

    Parameters
    ----------
    path : str or path
        The file. In an .npz, images have one of the names images, x, x_train, data, arr_0; labels, (N,) or (N, 1), one of
        labels, y, y_train, arr_1; the first name that exists is taken.
    size : int or (int, int), optional
        Side of a square, or height and width, to crop and resize the images to.
    channels : {1, 3}, optional
        Convert to grey or to colour.
    part : {"train", "test"}
        Of an .npz; "test" are x_test and y_test.

    Returns
    -------
    Dataset
        Images uint8 (N, H, W, C); labels int64 (N,) or None.

    Raises
    ------
    InputError
        The file is of another format, holds Python objects, is too large, or has labels out of range.

    Notes
    -----
    Layouts and ranges are those of pixels.py.
    """
    path, part = as_path(path, "an .npy or .npz file"), check_choice(part, "read_npz: part", NAMES)
    with open_regular_file(path, "an .npy or .npz file"):
        pass  # it exists, is readable, and is not a pipe
    try:
        images, labels = from_zip(path, NAMES[part]) if zipfile.is_zipfile(path) else (memory_mapped(path), None)
    except InputError:
        raise
    except Exception as error:  # a damaged file can raise any exception, MemoryError included
        raise InputError(f"{path} is not a whole file of NumPy ({reason(error)[:90]}), expected .npy or .npz without pickles: "
                         f"save it again") from error
    images = channels_last(path, images)
    check_sides(path, images.shape[1:3], size)
    if labels is not None:
        labels = whole_labels(labels, path, len(images))
        check_labels(path, labels)
    return resize_dataset(Dataset(as_bytes(path, images), labels, title=title_of(path)), size, channels)


def memory_mapped(path: Path) -> Array:
    """The array in an .npy file: NumPy maps it, and compares the header's length with the file's. Only bytes are loaded."""
    images = np.load(path, mmap_mode="r", allow_pickle=False)
    check_bytes(path, images.nbytes, images.nbytes)
    return np.array(images) if images.dtype == np.uint8 else images  # others will be converted to bytes, part by part


def has_test_part(path: Path) -> bool:
    """Whether an .npz file also holds images and labels to test with."""
    try:
        with open_regular_file(path) as file, zipfile.ZipFile(file) as archive:
            return {f"{name[0]}.npy" for name in NAMES["test"]} <= {*archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        return False


def from_zip(path: Path, names: Sequence[Sequence[str]]) -> tuple[Array, Array | None]:
    """(images, labels or None) in an .npz file. Only these are decompressed, and only if their stated sizes are sane."""
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        chosen = [next((name for name in several if name in entries), None) for several in names]
        if chosen[0] is None:
            held = ", ".join(map(repr, entries))[:200] or "nothing"
            raise InputError(f"{path} holds {held}, expected images under one of the names {', '.join(names[0])}: save them "
                             f"with one of these")
        used = [entries[name] for name in chosen if name]
        check_bytes(path, sum(entry.file_size for entry in used), os.path.getsize(path))
        if not all(entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in used):
            raise InputError(f"{path} is compressed in a way that NumPy does not use, expected np.savez or "
                             f"np.savez_compressed: save it with one of them")  # Python decompresses others without a bound
        arrays = [read_entry(archive, entry) for entry in used]
    return arrays[0], arrays[1] if chosen[1] else None


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Array:
    """One array of a zip. NumPy allocates what the array's header promises, so that is first compared with the entry's size."""
    form = np.lib.format
    with archive.open(entry) as file:
        read_header = {(1, 0): form.read_array_header_1_0, (2, 0): form.read_array_header_2_0}[form.read_magic(file)]
        shape, _, dtype = read_header(file)
        if prod(shape) * dtype.itemsize > entry.file_size:
            raise ValueError("its header promises more than it holds")
    with archive.open(entry) as file:
        return form.read_array(file, allow_pickle=False)


def check_bytes(path: Path, size: int, packed: int) -> None:
    """Raise InputError for more bytes than a data set may take, or a decompression bomb."""
    if size > MAX_BYTES:
        raise InputError(f"{path} holds {size} bytes, unpacked, expected {MAX_BYTES} at most: give fewer or smaller images")
    check_unpacked(path, size, packed)
