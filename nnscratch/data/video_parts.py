"""Videos, written in parts: some seconds of painted frames are encoded and put away; at the end the parts become one file.

Shapes: frames are arrays of bytes (H, W, 3), H and W even.

A part is a string of bytes, NUT, a container of FFmpeg's that keeps times exactly. Each begins with a key frame, and no frame
refers to a later one, so that one part may simply follow another: nothing is encoded twice, and times only increase.

    .mp4 .mov .mkv   H.264, which everything plays, by libx264
    .webm            VP9, by libvpx

Colours are BT.709 in limited range, and the file says so. Sound is copied packet by packet.
"""
import heapq
import io
import logging
import os
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

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
        try:
            self.stream = self.container.add_stream(codec, rate=video.rate, options=options)
        except Exception as error:
            raise InputError(f"this PyAV cannot write {extension} ({reason(error)}), expected one with {codec}: pip install "
                             f"--upgrade av") from error
        context = self.stream.codec_context
        context.width, context.height, context.pix_fmt = *video.size, "yuv420p"
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range, context.time_base = LIMITED, video.time_base
        self.reformatter = av.video.reformatter.VideoReformatter()

    def add(self, pixels: Array, time: int) -> None:
        """Encode a frame (H, W, 3) that is shown from `time` on."""
        flags = self.av.video.reformatter.Interpolation
        rgb = self.av.VideoFrame.from_ndarray(pixels, format="rgb24")
        frame = self.reformatter.reformat(rgb, format="yuv420p", src_color_range=FULL, dst_color_range=LIMITED,
                                          dst_colorspace=BT709, interpolation=flags.BICUBIC | flags.ACCURATE_RND)
        frame.color_primaries = frame.color_trc = BT709
        frame.pts, frame.time_base = time, self.video.time_base
        self.container.mux(self.stream.encode(frame))
        self.count += 1

    def finish(self) -> bytes:
        """The part."""
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
    """Write the parts, and the sound of the video, to a file: whole or not at all."""
    av = load_av(video.path)
    name = FORMATS[extension_of(output)][0]
    parts = iter(parts)
    first = next(parts)
    fine = {"movie_timescale": str(video.time_base.denominator)} if name in ("mp4", "mov") else {}  # of the beginning's time
    with temporary_path(output) as temporary, opened(video.path) as source:
        with open(temporary, "w+b") as file:
            try:
                with av.open(file, "w", format=name, options=fine) as target, (
                        av.open(io.BytesIO(first), format=PART)) as template:
                    target.metadata["comment"] = IMAGE_MARK
                    picture = target.add_stream_from_template(template.streams.video[0])
                    picture.time_base = video.time_base
                    sound = sound_streams(source, target, output)
                    pictures = ((packet, picture) for part in chain([first], parts) for packet in packets_of(part, output))
                    sounds = ((packet, sound[packet.stream.index]) for packet in source.demux(
                        *(source.streams[k] for k in sound)) if packet.dts is not None) if sound else iter(())
                    for packet, stream in heapq.merge(pictures, sounds, key=lambda pair: pair[0].dts * pair[0].time_base):
                        packet.stream = stream
                        target.mux(packet)
            except OSError:
                raise
            except av.FFmpegError as error:
                raise InputError(f"cannot make {output} ({reason(error)}), expected a video and sound that fit it: use .mkv"
                                 ) from error
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, os.path.realpath(output))


def sound_streams(source: Any, target: Any, output: FilePath) -> dict[int, Any]:
    """A stream of the target for each stream of sound that it can hold, by its number in the source; else a line says so."""
    streams = {}
    for stream in source.streams.audio:
        codec = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
        if codec in target.supported_codecs:
            streams[stream.index] = target.add_stream_from_template(stream)
        else:
            log.warning("%s is silent: its kind of file cannot hold sound in the format %s; .mkv can", printable(output), codec)
    return streams
