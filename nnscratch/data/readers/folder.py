"""A folder of images as a data set; sub-folders with images are its classes, in alphabetical order.

Shapes: each image is cropped to the aspect ratio of the common size and resized to it, (H, W, 1 or 3) of bytes.
"""
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.dataset import Dataset
from nnscratch.data.decode import LARGE, PHONES, decode, open_header
from nnscratch.data.limits import MAX_BYTES, MAX_SIDE, too_large
from nnscratch.data.readers.places import as_path, title_of, visible
from nnscratch.data.resize import check_channels, check_size, crop_and_resize, resize_dataset
from nnscratch.errors import InputError, counted, printable
from nnscratch.files import FilePath, open_regular_file

if TYPE_CHECKING:
    from PIL import Image as PIL_Image

__all__ = ["image_files", "log_skipped", "read_folder"]

log = logging.getLogger("nnscratch")

EXAMPLES = 8  # of reasons, and of names


def read_folder(folder: FilePath, size: int | tuple[int, int] | None = None, channels: int | None = None) -> Dataset:
    """Read all images in a folder, upright, with transparency on white.

    Files that are not whole images, files beside the sub-folders, sub-folders without images and folders in them are skipped
    with one logged line, which says why; hidden files, and what nnscratch wrote itself, silently.

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
    folder, size = as_path(folder, "a folder of images"), check_size(size)
    check_channels(channels)
    return read_entries(folder, visible(folder), size, channels)


def read_entries(folder: Path, entries: list[Path], size: tuple[int, int] | None, channels: int | None) -> Dataset:
    """As `read_folder`, where the entries of the folder are known already: a large folder takes long to list."""
    images, places, skipped = read_images(folder, entries, size)
    log_skipped(folder, skipped)
    if not images:
        raise InputError(f"{folder} holds no images (what nnscratch wrote there does not count), expected files that Pillow "
                         f"reads, or sub-folders of them: give such a folder")
    grey = all((image == image[..., :1]).all() for image in images)
    pixels = np.stack([image[..., :1] for image in images] if grey else images)
    classes = sorted(set(places) - {folder})
    number = {place: k for k, place in enumerate(classes)}
    labels = np.array([number[place] for place in places]) if classes else None
    return resize_dataset(Dataset(pixels, labels, [place.name for place in classes], title_of(folder)), size, channels)


def image_files(folder: FilePath) -> tuple[list[Path], list[str]]:
    """The images in a folder, and the names of the other entries.

    Hidden files, and what nnscratch wrote itself, are in neither list.

    Parameters
    ----------
    folder : str or path
        The folder; its sub-folders are not searched.

    Returns
    -------
    paths : list of Path
        Regular files that are images by their extension or by their content, sorted by name; some may be damaged.
    skipped : list of str
        Names of all other files and folders: log them, nothing is left out silently.

    Raises
    ------
    InputError
        No such folder, or it cannot be read.
    """
    return divide(visible(as_path(folder, "a folder of images")))


def divide(entries: list[Path]) -> tuple[list[Path], list[str]]:
    """The entries that are images, and the names of the others."""
    found = [(path, is_image(path)) for path in entries]
    return [path for path, image in found if image], [path.name for path, image in found if not image]


def is_image(path: Path) -> bool:
    """Whether a file is regular, and an image by its extension or, if that is of none, by its content."""
    from PIL import Image
    if not path.is_file():
        return False
    if Image.registered_extensions().get(path.suffix.lower()) in Image.OPEN or path.suffix.lower() in PHONES:
        return True
    try:
        with open_regular_file(path) as file:
            return bool(open_header(file, path).format)
    except InputError:
        return False


def log_skipped(folder: FilePath, skipped: dict[str, str]) -> None:
    """Log one line about what was left out, if anything was: the first reasons, with the first names of each.

    Parameters
    ----------
    folder : str or path
        Where it was.
    skipped : dict of str to str
        {name of a file or folder: why}, such as "no image".
    """
    reasons: dict[str, list[str]] = {}
    for name, why in skipped.items():
        reasons.setdefault(why, []).append(name)
    if skipped:
        words = [f"{', '.join(names[:EXAMPLES])}{', ...' if len(names) > EXAMPLES else ''}: {why}"
                 for why, names in [*reasons.items()][:EXAMPLES]]
        log.warning("%s: skipped %s; %s", printable(folder), counted(len(skipped), "file or folder", "files or folders"),
                    printable("; ".join(words)))


def why_skipped(path: Path) -> str:
    """Why `image_files` skips an entry."""
    return "a folder, of which the images are not read" if path.is_dir() else "no image"


def read_images(folder: Path, entries: list[Path], size: tuple[int, int] | None
                ) -> tuple[list[Array], list[Path], dict[str, str]]:
    """Images (H, W, 3) as bytes, the folder that each is in, and what is skipped, {name: why}."""
    images: list[Array] = []
    places: list[Path] = []
    skipped: dict[str, str] = {}
    first = None
    for place in [*(path for path in entries if path.is_dir()), folder]:
        paths, others = divide(entries if place == folder else visible(place))
        for path in (place / name for name in others):
            if place != folder or not path.is_dir():
                skipped[str(path.relative_to(folder))] = why_skipped(path)
        for path in paths:
            name = str(path.relative_to(folder))
            if place == folder and places and places[0] != folder:  # there are classes
                skipped[name] = "in no class"
                continue
            pixels, why = read_one(path, size)
            if pixels is None:
                skipped[name] = why
                continue
            first = first or path.name
            check_next(folder, images, pixels, first, path.name)
            images.append(pixels)
            places.append(place)
        if place != folder and place not in places[-1:]:
            skipped[place.name] = "no images that can be used, so no class"
    return images, places, skipped


def read_one(path: Path, size: tuple[int, int] | None) -> tuple[Array | None, str]:
    """The bytes (H, W, 3) of an image, or None, and why it cannot be read; InputError if it is too large without a size."""
    try:
        with open_regular_file(path, "an image") as file:
            full = open_header(file, path).size
            if size is not None or max(full) <= MAX_SIDE:
                file.seek(0)
                return to_pixels(decode(file, path, lambda sides: shrunk(sides, size)), size), ""
    except InputError as error:
        return None, str(error).removeprefix(printable(path)).strip()
    raise too_large(path, full[::-1])


def shrunk(sides: tuple[int, int], size: tuple[int, int] | None) -> tuple[int, int]:
    """The size at which an image is read: its own, but if it is very large, one that is enough for `size`."""
    if size is None or sides[0] * sides[1] <= LARGE:
        return sides
    factor = min(1, 4 * max(size) / min(sides))
    return max(1, round(sides[0] * factor)), max(1, round(sides[1] * factor))


def check_next(folder: Path, images: list[Array], pixels: Array, first: str, name: str) -> None:
    """Raise InputError if the next image has another size than the first, or exceeds the memory limit."""
    if images and images[0].shape != pixels.shape:
        (h, w, _), (other_h, other_w, _) = images[0].shape, pixels.shape
        raise InputError(f"{folder} holds images of several sizes ({first} has {w}x{h}, {name} has {other_w}x{other_h}), "
                         f"expected one: give a size (--size) to crop and resize them all to")
    if (len(images) + 1) * pixels.nbytes > MAX_BYTES:
        raise InputError(f"{folder} holds more than {len(images)} images of {pixels.shape[1]}x{pixels.shape[0]}, expected "
                         f"{MAX_BYTES} bytes at most: give a smaller size or fewer images")


def to_pixels(image: "PIL_Image.Image", size: tuple[int, int] | None) -> Array:
    """A Pillow image, RGB or grey floats in [0, 1], as bytes (H, W, 3), cropped and resized if a size is given."""
    array = np.asarray(image if size is None else crop_and_resize(image, size))
    if image.mode == "RGB":
        return array
    return np.rint(array.clip(0, 1) * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
