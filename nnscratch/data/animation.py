"""Animations: the bytes of a GIF from any number of frames (of a WebP: webp.py), and the frames of a GIF, a WebP or an APNG.

Shapes: frames are Pillow images of W columns and H rows, all of one size.

A film is never in memory as a whole, nor are its files open together: frames come and go one at a time.
"""
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nnscratch.data.colour import to_srgb
from nnscratch.data.decode import decode, errors_of, loud_bombs, on_ground, open_header
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file, reason
from nnscratch.marks import IMAGE_MARK
from nnscratch.ops.validation import check_int

if TYPE_CHECKING:  # `import nnscratch` needs NumPy alone
    from PIL import Image as PIL_Image

    from nnscratch.data.decode import Convert

__all__ = ["Film", "encode_gif", "read_film"]

ANIMATED = ("GIF", "PNG", "WEBP")  # other formats with several images hold pages, sizes or views, not frames
MAX_FRAMES, MAX_FRAME_PIXELS, MAX_FILM_PIXELS = 1000, 2**24, 2**30  # 4096x4096; 500 frames of 1920x1080
END = object()  # what follows the last frame
MAX_MILLISECONDS = 655_350  # a GIF stores hundredths of a second in two bytes
MAX_LOOPS = 65_535  # two bytes, too


@dataclass
class Film:
    """The frames of an animation, to be read once.

    Parameters
    ----------
    frames : iterator of (Pillow image, int)
        Each frame, RGB, and its duration in milliseconds. Damage to the file is an InputError when it is reached.
    count : int
        Number of frames; 1 for a file that is a plain image.
    loop : int or None
        For the encoders: 0 repeats the film without end, None shows it once, another number repeats it so many times more.
    """
    frames: "Iterator[tuple[PIL_Image.Image, int]]"
    count: int
    loop: int | None


def read_film(path: FilePath, size: int, *, minimum: int = 8) -> Film:
    """Open an animation: its frames are read one at a time, when they are asked for.

    Parameters
    ----------
    path : str or path
        A GIF, WebP or PNG with any number of frames, or any other image, which has one.
    size : int
        Longer side of a frame in pixels; larger ones are shrunk to it, transparency is put on white.
    minimum : int
        Minimum number of pixels of each side, in the file and in the result.

    Returns
    -------
    Film
        Its frames, their number, and how often it is repeated.

    Raises
    ------
    InputError
        Not an image, too many frames or pixels, or too small.
    """
    size, minimum = check_int(size, "read_film: size", 1), check_int(minimum, "read_film: minimum", 1)
    with open_regular_file(path, "an image") as file, errors_of(file, path), loud_bombs():
        image = open_header(file, path)
        count, (width, height) = frame_count(image), image.size
        loop, first = image.info.get("loop"), int(bool(image.info.get("default_image")) and count > 1)
        if loop and image.format != "GIF":  # a GIF counts the repetitions, the others count the showings
            loop = loop - 1 or None
    shown = shrunk(width, height, size)
    if count > 1 and (count > MAX_FRAMES or width * height > MAX_FRAME_PIXELS or count * width * height > MAX_FILM_PIXELS):
        raise InputError(f"{path} has {count} frames of {width}x{height} pixels, expected at most {MAX_FRAMES} frames, "
                         f"{MAX_FRAME_PIXELS} pixels each and {MAX_FILM_PIXELS} in all: cut or shrink it")
    if min(width, height, *shown) < minimum:
        words = ("frames of ", "film") if count > 1 else ("", "image")
        raise InputError(f"{path} has {words[0]}{width}x{height} pixels, used as {shown[0]}x{shown[1]}, expected at least "
                         f"{minimum} a side: choose a larger {words[1]} or size")
    frames = frames_of(path, range(first, count), shown) if count > 1 else still(path, size)
    return Film(frames, count - first, None if loop is None else int(loop))


def frame_count(image: "PIL_Image.Image") -> int:
    """The number of frames of an opened image: 1 unless its format is one for animations."""
    return int(getattr(image, "n_frames", 1)) if image.format in ANIMATED else 1


def shrunk(width: int, height: int, size: int) -> tuple[int, int]:
    """The size (W, H) of a frame whose longer side is at most `size`."""
    longest = max(width, height, size)
    return max(1, round(width * size / longest)), max(1, round(height * size / longest))


def frames_of(path: FilePath, numbers: Iterable[int], shown: tuple[int, int]) -> "Iterator[tuple[PIL_Image.Image, int]]":
    """Yield (frame, milliseconds), decoded one at a time."""
    with open_regular_file(path, "an animation") as file:
        image = None
        for number in numbers:
            with errors_of(file, path), loud_bombs():
                if image is None:
                    image = open_header(file, path)
                    colour = to_srgb(image, path)
                frame = read_frame(image, number, shown, colour)
            yield frame


