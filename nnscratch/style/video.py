"""`nnscratch style CLIP.mp4 STYLE`: a video, painted frame by frame, with its sound.

Shapes: images (1, H, W, 3) in [0, 1]; in files, frames of bytes (H, W, 3).

Painted frames become parts, which are kept in OUT.mp4.state (video_state.py) until OUT.mp4 is made of them. A part has a fixed
number of frames, and the next one begins with what is on the disk: the last frame of the film, and the last painted one as it
was encoded. So a video that was killed and resumed has the same bytes as one that was not.
"""
from collections.abc import Callable
from os import PathLike
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.images import to_image
from nnscratch.data.video import Video, read_video
from nnscratch.data.video_parts import FORMATS, Part, extension_of, is_video_name, join, last_frame, tell_silence
from nnscratch.errors import InputError, as_argument, counted, printable
from nnscratch.files import check_replaceable
from nnscratch.outputs import writing
from nnscratch.progress import progress_bar
from nnscratch.style.temporal import Paint, TemporalAverage
from nnscratch.style.video_state import VideoState
from nnscratch.terminal import delayed_signals

__all__: list[str] = []  # for the command

FRAMES = 48  # in a part: what a kill loses


def check_video_name(content: str | PathLike, output: str | PathLike) -> None:
    """Raise InputError unless the output has the name of a video and can be written."""
    if not is_video_name(output):
        raise InputError(f"{content} is a video, but the output is {output}; give it a name that ends in {', '.join(FORMATS)}")
    check_replaceable(output)


def paint_video(content: str | PathLike, output: str | PathLike, inputs: list[str | PathLike],
                recipe: Callable[[], dict[str, Any]], load: Callable[[Video, int], Paint], *, size: int, minimum: int,
                resume: bool = False, part_frames: int | None = None) -> None:
    """Paint a video; KeyboardInterrupt where Ctrl-C stops it, after a line that says how to go on.

    inputs      : files that are read beside the content
    recipe      : returns what the state says of all this, for --resume
    load        : returns what paints the video, of which so many frames are painted already
    part_frames : frames in a part, by default FRAMES
    """
    state = VideoState(output)
    with writing(output, [state.path] if resume else [], [content, *inputs]):
        if resume:
            state.read()
        else:
            state.check_free()
        video = read_video(content, size, minimum)
        tell_silence(video, output)
        paint = load(video, state.count)
        if not resume:
            state.begin(recipe())
        print(f"{counted(video.count, 'frame', 'frames')} of {video.size[0]}x{video.size[1]} pixels"
              + (f", {state.count} of them painted before" if resume else ""))
        try:
            paint_frames(video, paint, state, extension_of(output), part_frames or FRAMES)
            join(state, video, output)
        except KeyboardInterrupt:
            if state.count:
                print(f"stopped after {state.count} of {video.count} frames; continue with  nnscratch style --resume -o "
                      f"{as_argument(output)}")
            raise
        finally:
            if not state.count:
                state.remove()  # there is nothing to go on from
        state.remove()
    print(f"{counted(video.count, 'frame', 'frames')} written to {printable(output)}")


def paint_frames(video: Video, paint: Paint, state: VideoState, extension: str, part_frames: int) -> None:
    """Paint the frames that the state does not have yet. Ctrl-C waits for the end of a frame, which is put away; a second one
    does not."""
    average, part = TemporalAverage(), Part(video, extension)
    frames = video.frames(max(0, state.count - 1))
    progress = progress_bar(total=video.count, initial=state.count, desc="painting", unit="frame")
    with delayed_signals() as stopped, progress as bar:
        if state.count:
            average.restart(to_floats(next(frames)[0]), to_floats(last_frame(state.last(), state.output)))
        for pixels, time in frames:
            x = to_floats(pixels)
            part.add(np.asarray(to_image(average(x, paint))), time)
            bar.update()
            if part.count == part_frames or stopped:
                state.add(data := part.finish(), part.count)
                if stopped:
                    raise KeyboardInterrupt
                average.restart(x, to_floats(last_frame(data, state.output)))
                part = Part(video, extension)
        if part.count:
            state.add(part.finish(), part.count)


def to_floats(pixels: Array) -> Array:
    """A frame of bytes (H, W, 3) as an image."""
    return pixels[None].astype(np.float32) / 255
