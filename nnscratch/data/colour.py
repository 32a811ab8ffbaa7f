"""Colour profiles: an image's own colours become sRGB, which is what a network sees and what a file without a profile means.

Shapes: Pillow images; a profile is a string of bytes, as the International Color Consortium (ICC) lays them out.

One rule: the profile of a device whose channels (grey, RGB or CMYK) are those of the image is used; any other, and one that
is damaged, is ignored, and a logged line says so once. Colours that sRGB does not have are clipped, as screens do.

    RGB, CMYK   by LittleCMS, which comes with Pillow: relative colorimetric, so that paper is white, and ink black
    grey        by its curve, from levels to luminance; here, since LittleCMS as Pillow calls it would round 16 bits to 8
"""
import logging
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.errors import printable
from nnscratch.files import FilePath, reason

if TYPE_CHECKING:
    from PIL import Image as PIL_Image

__all__: list[str] = []  # for the readers and writers of images

log = logging.getLogger("nnscratch")

MAX_PROFILE = 2**22  # bytes; those of printing presses have up to 3 MB
BLACK_POINT: Any = 0x2000  # a flag of LittleCMS: the darkest ink is black; Pillow 10.2 has no name for it
DEVICES = (b"scnr", b"mntr", b"prtr", b"spac")  # other profiles are links between devices, names of inks, or effects
CHANNELS = {"L": b"GRAY", "RGB": b"RGB ", "CMYK": b"CMYK"}
WHITE = (0.9642, 1.0, 0.8249)  # D50, in which all profiles state their colours
SRGB_COLUMNS = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.7141))  # XYZ of red, green, blue
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # Y = (a X + b)**g from d on, c X below
said = set[str]()  # reasons that a logged line has given


def profile_of(space: bytes, title: str, tags: dict[bytes, bytes]) -> bytes:
    """The bytes of a display's profile, version 4: a header of 128 bytes, the table of its tags, and the tags."""
    text = struct.pack(">4x2I2s2s2I", 1, 12, b"en", b"US", 2 * len(title), 28) + title.encode("utf-16-be")
    tags = {b"desc": b"mluc" + text, b"cprt": b"mluc" + text, b"wtpt": xyz(WHITE)} | tags
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    date = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
    header = struct.pack(">I4sI4s4s4s12s4s28s12s48x", 128 + len(table) + len(body), b"", 0x04200000, b"mntr", space, b"XYZ ",
                         date, b"acsp", b"", xyz(WHITE)[8:])
    return header + table + body


def xyz(values: tuple[float, ...]) -> bytes:
    """A tag that holds a colour."""
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in values))


def parametric(values: tuple[float, ...]) -> bytes:
    """A tag that holds a curve: one number g for X**g, or five as SRGB_CURVE."""
    kind = {1: 0, 5: 3}[len(values)]
    return b"para" + struct.pack(f">4xHxx{len(values)}i", kind, *(round(value * 65536) for value in values))


@lru_cache(1)
def srgb_profile() -> bytes:
    """The profile of sRGB, for files that we write: without a date, so that the same image has the same bytes."""
    columns = {name + b"XYZ": xyz(column) for name, column in zip((b"r", b"g", b"b"), SRGB_COLUMNS)}
    return profile_of(b"RGB ", "sRGB", columns | {name + b"TRC": parametric(SRGB_CURVE) for name in (b"r", b"g", b"b")})


def to_srgb(image: "PIL_Image.Image", path: FilePath) -> "Callable[[PIL_Image.Image], PIL_Image.Image]":
    """A function from bands of an opened image, grey floats in [0, 1] included, to sRGB; transparency stays."""
    data = image.info.get("icc_profile")
    if not data or data == srgb_profile():
        return lambda band: band
    try:
        grey = image.mode in ("1", "L", "LA", "F") or image.mode.startswith("I") or "LA;16B" in str(getattr(image, "tile", ""))
        mode = "L" if grey else "CMYK" if image.mode == "CMYK" else "RGB"
        check_profile(data, mode)
        change = grey_change(data) if grey else colour_change(data, mode)
    except Exception as error:  # LittleCMS and Pillow report a damaged profile with almost any exception
        why = "this Pillow has no LittleCMS" if isinstance(error, ImportError) else reason(error)
        if why not in said:
            said.add(why)
            log.warning("%s: its colour profile is ignored (%s), so its colours are taken as sRGB; the same in other files is "
                        "not mentioned", printable(path), printable(why))
        return lambda band: band

    def convert(band: "PIL_Image.Image") -> "PIL_Image.Image":
        if band.mode == "F":
            return change(band)
        if not band.has_transparency_data:
            return change(band.convert(mode))
        alpha = band.convert("RGBA").getchannel("A")
        band = change(band.convert("RGBA").convert(mode))
        band.putalpha(alpha)
        return band
    return convert


