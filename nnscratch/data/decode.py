"""Decode image files: any that Pillow reads, upright, opaque, in sRGB, shrunk before anything else is made of their pixels.

Shapes: Pillow images of W columns and H rows; sizes are pairs (W, H), as Pillow's.

Files are not trusted: whatever is wrong with one is an InputError. And 200 kB can hold 90 million pixels. So nothing but the
decoded image, four bytes a pixel, is ever made at full size: transparency, grey and the resize work on bands of rows.
"""
import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, TypeAlias

import numpy as np

from nnscratch.data.colour import to_srgb
from nnscratch.errors import InputError
from nnscratch.files import FilePath, reason

if TYPE_CHECKING:
    from PIL import Image as PIL_Image

    Convert: TypeAlias = Callable[[PIL_Image.Image], PIL_Image.Image]

__all__: list[str] = []  # for the readers of images

Size: TypeAlias = tuple[int, int]

LARGE = 50_000_000  # pixels: as floats 0.6 GB; beyond it an image is only read if it is shrunk
MAX_LENGTH = 65_535  # pixels a side, as in JPEG: a band has at least one row
REFUSED = ("EPS", "ICNS")  # Pillow would start Ghostscript; an ICNS holds JPEG 2000 that may be far larger than the ICNS says
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")  # brands, in bytes 8 to 11 of the file
AVIF = (b"avif", b"avis")
PHONES = (".avif", ".heic", ".heif")  # images by their names, though Pillow alone may not read them
BAND = 2**20        # pixels in a band of rows
THRIFTY = ("BMP", "GIF", "ICO", "JPEG", "MPO", "PCX", "PNG", "PPM", "SGI", "TGA", "TIFF")  # decoded without a copy


def decode(file: IO[bytes], path: FilePath, target: Callable[[Size], Size], *, ground: str = "white",
           whole: bool = False, convert: "Convert | None" = None,
           lanczos: bool = True) -> "PIL_Image.Image":
    """The first frame of an open file, upright, opaque and resized.

    Parameters
    ----------
    file : binary file
        At its beginning.
    path : str or path
        Its name, for errors.
    target : callable
        Returns the size (W, H) of the result for the size of the upright image; may raise InputError.
    ground : str
        The colour that transparent pixels are put on.
    whole : bool
        The result will be as large as the file's image: then at most 50 million pixels are allowed.
    convert : callable, optional
        Applied to each band of the opaque image before it is resized.
    lanczos : bool
        Resize with a Lanczos filter, else with a triangle.

    Returns
    -------
    Pillow image
        Mode RGB; F in [0, 1] for grey of more than 8 bits; or the mode that `convert` returns.

    Raises
    ------
    InputError
        Not an image, damaged, or too large.
    """
    from PIL import Image, ImageOps
    with errors_of(file, path), loud_bombs():
        image = open_header(file, path)
        colour = to_srgb(image, path)  # before the pixels are read, after which Pillow no longer tells grey in RGBA
        if check_pixels(image, path, whole) > LARGE:  # a JPEG can be decoded at a half, a quarter or an eighth of its size
            image.draft(None, target(image.size))
        image.load()
        check_pixels(image, path, whole)  # again: what is embedded in an ICO may be larger than the ICO says
        with contextlib.suppress(Exception):  # damaged EXIF data, found after the rotation: the pixels are fine
            ImageOps.exif_transpose(image, in_place=True)
        deep = deep_grey(image, ground) if image.mode.startswith(("I", "F")) else None
        opaque = lambda band: colour(deep(band)) if deep else on_ground(colour(band), ground)  # noqa: E731
        steps = opaque if convert is None else lambda band: convert(opaque(band))
        return resize(image, target(image.size), steps, Image.Resampling.LANCZOS if lanczos else Image.Resampling.BILINEAR)


def check_pixels(image: "PIL_Image.Image", path: FilePath, whole: bool) -> int:
    """The number of pixels; raise InputError if there are too many for the memory that they will take."""
    pixels, most = image.width * image.height, LARGE // 2 if image.format == "JPEG2000" else LARGE
    if max(image.size) > MAX_LENGTH or pixels > most and (whole or image.format not in THRIFTY):
        raise InputError(f"{path} has {image.width}x{image.height} pixels, expected at most {most // 10**6} million, and "
                         f"{MAX_LENGTH} a side: {'give a size (--size) to shrink it to' if whole else 'shrink it'}, or crop it")
    return pixels


