"""Videos, written in parts: some seconds of painted frames are encoded and put away; at the end the parts become one file.

Shapes: frames are arrays of bytes (H, W, 3), H and W even.

A part is a string of bytes, NUT, a container of FFmpeg's that keeps times exactly. Each begins with a key frame, and no frame
refers to a later one, so that one part may simply follow another: nothing is encoded twice, and times only increase.

    .mp4 .mov .mkv   H.264, which everything plays, by libx264
    .webm            VP9, by libvpx

Colours are BT.709 in limited range, and the file says so. Sound is copied packet by packet.
"""
import contextlib
import heapq
import io
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from nnscratch.backend import Array
from nnscratch.data.video import BT709, FULL, LIMITED, Video, load_av, opened
from nnscratch.errors import InputError, printable
from nnscratch.files import FilePath, reason, temporary_path
from nnscratch.marks import IMAGE_MARK

__all__: list[str] = []  # for `nnscratch style`

log = logging.getLogger("nnscratch")

H264 = ("libx264", {"crf": "18", "bf": "0"})  # crf: a quality that looks like the original; bf: frames that refer to later ones
VP9 = ("libvpx-vp9", {"crf": "24", "b": "0", "row-mt": "1", "cpu-used": "3", "lag-in-frames": "0"})
FORMATS = {".mp4": ("mp4", H264), ".m4v": ("mp4", H264), ".mov": ("mov", H264), ".mkv": ("matroska", H264),
           ".webm": ("webm", VP9)}
PART = "nut"


def extension_of(path: FilePath) -> str:
    """The extension of a path, in small letters."""
    return os.path.splitext(path)[1].lower()


def is_video_name(path: FilePath) -> bool:
    """Whether the extension of a path is that of a video that can be written."""
    return extension_of(path) in FORMATS


class Part:
    """Encodes a part, frame by frame.

    video     : whose size and times it has
    extension : of the file that it will be in, which chooses the codec
    """

    def __init__(self, video: Video, extension: str) -> None:
        av = load_av(video.path)
        self.av, self.video, self.count, self.data = av, video, 0, io.BytesIO()
        self.container = av.open(self.data, "w", format=PART)
        codec, options = FORMATS[extension][1]
        with self.errors(f"expected one with {codec}, and a video of usual sizes and times: pip install --upgrade av"):
            self.stream = self.container.add_stream(codec, rate=video.rate, options=options)
            context = self.stream.codec_context
            (context.width, context.height), context.pix_fmt = video.size, "yuv420p"
            context.colorspace = context.color_primaries = context.color_trc = BT709
            context.color_range, context.time_base = LIMITED, video.time_base
            context.open()
        self.reformatter = av.video.reformatter.VideoReformatter()

    @contextlib.contextmanager
    def errors(self, expected: str = "expected a video of usual sizes and times: convert it") -> Iterator[None]:
        """What PyAV raises becomes an InputError."""
        try:
            yield
        except Exception as error:
            raise InputError(f"this PyAV cannot encode {self.video.path} ({reason(error)}), {expected}") from error

    def add(self, pixels: Array, time: int) -> None:
        """Encode a frame (H, W, 3) that is shown from `time` on."""
        flags = self.av.video.reformatter.Interpolation
        with self.errors():
            rgb = self.av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = self.reformatter.reformat(rgb, format="yuv420p", src_color_range=FULL, dst_color_range=LIMITED,
                                              dst_colorspace=BT709, interpolation=flags.BICUBIC | flags.ACCURATE_RND)
            frame.color_primaries = frame.color_trc = BT709
            frame.pts, frame.time_base = time, self.video.time_base
            self.container.mux(self.stream.encode(frame))
        self.count += 1

    def finish(self) -> bytes:
        """The part."""
        with self.errors():
            self.container.mux(self.stream.encode(None))
            self.container.close()
        return self.data.getvalue()


def packets_of(part: bytes, path: FilePath) -> Iterator[Any]:
    """The packets of a part, one for each frame."""
    with load_av(path).open(io.BytesIO(part), format=PART) as container:
        yield from (packet for packet in container.demux(container.streams.video[0]) if packet.dts is not None)


