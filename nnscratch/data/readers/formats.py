"""Open a data set, whatever it is: told by what is in it, not by its name."""
import os
from pathlib import Path

from nnscratch.data.images import open_file
from nnscratch.data.readers.cifar import batches_in, looks_like_cifar, read_cifar
from nnscratch.data.readers.folder import read_folder
from nnscratch.data.readers.idx import GZIP, idx_files, read_idx
from nnscratch.data.readers.npz import read_arrays
from nnscratch.data.resize import checked_channels, checked_size, fitted
from nnscratch.data.splits import COUNT, MADE, make
from nnscratch.errors import InputError
from nnscratch.files import reason

IDX = (b"\0\0\x08\x01", b"\0\0\x08\x03")
FORMS = "a folder of images, an IDX, CIFAR, .npy or .npz file"


def open_dataset(path_or_name, *, size=None, channels=None, count=COUNT, seed=0):
    """The Dataset of a name, or in a folder (of images, IDX files, CIFAR batches) or a file (IDX, CIFAR, .npy, .npz).

    path_or_name : "glyphs", "letters", "shapes", "textures" are made, `count` images from `seed`; for a folder of such a
        name write "./glyphs".
    size : (H, W), or the side of a square: all images are cut to the middle and shrunk to it; None: as they are.
    channels : 1 or 3; None: as they are.
    Returns images uint8 (N, H, W, C), labels int64 (N,) or None, names of the classes.
    Raises InputError for what is none of these, and for all that its reader refuses.
    """
    pair = checked_size(size)
    checked_channels(channels)
    if isinstance(path_or_name, str) and path_or_name in MADE:
        side = pair[0] if pair and pair[0] == pair[1] else None  # drawn at that size, better than resized to it
        return fitted(make(path_or_name, count, seed, side), pair, channels)
    try:
        if not os.path.exists(path_or_name):
            raise InputError(f"{str(path_or_name)!r} is no file or folder, expected {FORMS}, or one of the names "
                             f"{', '.join(MADE)}: check the path")
        path = Path(path_or_name)
        if not path.is_dir():
            return fitted(read_file(path), pair, channels)
        if idx_files(path):
            return fitted(read_idx(path), pair, channels)
        if batches_in(path):
            return fitted(read_cifar(path), pair, channels)
    except InputError:
        raise
    except (OSError, TypeError, ValueError) as error:  # TypeError: a path that is none; ValueError: an impossible one
        raise InputError(f"cannot read {path_or_name} ({reason(error)}), expected {FORMS}: give a readable one") from error
    return read_folder(path, pair, channels)


def read_file(path):
    """The Dataset in a file, by its first bytes, or for CIFAR, which has no mark, its length."""
    with open_file(path, FORMS) as file:
        head, length = file.read(6), os.fstat(file.fileno()).st_size
    if head[:2] == GZIP or head[:4] in IDX:
        return read_idx(path)
    if head == b"\x93NUMPY" or head[:4] == b"PK\x03\x04":
        return read_arrays(path)
    if looks_like_cifar(head, length):
        return read_cifar(path)
    raise InputError(f"{path} begins with {head.hex() or 'nothing'}, expected {FORMS}: give one of these")
