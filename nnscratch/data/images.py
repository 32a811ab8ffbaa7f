"""Read and write images: any file that Pillow reads becomes an array, an array becomes a file, several become a row.

Shapes: an image is a float32 array (1, H, W, 3): one image of H rows and W columns, with red, green and blue in [0, 1].
Files are not trusted: whatever is wrong with one is reported as an InputError, never as another exception.
"""
import contextlib
import io
import os
import warnings
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

import numpy as np

from nnscratch.backend import Array, to_cpu
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file, reason, replace_file, temporary_path

if TYPE_CHECKING:
    from PIL import Image as PIL_Image

__all__ = ["check_writable", "photograph", "read_image", "side_by_side", "write_image"]

MAX_SIDE = 10_000  # pixels: a square of that side takes 1.2 GB as float32


def read_image(path: FilePath, size: int | None = None, *, minimum: int = 16, enlarge: bool = True, shorter=None) -> Array:
    """Read an image: upright, transparency on white, the first frame of an animation.

    Parameters
    ----------
    path : str or path
        Any file that Pillow reads, except PostScript, which is a program. Colour profiles are ignored.
    size : int, optional
        Longer side of the result in pixels; the aspect ratio is kept. By default the size is left as it is.
    minimum : int
        Minimum number of pixels of each side, in the file and in the result.
    enlarge : bool
        False leaves an image smaller than `size` as it is.

    Returns
    -------
    float32 array (1, H, W, 3)
        Values in [0, 1]. 16-bit grey keeps its precision (65535 is white); grey beyond that, or float grey beyond 1, is
        stretched to [0, 1].

    Raises
    ------
    InputError
        The file is missing, damaged or not an image, has more pixels than Pillow's limit against decompression bombs, or
        `size` is out of range.
    """
    from PIL import Image
    if size is not None and not (isinstance(size, (int, np.integer)) and minimum <= size <= MAX_SIDE):
        raise InputError(f"size is {size!r}, expected pixels: give an integer from {minimum} to {MAX_SIDE}")
    with open_regular_file(path, "an image") as file:
        image = decode(file, path)
    if shorter is not None:
        size = round(shorter * max(image.size) / min(image.size))
    longest, sides = max(image.size), image.size
    if size is not None and (enlarge or longest > size):
        sides = round(image.width * size / longest), round(image.height * size / longest)
    if min(*image.size, *sides) < minimum:
        raise InputError(f"{path} has {image.width}x{image.height} pixels, used as {sides[0]}x{sides[1]}, expected "
                         f"at least {minimum} on each side: choose a larger image or size, or crop it")
    pixels = np.asarray(image.resize(sides, Image.Resampling.LANCZOS), np.float32)
    if image.mode == "RGB":
        return pixels[None] / 255
    return np.repeat(pixels[None, :, :, None].clip(0, 1), 3, axis=3)  # floats: Lanczos overshoots at edges


def decode(file: IO[bytes], path: FilePath) -> "PIL_Image.Image":
    """The first frame of an open file, upright and opaque: a Pillow image of mode RGB, or F in [0, 1] for deep grey."""
    from PIL import Image, ImageOps, UnidentifiedImageError
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about odd metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image: PIL_Image.Image = Image.open(file)
            if image.format == "EPS":  # Pillow would start Ghostscript on it
                raise UnidentifiedImageError("PostScript")
            image.load()
            with contextlib.suppress(Exception):  # damaged EXIF data, found after the rotation: the pixels are fine
                ImageOps.exif_transpose(image, in_place=True)
            return deep_grey(image) if image.mode.startswith(("I", "F")) else on_white(image)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InputError(f"{path} is too large, expected {Image.MAX_IMAGE_PIXELS} pixels at most: shrink it") from error
    except UnidentifiedImageError as error:
        what = "is not an image that can be read here" if os.fstat(file.fileno()).st_size else "is empty (0 bytes)"
        raise InputError(f"{path} {what}, expected PNG, JPEG or the like: convert it or use another") from error
    except MemoryError:
        raise  # nothing is wrong with the file
    except Exception as error:  # Pillow reports a damaged file with almost any exception
        raise InputError(f"{path} is damaged, expected a whole image ({reason(error)}): download it again") from error


def on_white(image: "PIL_Image.Image") -> "PIL_Image.Image":
    """Palettes, grey, CMYK and other 8-bit modes as RGB; transparent pixels become white."""
    from PIL import Image
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return image.convert("RGB")


