"""A folder of pictures as a data set; sub-folders, if there are any, are its classes, in the order of their names.

Each picture is cut to the middle square (or the shape asked for) and shrunk to the common size.
"""
import logging
from pathlib import Path

import numpy as np

from nnscratch.data.dataset import Dataset
from nnscratch.data.pictures import decode, open_file
from nnscratch.errors import InputError

log = logging.getLogger("nnscratch")


def read_folder(folder, size=None):
    """The Dataset of all pictures in a folder.

    size : side of the square that each becomes; None: pictures must all be of one size, and are left as they are.
    Files that are no pictures are passed over, with one logged line. Grey, if all of them are; else colour.
    Raises InputError for a folder without pictures, and for mixed sizes where no size is given.
    """
    folder = Path(folder)
    classes = sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    classes = [name for name in classes if files_in(folder / name)]
    found, labels, passed_over = [], [], []
    for label, place in enumerate([folder / name for name in classes] or [folder]):
        for path in files_in(place):
            try:
                with open_file(path) as file:
                    image = decode(file, path)
            except InputError:
                passed_over.append(path.name)
                continue
            found.append(picture(image, size))
            labels.append(label)
    if passed_over:
        log.info("passed over %d files that are no whole pictures, such as %s", len(passed_over), passed_over[0])
    if not found:
        raise InputError(f"{folder} holds no pictures, expected files that Pillow reads, or sub-folders of them")
    sizes = {array.shape for array in found}
    if len(sizes) > 1:
        shown = ", ".join(f"{w}x{h}" for h, w, _ in sorted(sizes)[:3])
        raise InputError(f"{folder} holds pictures of {len(sizes)} sizes (such as {shown}), expected one; give --size to cut "
                         f"and shrink them all")
    images = np.stack(found)
    if (images == images[..., :1]).all():
        images = images[..., :1]
    return Dataset(images, np.array(labels) if classes else None, classes, f"pictures of {folder.name}")


def files_in(folder):
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))


def picture(image, size):
    """A Pillow image, RGB or grey floats in [0, 1], as bytes (H, W, 3), cut and shrunk if a size is given."""
    from PIL import Image, ImageOps
    if size is not None:
        image = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
    array = np.asarray(image)
    if image.mode != "RGB":
        array = np.rint(array.clip(0, 1) * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    return array
