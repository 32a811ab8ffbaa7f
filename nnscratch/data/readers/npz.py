"""NumPy's own files as data sets: .npy with images, .npz with images and labels. Never a pickle inside.

Shapes: images (N, H, W), (N, H, W, 1 or 3), or channels first, (N, 1 or 3, H, W); bytes, or floats in [0, 1] or [-1, 1].
Source of the formats: numpy.lib.format in NumPy's documentation; an .npz is a zip of .npy files.
"""
import zipfile
from math import prod
from pathlib import Path

import numpy as np

from nnscratch.data.dataset import Dataset, to_bytes
from nnscratch.data.images import open_file
from nnscratch.data.limits import LARGEST, check_labels
from nnscratch.errors import InputError
from nnscratch.files import reason

IMAGES, LABELS = ("images", "x", "x_train", "data", "arr_0"), ("labels", "y", "y_train", "arr_1")
PORTION = 1024  # images converted at a time


def read_arrays(path):
    """The Dataset in an .npy or .npz file.

    Images are taken from the first of the names images, x, x_train, data, arr_0 that is there, labels (N,) or (N, 1) from
    labels, y, y_train, arr_1. Floats that go below 0 are taken to be in [-1, 1]. Channels are last if the last axis can be.
    Raises InputError for anything that is not such a file, holds Python objects, is too large, or has labels out of range.
    """
    path = Path(path)
    with open_file(path, "an .npy or .npz file"):
        pass  # there, readable, and no pipe
    try:
        images, labels = from_zip(path) if zipfile.is_zipfile(path) else (mapped(path), None)
    except InputError:
        raise
    except Exception as error:  # a damaged file can fail in any way at all, for want of memory as well
        raise InputError(f"{path} is no whole file of NumPy ({reason(error)[:90]}), expected .npy or .npz without pickles: "
                         f"save it again") from error
    if labels is not None:
        labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
        check_labels(path, labels)
    return Dataset(pixels(path, images), labels, title=f"images of {path.name}")


def mapped(path):
    """The array in an .npy file, not yet in memory: NumPy maps it and compares its promised length with the file's."""
    images = np.load(path, mmap_mode="r", allow_pickle=False)
    check_bytes(path, images.nbytes)
    return images


def from_zip(path):
    """(images, labels or None) in an .npz file. Only these are unpacked, and only if their promised sizes are sane."""
    with zipfile.ZipFile(path) as archive:
        entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        chosen = [next((name for name in names if name in entries), None) for names in (IMAGES, LABELS)]
        if chosen[0] is None:
            held = ", ".join(map(repr, entries))[:200] or "nothing"
            raise InputError(f"{path} holds {held}, expected images under one of the names {', '.join(IMAGES)}: save them "
                             f"under one of these")
        used = [entries[name] for name in chosen if name]
        check_bytes(path, sum(entry.file_size for entry in used))
        if not all(entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in used):
            raise InputError(f"{path} is packed in a way that NumPy does not pack, expected np.savez or np.savez_compressed: "
                             f"save it with one of them")  # Python unpacks the others without a bound
        arrays = [unpacked(archive, entry) for entry in used]
    return arrays[0], arrays[1] if chosen[1] else None


def unpacked(archive, entry):
    """One array of a zip. NumPy sets memory aside for what its header promises: so that is first held against the size."""
    form = np.lib.format
    with archive.open(entry) as file:
        read_header = {(1, 0): form.read_array_header_1_0, (2, 0): form.read_array_header_2_0}[form.read_magic(file)]
        shape, _, dtype = read_header(file)
        if prod(shape) * dtype.itemsize > entry.file_size:
            raise ValueError("its header promises more than there is")
    with archive.open(entry) as file:
        return form.read_array(file, allow_pickle=False)


def check_bytes(path, size):
    if size > LARGEST:
        raise InputError(f"{path} holds {size} bytes, unpacked, expected {LARGEST} at most: give fewer or smaller images")


def pixels(path, images):
    """Images in any of the allowed forms as bytes (N, H, W, C), a copy of their own."""
    shape = images.shape
    if images.ndim == 3 and shape[2] not in (1, 3):  # (H, W, 3) would be one image, not H of them
        images = images[..., None]
    if images.ndim == 4 and images.shape[3] not in (1, 3) and images.shape[1] in (1, 3):
        images = images.transpose(0, 2, 3, 1)
    if images.ndim != 4 or images.shape[3] not in (1, 3) or images.size == 0:
        raise InputError(f"{path} holds an array {shape}, expected (N, H, W), (N, H, W, 1 or 3) or (N, 1 or 3, H, W): "
                         f"reshape it")
    if images.dtype == np.uint8:
        return np.array(images, order="C")
    if images.dtype.kind != "f":
        raise InputError(f"{path} holds {images.dtype}, expected uint8, or floats in [0, 1] or [-1, 1]: convert with "
                         f".astype(np.uint8)")
    low, high = float(images.min()), float(images.max())
    if not (-1 <= low and high <= 1):  # NaN, too
        raise InputError(f"{path} holds {images.dtype} from {low:g} to {high:g}, expected bytes, or floats in [0, 1] or "
                         f"[-1, 1]: divide by 255")
    result = np.empty(images.shape, np.uint8)
    for start in range(0, len(images), PORTION):
        portion = images[start:start + PORTION]
        result[start:start + PORTION] = to_bytes(portion if low < 0 else portion * 2 - 1)
    return result
