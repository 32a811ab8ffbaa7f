"""Images in and out: any file that Pillow reads becomes an array, any array becomes a file, several become a row.

An image is a float32 array (1, H, W, 3): one image of H rows and W columns, three channels red, green, blue in [0, 1].
Files come from strangers: whatever is wrong with one ends as an InputError, never as another exception.
"""
import contextlib
import io
import os
import warnings

import numpy as np

from nnscratch.backend import to_cpu
from nnscratch.errors import InputError
from nnscratch.files import aside, reason, replace_file

LARGEST = 10_000  # pixels: a square of that side takes 1.2 GB as float32


def read_image(path, size=None, *, minimum=16, enlarge=True):
    """Read an image: the right way up, transparency on white, the first frame of an animation.

    Parameters
    ----------
    path : any file that Pillow reads, except PostScript, which is a program. Colour profiles are ignored. 16-bit grey
        keeps its precision (65535 is white); grey beyond that, or float grey beyond 1, is stretched to [0, 1].
    size : the longer side of the result; the image is shrunk or enlarged to it and not distorted (None: left as is).
    minimum : the least pixels that each side must have, in the file and in the result.
    enlarge : False: an image smaller than `size` is left as it is.

    Returns
    -------
    numpy float32 array (1, H, W, 3), values in [0, 1].

    Raises
    ------
    InputError : whatever is wrong with the file, with `size`, or more pixels than Pillow's limit (decompression bombs).
    """
    from PIL import Image
    if size is not None and not (isinstance(size, (int, np.integer)) and minimum <= size <= LARGEST):
        raise InputError(f"size is {size!r}, expected pixels: give a whole number from {minimum} to {LARGEST}")
    with open_file(path) as file:
        image = decode(file, path)
    resize = size and (enlarge or max(image.size) > size)
    sides = [round(side * size / max(image.size)) for side in image.size] if resize else image.size
    if min(*image.size, *sides) < minimum:
        raise InputError(f"{path} has {image.width}x{image.height} pixels, used as {sides[0]}x{sides[1]}, expected "
                         f"at least {minimum} on each side: choose a larger image or size, or crop it")
    pixels = np.asarray(image.resize(sides, Image.Resampling.LANCZOS), np.float32)
    if image.mode == "RGB":
        return pixels[None] / 255
    return np.repeat(pixels[None, :, :, None].clip(0, 1), 3, axis=3)  # floats: Lanczos overshoots at edges


def open_file(path, expected="an image"):
    """The open file, or one sentence why not. The other readers of users' files use it, too."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # opening a pipe would wait for ever
            raise OSError(0, "it is a folder" if os.path.isdir(path) else "it is no regular file")
        return open(path, "rb")
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"cannot open {path} ({reason(error)}), expected {expected}: give a readable file") from error


def decode(file, path):
    """The first frame of an open file, upright and opaque: a PIL image of mode RGB, or F in [0, 1] for deep grey."""
    from PIL import Image, ImageOps, UnidentifiedImageError
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks about odd metadata
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(file)
            if image.format == "EPS":  # Pillow would start Ghostscript on it
                raise UnidentifiedImageError("PostScript")
            image.load()
            with contextlib.suppress(Exception):  # rubbish among the EXIF, met after the turn: the pixels are whole
                ImageOps.exif_transpose(image, in_place=True)
            return deep_grey(image) if image.mode.startswith(("I", "F")) else on_white(image)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise InputError(f"{path} is too large, expected {Image.MAX_IMAGE_PIXELS} pixels at most: shrink it") from error
    except UnidentifiedImageError as error:
        what = "is no image that can be read here" if os.fstat(file.fileno()).st_size else "is empty (0 bytes)"
        raise InputError(f"{path} {what}, expected PNG, JPEG or the like: convert it or take another") from error
    except MemoryError:
        raise  # nothing is wrong with the file
    except Exception as error:  # a damaged file can surface in Pillow as almost any exception
        raise InputError(f"{path} is damaged, expected a whole image ({reason(error)}): download it again") from error


def on_white(image):
    """Palettes, grey, CMYK and all else of 8 bits as RGB; what is transparent becomes white."""
    from PIL import Image
    if image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return image.convert("RGB")


def deep_grey(image):
    """Grey of 16 bits, 32 bits or floats as mode F in [0, 1]; Pillow's own conversion would cut everything at 255."""
    from PIL import Image
    values = np.array(image, np.float64)
    if image.mode != "F":
        values[values == image.info.get("transparency")] = 65535
        values /= 65535
    if not np.isfinite(values).all():
        raise ValueError("some pixels are NaN or infinite")
    low, high = min(values.min(), 0), max(values.max(), 1)
    return Image.fromarray(((values - low) / (high - low)).astype(np.float32))


