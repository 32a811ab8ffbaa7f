"""Open a data set, whatever it is: told by what is in it, not by its name."""
import zipfile
from pathlib import Path

import numpy as np

from nnscratch.data.arrays import read_arrays
from nnscratch.data.cifar import looks_like_cifar, read_cifar
from nnscratch.data.dataset import Dataset
from nnscratch.data.folder import read_folder
from nnscratch.data.idx import GZIP, read_idx
from nnscratch.errors import InputError


def open_dataset(path, *, size=None):
    """The Dataset in a folder (of pictures, of IDX files, of CIFAR batches) or a file (IDX, CIFAR, .npy, .npz).

    size : side that all pictures are shrunk to (cut to the middle square first); None: as they are.
    Raises InputError for what is none of these, and for all that its reader refuses.
    """
    path = Path(path)
    if size is not None and not (isinstance(size, int) and 4 <= size <= 1024):
        raise InputError(f"size is {size!r}, expected pixels, a whole number from 4 to 1024")
    try:
        if path.is_dir():
            idx = sorted(p for p in path.iterdir() if "images" in p.name and ("idx3" in p.name or "ubyte" in p.name))
            if idx:  # of a training and a test part, the training one
                return resized(read_idx(next((p for p in idx if "train" in p.name), idx[0])), size)
            if any(p.name.startswith("data_batch_") for p in path.iterdir()):
                return resized(read_cifar(path), size)
            return read_folder(path, size)
        with open(path, "rb") as file:
            head = file.read(6)
        if head[:2] == GZIP or head[:3] == b"\0\0\x08":
            return resized(read_idx(path), size)
        if head == b"\x93NUMPY" or zipfile.is_zipfile(path):
            return resized(read_arrays(path), size)
        if looks_like_cifar(path):
            return resized(read_cifar(path), size)
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror or error}); give a readable file or folder") from error
    raise InputError(f"{path} begins with {head.hex() or 'nothing'}, expected an IDX, CIFAR, .npy or .npz file, or a folder of "
                     f"pictures")


def resized(dataset, size):
    """All pictures cut to the middle square and shrunk (or enlarged) to `size` pixels a side."""
    from PIL import Image, ImageOps
    if size is None or dataset.images.shape[1:3] == (size, size):
        return dataset
    grey = dataset.images.shape[3] == 1
    shrunk = [np.asarray(ImageOps.fit(Image.fromarray(picture[..., 0] if grey else picture), (size, size),
                                      Image.Resampling.LANCZOS)) for picture in dataset.images]
    images = np.stack(shrunk)
    return Dataset(images[..., None] if grey else images, dataset.labels, dataset.names, dataset.title)