def deep_grey(image: "PIL_Image.Image") -> "PIL_Image.Image":
    """Grey of 16 bits, 32 bits or floats as mode F in [0, 1]; Pillow's own conversion would clip everything at 255."""
    from PIL import Image
    values = np.array(image, np.float64)
    if image.mode != "F":
        values[values == image.info.get("transparency")] = 65535
        values /= 65535
    if not np.isfinite(values).all():
        raise ValueError("some pixels are NaN or infinite")
    low, high = min(values.min(), 0), max(values.max(), 1)
    return Image.fromarray(((values - low) / (high - low)).astype(np.float32))


def photograph() -> str:
    """The path of a photograph in the public domain that comes with matplotlib: Grace Hopper in 1984.

    Returns
    -------
    str
        A JPEG file.
    """
    import matplotlib
    return os.path.join(matplotlib.get_data_path(), "sample_data", "grace_hopper.jpg")


def write_image(path: FilePath, image: Array) -> None:
    """Write an image to a file.

    Parameters
    ----------
    path : str or path
        The file; its extension chooses the format.
    image : float array (1, H, W, 3), (H, W, 3), (H, W, 1) or (H, W)
        On the CPU or the GPU; values are clipped to [0, 1].

    Raises
    ------
    InputError
        Another shape, integers, NaN, an unknown extension, or a place that cannot be written to; an older file of that name
        is then left as it is.
    """
    replace_file(path, encode(to_image(image), path))


def check_writable(path: FilePath) -> None:
    """Raise now the InputError that `write_image(path, ...)` would raise after minutes of work.

    Parameters
    ----------
    path : str or path
        The file. A small image is encoded and a temporary file is created, to be sure.
    """
    from PIL import Image
    encode(Image.new("RGB", (16, 16)), path)
    with temporary_path(path) as temporary:
        temporary.touch()


def to_image(image: Array) -> "PIL_Image.Image":
    """An array in one of the shapes of `write_image` as a Pillow image of mode RGB."""
    from PIL import Image
    array = to_cpu(image)
    pixels = array[0] if array.ndim == 4 and len(array) == 1 else array[..., None] if array.ndim == 2 else array
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or pixels.size == 0 or pixels.dtype.kind != "f":
        raise InputError(f"the image is an array {array.shape} of {array.dtype}, expected (1, H, W, 3), (H, W, 3), "
                         f"(H, W, 1) or (H, W) of floats in [0, 1]: reshape it, divide 8-bit values by 255")
    if np.isnan(pixels).any():
        raise InputError("the image holds NaN, expected numbers in [0, 1]: its computation diverged, use smaller steps")
    levels = np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)
    return Image.fromarray(np.repeat(levels, 3 // levels.shape[2], axis=2))


def encode(image: "PIL_Image.Image", path: FilePath) -> bytes:
    """The bytes of an image file, in the format that the extension of `path` names."""
    from PIL import Image
    data = io.BytesIO()
    try:
        extension = os.path.splitext(path)[1].lower()
        kind = Image.registered_extensions().get(extension)
        if kind not in Image.SAVE:
            raise ValueError(f"Pillow cannot write {extension or 'files without extension'}")
        image.save(data, kind, quality=95)  # Pillow's own 75 smears fine strokes in JPEG; lossless formats ignore it
    except Exception as error:  # Pillow reports a missing format or feature with almost any exception
        raise InputError(f"cannot make {path} ({reason(error)}), expected an image: use .png, .jpg or .tif") from error
    return data.getvalue()


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
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont, ImageOps
    if not images or len(images) != len(labels):
        raise InputError(f"expected images with a label each, got {len(images)} images and {len(labels)} labels: add the "
                         f"missing ones")
    shown = [to_image(image) for image in images]
    height = height or max(image.height for image in shown)
    shown = [ImageOps.contain(image, (100 * height, height), Image.Resampling.LANCZOS) for image in shown]
    text, gap = max(12, height // 20), max(8, height // 32)
    font = ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", text)
    columns = [max(image.width, round(font.getlength(label))) for image, label in zip(shown, labels)]
    row = Image.new("RGB", (sum(columns) + gap * (len(columns) + 1), height + 3 * gap + text), "white")
    draw, left = ImageDraw.Draw(row), gap
    for image, label, column in zip(shown, labels, columns):
        row.paste(image, (left + (column - image.width) // 2, gap))
        draw.text((left + column / 2, height + 2 * gap + text / 2), label, "#222222", font, anchor="mm")
        left += column + gap
    return np.asarray(row, np.float32)[None] / 255


def read_mask(path, size):
    from PIL import Image

    from nnscratch.style.colour import grey
    image = to_image(grey(read_image(path, minimum=1))).convert("L").resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32)[None, :, :, None] / 255
