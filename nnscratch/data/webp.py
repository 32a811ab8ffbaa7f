"""Animated WebP: each frame a still WebP of Pillow's, in a container that is written here, so that one frame is in memory.

Shapes: frames are Pillow images of W columns and H rows, all of one size.

    RIFF size WEBP      the file: chunks, each a name, a size and its content, of even length
    VP8X flags W-1 H-1  what it has, and its size
    ICCP                sRGB
    ANIM ground loop    how often it is shown: 0 is without end
    ANMF x y W-1 H-1 milliseconds flags, and the chunk of a still image; once for each frame
    EXIF                the mark of nnscratch
"""
import io
import os
import struct
from collections.abc import Iterable
from itertools import chain
from typing import Any

from nnscratch.data.animation import MAX_LOOPS, encode_gif, opened
from nnscratch.data.colour import srgb_profile
from nnscratch.data.decode import on_ground
from nnscratch.errors import InputError
from nnscratch.files import FilePath, reason
from nnscratch.marks import IMAGE_MARK

__all__ = ["encode_webp"]

ICC, EXIF, ANIMATION, NO_BLENDING = 0x20, 0x08, 0x02, 0x02
SOFTWARE = 0x0131  # the EXIF tag


def encode_webp(frames: "Iterable[Any]", milliseconds: int = 250, pause: int = 2000, loop: int | None = 0) -> bytes:
    """Encode images as an animated WebP, in full colour, which a GIF has not.

    Parameters
    ----------
    frames : iterable
        As for `encode_gif`: images, paths, or pairs (one of these, its own milliseconds). Transparency is put on white.
    milliseconds : int
        Duration of each frame but the last.
    pause : int
        Duration of the last frame.
    loop : int or None
        0 repeats the film without end, None shows it once, another number repeats it so many times more.

    Returns
    -------
    bytes
        The WebP file.

    Raises
    ------
    InputError
        No frames, or frames that are no images or of several sizes.
    """
    from PIL import Image
    first, others, durations = opened("encode_webp", frames, milliseconds, pause, loop)
    (width, height), exif = first.size, Image.Exif()
    exif[SOFTWARE] = IMAGE_MARK
    sides = number(width - 1) + number(height - 1)
    chunks = [chunk(b"VP8X", struct.pack("<I", ICC | EXIF | ANIMATION) + sides), chunk(b"ICCP", srgb_profile()),
              chunk(b"ANIM", struct.pack("<4sH", b"\xff" * 4, 1 if loop is None else loop and min(loop + 1, MAX_LOOPS)))]
    try:
        for image in chain([first], others):
            still = io.BytesIO()
            on_ground(image).save(still, "WEBP", quality=95)
            time = number(durations[-1])
            chunks.append(chunk(b"ANMF", bytes(6) + sides + time + bytes([NO_BLENDING]) + still.getvalue()[12:]))
    except InputError:
        raise
    except Exception as error:  # Pillow's encoders raise almost any exception
        raise InputError(f"cannot make a WebP ({reason(error)}), expected frames that fit it, at most 16383 pixels a side: use "
                         f"smaller ones, or .gif") from error
    body = b"WEBP" + b"".join(chunks) + chunk(b"EXIF", exif.tobytes().removeprefix(b"Exif\0\0"))
    return chunk(b"RIFF", body)


def number(value: int) -> bytes:
    """An integer in three bytes."""
    return value.to_bytes(3, "little")


def chunk(name: bytes, content: bytes) -> bytes:
    """A part of the file: its name, its size, and its content, filled up to an even length."""
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


ENCODERS = {".gif": encode_gif, ".webp": encode_webp}


def is_film(path: FilePath) -> bool:
    """Whether the extension of a path is that of a film: .gif or .webp."""
    return os.path.splitext(path)[1].lower() in ENCODERS


def encode_film(path: FilePath, frames: "Iterable[Any]", **options: Any) -> bytes:
    """Encode images as the film that the extension of a path names; the options are those of `encode_gif`."""
    if not is_film(path):
        raise InputError(f"a film was to be written to {path}, expected a name that ends in .gif or .webp: give one")
    return ENCODERS[os.path.splitext(path)[1].lower()](frames, **options)
