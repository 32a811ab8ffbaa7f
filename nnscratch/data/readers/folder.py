"""A folder of images as a data set; sub-folders with images are its classes, in alphabetical order.

Shapes: each image is cropped to the aspect ratio of the common size and resized to it, (H, W, 1 or 3) of bytes.
"""
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.dataset import Dataset
from nnscratch.data.images import decode
from nnscratch.data.limits import MAX_BYTES
from nnscratch.data.resize import check_channels, check_size, crop_and_resize, resize_dataset
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file, reason

if TYPE_CHECKING:
    from PIL import Image as PIL_Image

__all__ = ["read_folder"]

log = logging.getLogger("nnscratch")


def read_folder(folder: FilePath, size: int | tuple[int, int] | None = None, channels: int | None = None) -> Dataset:
    """Read all images in a folder, upright, with transparency on white.

    Files that are not whole images, and files beside the sub-folders, are skipped with one logged line; hidden files silently.

    Parameters
    ----------
    folder : str or path
        A folder of images, or of sub-folders of images, which are the classes.
    size : int or (int, int), optional
        Side of a square, or height and width, of the result; by default all images must have one size already.
    channels : {1, 3}, optional
        By default 1 if all images are grey, else 3.

    Returns
    -------
    Dataset
        Images uint8 (N, H, W, C); labels if there are sub-folders.

    Raises
    ------
    InputError
        There are no images, their sizes differ and no size is given, or they take too much memory.
    """
    folder, size = Path(folder), check_size(size)
    check_channels(channels)
    try:
        images, labels, skipped = read_images(folder, size)
    except OSError as error:
        raise InputError(f"cannot read {folder} ({reason(error)}), expected a folder of images: give a readable "
                         f"one") from error
    if skipped:
        log.warning("%s: skipped %d files that are not whole images or in no class, such as %s", folder, len(skipped),
                    skipped[0])
    if not images:
        raise InputError(f"{folder} holds no images, expected files that Pillow reads, or sub-folders of them: give such a "
                         f"folder")
    pixels = np.stack(images)
    if all((image == image[..., :1]).all() for image in images):
        pixels = np.ascontiguousarray(pixels[..., :1])
    names = sorted({name for name in labels if name is not None})
    number = {name: k for k, name in enumerate(names)}
    numbers = np.array([number[name] for name in labels if name is not None]) if names else None
    return resize_dataset(Dataset(pixels, numbers, names, f"images of {folder.name}"), size, channels)


def read_images(folder: Path, size: tuple[int, int] | None) -> tuple[list[Array], list[str | None], list[str]]:
    """Images (H, W, 3) as bytes, the name of each one's sub-folder (None: in none), and the names of skipped files."""
    images: list[Array] = []
    labels: list[str | None] = []
    skipped: list[str] = []
    first = None
    for place in [*sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")), folder]:
        for path in sorted(p for p in place.iterdir() if p.is_file() and not p.name.startswith(".")):
            if place == folder and labels and labels[0] is not None:  # there are classes, and this is in none
                skipped.append(path.name)
                continue
            try:
                with open_regular_file(path, "an image") as file:
                    pixels = to_pixels(decode(file, path), size)
            except InputError:
                skipped.append(path.name)
                continue
            first = first or path.name
            check_next(folder, images, pixels, first, path.name)
            images.append(pixels)
            labels.append(None if place == folder else place.name)
    return images, labels, skipped


def check_next(folder: Path, images: list[Array], pixels: Array, first: str, name: str) -> None:
    """Raise InputError if the next image has another size than the first, or exceeds the memory limit."""
    if images and images[0].shape != pixels.shape:
        (h, w, _), (other_h, other_w, _) = images[0].shape, pixels.shape
        raise InputError(f"{folder} holds images of several sizes ({first} has {w}x{h}, {name} has {other_w}x{other_h}), "
                         f"expected one: give a size to crop and resize them all to")
    if (len(images) + 1) * pixels.nbytes > MAX_BYTES:
        raise InputError(f"{folder} holds more than {len(images)} images of {pixels.shape[1]}x{pixels.shape[0]}, expected "
                         f"{MAX_BYTES} bytes at most: give a smaller size or fewer images")


def to_pixels(image: "PIL_Image.Image", size: tuple[int, int] | None) -> Array:
    """A Pillow image, RGB or grey floats in [0, 1], as bytes (H, W, 3), cropped and resized if a size is given."""
    array = np.asarray(image if size is None else crop_and_resize(image, size))
    if image.mode == "RGB":
        return array
    return np.rint(array.clip(0, 1) * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
