"""`nnscratch style PHOTO STYLE --fast`: an image, the frames of a film or a video, or a folder of images, each in one pass.

Shapes: images (1, H, W, 3) in [0, 1].
"""
import os
from collections.abc import Iterable, Iterator
from glob import escape
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch import backend
from nnscratch.data.animation import read_film
from nnscratch.data.images import check_writable, encode, read_image, to_image
from nnscratch.data.readers.folder import image_files, why_skipped
from nnscratch.data.synthetic.styles import is_style, style_image
from nnscratch.data.video import is_video
from nnscratch.data.webp import encode_film, is_film
from nnscratch.errors import InputError, printable
from nnscratch.files import check_names, replace_file
from nnscratch.hints import checked
from nnscratch.outputs import OutputFolder, writing
from nnscratch.progress import print_above_bar, progress_bar
from nnscratch.style.provenance import file_record, style_record
from nnscratch.style.settings import check_size, check_strength
from nnscratch.style.stylizer import MIN_SIDE, MIN_STYLE, SHIPPED, Stylizer
from nnscratch.style.temporal import Paint, TemporalAverage
from nnscratch.style.video import check_video_name, paint_video

__all__ = ["stylize_fast"]

MAX_STYLE_SIDE = 1024


@checked
def stylize_fast(content_path: str | PathLike, style_path: str | PathLike, output_path: str | PathLike, *, size: int = 512,
                 weights: str | PathLike | None = None, strength: float = 50.0, device: str = "auto",
                 resume: bool = False) -> int:
    """Run the whole command: paint an image, a folder, a film or a video.

    Parameters
    ----------
    content_path : path of an image, a folder of images, a film (a GIF, WebP or PNG of several frames), or a video
    style_path : path of the style image, or the name of a built-in style
    output_path : path to write to: a folder for a folder, a GIF or WebP for a film, an .mp4, .mov, .mkv or .webm for a video
    size : int, the longer side in pixels; smaller images are not enlarged
    weights : path of a trained stylizer; by default the one that comes with nnscratch
    strength : float from 0 to 100, see Stylizer
    device : str, "auto", "cpu" or "gpu"
    resume : bool, whether to go on with a video that was stopped

    Returns
    -------
    int
        The number of images of a folder that were skipped, each with a line that says why.

    Raises
    ------
    InputError
        Whatever is wrong with paths, files or options.
    KeyboardInterrupt
        Ctrl-C, which loses no painted frame of a video.
    """
    check_size(size, MIN_SIDE)
    check_strength(strength)
    is_folder, video = os.path.isdir(content_path), is_video(content_path)
    paths, others = image_files(content_path) if is_folder else ([], [])
    if is_folder:
        check_folder(content_path, output_path, paths)
    elif video:
        check_video_name(content_path, output_path)
    else:
        check_writable(output_path)
    backend.use(device)
    inputs = [path for path in (style_path, weights) if path and not is_style(path)]

    def load() -> Paint:
        style = (style_image(str(style_path), max(MIN_STYLE, min(size, MAX_STYLE_SIDE))) if is_style(style_path)
                 else read_image(style_path, size, minimum=MIN_SIDE, enlarge=False))
        paint = Stylizer(weights or SHIPPED).painter(style, strength)
        return lambda x, _: paint(x)

    if is_folder:
        names = [escape(f"{path.name}{ending}") for path in paths for ending in (".png", ".gif")]
        with OutputFolder(output_path, names, [*paths, *inputs]) as folder:
            return paint_folder(paths, others, folder, size, load())
    if video:
        def recipe() -> dict[str, Any]:
            return {"content": file_record(content_path), "style": style_record(style_path), "size": size,
                    "strength": strength, "weights": weights and file_record(weights)}
        paint_video(content_path, output_path, inputs, recipe, lambda *_: load(), size=size, minimum=MIN_SIDE, resume=resume)
        return 0
    with writing(output_path, inputs=[content_path, *inputs]):
        film = read_film(content_path, size, minimum=MIN_SIDE)
        if film.count > 1 and not is_film(output_path):
            raise InputError(f"{content_path} is a film of {film.count} frames, but the output is {output_path}; give it a "
                             f"name that ends in .gif or .webp")
        paint = load()
        if film.count > 1:
            replace_file(output_path, paint_film(progress_bar(film.frames, desc="painting", unit="frame", total=film.count),
                                                 film.loop, paint, output_path))
        else:
            image = to_image(paint(read_image(content_path, size, minimum=MIN_SIDE, enlarge=False), None))
            replace_file(output_path, encode(image, output_path, mark=True))
    print(f"{film.count} {'images' if film.count > 1 else 'image'} written to {printable(output_path)}")
    return 0


def check_folder(folder: str | PathLike, output: str | PathLike, paths: list[Path]) -> None:
    """Raise InputError unless there are images, and another folder to write to."""
    from PIL import Image
    if not paths:
        raise InputError(f"{folder} holds no images (what nnscratch wrote there does not count), expected files that Pillow "
                         f"reads; give another folder")
    if os.path.realpath(folder) == os.path.realpath(output):
        raise InputError(f"the images of {folder} would be overwritten; give another folder to write to")
    if not os.path.isdir(output) and Path(output).suffix.lower() in Image.registered_extensions():
        raise InputError(f"{folder} is a folder, but {output} is the name of one image; give the name of a folder to write to")


def paint_folder(paths: list[Path], others: list[str], folder: OutputFolder, size: int, paint: Paint) -> int:
    """Paint each image, and each film, that can be read; a line for each other file. Returns how many of those that should be
    images were skipped."""
    from PIL import Image
    painted, skipped = 0, sum(Path(name).suffix.lower() in Image.registered_extensions() for name in others)
    for name in others:
        print_above_bar(f"skipped {printable(name)}: {why_skipped(paths[0].parent / name)}")
    for path in progress_bar(paths, desc="painting", unit="image"):
        try:
            film = read_film(path, size, minimum=MIN_SIDE)
            name = f"{path.name}{'.gif' if film.count > 1 else '.png'}"  # a.jpg.png: the folder may also have an a.png
            check_names([folder.path / name])
            if film.count > 1:
                data = paint_film(film.frames, film.loop, paint, name)
            else:
                data = encode(to_image(paint(read_image(path, size, minimum=MIN_SIDE, enlarge=False), None)), name)
            replace_file(folder.file(name), data)
            painted += 1
        except InputError as error:
            skipped += 1
            print_above_bar(f"skipped {printable(path.name)}: {error}")
    print(f"{painted} images written to {printable(folder.path)}"
          + (f", {skipped} skipped" if skipped else ""))
    return skipped


def paint_film(frames: Iterable[tuple[Any, int]], loop: int | None, paint: Paint, path: str | PathLike) -> bytes:
    """Paint every frame, without flicker; durations and loops stay."""
    average = TemporalAverage()

    def painted() -> Iterator[tuple[Any, int]]:
        for image, milliseconds in frames:
            x = np.asarray(image, np.float32)[None] / 255
            yield to_image(average(x, paint)), milliseconds
    return encode_film(path, painted(), loop=loop)