def open_header(file: IO[bytes], path: FilePath) -> "PIL_Image.Image":
    """The image in an open file, of which only the header is read: size, mode and format are known."""
    from PIL import Image, UnidentifiedImageError
    with errors_of(file, path), loud_bombs():
        try:
            image = Image.open(file)
        except UnidentifiedImageError:
            register_heic(file, path)
            image = Image.open(file)
        if image.format in REFUSED:
            raise UnidentifiedImageError(image.format)
        return image


def register_heic(file: IO[bytes], path: FilePath) -> None:
    """Let Pillow read HEIC if this is one; InputError if it is HEIC or AVIF and what reads it is missing.

    Only reading is registered: what can be written does not depend on what was read before.
    """
    from PIL import Image, features
    file.seek(0)
    head = file.read(12)
    brand = head[8:] if head[4:8] == b"ftyp" else b""
    if brand in AVIF and not features.check("avif"):
        raise InputError(f"{path} is an AVIF image, expected Pillow 11.3 or newer to read it: pip install --upgrade pillow")
    if brand in HEIC:
        try:
            from pillow_heif import HeifImageFile
        except ImportError as error:
            raise InputError(f'{path} is a HEIC image, expected the package pillow-heif to read it: pip install '
                             f'"nnscratch[heic]", or convert it to JPEG') from error
        Image.register_open(HeifImageFile.format, HeifImageFile)
    file.seek(0)


@contextlib.contextmanager
def loud_bombs() -> Iterator[None]:
    """Pillow's warning of a decompression bomb is an error; warnings about odd metadata are ignored."""
    from PIL import Image
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextlib.contextmanager
def errors_of(file: IO[bytes], path: FilePath) -> Iterator[None]:
    """Whatever Pillow raises becomes an InputError: it reports a damaged file with almost any exception."""
    from PIL import Image, UnidentifiedImageError
    try:
        yield
    except (InputError, MemoryError):
        raise  # MemoryError: nothing is wrong with the file
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InputError(f"{path} is too large, expected {Image.MAX_IMAGE_PIXELS} pixels at most: shrink it") from error
    except UnidentifiedImageError as error:
        what = "is not an image that can be read here" if os.fstat(file.fileno()).st_size else "is empty (0 bytes)"
        raise InputError(f"{path} {what}, expected PNG, JPEG or the like: convert it or use another") from error
    except Exception as error:
        raise InputError(f"{path} is damaged, expected a whole image ({reason(error)}): download it again") from error


def bands(image: "PIL_Image.Image") -> "Iterator[tuple[int, PIL_Image.Image]]":
    """The image as (first row, rows) of about a million pixels each."""
    rows = max(1, BAND // image.width)
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def resize(image: "PIL_Image.Image", size: Size, convert: "Convert", method: int) -> "PIL_Image.Image":
    """Convert band by band, and resize: first the rows, also band by band, then the columns.

    The result equals that of `convert(image).resize(size, method)`, since Pillow, too, resizes rows first, then columns.
    """
    from PIL import Image
    result = None
    for top, band in bands(image):
        band = convert(band).resize((size[0], band.height), method)
        result = result or Image.new(band.mode, (size[0], image.height))
        result.paste(band, (0, top))
    assert result is not None  # an image has at least one row
    return result if result.size == size else result.resize(size, method)


def on_ground(image: "PIL_Image.Image", ground: str = "white") -> "PIL_Image.Image":
    """Palettes, grey, CMYK and other 8-bit modes as RGB; transparent pixels show the ground."""
    from PIL import Image
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, ground), image.convert("RGBA"))
    return image.convert("RGB")


def deep_grey(image: "PIL_Image.Image", ground: str = "white") -> "Convert":
    """A function from bands of grey of 16 bits, 32 bits or floats to mode F in [0, 1]; Pillow's own would clip at 255.

    White is 1 in floats, and 65535 in integers, but 255 in 32-bit integers that go no further. A wider range is stretched.
    """
    from PIL import Image
    transparent = image.info.get("transparency")
    spans = [(values.min(), values.max()) for values in (np.asarray(band) for _, band in bands(image))]
    low, high = float(min(low for low, _ in spans)), float(max(high for _, high in spans))
    if not np.isfinite([low, high]).all():
        raise ValueError("some pixels are NaN or infinite")
    bytes_only = image.mode == "I" and image.format != "PNG" and high <= 255  # old Pillows read PNG of 16 bits in mode I
    white = 1 if image.mode == "F" else 255 if bytes_only else 65535
    low, high = min(low / white, 0), max(high / white, 1)

    def grey(band: "PIL_Image.Image") -> "PIL_Image.Image":
        values = np.array(band, np.float64)
        if image.mode != "F" and transparent is not None:
            values[values == transparent] = white if ground == "white" else 0
        return Image.fromarray(((values / white - low) / (high - low)).astype(np.float32))
    return grey
