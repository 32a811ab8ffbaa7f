"""Videos: read frame by frame with PyAV, which brings FFmpeg. Written: video_parts.py.

Shapes: a frame is an array of bytes (H, W, 3), red, green and blue as in an image file. H and W are even, because encoders
store one colour for 2x2 pixels.

A video is never in memory as a whole. Frames come at their own times: phones do not take them at equal distances. They come
upright: a phone stores the picture as its sensor lies, and a display matrix beside it. Their YUV becomes RGB by what the file
says of its matrix (BT.601, BT.709, BT.2020) and range, HDR included. Where a file says nothing, large frames are BT.709.

Files are not trusted. FFmpeg opens one of three containers, chosen here by the first bytes: playlists, which name other files
and hosts, are none of them. Whatever is wrong is an InputError, found in a first pass over the whole file.
"""
import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.animation import shrunk
from nnscratch.data.decode import AVIF, HEIC
from nnscratch.errors import InputError
from nnscratch.files import FilePath, open_regular_file, reason
from nnscratch.progress import progress_bar

__all__: list[str] = []  # for `nnscratch style`

MAX_PIXELS, MAX_BYTES = 4096 * 2304, 40_000_000  # of a frame as it is stored: a decoder keeps up to 16, and one for each thread
MAX_THREADS = 4
HD = 720  # rows from which BT.709 is usual
BT2020, BT709, BT601, UNSPECIFIED, LIMITED, FULL = 9, 1, 5, 2, 1, 2  # FFmpeg's numbers
Matrix: TypeAlias = tuple[int, int, int, int]  # a, b, c, d: column x and row y are shown at (a x + c y, b x + d y)
UPRIGHT: Matrix = (1, 0, 0, 1)


@dataclass
class Video:
    """A video that has been read once: it is whole.

    path      : of the file
    count     : number of frames
    size      : (W, H) of the frames that `frames` yields
    time_base : seconds, the unit of times
    rate      : frames in a second, on average
    matrix    : how the stored frames are turned
    """
    path: FilePath
    count: int
    size: tuple[int, int]
    time_base: Fraction
    rate: Fraction
    matrix: Matrix

    def frames(self, start: int = 0) -> Iterator[tuple[Array, int]]:
        """Yield (frame, time) from frame number `start` on, decoded one at a time."""
        av = load_av(self.path)
        reformatter, flags = av.video.reformatter.VideoReformatter(), av.video.reformatter.Interpolation
        method = flags.LANCZOS | flags.ACCURATE_RND | flags.FULL_CHR_H_INT
        width, height = self.size[::-1] if is_turned(self.matrix) else self.size
        for number, (frame, time, _) in enumerate(decoded(self.path)):
            if number >= start:
                with errors_of(self.path):
                    if frame.colorspace == UNSPECIFIED:
                        frame.colorspace = BT709 if min(frame.width, frame.height) >= HD else BT601
                    wide = frame.color_primaries == BT2020  # such as HDR
                    change = {"dst_color_trc": BT709, "dst_color_primaries": BT709} if wide else {}
                    rgb = reformatter.reformat(frame, width, height, "rgb24", interpolation=method, dst_color_range=FULL,
                                               **change)
                    pixels = upright(rgb.to_ndarray(), self.matrix)
                yield pixels, time


def read_video(path: FilePath, size: int, minimum: int = 8) -> Video:
    """Read a whole video once: that it is whole, and what must be known before its frames are used.

    size    : longer side of a frame in pixels; larger ones are shrunk to it
    minimum : number of pixels of each side that frames must have
    """
    count, first, last = 0, None, 0
    for frame, time, pixel in progress_bar(decoded(path), desc="reading", unit="frame", delay=5, leave=False):
        first, last, count = first or (frame, time, pixel), time, count + 1
    if first is None:
        raise InputError(f"{path} has no frames, expected a video that shows something: use another")
    frame, begin, pixel = first
    matrix, width = matrix_of(frame), max(1, round(frame.width * pixel))
    full = (frame.height, width) if is_turned(matrix) else (width, frame.height)
    shown = shrunk(*full, size)
    if min(*full, *shown) < minimum:
        raise InputError(f"{path} has frames of {full[0]}x{full[1]} pixels, used as {shown[0]}x{shown[1]}, expected at least "
                         f"{minimum} a side: choose a larger video or size")
    seconds = (last - begin) * frame.time_base
    rate = Fraction((count - 1) / seconds).limit_denominator(1001) if seconds else Fraction(25)
    rate = min(max(rate, Fraction(1)), Fraction(240))
    return Video(path, count, (even(shown[0]), even(shown[1])), frame.time_base, rate, matrix)


