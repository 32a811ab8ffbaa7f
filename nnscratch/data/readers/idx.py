"""IDX: the format of MNIST, Fashion-MNIST and EMNIST, raw or in gzip.

    bytes 0-1   0            bytes 4-7     how many items
    byte  2     8: bytes     bytes 8-11    rows       (images only)
    byte  3     axes: 3, 1   bytes 12-15   columns    (images only)        then one byte a pixel, or a label

All numbers are big-endian. EMNIST stores its images with rows and columns exchanged; they are read as they are stored.
Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits" (1998), file formats.
"""
import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np

from nnscratch.data.dataset import Dataset
from nnscratch.data.images import open_file
from nnscratch.data.limits import LARGEST
from nnscratch.errors import InputError
from nnscratch.files import reason

GZIP = b"\x1f\x8b"


def read_idx(path):
    """The Dataset in an IDX file of images, with the labels in the file beside it if there is one.

    path : the file of images, raw or gzip; or a folder with such files, of which the training ones are read.
    Returns images uint8 (N, H, W, 1) and labels from 0 to 255, or None.
    Raises InputError for files that are missing, truncated, of another format, or that lie about their length.
    """
    path = Path(path)
    if path.is_dir():
        path = training_images(path)
    images = read_array(path, axes=3)
    labels_path = labels_beside(path)
    labels = None if labels_path is None else read_array(labels_path, axes=1)
    if labels is not None and len(labels) != len(images):
        raise InputError(f"{labels_path} has {len(labels)} labels for {len(images)} images in {path}; give two files that "
                         f"belong together")
    return Dataset(images[..., None], None if labels is None else labels.astype(np.int64), title=f"images of {path.name}")


def idx_files(folder):
    """The files of images in a folder, by their names, without the packed twin of one that is there raw."""
    found = sorted(p for p in folder.iterdir() if "images" in p.name and "ubyte" in p.name and p.is_file())
    return [p for p in found if p.suffix != ".gz" or p.with_suffix("") not in found]


def training_images(folder):
    """The one file to read: the training images, or the only images."""
    files = idx_files(folder)
    files = [p for p in files if "train" in p.name] or files
    if len(files) != 1:
        names = ", ".join(p.name for p in files[:3]) or "no IDX file of images"
        raise InputError(f"{folder} holds {names}, expected one train-images-idx3-ubyte: give the path of the file itself")
    return files[0]


def labels_beside(path):
    """train-images-idx3-ubyte.gz -> train-labels-idx1-ubyte.gz, with or without .gz, with a dot for a dash; None: not there."""
    if "images" not in path.name:  # nothing to find the other file by
        return None
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    for other in (name, name.removesuffix(".gz"), f"{name}.gz"):
        if (path.parent / other).is_file():
            return path.parent / other
    return None


def read_array(path, axes):
    """The array in an IDX file of bytes, which must have so many axes."""
    try:
        with open_file(path, "an IDX file") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            file = gzip.GzipFile(fileobj=raw) if packed else raw
            head = file.read(4 + 4 * axes)
            if len(head) < 4 + 4 * axes or head[:3] != b"\0\0\x08" or head[3] != axes:
                raise InputError(f"{path} begins with {head[:4].hex()}, expected 000008{axes:02x}, an IDX file of "
                                 f"{'images' if axes == 3 else 'labels'}; give the right file")
            shape = tuple(int.from_bytes(head[k:k + 4], "big") for k in range(4, len(head), 4))
            size = prod(shape)
            if not 0 < size <= LARGEST:
                raise InputError(f"{path} promises {' x '.join(map(str, shape))} bytes, expected 1 to {LARGEST}; it is damaged")
            body = read_at_most(file, size + 1)  # never more than promised, however much is packed inside
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path} is a damaged or truncated gzip file ({error}); fetch it again") from error
    except OSError as error:
        raise InputError(f"cannot read {path} ({reason(error)}), expected an IDX file: give a readable one") from error
    if len(body) != size:
        raise InputError(f"{path} promises {size} bytes of data and has {'more' if len(body) > size else len(body)}; it is "
                         f"truncated or damaged: fetch it again")
    return np.frombuffer(body, np.uint8).reshape(shape)


def read_at_most(file, size):
    """Up to `size` bytes, a piece at a time: memory grows with what is there, not with what a header promises."""
    body = bytearray()
    while piece := file.read(min(size - len(body), 2**20)):
        body += piece
    return body
