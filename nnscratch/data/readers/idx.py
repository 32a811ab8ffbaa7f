"""IDX: the format of MNIST, Fashion-MNIST and EMNIST, raw or compressed with gzip.

    bytes 0-1   0            bytes 4-7     number of items
    byte  2     8: bytes     bytes 8-11    rows       (images only)
    byte  3     axes: 3, 1   bytes 12-15   columns    (images only)        then one byte for each pixel, or each label

All numbers are big-endian. EMNIST stores its images with rows and columns exchanged; they are read as they are stored.
Reference: LeCun, Cortes, Burges, "The MNIST database of handwritten digits" (1998), file formats.
"""
import os
import zlib
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.dataset import Dataset
from nnscratch.data.limits import MAX_BYTES, check_sides, check_unpacked
from nnscratch.data.readers.gunzip import MAGIC, Gunzip
from nnscratch.data.readers.places import as_path, title_of, visible
from nnscratch.data.resize import resize_dataset
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file, reason

__all__ = ["read_idx"]


def read_idx(path: FilePath, size: int | tuple[int, int] | None = None, channels: int | None = None) -> Dataset:
    """Read an IDX file of images, and its labels from the matching file in the same folder, if there is one.

    Parameters
    ----------
    path : str or path
        The file of images, raw or gzip; or a folder, of which the training images are read.
    size : int or (int, int), optional
        Side of a square, or height and width, to crop and resize the images to.
    channels : {1, 3}, optional
        Convert to grey or to colour.

    Returns
    -------
    Dataset
        Images uint8 (N, H, W, 1), labels from 0 to 255 or None.

    Raises
    ------
    InputError
        A file is missing, truncated, of another format, or not as long as its header says.
    """
    path = as_path(path, "an IDX file or its folder")
    if os.path.isdir(path):
        return read_training_images(path, idx_files(visible(path)), size, channels)
    images = read_array(path, 3, size)
    labels_path = labels_beside(path)
    labels = None if labels_path is None else read_array(labels_path, 1)
    if labels is not None and len(labels) != len(images):
        raise InputError(f"{labels_path} has {len(labels)} labels for {len(images)} images in {path}, expected one for each; "
                         f"give two files that belong together")
    dataset = Dataset(images[..., None], None if labels is None else labels.astype(np.int64), title=title_of(path))
    return resize_dataset(dataset, size, channels)


def idx_files(entries: list[Path]) -> list[Path]:
    """Those entries of a folder that are files of images, by their names; a compressed copy of a raw file does not count."""
    found = [p for p in entries if "images" in p.name and "ubyte" in p.name and p.is_file()]
    return [p for p in found if p.suffix != ".gz" or p.with_suffix("") not in found]


def read_training_images(folder: Path, files: list[Path], size: Any, channels: int | None) -> Dataset:
    """Read one of the files of images in a folder: that of the training images, or the only one."""
    files = [p for p in files if "train" in p.name] or files
    if len(files) != 1:
        names = ", ".join(p.name for p in files[:3]) or "no IDX file of images"
        raise InputError(f"{folder} holds {names}, expected one train-images-idx3-ubyte: give the path of the file itself")
    return read_idx(files[0], size, channels)


def labels_beside(path: Path) -> Path | None:
    """train-images-idx3-ubyte -> train-labels-idx1-ubyte, with or without .gz, if it exists; dots for dashes are allowed."""
    if "images" not in path.name:  # the name does not tell that of the labels
        return None
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    for other in (name, name.removesuffix(".gz"), f"{name}.gz"):
        if (path.parent / other).is_file():
            return path.parent / other
    return None


def read_array(path: Path, axes: int, size: int | tuple[int, int] | None = None) -> Array:
    """The array in an IDX file of bytes; it must have this number of axes."""
    try:
        with open_regular_file(path, "an IDX file") as raw:
            compressed = raw.read(2) == MAGIC
            raw.seek(0)
            file = Gunzip(raw, path) if compressed else raw
            head = read_at_most(file, 4 + 4 * axes)
            if len(head) < 4 + 4 * axes or head[:3] != b"\0\0\x08" or head[3] != axes:
                raise InputError(f"{path} begins with {head[:4].hex()}, expected 000008{axes:02x}, an IDX file of "
                                 f"{'images' if axes == 3 else 'labels'}; give the right file")
            shape = tuple(int.from_bytes(head[k:k + 4], "big") for k in range(4, len(head), 4))
            length = prod(shape)
            if not 0 < length <= MAX_BYTES:
                raise InputError(f"{path} promises {' x '.join(map(str, shape))} bytes, expected 1 to {MAX_BYTES}; it is "
                                 f"damaged: fetch it again")
            check_unpacked(path, length, os.fstat(raw.fileno()).st_size)
            if axes == 3:
                check_sides(path, shape[1:], size)
            body = read_at_most(file, length + 1)  # never more than promised, however much the file decompresses to
    except (EOFError, zlib.error) as error:
        raise InputError(f"{path} is a damaged or truncated gzip file ({error}), expected a whole one: fetch it "
                         f"again") from error
    except OSError as error:
        raise InputError(f"cannot read {path} ({reason(error)}), expected an IDX file: give a readable one") from error
    if len(body) != length:
        raise InputError(f"{path} promises {length} bytes of data and has {'more' if len(body) > length else len(body)}; it "
                         f"is truncated or damaged, fetch it again")
    return np.frombuffer(body, np.uint8).reshape(shape)


def read_at_most(file: IO[bytes] | Gunzip, length: int) -> bytearray:
    """Up to `length` bytes, in pieces: memory grows with what the file holds, not with what its header promises."""
    body = bytearray()
    while piece := file.read(min(length - len(body), 2**20)):
        body += piece
    return body
