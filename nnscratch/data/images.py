"""Read and write images: any file that Pillow reads becomes an array, an array becomes a file, several become a row.

Shapes: an image is a float32 array (1, H, W, 3): one image of H rows and W columns, with red, green and blue in [0, 1].
Files are not trusted: whatever is wrong with one is reported as an InputError, never as another exception.
"""
import io
import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnscratch.backend import Array, numbers
from nnscratch.data.animation import frame_count
from nnscratch.data.colour import srgb_profile
from nnscratch.data.decode import bands, decode, errors_of, loud_bombs, open_header
from nnscratch.data.pixels import warn_if_black
from nnscratch.errors import InputError, printable
from nnscratch.files import FilePath, check_replaceable, open_regular_file, reason, replace_file
from nnscratch.marks import IMAGE_MARK
from nnscratch.ops.validation import check_flag, check_int
from nnscratch.plotting import default_font, font_of, legible, load_matplotlib

if TYPE_CHECKING:
    from PIL import Image as PIL_Image

__all__ = ["check_writable", "photograph", "read_image", "side_by_side", "write_image"]

log = logging.getLogger("nnscratch")

SOFTWARE = 0x0131  # the EXIF tag
MAX_SIDE = 10_000  # pixels: a square of that side takes 1.2 GB as float32


def read_image(path: FilePath, size: int | None = None, *, shorter: int | None = None, minimum: int = 16,
               enlarge: bool = True) -> Array:
    """Read an image: upright, transparency on white; of a film the first frame, with a logged line that says so.

    Parameters
    ----------
    path : str or path
        Any file that Pillow reads, HEIC with pillow-heif, but not PostScript, which is a program, nor ICNS. An embedded
        colour profile is followed, to sRGB; one that is damaged or for other channels is ignored, with a logged line.
    size : int, optional
        Longer side of the result in pixels; the aspect ratio is kept. By default the size is left as it is.
    shorter : int, optional
        In place of `size`: shorter side of the result, for squares that are cut out of it.
    minimum : int
        Minimum number of pixels of each side, in the file and in the result.
    enlarge : bool
        False leaves an image smaller than `size` (or `shorter`) as it is.

    Returns
    -------
    float32 array (1, H, W, 3)
        Values in [0, 1]. 16-bit grey keeps its precision (65535 is white); grey beyond that, or float grey beyond 1, is
        stretched to [0, 1]; 32-bit integers up to 255 are bytes. An image that is nearly black is noted in the log.

    Raises
    ------
    InputError
        The file is missing, damaged or not an image, has more pixels than Pillow's limit against decompression bombs (without
        `size`: than 50 million), or `size` is out of range.
    """
    if size is not None and shorter is not None:
        raise InputError(f"size is {size!r} and shorter is {shorter!r}, expected one of them: leave the other out")
    minimum = check_int(minimum, "read_image: minimum", 1)
    enlarge = check_flag(enlarge, "read_image: enlarge")
    for name, side in (("size", size), ("shorter", shorter)):
        whole = isinstance(side, (int, np.integer)) and not isinstance(side, bool)
        if side is not None and not (whole and minimum <= side <= MAX_SIDE):
            raise InputError(f"{name} is {side!r:.100}, expected pixels: give an integer from {minimum} to {MAX_SIDE}")

    def target(full: tuple[int, int]) -> tuple[int, int]:
        wanted, given = (size, max(full)) if shorter is None else (shorter, min(full))
        width, height = full
        if wanted is not None and (enlarge or given > wanted):
            width, height = round(width * wanted / given), round(height * wanted / given)
        if min(*full, width, height) < minimum or width * height > MAX_SIDE**2:
            raise InputError(f"{path} has {full[0]}x{full[1]} pixels, used as {width}x{height}, expected at least {minimum} on "
                             f"each side and {MAX_SIDE**2 // 10**6} million in all: choose another image or size, or crop it")
        return width, height

    with open_regular_file(path, "an image") as file:
        image = decode(file, path, target, whole=size is None and shorter is None)
        with errors_of(file, path), loud_bombs():
            file.seek(0)
            count = frame_count(open_header(file, path))
    if count > 1:
        log.warning("%s is a film of %d frames, of which the first is used", printable(path), count)
    pixels = np.empty((1, image.height, image.width, 3), np.float32)
    for top, band in bands(image):  # of grey, one channel fills all three; Lanczos overshoots at the edges of floats
        values = np.asarray(band, np.float32)
        pixels[0, top:top + band.height] = values / 255 if image.mode == "RGB" else values.clip(0, 1)[..., None]
    warn_if_black(path, float(pixels.max()))
    return pixels


def photograph() -> str:
    """The path of a photograph in the public domain that comes with matplotlib: Grace Hopper in 1984.

    Returns
    -------
    str
        A JPEG file.
    """
    return os.path.join(load_matplotlib().get_data_path(), "sample_data", "grace_hopper.jpg")


def write_image(path: FilePath, image: Array, mark: bool = False) -> None:
    """Write an image to a file.

    Parameters
    ----------
    path : str or path
        The file; its extension chooses the format.
    image : float array (1, H, W, 3), (H, W, 3), (H, W, 1) or (H, W)
        On the CPU or the GPU; values are clipped to [0, 1].
    mark : bool
        Whether the file says that nnscratch wrote it, so that it is not read as data. The pixels are the same.

    Raises
    ------
    InputError
        Another shape, integers, NaN, an unknown extension, or a place that cannot be written to; an older file of that name
        is then left as it is.
    """
    replace_file(path, encode(to_image(image), path, mark))


