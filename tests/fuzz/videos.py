"""Videos, whole and damaged, and the state of one that was stopped; without PyAV all of them must be refused.

Shapes: frames 32x40x3 of bytes.
"""
import importlib.util

import numpy as np

from tests.fuzz.cases import WHOLE, Case
from tests.fuzz.damage import damage_bytes, pick, put_something_else
from tests.fuzz.originals import SETTINGS

__all__ = ["fast_video", "make_videos", "video_state"]

CLIPS = {"clip.mp4": ("libx264", "aac"), "clip.mov": ("mpeg4", "pcm_s16le"), "clip.mkv": ("ffv1", "libopus"),
         "clip.webm": ("libvpx-vp9", "libopus"), "clip.avi": ("mjpeg", "mp3")}


def make_videos(base):
    """Write clips of eight frames with sound, and the state of a video of which four are painted."""
    if importlib.util.find_spec("av") is None:
        for name in (*CLIPS, "video.mp4.state"):
            (base / name).write_bytes(b"\0\0\0\x18ftypisom" + bytes(500))
        return
    from nnscratch.data.video import read_video
    from nnscratch.data.video_parts import Part
    from nnscratch.style.provenance import file_record
    from nnscratch.style.video_state import VideoState
    for name, codecs in CLIPS.items():
        write_clip(base / name, *codecs)
    video, state = read_video(base / "clip.mp4", 32), VideoState(base / "video.mp4")
    state.begin({"content": file_record(base / "clip.mp4"), "style": {"name": "night"}, "size": 32, "strength": 50.0,
                 "weights": None})
    part = Part(video, ".mp4")
    for (pixels, time), _ in zip(video.frames(), range(4)):
        part.add(pixels, time)
    state.add(part.finish(), part.count)


def write_clip(path, picture, sound):
    """Eight frames of noise with sound."""
    import av
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(picture, rate=24)
        stream.width, stream.height = 40, 32
        stream.pix_fmt = "yuvj420p" if picture == "mjpeg" else "yuv420p"
        rate = 48_000 if sound == "libopus" else 44_100
        noise = container.add_stream("libmp3lame" if sound == "mp3" else sound, rate=rate, layout="mono")
        for _ in range(8):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rng.integers(0, 256, (32, 40, 3), np.uint8))))
        container.mux(stream.encode(None))
        for k in range(15):
            frame = av.AudioFrame.from_ndarray(rng.integers(-9999, 9999, (1, 960), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts = rate, 960 * k
            container.mux(noise.encode(frame))
        container.mux(noise.encode(None))


def damaged(rng, original, path):
    """Write a damaged copy, or something else; returns (what to name on the command line, words)."""
    if rng.random() < 0.06:
        path.write_bytes(original.read_bytes())
        return path, WHOLE if importlib.util.find_spec("av") else "without PyAV"
    if rng.random() < 0.1:
        return put_something_else(rng, path)
    made, words = damage_bytes(rng, original.read_bytes())
    path.write_bytes(made)
    return path, words


def fast_video(rng, place):
    name, out = pick(rng, list(CLIPS)), place.output / f"out{pick(rng, ['.mp4', '.mov', '.mkv', '.webm'])}"
    path, words = damaged(rng, place.base / name, place.inputs / name)
    return Case(["style", path, "night", "-o", out, *SETTINGS["fast"]], words, out)


def video_state(rng, place):
    out = place.output / "video.mp4"
    _, words = damaged(rng, place.base / "video.mp4.state", place.output / "video.mp4.state")
    return Case(["style", "--resume", "-o", out], words, out)
