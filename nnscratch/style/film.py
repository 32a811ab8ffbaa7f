"""`nnscratch style FILM STYLE` by optimisation, frame by frame; and `--resume` of any video.

Shapes: images (1, H, W, 3) in [0, 1].

The first frame is painted as a photograph is. Each further one begins with the painting before it, where the film has hardly
changed, and elsewhere with the frame in the style's colours (temporal.py says where). So a quarter of the steps at full size is
enough, and what moves is not held back: an optimisation that begins with the old painting everywhere leaves things where they
were, since their content counts for little there.
"""
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from os import PathLike
from typing import Any

import numpy as np

from nnscratch import backend
from nnscratch.backend import Array
from nnscratch.data.animation import read_film
from nnscratch.data.images import check_writable
from nnscratch.data.synthetic.styles import is_style
from nnscratch.data.video import is_video
from nnscratch.data.video_parts import is_video_name
from nnscratch.data.webp import is_film
from nnscratch.errors import printable
from nnscratch.files import replace_file
from nnscratch.outputs import writing
from nnscratch.progress import progress_bar
from nnscratch.schema import check, number, optional, record, whole
from nnscratch.style.command import read_styles
from nnscratch.style.features import min_side
from nnscratch.style.inputs import check_inputs
from nnscratch.style.one_pass import paint_film, stylize_fast
from nnscratch.style.provenance import FILE, style, verified_path, verified_style
from nnscratch.style.settings import Settings, check_size, check_style_scale
from nnscratch.style.sidecar import arguments_from, make_record
from nnscratch.style.temporal import Paint, Start
from nnscratch.style.transfer import estimate_steps, transfer_style
from nnscratch.style.video import check_video_name, paint_video
from nnscratch.style.video_state import VideoState

__all__: list[str] = []  # for the command

PART = 12  # frames in a part of a video: what a kill loses
FAST = record(content=FILE, style=style, weights=optional(FILE), size=whole(1, 10_000), strength=number(0, 100))


def is_moving(content: str | PathLike, output: str | PathLike) -> bool:
    """Whether this is a video; or a film, of which the output is one, too: of others, the first frame is painted."""
    return is_video(content) or is_film(output) and read_film(content, 10_000, minimum=1).count > 1


def stylize_film(content_path: str | PathLike, style_paths: Sequence[str | PathLike], output_path: str | PathLike, *,
                 size: int = 256, style_scale: float = 1.0, device: str = "auto", settings: dict[str, Any] | None = None,
                 resume: bool = False) -> None:
    """Paint a film or a video; the arguments are those of `stylize`."""
    check_style_scale(style_scale)
    options, video = Settings(**settings or {}), is_video(content_path)
    smallest = min_side(options.features)
    check_size(size, smallest)
    if video:
        check_video_name(content_path, output_path)
    else:
        check_writable(output_path)
    backend.use(device)
    inputs = [*(path for path in style_paths if not is_style(path)), *filter(None, [options.weights])]

    def load(width: int, height: int, count: int) -> Paint:
        shape = (1, height, width, 3)
        return painter(read_styles(style_paths, shape, size, style_scale, options), options, shape, count)

    if video:
        paint_video(content_path, output_path, inputs,
                    lambda: make_record(content_path, style_paths, [], 0, size, style_scale, options),
                    lambda video, done: load(*video.size, video.count - done), size=size, minimum=smallest, resume=resume,
                    part_frames=PART)
        return
    with writing(output_path, inputs=[content_path, *inputs]):
        film = read_film(content_path, size, minimum=smallest)
        first = next(film.frames)
        frames = progress_bar(chain([first], film.frames), desc="painting", unit="frame", total=film.count)
        replace_file(output_path, paint_film(frames, film.loop, load(*first[0].size, film.count), output_path))
    print(f"{film.count} images written to {printable(output_path)}")


def painter(styles: list[Array], options: Settings, shape: tuple[int, ...], count: int) -> Paint:
    """What paints a film of so many frames of this shape; a line says how long it will take."""
    if options.strength == 0:
        return lambda x, _: x
    few, grey = max(1, options.steps // 4), np.full(shape, 0.5, np.float32)
    check_inputs(grey, styles, options)
    step = 60 * 100 / (4 / 3 * estimate_steps(100, grey, styles, options))  # seconds, at full size
    seconds = step * (count * (few + 2) + 4 / 3 * options.steps)  # 2: what a frame takes besides
    print(f"{options.steps} steps a size for the first frame, {few} for each other, features {options.features}, on "
          f"{backend.describe_device()}: about " + (f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"))

    def paint(x: Array, start: Start | None) -> Array:
        result = transfer_style(x, styles, start=start, **asdict(options) | ({} if start is None else {"steps": few}))
        if result.interrupted:
            raise KeyboardInterrupt  # a second one: the first lets the frame be finished
        return result.image
    return paint


def resume_video(output: str | PathLike, device: str = "auto") -> bool:
    """Go on with a video that was stopped; returns whether the output is one."""
    if not is_video_name(output):
        return False
    state = VideoState(output)
    recipe = state.read()
    if "settings" in recipe:
        content, styles, arguments = arguments_from(state.path, recipe)
        stylize_film(content, styles, output, device=device, resume=True,
                     **{name: arguments[name] for name in ("size", "style_scale", "settings")})
        return True
    check(recipe, FAST, state.path, "it does not say how to continue; remove it and start again without --resume")
    weights = recipe["weights"]
    stylize_fast(verified_path(recipe["content"]), verified_style(recipe["style"]), output, size=recipe["size"],
                 strength=float(recipe["strength"]), weights=weights and verified_path(weights), device=device, resume=True)
    return True
