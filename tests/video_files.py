"""Helpers of the video tests: clips that PyAV writes, and what is in a file."""
import struct
from fractions import Fraction

import numpy as np
from image_files import CORNERS

SINE = 440  # Hz


def corners(count):
    """Frames of 40x60 with four distinct corners."""
    return [CORNERS.repeat(2, 0).repeat(2, 1)] * count


def clip(path, frames, *, times=None, time_base=None, sound=None, matrix=1, full=False, deep=False, format="yuv420p",
         pixel=None, refs=1):
    """Write frames, RGB or [Y, Cb, Cr], to a file, perhaps with a sine of the same length; returns its path.

    times  : when each frame is shown, in units of time_base (1/90000 s); by default 30 a second
    sound  : a codec
    matrix : that the file states, and that RGB is converted by; None for none
    full   : whether the file states full range
    deep   : whether the frames have 10 bits, in HLG
    pixel  : width of a pixel / its height
    refs   : frames that a frame may refer to
    """
    import av
    vp9, time_base = str(path).endswith(".webm"), time_base or Fraction(1, 90_000)
    times = [3000 * k for k in range(len(frames))] if times is None else times
    with av.open(str(path), "w") as container:
        if frames:
            lossless = {"crf": "0", "preset": "ultrafast", "refs": str(refs)}
            picture = container.add_stream("libvpx-vp9" if vp9 else "libx265" if deep else "libx264", rate=30, options={
                "lossless": "1"} if vp9 else {"x265-params": "lossless=1:bframes=0:log-level=none"} if deep else lossless)
            context, shape = picture.codec_context, np.shape(frames[0] if isinstance(frames[0], np.ndarray) else frames[0][0])
            context.width, context.height, context.time_base = shape[1], shape[0], time_base
            context.pix_fmt = "yuv420p10le" if deep else "yuvj420p" if full else format
            if matrix is not None:
                context.colorspace, context.color_range = matrix, 2 if full else 1
                context.color_primaries, context.color_trc = 9 if deep else 1, 18 if deep else 1
            if pixel is not None:
                context.sample_aspect_ratio = pixel
        if sound is not None:
            rate = 48_000 if sound == "libopus" else 44_100
            noise = container.add_stream(sound, rate=rate, layout="mono")
        if frames:
            for planes, time in zip(frames, times):
                frame = frame_of(av, planes, context.pix_fmt, matrix)
                frame.pts, frame.time_base = time, time_base
                container.mux(picture.encode(frame))
            container.mux(picture.encode(None))
        if sound is not None:
            seconds = float((times[-1] + 3000) * time_base) if frames else 0.2
            wave = (0.3 * np.sin(2 * np.pi * SINE * np.arange(int(seconds * rate)) / rate)).astype(np.float32)
            for start in range(0, len(wave) - 960, 960):
                frame = av.AudioFrame.from_ndarray(wave[None, start:start + 960], format="flt", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
                container.mux(noise.encode(frame))
            container.mux(noise.encode(None))
    return path


def frame_of(av, planes, pix_fmt, matrix):
    """PyAV's frame of RGB, or of three planes."""
    if isinstance(planes, np.ndarray):
        rgb = av.VideoFrame.from_ndarray(planes, format="rgb24")
        return rgb.reformat(format=pix_fmt, dst_colorspace=matrix, src_color_range=2, dst_color_range=1)
    frame = av.VideoFrame(planes[0].shape[1], planes[0].shape[0], pix_fmt)
    for plane, values in zip(frame.planes, planes):
        memory = np.frombuffer(plane, values.dtype).reshape(plane.height, plane.line_size // values.itemsize)
        memory[:, :values.shape[1]] = values
    return frame


def turned(path, matrix):
    """Write (a, b, c, d) into the display matrix of an .mp4, which PyAV does not do."""
    data, (a, b, c, d) = bytearray(path.read_bytes()), matrix
    place = data.index(b"tkhd") + 44  # after version, flags, times, number, duration, layer, group and volume
    one, unit = 2**16, 2**30
    assert struct.unpack_from(">9i", data, place) == (one, 0, 0, 0, one, 0, 0, 0, unit)
    struct.pack_into(">9i", data, place, one * a, one * b, 0, one * c, one * d, 0, 0, 0, unit)
    path.write_bytes(data)
    return path


def frames_in(path):
    """What a file states of its colours, and its frames, as PyAV reads them."""
    import av
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        first = frames[0]
        stated = {"matrix": first.colorspace, "primaries": first.color_primaries, "curve": first.color_trc,
                  "range": first.color_range}
        return stated, [frame.to_ndarray(format="rgb24") for frame in frames]


def packets_in(path):
    """(seconds, bytes) of each packet of the picture, and of the sound."""
    import av
    found = []
    for kind in ("video", "audio"):
        with av.open(str(path)) as container:
            streams = getattr(container.streams, kind)
            found.append([(float(packet.pts * packet.time_base), bytes(packet)) for packet in container.demux(*streams)
                          if packet.dts is not None] if streams else [])
    return found


def make_part(video, frames, times, extension=".mp4"):
    """A part of these frames (H, W, 3)."""
    from nnscratch.data.video_parts import Part
    part = Part(video, extension)
    for pixels, time in zip(frames, times):
        part.add(np.ascontiguousarray(pixels), time)
    return part.finish()
