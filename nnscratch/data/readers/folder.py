"""A folder of images as a data set; sub-folders, if there are images in any, are its classes, in the order of their names.

Shapes: each image is cut to the middle part of the shape asked for and shrunk to the common size, (H, W, 1 or 3) of bytes.
"""
import logging
from pathlib import Path

import numpy as np

from nnscratch.data.dataset import Dataset
from nnscratch.data.images import decode, open_file
from nnscratch.data.limits import LARGEST
from nnscratch.data.resize import checked_channels, checked_size, fit, fitted
from nnscratch.errors import InputError
from nnscratch.files import reason

log = logging.getLogger("nnscratch")


def read_folder(folder, size=None, channels=None):
    """The Dataset of all images in a folder: upright, transparency on white.

    size : (H, W), or the side of the square, that each becomes; None: all must be of one size, and are left as they are.
    channels : 1 or 3; None: 1 if all images are grey, else 3.
    What is no whole image, and what lies beside the sub-folders, is passed over, with one logged line; hidden files silently.
    Raises InputError for a folder without images, for mixed sizes where no size is given, and for more than fits in memory.
    """
    folder, size = Path(folder), checked_size(size)
    checked_channels(channels)
    try:
        found, labels, passed_over = gather(folder, size)
    except OSError as error:
        raise InputError(f"cannot read {folder} ({reason(error)}), expected a folder of images: give a readable "
                         f"one") from error
    if passed_over:
        log.warning("%s: passed over %d files that are no whole images or in no class, such as %s", folder, len(passed_over),
                    passed_over[0])
    if not found:
        raise InputError(f"{folder} holds no images, expected files that Pillow reads, or sub-folders of them: give such a "
                         f"folder")
    images = np.stack(found)
    if all((image == image[..., :1]).all() for image in found):
        images = np.ascontiguousarray(images[..., :1])
    names = sorted(set(labels) - {None})
    number = {name: k for k, name in enumerate(names)}
    numbers = np.array([number[name] for name in labels]) if names else None
    return fitted(Dataset(images, numbers, names, f"images of {folder.name}"), size, channels)


def gather(folder, size):
    """Images (H, W, 3) as bytes, the name of the sub-folder of each (None: of none), names of files that are passed over."""
    found, labels, passed_over, first = [], [], [], None
    for place in [*sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")), folder]:
        for path in sorted(p for p in place.iterdir() if p.is_file() and not p.name.startswith(".")):
            if place == folder and labels and labels[0] is not None:  # there are classes, and this is in none
                passed_over.append(path.name)
                continue
            try:
                with open_file(path) as file:
                    pixels = to_pixels(decode(file, path), size)
            except InputError:
                passed_over.append(path.name)
                continue
            first = first or path.name
            check_next(folder, found, pixels, first, path.name)
            found.append(pixels)
            labels.append(None if place == folder else place.name)
    return found, labels, passed_over


def check_next(folder, found, pixels, first, name):
    """Raises InputError if the next image is of another size than the first, or one too many."""
    if found and found[0].shape != pixels.shape:
        (h, w, _), (other_h, other_w, _) = found[0].shape, pixels.shape
        raise InputError(f"{folder} holds images of several sizes ({first} has {w}x{h}, {name} has {other_w}x{other_h}), "
                         f"expected one: give a size to cut and shrink them all to")
    if (len(found) + 1) * pixels.nbytes > LARGEST:
        raise InputError(f"{folder} holds more than {len(found)} images of {pixels.shape[1]}x{pixels.shape[0]}, expected "
                         f"{LARGEST} bytes at most: give a smaller size or fewer images")


def to_pixels(image, size):
    """A Pillow image, RGB or grey floats in [0, 1], as bytes (H, W, 3), cut and shrunk if a size is given."""
    array = np.asarray(image if size is None else fit(image, size))
    if image.mode == "RGB":
        return array
    return np.rint(array.clip(0, 1) * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
