"""Open a data set of any supported format; the format is recognised by the content, not by the file's name."""
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

from nnscratch.data.dataset import Dataset
from nnscratch.data.readers.cifar import batches_in, is_archive, looks_like_cifar, read_batches, read_cifar
from nnscratch.data.readers.folder import read_entries
from nnscratch.data.readers.gunzip import MAGIC
from nnscratch.data.readers.idx import idx_files, read_idx, read_training_images
from nnscratch.data.readers.npz import read_npz
from nnscratch.data.readers.places import as_path, shown, visible
from nnscratch.data.resize import check_channels, check_size, resize_dataset
from nnscratch.data.synthetic.registry import DEFAULT_COUNT, SYNTHETIC, make_synthetic
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file

__all__ = ["open_dataset"]

Reader: TypeAlias = Callable[[Path, Any, Any], Dataset]

IDX = (b"\0\0\x08\x01", b"\0\0\x08\x03")
FORMATS = "a folder of images, an IDX, CIFAR, .npy or .npz file"
FOLDER_READERS: list[tuple[Callable[[list[Path]], list[Path]], Callable[[Path, list[Path], Any, Any], Dataset]]] = [
    (idx_files, read_training_images), (batches_in, read_batches)]  # which entries of a folder a format takes, and its reader


def open_dataset(path_or_name: FilePath, *, size: int | tuple[int, int] | None = None, channels: int | None = None,
                 count: int = DEFAULT_COUNT, seed: int = 0) -> Dataset:
    """Open the data set in a folder or file, or draw a synthetic one by its name.

    Parameters
    ----------
    path_or_name : str or path
        A folder of images (sub-folders are classes), of IDX files or of CIFAR batches, also as torchvision leaves them; a file
        of IDX (MNIST), CIFAR (also as .tar.gz), .npy or .npz; or one of the names "glyphs", "letters", "shapes", "textures".
        For a folder of such a name write "./glyphs".
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
    path = as_path(path_or_name, FORMATS)
    if not os.path.exists(path):
        raise InputError(f"{shown(path)!r} is not a file or folder, expected {FORMATS}, or one of the names "
                         f"{', '.join(SYNTHETIC)}: check the path")
    if not os.path.isdir(path):
        return reader_of(path)(path, pair, channels)
    return read_any_folder(path, pair, channels)


def read_any_folder(path: Path, size: tuple[int, int] | None, channels: int | None) -> Dataset:
    """The one data set in a folder, which is listed once: a folder of images may have very many entries."""
    entries = visible(path)
    found = [(place, files, read) for place, inside in data_places(path, entries) for choose, read in FOLDER_READERS
             if (files := choose(inside))]
    found = [one for one in found if one[0] == path] or found
    if len(found) > 1:
        names = ", ".join(str(place.relative_to(path)) for place, *_ in found[:4])
        raise InputError(f"{path} holds several data sets, {names}, expected one: give the path of one of them")
    place, files, read = found[0] if found else (path, entries, read_entries)
    return read(place, files, size, channels)


def data_places(folder: Path, entries: list[Path]) -> Iterator[tuple[Path, list[Path]]]:
    """Where IDX files and CIFAR batches may lie, with the entries: a folder itself, or below it as torchvision leaves them."""
    yield folder, entries
    for path in entries:
        for place in (path, path / "raw"):
            if (place.name == "raw" or place.name.startswith("cifar-")) and place.is_dir():
                yield place, visible(place)


def reader_of(path: Path) -> Reader:
    """The reader of a file, recognised by its first bytes; CIFAR, which has no magic number, by its length."""
    with open_regular_file(path, FORMATS) as file:
        head, length = file.read(6), os.fstat(file.fileno()).st_size
    if head[:2] == MAGIC or head[:4] in IDX:
        return read_cifar if is_archive(path) else read_idx
    if head == b"\x93NUMPY" or head[:4] == b"PK\x03\x04":
        return read_npz
    if looks_like_cifar(head, length):
        return read_cifar
    raise InputError(f"{path} begins with {head.hex() or 'nothing'}, expected {FORMATS}: give one of these")
