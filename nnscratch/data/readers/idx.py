"""IDX: the format of MNIST, Fashion-MNIST and EMNIST, raw or compressed with gzip.

    bytes 0-1   0            bytes 4-7     number of items
    byte  2     8: bytes     bytes 8-11    rows       (images only)
    byte  3     axes: 3, 1   bytes 12-15   columns    (images only)        then one byte for each pixel, or each label

All numbers are big-endian. EMNIST stores its images with rows and columns exchanged; they are read as they are stored.
Reference: LeCun, Cortes, Burges, "The MNIST database of handwritten digits" (1998), file formats.
"""
import gzip
import zlib
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.dataset import Dataset
from nnscratch.data.limits import MAX_BYTES
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file, reason

__all__ = ["read_idx"]

GZIP = b"\x1f\x8b"


def read_idx(path: FilePath) -> Dataset:
    """Read an IDX file of images, and its labels from the matching file in the same folder, if there is one.

    Parameters
    ----------
    path : str or path
        The file of images, raw or gzip; or a folder, of which the training images are read.

    Returns
    -------
    Dataset
        Images uint8 (N, H, W, 1), labels from 0 to 255 or None.

    Raises
    ------
    InputError
        A file is missing, truncated, of another format, or not as long as its header says.
    """
    path = Path(path)
    if path.is_dir():
        path = training_images(path)
    images = read_array(path, axes=3)
    labels_path = labels_beside(path)
    labels = None if labels_path is None else read_array(labels_path, axes=1)
    if labels is not None and len(labels) != len(images):
        raise InputError(f"{labels_path} has {len(labels)} labels for {len(images)} images in {path}, expected one for each; "
                         f"give two files that belong together")
    return Dataset(images[..., None], None if labels is None else labels.astype(np.int64), title=f"images of {path.name}")


def idx_files(folder: Path) -> list[Path]:
    """The files of images in a folder, by their names; a compressed copy of a raw file does not count."""
    found = sorted(p for p in folder.iterdir() if "images" in p.name and "ubyte" in p.name and p.is_file())
    return [p for p in found if p.suffix != ".gz" or p.with_suffix("") not in found]


def training_images(folder: Path) -> Path:
    """The file of training images, or the only file of images."""
    files = idx_files(folder)
    files = [p for p in files if "train" in p.name] or files
    if len(files) != 1:
        names = ", ".join(p.name for p in files[:3]) or "no IDX file of images"
        raise InputError(f"{folder} holds {names}, expected one train-images-idx3-ubyte: give the path of the file itself")
    return files[0]


def labels_beside(path: Path) -> Path | None:
    """train-images-idx3-ubyte -> train-labels-idx1-ubyte, with or without .gz, if it exists; dots for dashes are allowed."""
    if "images" not in path.name:  # the name does not tell that of the labels
        return None
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    for other in (name, name.removesuffix(".gz"), f"{name}.gz"):
        if (path.parent / other).is_file():
            return path.parent / other
    return None


def read_array(path: Path, axes: int) -> Array:
    """The array in an IDX file of bytes; it must have this number of axes."""
    try:
        with open_regular_file(path, "an IDX file") as raw:
            compressed = raw.read(2) == GZIP
            raw.seek(0)
            file = gzip.GzipFile(fileobj=raw) if compressed else raw
            head = file.read(4 + 4 * axes)
            if len(head) < 4 + 4 * axes or head[:3] != b"\0\0\x08" or head[3] != axes:
                raise InputError(f"{path} begins with {head[:4].hex()}, expected 000008{axes:02x}, an IDX file of "
                                 f"{'images' if axes == 3 else 'labels'}; give the right file")
            shape = tuple(int.from_bytes(head[k:k + 4], "big") for k in range(4, len(head), 4))
            size = prod(shape)
            if not 0 < size <= MAX_BYTES:
                raise InputError(f"{path} promises {' x '.join(map(str, shape))} bytes, expected 1 to {MAX_BYTES}; it is "
                                 f"damaged: fetch it again")
            body = read_at_most(file, size + 1)  # never more than promised, however much the file decompresses to
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path} is a damaged or truncated gzip file ({error}), expected a whole one: fetch it "
                         f"again") from error
    except OSError as error:
        raise InputError(f"cannot read {path} ({reason(error)}), expected an IDX file: give a readable one") from error
    if len(body) != size:
        raise InputError(f"{path} promises {size} bytes of data and has {'more' if len(body) > size else len(body)}; it is "
                         f"truncated or damaged, fetch it again")
    return np.frombuffer(body, np.uint8).reshape(shape)


def read_at_most(file: IO[bytes] | gzip.GzipFile, size: int) -> bytearray:
    """Up to `size` bytes, in pieces: memory grows with what the file holds, not with what its header promises."""
    body = bytearray()
    while piece := file.read(min(size - len(body), 2**20)):
        body += piece
    return body