def photograph():
    """The path of a photograph in the public domain that comes with matplotlib: Grace Hopper in 1984."""
    import matplotlib
    return os.path.join(matplotlib.get_data_path(), "sample_data", "grace_hopper.jpg")


def write_image(path, image):
    """Write an image of shape (1, H, W, 3), (H, W, 3), (H, W, 1) or (H, W), floats on CPU or GPU, clipped to [0, 1].

    The extension chooses the format. Raises InputError for another shape, integers, NaN, an unknown extension, or a
    place that cannot be written to; an older file of that name is then still there, whole.
    """
    replace_file(path, encode(to_image(image), path))


def check_writable(path):
    """Raise now the InputError that `write_image(path, ...)` would raise after minutes of work; it really tries."""
    from PIL import Image
    encode(Image.new("RGB", (16, 16)), path)
    with aside(path) as temporary:
        temporary.touch()


def to_image(image):
    """An array in one of the shapes of `write_image` as an RGB image."""
    from PIL import Image
    array = to_cpu(image)
    pixels = array[0] if array.ndim == 4 and len(array) == 1 else array[..., None] if array.ndim == 2 else array
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or pixels.size == 0 or pixels.dtype.kind != "f":
        raise InputError(f"the image is an array {array.shape} of {array.dtype}, expected (1, H, W, 3), (H, W, 3), "
                         f"(H, W, 1) or (H, W) of floats in [0, 1]: reshape it, divide 8-bit values by 255")
    if np.isnan(pixels).any():
        raise InputError("the image holds NaN, expected numbers in [0, 1]: what made it diverged, take smaller steps")
    levels = np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)
    return Image.fromarray(np.repeat(levels, 3 // levels.shape[2], axis=2))


def encode(image, path):
    """The bytes of the file, in the format that the extension of `path` names."""
    from PIL import Image
    data = io.BytesIO()
    try:
        extension = os.path.splitext(path)[1].lower()
        kind = Image.registered_extensions().get(extension)
        if kind not in Image.SAVE:
            raise ValueError(f"Pillow writes no {extension or 'files without extension'}")
        image.save(data, kind, quality=95)  # Pillow's own 75 smears fine strokes in JPEG; lossless formats ignore it
    except Exception as error:  # what a format or this Pillow lacks can surface as almost any exception
        raise InputError(f"cannot make {path} ({reason(error)}), expected an image: use .png, .jpg or .tif") from error
    return data.getvalue()


def side_by_side(images, labels, *, height=None):
    """Images of any size in a row on white, a caption under each: a float32 array (1, H, W, 3) in [0, 1].

    All are scaled to `height` pixels, None: that of the tallest. Raises InputError for none or for unequal numbers.
    """
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont, ImageOps
    if not images or len(images) != len(labels):
        raise InputError(f"got {len(images)} images, {len(labels)} labels, expected a label each: add what lacks")
    images = [to_image(image) for image in images]
    height = height or max(image.height for image in images)
    images = [ImageOps.contain(image, (100 * height, height), Image.Resampling.LANCZOS) for image in images]
    text, gap = max(12, height // 20), max(8, height // 32)
    font = ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", text)
    columns = [max(image.width, round(font.getlength(label))) for image, label in zip(images, labels)]
    row = Image.new("RGB", (sum(columns) + gap * (len(columns) + 1), height + 3 * gap + text), "white")
    draw, left = ImageDraw.Draw(row), gap
    for image, label, column in zip(images, labels, columns):
        row.paste(image, (left + (column - image.width) // 2, gap))
        draw.text((left + column / 2, height + 2 * gap + text / 2), label, "#222222", font, anchor="mm")
        left += column + gap
    return np.asarray(row, np.float32)[None] / 255
