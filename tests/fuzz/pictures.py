"""Pictures: of every kind and mode that Pillow writes, of odd sizes, animated, damaged, and with sizes that lie.

Shapes: mostly 40x32; large ones are 9400x9400 of one colour, below the limit of Pillow, some kilobytes in a file.
"""
import io
import struct
import zlib

import numpy as np
from PIL import Image

from tests.fuzz.damage import damage_bytes, pick

__all__ = ["film", "picture"]

MODES = {"png": ["RGB", "RGBA", "L", "LA", "P", "1", "I;16", "palette with a hole", "I"], "jpg": ["RGB", "L", "CMYK"],
         "gif": ["P", "L"], "webp": ["RGB", "RGBA"], "tif": ["RGB", "RGBA", "L", "I;16", "F", "I", "CMYK", "LAB", "1"],
         "bmp": ["RGB", "L", "P", "1"], "ppm": ["RGB", "L", "1"], "tga": ["RGB", "RGBA", "L"], "ico": ["RGBA"],
         "jp2": ["RGB", "L"], "avif": ["RGB"], "pcx": ["RGB", "L"], "dds": ["RGBA"], "sgi": ["RGB"], "eps": ["RGB"]}
SIZES = [(40, 32)] * 12 + [(1, 1), (1, 400), (400, 1), (8, 8), (7, 300), (2000, 30), (256, 256), (16, 17)]
LARGE, LARGE_SHARE = (9400, 9400), 0.08


def image(rng, mode, size):
    """An image of this mode with random pixels."""
    w, h = size
    if mode == "palette with a hole":
        made = image(rng, "RGB", size).convert("P")
        made.info["transparency"] = int(rng.integers(256))
        return made
    if mode == "F":
        values = (rng.random((h, w)) * pick(rng, [1.0, 255.0, 1e30])).astype(np.float32)
        values.flat[0] = pick(rng, [0, np.nan, np.inf, -1])
        return Image.fromarray(values)
    if mode == "I":
        return Image.fromarray(rng.integers(-5, pick(rng, [256, 65536, 2**31]), (h, w)).astype(np.int32))
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65536, (h, w)).astype(np.uint16))
    base = Image.fromarray(rng.integers(0, 256, (h, w, 3)).astype(np.uint8))
    if mode in ("RGBA", "LA"):
        base.putalpha(Image.fromarray(rng.integers(0, 256, (h, w)).astype(np.uint8)))
    return base.convert(mode)


def encoded(made, extension, **options):
    """The bytes of an image in a format."""
    data = io.BytesIO()
    Image.preinit()
    made.save(data, Image.registered_extensions().get(f".{extension}", extension), **options)
    return data.getvalue()


def picture(rng):
    """(bytes, extension, words) of one picture."""
    extension = pick(rng, list(MODES))
    kind = rng.random()
    if kind < LARGE_SHARE:
        return large(rng)
    if kind < 0.14:
        return *film(rng), "gif and film"
    mode, size = pick(rng, MODES[extension]), pick(rng, SIZES)
    try:
        data = encoded(image(rng, mode, size), extension)
    except (OSError, ValueError, KeyError):  # this Pillow cannot write it
        extension, data = "png", encoded(image(rng, mode="RGB", size=size), "png")
    words = f"{extension} {mode} {size[0]}x{size[1]}"
    if kind < 0.7:
        data, damage = (lie if extension == "png" and rng.random() < 0.4 else damage_bytes)(rng, data)
        words += f", {damage}"
    elif kind < 0.8:
        extension = pick(rng, list(MODES))
        words += f", called .{extension}"
    return data, extension, words


def lie(rng, data):
    """A PNG whose header states another size, depth or colour type, with a right checksum."""
    w, h = (pick(rng, [0, 1, 40, 9000, 2**31 - 1, 2**32 - 1]) for _ in range(2))
    depth, colour = pick(rng, [8, 8, 16, 1, 3]), pick(rng, [2, 0, 6, 3, 7])
    head = b"IHDR" + struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, int(rng.integers(2)))
    return data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:], f"header: {w}x{h}, {depth} bits, type {colour}"


def large(rng):
    """A small file of a large image, in one of the modes that need most memory."""
    mode, extension = pick(rng, [("L", "png"), ("RGB", "png"), ("I;16", "png"), ("1", "png"), ("RGBA", "png"), ("P", "gif"),
                                 ("L", "jpg"), ("F", "tif"), ("I", "tif"), ("LA", "png")])
    size = LARGE if rng.random() < 0.7 else pick(rng, [(30_000, 2900), (16, 60_000), (60_000, 16), (13_000, 13_000)])
    if extension == "jpg":
        made = Image.new("L", size, 100)
    elif mode == "I;16":
        made = Image.new("I;16", size, 1000)
    else:
        made = Image.new(mode, size)
    options = {"compression": "tiff_deflate"} if extension == "tif" else {}
    return encoded(made, extension, **options), extension, f"{extension} {mode} {size[0]}x{size[1]}"


def film(rng):
    """(bytes, extension) of an animation: GIF, WebP or PNG; a few frames, many, or large ones, whole or damaged."""
    extension = pick(rng, ["gif", "gif", "gif", "webp", "png"])
    kind = rng.random()
    if kind < 0.5:
        count, size = int(rng.integers(1, 6)), (40, 32)
    elif kind < 0.65:
        count, size = int(rng.integers(200, 1500)), (8, 8)
    elif kind < 0.8 and LARGE_SHARE:
        count, size = 4, pick(rng, [(3000, 3000), (9400, 9400)]) if extension == "gif" else (1000, 1000)
    else:
        count, size = 3, pick(rng, [(1, 1), (7, 40), (40, 7), (400, 8)])
    frames = [Image.new("P", size, k % 256) for k in range(count)]
    if max(size) < 500:
        for frame in frames:
            frame.putpalette(rng.bytes(768))
    if extension != "gif":
        frames = [frame.convert("RGBA") for frame in frames]
    duration = pick(rng, [100, 0, 65_535 * 10, [int(rng.integers(0, 1000)) for _ in frames]])
    data = encoded(frames[0], extension, save_all=True, append_images=frames[1:], duration=duration, loop=0)
    if rng.random() < 0.4:
        data, _ = damage_bytes(rng, data)
    return data, extension
