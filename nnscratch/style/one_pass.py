"""`nnscratch style PHOTO STYLE --fast`: an image, a folder of images, or the frames of a GIF, each in one pass.

Shapes: images (1, H, W, 3) in [0, 1].
"""
import io
from collections.abc import Callable
from os import PathLike
from pathlib import Path

import numpy as np

from nnscratch import backend
from nnscratch.backend import Array
from nnscratch.data.decode import on_ground
from nnscratch.data.images import check_writable, read_image, to_image, write_image
from nnscratch.data.synthetic.styles import is_style, style_image
from nnscratch.errors import InputError
from nnscratch.files import make_folder, reason, replace_file
from nnscratch.progress import progress_bar
from nnscratch.style.settings import check_strength
from nnscratch.style.stylizer import SHIPPED, Stylizer

__all__ = ["stylize_fast"]

MAX_FRAMES, MAX_STYLE_SIDE = 1000, 1024
MIN_SIDE = 8  # pixels: two of a code
EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


def stylize_fast(content_path: str | PathLike, style_path: str | PathLike, output_path: str | PathLike, *, size: int = 512,
                 weights: str | PathLike | None = None, strength: float = 50.0, device: str = "auto") -> int:
    """Run the whole command: paint an image, a folder or a GIF.

    Parameters
    ----------
    content_path : path of an image, a folder of images, or a GIF
    style_path : path of the style image, or the name of a built-in style
    output_path : path to write to: a folder for a folder, a GIF for a GIF
    size : int, the longer side in pixels; smaller images are not enlarged
    weights : path of a trained stylizer; by default the one that comes with nnscratch
    strength : float from 0 to 100, see Stylizer
    device : str, "auto", "cpu" or "gpu"

    Returns
    -------
    int
        The number of painted images.

    Raises
    ------
    InputError
        Whatever is wrong with paths, files or options.
    """
    if not MIN_SIDE <= size <= 8192:
        raise InputError(f"--size is {size}, expected {MIN_SIDE} to 8192 pixels")
    check_strength(strength)
    content_path, output_path = Path(content_path), Path(output_path)
    is_folder, is_gif = content_path.is_dir(), content_path.suffix.lower() == ".gif"
    jobs = folder_jobs(content_path, output_path) if is_folder else [(content_path, output_path)]
    for _, output in jobs[:1]:
        check_writable(output)
    if is_gif and output_path.suffix.lower() != ".gif":
        raise InputError(f"{content_path} is a film, but the output is {output_path}; give it a name that ends in .gif")
    style = (style_image(str(style_path), max(16, min(size, MAX_STYLE_SIDE))) if is_style(style_path)
             else read_image(style_path, size, minimum=MIN_SIDE, enlarge=False))
    backend.use(device)
    stylizer = Stylizer(weights or SHIPPED)

    def paint(content: Array) -> Array:
        return stylizer(content, style, strength)

    if is_gif:
        count = paint_gif(content_path, output_path, size, paint)
    else:
        for path, output in progress_bar(jobs, desc="painting", unit="image", disable=not is_folder):
            write_image(output, paint(read_image(path, size, minimum=MIN_SIDE, enlarge=False)))
        count = len(jobs)
    print(f"{count} {'images' if count > 1 else 'image'} written to {output_path}")
    return count


def folder_jobs(folder: Path, output: Path) -> list[tuple[Path, Path]]:
    """[(image, where to write it)] of a folder; makes the output folder."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in EXTENSIONS)
    if not paths:
        raise InputError(f"{folder} holds no images, expected files that end in {', '.join(EXTENSIONS)}")
    make_folder(output)
    if output.resolve() == folder.resolve():
        raise InputError(f"the images of {folder} would be overwritten; give another folder to write to")
    return [(path, output / f"{path.name}.png") for path in paths]  # a.jpg.png: the folder may also have an a.png


def paint_gif(path: Path, output: Path, size: int, paint: Callable[[Array], Array]) -> int:
    """Paint every frame of a GIF and keep its duration; return the number of frames."""
    from PIL import Image, ImageSequence
    try:
        with Image.open(path) as film:
            count = film.n_frames  # type: ignore[attr-defined]  # images with several frames have it
            if min(film.size) < MIN_SIDE or count > MAX_FRAMES:
                raise InputError(f"{path} has {count} frames of {film.width}x{film.height} pixels, expected at most "
                                 f"{MAX_FRAMES} of at least {MIN_SIDE} a side; cut it")
            frames = []
            for frame in ImageSequence.Iterator(film):
                image = on_ground(frame.convert("RGBA"))
                image.thumbnail((size, size))
                if min(image.size) < MIN_SIDE:
                    raise InputError(f"{path} would be {image.width}x{image.height} pixels, expected at least {MIN_SIDE} a "
                                     f"side; use a larger --size")
                frames.append((image, frame.info.get("duration", 100)))
    except InputError:
        raise
    except Exception as error:  # Pillow's decoders raise almost any exception, also for decompression bombs
        raise InputError(f"cannot open {path} ({reason(error)}), expected a GIF; use one that others can show") from error
    painted = [to_image(paint(np.asarray(image, np.float32)[None] / 255))
               for image, _ in progress_bar(frames, desc="painting", unit="frame")]
    data = io.BytesIO()
    painted[0].save(data, "GIF", save_all=True, append_images=painted[1:], duration=[time for _, time in frames], loop=0)
    replace_file(output, data.getvalue())
    return len(painted)