def check_writable(path: FilePath) -> None:
    """Raise now the InputError that `write_image(path, ...)` would raise after minutes of work.

    Parameters
    ----------
    path : str or path
        The file. A small image is encoded and a temporary file is created, to be sure.
    """
    from PIL import Image
    encode(Image.new("RGB", (300, 200)), path)  # an icon of this size would be silently shrunk
    check_replaceable(path)


def to_image(image: Array) -> "PIL_Image.Image":
    """An array in one of the shapes of `write_image` as a Pillow image of mode RGB."""
    from PIL import Image
    array = numbers(image, "the image", "biuf")
    pixels = array[0] if array.ndim == 4 and len(array) == 1 else array[..., None] if array.ndim == 2 else array
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or pixels.size == 0 or pixels.dtype.kind != "f":
        white = 1 if pixels.dtype.kind == "b" else 65535 if pixels.dtype == np.uint16 else 255
        remedy = "reshape it" if pixels.dtype.kind == "f" else f"divide it by its white, perhaps {white}"
        raise InputError(f"the image is an array {array.shape} of {array.dtype}, expected (1, H, W, 3), (H, W, 3), "
                         f"(H, W, 1) or (H, W) of floats in [0, 1]: {remedy}")
    if np.isnan(pixels).any():
        raise InputError("the image holds NaN, expected numbers in [0, 1]: its computation diverged, use smaller steps")
    levels = np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)
    return Image.fromarray(np.repeat(levels, 3 // levels.shape[2], axis=2))


def encode(image: "PIL_Image.Image", path: FilePath, mark: bool = False) -> bytes:
    """The bytes of an image file, in the format that the extension of `path` names, marked in its metadata or after its end."""
    from PIL import Image
    data, metadata = io.BytesIO(), Image.Exif()
    metadata[SOFTWARE] = IMAGE_MARK
    try:
        extension = os.path.splitext(path)[1].lower()
        kind = Image.registered_extensions().get(extension)
        if kind not in Image.SAVE:
            raise ValueError(f"Pillow cannot write {extension or 'files without extension'}")
        marks: dict[str, Any] = {"exif": metadata, "comment": IMAGE_MARK} if mark else {}  # each format takes those it has
        marks |= {"icc_profile": srgb_profile()} if image.mode == "RGB" else {}
        image.save(data, kind, quality=95, **marks)  # Pillow's own 75 smears fine strokes in JPEG; lossless formats ignore it
        if kind in Image.OPEN and Image.open(data).size != image.size:  # icons have sizes of their own
            raise ValueError(f"{extension} does not keep the size of {image.width}x{image.height}")
    except Exception as error:  # Pillow reports a missing format or feature with almost any exception
        raise InputError(f"cannot make {path} ({reason(error)}), expected an image: use .png, .jpg or .tif") from error
    lacks_mark = mark and IMAGE_MARK.encode() not in data.getvalue()  # such as BMP; % begins a comment in PDF and PostScript
    return data.getvalue() + (f"%{IMAGE_MARK}".encode() if lacks_mark else b"")


def side_by_side(images: Sequence[Array], labels: Sequence[str], *, height: int | None = None) -> Array:
    """Draw images of any size in a row on white, with a caption under each.

    Parameters
    ----------
    images : list of float arrays
        Each in one of the shapes that `write_image` takes.
    labels : list of str
        A caption for each image.
    height : int, optional
        All images are scaled to this height in pixels; by default to that of the tallest.

    Returns
    -------
    float32 array (1, H, W, 3)
        Values in [0, 1].

    Raises
    ------
    InputError
        There are no images, or not as many labels as images.
    """
    from PIL import Image, ImageDraw, ImageFont, ImageOps
    if not all(isinstance(given, (list, tuple)) for given in (images, labels)) or not 0 < len(images) == len(labels):
        count = [len(given) if isinstance(given, (list, tuple)) else type(given).__name__ for given in (images, labels)]
        raise InputError(f"expected a list of images and one of a label each, got {count[0]} images and {count[1]} labels: add "
                         f"the missing ones")
    shown, labels = [to_image(image) for image in images], [printable(label) for label in labels]
    labels = legible(labels, [str(k) for k in range(1, len(labels) + 1)])
    height = max(image.height for image in shown) if height is None else check_int(height, "side_by_side: height", 1)
    if height > MAX_SIDE:
        raise InputError(f"side_by_side: height is {height}, expected at most {MAX_SIDE}: choose a smaller one")
    shown = [ImageOps.contain(image, (100 * height, height), Image.Resampling.LANCZOS) for image in shown]
    text, gap = max(12, height // 20), max(8, height // 32)
    fonts = [ImageFont.truetype(font_of(label) or default_font(), text) for label in labels]
    columns = [max(image.width, round(font.getlength(label))) for image, label, font in zip(shown, labels, fonts)]
    row = Image.new("RGB", (sum(columns) + gap * (len(columns) + 1), height + 3 * gap + text), "white")
    draw, left = ImageDraw.Draw(row), gap
    for image, label, column, font in zip(shown, labels, columns, fonts):
        row.paste(image, (left + (column - image.width) // 2, gap))
        draw.text((left + column / 2, height + 2 * gap + text / 2), label, "#222222", font, anchor="mm")
        left += column + gap
    return np.asarray(row, np.float32)[None] / 255