def even(side: int) -> int:
    """The nearest even number of pixels that is not larger."""
    return max(2, side // 2 * 2)


def container_of(path: FilePath) -> str | None:
    """FFmpeg's name of the container that a file begins like; None if it is no video."""
    try:
        with open_regular_file(path) as file:
            head = file.read(12)
    except (InputError, OSError):
        return None  # whatever reads it as an image says why
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip") and head[8:] not in HEIC + AVIF:
        return "mov"  # .mp4, .mov, .m4v, .3gp
    return "matroska" if head[:4] == b"\x1aE\xdf\xa3" else "avi" if head[:4] == b"RIFF" and head[8:] == b"AVI " else None


def is_video(path: FilePath) -> bool:
    """Whether a file begins as a video does."""
    return container_of(path) is not None


def load_av(path: FilePath) -> Any:
    """PyAV; InputError where it is missing."""
    try:
        import av
        import av.video.reformatter
    except ImportError as error:
        raise InputError(f'{path} is a video, expected the package av (PyAV) for it: pip install "nnscratch[video]"') from error
    if int(av.__version__.partition(".")[0]) < 18:
        raise InputError(f"{path} is a video, expected PyAV 18 or newer for it, got {av.__version__}: pip install --upgrade av")
    return av


@contextlib.contextmanager
def errors_of(path: FilePath) -> Iterator[None]:
    """Whatever PyAV raises becomes an InputError."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if isinstance(error, MemoryError) and not hasattr(error, "errno"):
            raise  # Python's own; FFmpeg's is about a size in the file
        raise InputError(f"{path} is damaged, or its format is not known ({reason(error)}), expected a whole video such as a "
                         f"phone's .mp4 or .mov: download it again or convert it") from error


@contextlib.contextmanager
def opened(path: FilePath) -> Iterator[Any]:
    """PyAV's container for a file, of which the header has been read."""
    av = load_av(path)
    with open_regular_file(path, "a video") as file:
        with errors_of(path):
            container = av.open(file, format=container_of(path), metadata_errors="replace")
        with container:
            yield container


def decoded(path: FilePath) -> Iterator[tuple[Any, int, Fraction]]:
    """Yield (PyAV's frame, time in its time_base, width of a pixel / its height). Times increase."""
    with opened(path) as container:
        stream = next((one for one in container.streams.video if "attached_pic" not in str(one.disposition)), None)  # no cover
        if stream is None:
            raise InputError(f"{path} has no picture, expected a video: use another")
        previous, context = None, stream.codec_context
        if context is None:
            raise InputError(f"{path} has a picture in an unknown format, expected a video that this PyAV knows: convert it")
        if context.format is not None:
            check_frame(path, context)  # before the decoder allocates
        with errors_of(path):
            context.options = {"max_pixels": str(MAX_PIXELS)}
            stream.thread_type, context.thread_count = "AUTO", min(MAX_THREADS, os.cpu_count() or 1)
            pixel = context.sample_aspect_ratio or Fraction(1)
            pixel = pixel if Fraction(1, 4) <= pixel <= 4 else Fraction(1)
            step = max(1, round(1 / ((stream.average_rate or 25) * stream.time_base)))
            frames = container.decode(stream)
        while True:
            with errors_of(path):
                frame = next(frames, None)
            if frame is None:
                return
            check_frame(path, frame)  # again: the size may change
            time = frame.pts if frame.pts is not None else 0 if previous is None else previous + step
            if previous is None or time > previous:  # else there is no moment at which it could be shown
                yield frame, time, pixel
                previous = time


def check_frame(path: FilePath, frame: Any) -> None:
    """Raise InputError for frames that would fill the memory; `frame` has a size and a format."""
    pixels = frame.width * frame.height
    if pixels > MAX_PIXELS or pixels * frame.format.padded_bits_per_pixel > 8 * MAX_BYTES:
        raise InputError(f"{path} has frames of {frame.width}x{frame.height} pixels in {frame.format.name}, expected at most "
                         f"{MAX_PIXELS} pixels, as 4096x2304, and {MAX_BYTES} bytes: shrink it")


def matrix_of(frame: Any) -> Matrix:
    """The signs of a frame's display matrix, nine numbers of 32 bits, of which the first, second, fourth and fifth turn it."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return UPRIGHT
    a, b, _, c, d = (int(value) for value in np.frombuffer(bytes(data), np.int32)[:5])
    return (0, sign(b), sign(c), 0) if abs(b) + abs(c) > abs(a) + abs(d) else (sign(a), 0, 0, sign(d))


def sign(value: int) -> int:
    """1 or -1."""
    return -1 if value < 0 else 1


def is_turned(matrix: Matrix) -> bool:
    """Whether rows become columns."""
    return matrix[0] == 0


def upright(pixels: Array, matrix: Matrix) -> Array:
    """A stored frame (H, W, 3) as it is shown: (W, H, 3) where it is turned."""
    a, b, c, d = matrix
    if is_turned(matrix):  # the stored column x is the row b x, the stored row y is the column c y
        pixels, a, d = pixels.swapaxes(0, 1), c, b
    return np.ascontiguousarray(pixels[::d, ::a])