def last_frame(part: bytes, path: FilePath) -> Array:
    """The last frame (H, W, 3) of a part, as it will be seen."""
    with load_av(path).open(io.BytesIO(part), format=PART) as container:
        *_, frame = container.decode(container.streams.video[0])
        return frame.reformat(format="rgb24", dst_color_range=FULL).to_ndarray()


def join(parts: Iterable[bytes], video: Video, output: FilePath) -> None:
    """Write the parts (a list, or what can be gone through again) and the sound of the video to a file: whole or not at all."""
    av = load_av(video.path)
    with temporary_path(output) as temporary:
        sound = [number for number, _, fits in sounds_of(video, output) if fits]
        try:
            write(temporary, parts, video, output, sound)
        except InputError:
            raise
        except (av.FFmpegError, ValueError) as error:  # damaged sound: what was painted in hours is not lost for it
            log.warning("%s is silent: the sound of %s could not be copied (%s)", printable(output), printable(video.path),
                        printable(reason(error)))
            try:
                write(temporary, parts, video, output, [])
            except (av.FFmpegError, ValueError) as error:
                raise InputError(f"cannot make {output} ({reason(error)}), expected a video that fits it: give it another "
                                 f"extension, such as .mkv") from error
        os.replace(temporary, os.path.realpath(output))


def write(temporary: Path, parts: Iterable[bytes], video: Video, output: FilePath, sound: list[int]) -> None:
    """Write the parts, and the streams of sound with these numbers, to a file, and see that they are on the disk."""
    av, name = load_av(video.path), format_of(output)
    first = next(iter(parts))
    fine = {"movie_timescale": str(video.time_base.denominator)} if name in ("mp4", "mov") else {}  # of the beginning's time
    with open(temporary, "w+b") as file, opened(video.path) as source:
        sink = Sink(file)
        try:
            with av.open(sink, "w", format=name, options=fine) as target, (
                    av.open(io.BytesIO(first), format=PART)) as template:
                target.metadata["comment"] = IMAGE_MARK
                picture = target.add_stream_from_template(template.streams.video[0])
                picture.time_base = video.time_base
                streams = {number: target.add_stream_from_template(source.streams[number]) for number in sound}
                pictures = ((packet, picture) for part in parts for packet in packets_of(part, output))
                sounds = ((packet, streams[packet.stream.index]) for packet in source.demux(
                    *(source.streams[number] for number in sound)) if packet.dts is not None) if sound else iter(())
                for packet, stream in heapq.merge(pictures, sounds, key=lambda pair: pair[0].dts * pair[0].time_base):
                    packet.stream = stream
                    target.mux(packet)
                    if sink.error is not None:
                        break
        finally:
            if sink.error is not None:
                raise sink.error
        file.flush()
        os.fsync(file.fileno())


class Sink:
    """A file that FFmpeg writes to. FFmpeg's own code cannot be left by an exception: the first is kept, to be raised later."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.seek, self.tell = file, file.seek, file.tell
        self.error: BaseException | None = None

    def write(self, data: bytes) -> int:
        """Write, unless that has failed before."""
        try:
            if self.error is None:
                self.file.write(data)
        except BaseException as error:  # a full disk, Ctrl-C
            self.error = error
        return len(data)


def sounds_of(video: Video, output: FilePath) -> list[tuple[int, str, bool]]:
    """(number, codec, whether the output can hold it) of each stream of sound: FFmpeg is asked to begin such a file."""
    av, found = load_av(video.path), []
    with opened(video.path) as source:
        for stream in source.streams.audio:
            codec = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
            try:
                with av.open(io.BytesIO(), "w", format=format_of(output)) as trial:
                    trial.add_stream_from_template(stream)
                    trial.start_encoding()
                found.append((stream.index, codec, True))
            except Exception:  # PyAV's
                found.append((stream.index, codec, False))
    return found


def tell_silence(video: Video, output: FilePath) -> None:
    """Log a line about sound that the output cannot hold."""
    for _, codec, fits in sounds_of(video, output):
        if not fits:
            log.warning("%s will lack sound in the format %s, which %s does not hold; .mkv holds most", printable(output),
                        codec, extension_of(output))


def format_of(output: FilePath) -> str:
    """FFmpeg's name of the container that the extension names."""
    return FORMATS[extension_of(output)][0]
