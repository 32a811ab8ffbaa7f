"""Image files as a classifier's input: in the size of its training images, and, where these are drawings, drawn alike.

Shapes: files of any size -> (1, H, W, C) in [-1, 1].

What MNIST did to its scans is done here: dark ink on light paper becomes bright on black, is cropped, fitted into a box of
20 x 20 pixels, and put with its centre of mass into the middle of 28 x 28. Which box and which middle, the training images
say (ink.py). Lines that would be thinner than theirs are thickened.
"""
from typing import Any

import numpy as np

from nnscratch.classify.ink import box_of, centre_of_mass, find_ink, stroke_width
from nnscratch.data.images import read_image, to_image
from nnscratch.data.pixels import to_floats
from nnscratch.data.resize import crop_and_resize
from nnscratch.errors import InputError, printable
from nnscratch.files import FilePath

__all__: list[str] = []  # for the command

LARGEST = 1000  # pixels: larger images are shrunk first
FINE = 4        # lines are thickened at so many times the final size
THIN = 0.75     # of the training images' width; lines below it are thickened
LINES = 0.2     # of the box: wider strokes are no lines, but areas


def prepare(path: FilePath, shape: tuple[int, ...], look: dict[str, Any] | None) -> tuple[np.ndarray, str | None]:
    """(input (1, H, W, C) in [-1, 1], a sentence about what was changed or None) of an image file."""
    image = read_image(path, LARGEST, minimum=1, enlarge=False)
    height, width, channels = shape
    found = to_image(image).convert("L" if channels == 1 else "RGB")
    plain = to_floats(np.asarray(crop_and_resize(found, (height, width))).reshape(1, *shape))
    if look is None:
        return plain, None
    grey = np.asarray(found, np.float32) / 255
    drawing = find_ink(grey)
    if drawing is None:
        raise InputError(f"{path} shows nothing but one shade, expected something drawn on an even ground: give another image")
    ink, darker = drawing
    inverted = darker != (look["ground"] == "light")
    if not inverted and grey.shape == (height, width):
        return plain, None  # it looks like a training image
    ink = place(fit(ink, (height, width), look), (height, width), look["centre"])
    values = 2 * (ink if look["ground"] == "dark" else 1 - ink) - 1
    how = f"inverted (it is {'dark on light' if darker else 'bright on dark'}), " if inverted else ""
    words = f"{printable(path)}: {how}cropped and centred, as the training images are"
    return values[None, ..., None].astype(np.float32), words


def fit(ink: np.ndarray, sides: tuple[int, int], look: dict[str, Any]) -> np.ndarray:
    """The ink alone, as large as that of the training images, with lines that are not thinner."""
    from PIL import Image, ImageFilter
    (top, bottom), (left, right) = box_of(ink)
    ink = ink[top:bottom, left:right]
    scale = look["box"] * min(sides[0] / ink.shape[0], sides[1] / ink.shape[1])
    size = [min(limit, max(1, round(scale * side))) for limit, side in zip(sides, ink.shape)]
    fine = resized(np.pad(ink, 1), [FINE * side for side in size])
    if look["stroke"] < LINES * look["box"] * min(sides):
        image = Image.fromarray(np.rint(255 * fine).astype(np.uint8))
        for _ in range(int(FINE * look["stroke"])):  # each round adds two pixels of FINE to a line's width
            if stroke_width(np.asarray(image) / 255) >= THIN * FINE * look["stroke"]:
                break
            image = image.filter(ImageFilter.MaxFilter(3))
        fine = np.asarray(image, np.float32) / 255
    return resized(fine, size)


def resized(ink: np.ndarray, size: list[int]) -> np.ndarray:
    """The ink at another size (H, W)."""
    from PIL import Image
    image = Image.fromarray(ink.astype(np.float32)).resize((size[1], size[0]), Image.Resampling.BOX if min(
        ink.shape[0] / size[0], ink.shape[1] / size[1]) > 1 else Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32).clip(0, 1)


def place(ink: np.ndarray, sides: tuple[int, int], centre: str) -> np.ndarray:
    """The ink on an empty image, with its centre in the middle, as far as there is room."""
    middle = centre_of_mass(ink) if centre == "mass" else [side / 2 for side in ink.shape]
    top, left = (min(max(round(whole / 2 - at), 0), whole - part) for whole, at, part in zip(sides, middle, ink.shape))
    canvas = np.zeros(sides, np.float32)
    canvas[top:top + ink.shape[0], left:left + ink.shape[1]] = ink
    return canvas