def still(path: FilePath, size: int) -> "Iterator[tuple[PIL_Image.Image, int]]":
    """Yield the one frame of a plain image."""
    with open_regular_file(path, "an image") as file:
        image = decode(file, path, lambda full: shrunk(*full, size))
    yield image if image.mode == "RGB" else image.point(lambda value: value * 255).convert("RGB"), 100


def read_frame(image: "PIL_Image.Image", number: int, shown: tuple[int, int], colour: "Convert"
               ) -> "tuple[PIL_Image.Image, int]":
    """One frame of an open animation, in sRGB, opaque and shrunk, and its duration."""
    from PIL import Image
    image.seek(number)
    if image.width * image.height > MAX_FRAME_PIXELS:  # a GIF may grow from frame to frame
        raise ValueError("a frame is too large")
    image.load()
    milliseconds = image.info.get("duration", 100)
    return on_ground(colour(image)).resize(shown, Image.Resampling.BICUBIC), int(min(max(milliseconds, 0), MAX_MILLISECONDS))


def encode_gif(frames: "Iterable[Any]", milliseconds: int = 250, pause: int = 2000, loop: int | None = 0) -> bytes:
    """Encode images as an animation.

    Parameters
    ----------
    frames : iterable
        Pillow images of one size, or paths of image files, or pairs (one of these, its own milliseconds). An iterator is
        consumed frame by frame, and only one file is open at a time.
    milliseconds : int
        Duration of each frame but the last.
    pause : int
        Duration of the last frame.
    loop : int or None
        0 repeats the film without end, None shows it once, another number repeats it so many times more.

    Returns
    -------
    bytes
        The GIF file.

    Raises
    ------
    InputError
        No frames, or frames that are no images or of several sizes.
    """
    first, images, durations = opened("encode_gif", frames, milliseconds, pause, loop)
    data = io.BytesIO()
    repeat: dict[str, Any] = {"comment": IMAGE_MARK} | ({} if loop is None else {"loop": loop})  # marks.py knows it again
    try:  # Pillow asks for a frame's duration after it has taken the frame: `durations` grows meanwhile
        first.save(data, "GIF", save_all=True, append_images=images, duration=durations, **repeat)
    except InputError:
        raise
    except Exception as error:  # Pillow's encoders raise almost any exception
        raise InputError(f"cannot make a GIF ({reason(error)}), expected frames that fit it: use fewer or smaller "
                         f"ones") from error
    return data.getvalue()


def opened(name: str, frames: "Iterable[Any]", milliseconds: int, pause: int, loop: int | None
           ) -> "tuple[PIL_Image.Image, Iterator[PIL_Image.Image], list[int]]":
    """Check what an encoder was given: the first frame, an iterator over the others, and their durations, which it fills."""
    for argument, value, most in (("milliseconds", milliseconds, MAX_MILLISECONDS), ("pause", pause, MAX_MILLISECONDS),
                                  ("loop", 0 if loop is None else loop, MAX_LOOPS)):
        if check_int(value, f"{name}: {argument}", 0) > most:
            raise InputError(f"{name}: {argument} is {value}, expected at most {most}: use less")
    try:
        entries = iter(frames)
    except TypeError as error:
        raise InputError(f"{name}: frames is a {type(frames).__name__}, expected images or paths: give a list") from error
    durations = list[int]()
    images = timed(entries, milliseconds, pause, durations)
    first = next(images, None)
    if first is None:
        raise InputError("expected at least one frame for an animation, got none; give one or more images")
    return first, images, durations


def timed(entries: Iterator[Any], milliseconds: int, pause: int, durations: list[int]) -> "Iterator[PIL_Image.Image]":
    """Yield each frame as an image, and append its duration: that of the last is `pause`, so one entry is read ahead."""
    entry, size = next(entries, END), None
    while entry is not END:
        following = next(entries, END)
        source, own = entry if isinstance(entry, tuple) and len(entry) == 2 else (entry, None)
        own = (pause if following is END else milliseconds) if own is None else check_int(own, "a frame's milliseconds", 0)
        image = as_image(source)
        size = size or image.size
        if image.size != size:
            raise InputError(f"a frame has {image.width}x{image.height} pixels, expected {size[0]}x{size[1]} like the first: "
                             f"resize it")
        durations.append(min(own, MAX_MILLISECONDS))
        yield image
        entry = following


def as_image(source: Any) -> "PIL_Image.Image":
    """A copy of an image, or what is in a file, without metadata: the durations and loops of another GIF do not count here."""
    from PIL import Image
    if isinstance(source, Image.Image):
        image = source.copy()
    elif isinstance(source, (str, os.PathLike)):
        with open_regular_file(source, "an image") as file, errors_of(file, source), loud_bombs():
            image = open_header(file, source).copy()
    else:
        raise InputError(f"a frame is a {type(source).__name__}, expected a Pillow image or a path: give one of these")
    image.info = {key: value for key, value in image.info.items() if key == "transparency"}
    return image
