"""Open a data set of any supported format; the format is recognised by the content, not by the file's name."""
import os
from pathlib import Path

from nnscratch.data.dataset import Dataset
from nnscratch.data.readers.cifar import batches_in, looks_like_cifar, read_cifar
from nnscratch.data.readers.folder import read_folder
from nnscratch.data.readers.idx import GZIP, idx_files, read_idx
from nnscratch.data.readers.npz import read_npz
from nnscratch.data.resize import check_channels, check_size, resize_dataset
from nnscratch.data.synthetic.registry import DEFAULT_COUNT, SYNTHETIC, make_synthetic
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file, reason

__all__ = ["open_dataset"]

IDX = (b"\0\0\x08\x01", b"\0\0\x08\x03")
FORMATS = "a folder of images, an IDX, CIFAR, .npy or .npz file"


def open_dataset(path_or_name: FilePath, *, size: int | tuple[int, int] | None = None, channels: int | None = None,
                 count: int = DEFAULT_COUNT, seed: int = 0) -> Dataset:
    """Open the data set in a folder or file, or draw a synthetic one by its name.

    Parameters
    ----------
    path_or_name : str or path
        A folder of images (sub-folders are classes), of IDX files or of CIFAR batches; a file of IDX (MNIST), CIFAR, .npy or
        .npz; or one of the names "glyphs", "letters", "shapes", "textures". For a folder of such a name write "./glyphs".
    size : int or (int, int), optional
        Side of a square, or height and width: each image is cropped to this aspect ratio and resized.
    channels : {1, 3}, optional
        Convert to grey or to colour.
    count : int
        For synthetic data: number of images.
    seed : int
        For synthetic data: chooses the images.

    Returns
    -------
    Dataset
        Images uint8 (N, H, W, C), labels int64 (N,) or None, and the names of the classes.

    Raises
    ------
    InputError
        The path is none of these, or its reader refuses it.

    Examples
    --------
    >>> open_dataset("shapes", count=3, size=(16, 24), channels=1).images.shape
    (3, 16, 24, 1)
    """
    pair = check_size(size)
    check_channels(channels)
    if isinstance(path_or_name, str) and path_or_name in SYNTHETIC:
        side = pair[0] if pair and pair[0] == pair[1] else None  # drawing at this size is better than resizing to it
        return resize_dataset(make_synthetic(path_or_name, count, seed, side), pair, channels)
    try:
        if not os.path.exists(path_or_name):
            raise InputError(f"{str(path_or_name)!r} is not a file or folder, expected {FORMATS}, or one of the names "
                             f"{', '.join(SYNTHETIC)}: check the path")
        path = Path(path_or_name)
        if not path.is_dir():
            return resize_dataset(read_file(path), pair, channels)
        if idx_files(path):
            return resize_dataset(read_idx(path), pair, channels)
        if batches_in(path):
            return resize_dataset(read_cifar(path), pair, channels)
    except InputError:
        raise
    except (OSError, TypeError, ValueError) as error:  # TypeError: not a path; ValueError: an impossible one
        raise InputError(f"cannot read {path_or_name} ({reason(error)}), expected {FORMATS}: give a readable one") from error
    return read_folder(path, pair, channels)


def read_file(path: Path) -> Dataset:
    """The data set in a file, recognised by its first bytes; CIFAR, which has no magic number, by its length."""
    with open_regular_file(path, FORMATS) as file:
        head, length = file.read(6), os.fstat(file.fileno()).st_size
    if head[:2] == GZIP or head[:4] in IDX:
        return read_idx(path)
    if head == b"\x93NUMPY" or head[:4] == b"PK\x03\x04":
        return read_npz(path)
    if looks_like_cifar(head, length):
        return read_cifar(path)
    raise InputError(f"{path} begins with {head.hex() or 'nothing'}, expected {FORMATS}: give one of these")