def check_profile(data: Any, mode: str) -> None:
    """Raise ValueError unless this is the profile of a device with these channels."""
    if not (isinstance(data, bytes) and 132 < len(data) <= MAX_PROFILE and data[36:40] == b"acsp" and data[12:16] in DEVICES):
        raise ValueError("it is damaged or none of a device")
    if data[16:20] != CHANNELS[mode]:
        raise ValueError(f"it is for {data[16:20].decode('latin-1').strip()}, not for {'grey' if mode == 'L' else mode}")


@lru_cache(8)
def colour_change(data: bytes, mode: str) -> "Callable[[PIL_Image.Image], PIL_Image.Image]":
    """From RGB or CMYK to sRGB; nothing changes where that of 729 colours none does by more than a rounding."""
    from io import BytesIO

    from PIL import Image, ImageCms, features
    if not features.check("littlecms2"):
        raise ImportError("LittleCMS")
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(BytesIO(data)), ImageCms.ImageCmsProfile(BytesIO(srgb_profile())), mode, "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC, BLACK_POINT)
    if mode == "RGB":
        grid = (np.indices((9, 9, 9)).reshape(3, 27, 27).transpose(1, 2, 0) * 255 / 8).round().astype(np.uint8)
        if np.abs(np.asarray(transform.apply(Image.fromarray(grid)), np.int16) - grid).max() <= 1:
            return lambda band: band
    return transform.apply


@lru_cache(8)
def grey_change(data: bytes) -> "Callable[[PIL_Image.Image], PIL_Image.Image]":
    """From grey, bytes or floats in [0, 1], to that of sRGB: its levels of the same luminance."""
    from PIL import Image
    luminance = grey_curve(data)
    levels = luminance(np.arange(256) / 255)
    if not np.isfinite(levels).all() or (np.diff(levels) < 0).any() or abs(levels[0]) > 0.1 or abs(levels[-1] - 1) > 0.1:
        raise ValueError("its curve does not go from black to white")

    def change(values: Array) -> Array:
        y, (g, a, b, c, d) = luminance(values).clip(0, 1), SRGB_CURVE
        return np.where(y < c * d, y / c, (y ** (1 / g) - b) / a)  # the inverse of the curve

    table = np.rint(change(np.arange(256) / 255) * 255).astype(np.uint8).tolist()
    return lambda band: (Image.fromarray(change(np.asarray(band, np.float64).clip(0, 1)).astype(np.float32))
                         if band.mode == "F" else band.point(table))


def grey_curve(data: bytes) -> Callable[[Array], Array]:
    """The function from levels to luminance that the profile's tag kTRC states: a power, a table or a formula."""
    if data[20:24] != b"XYZ ":
        raise ValueError("it is grey, but not in luminance")
    count = int.from_bytes(data[128:132])
    tags = {name: data[offset:offset + size] for name, offset, size in struct.iter_unpack(
        ">4sII", data[132:132 + 12 * min(count, 100)])}
    tag = tags[b"kTRC"]
    if tag[:4] == b"curv":
        points = np.frombuffer(tag, ">u2", int.from_bytes(tag[8:12]), 12).astype(np.float64)
        if len(points) < 2:
            power = points[0] / 256 if len(points) else 1.0
            return lambda x: x ** power
        return lambda x: np.interp(x, np.linspace(0, 1, len(points)), points / 65535)
    kind = int.from_bytes(tag[8:10]) if tag[:4] == b"para" else 9
    if kind not in (0, 3):  # the others are those of no grey profile in use
        raise ValueError("its curve is of an unknown kind")
    given = [value / 65536 for value in struct.unpack_from(f">{5 if kind else 1}i", tag, 12)]
    g, a, b, c, d = given if kind else (given[0], 1.0, 0.0, 0.0, 0.0)
    return lambda x: np.where(x < d, c * x, np.maximum(a * x + b, 0) ** g)
