"""`nnscratch style`: read images, transfer, write one; every mistake is found before the work begins.

Shapes: images (1, H, W, 3) in [0, 1]; masks (1, H, W, 1) in [0, 1].

Beside the result OUT.png lies OUT.png.json: images, settings and how the loss fell. `--again OUT.png.json` makes the same
image once more, bit for bit on the same machine with the same version. During the work, OUT.png.state holds all that `--resume`
needs to continue after Ctrl-C or a kill, with the same result.
"""
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch import backend
from nnscratch.backend import Array
from nnscratch.data.images import check_writable, encode, read_image, to_image, write_image
from nnscratch.data.synthetic.styles import is_style, style_image
from nnscratch.errors import InputError
from nnscratch.files import make_folder, reason, replace_file, temporary_path
from nnscratch.progress import progress_bar
from nnscratch.style.colour import grey, restore_colours
from nnscratch.style.features import min_side
from nnscratch.style.inputs import check_inputs
from nnscratch.style.settings import Settings
from nnscratch.style.sidecar import StateSaver, make_record
from nnscratch.style.transfer import State, Transfer, check_memory, estimate_steps, transfer_style

__all__ = ["stylize", "transfer_with_progress"]

MAX_STYLE_RATIO = 4  # longer side of the style / shorter side of the content


def stylize(content_path: str | PathLike, style_paths: Sequence[str | PathLike], output_path: str | PathLike, *,
            size: int = 256, style_scale: float = 1.0, masks: Sequence[str | PathLike] = (), minutes: float | None = None,
            every: int | None = None, device: str = "auto", settings: dict[str, Any] | None = None,
            resume: State | None = None) -> Transfer:
    """Run the whole command: from image files to an image file.

    Parameters
    ----------
    content_path : path of the photograph
    style_paths : sequence of paths of style images, or names of built-in styles
    output_path : path of the image to write
    size : int, the longer side of the result in pixels
    style_scale : float, the size of the style's strokes relative to the style image, 0.1 to 10
    masks : sequence of paths, of one image, white where the style applies and black where the photograph stays; or of one image
        for each style, white where that style applies
    minutes : float, run as many steps as fit, in place of settings["steps"]
    every : int, write an image after so many steps, and a film of all of them
    device : str, "auto", "cpu" or "gpu"
    settings : dict, the arguments of Settings
    resume : state from `sidecar.read_state`

    Returns
    -------
    Transfer
        The result, which is also written if Ctrl-C ends it early.

    Raises
    ------
    InputError
        Whatever is wrong with files or settings, before the work begins.
    """
    sidecar = Path(f"{output_path}.json")
    check_writable(output_path)
    with temporary_path(sidecar) as temporary:
        temporary.touch()
    if not 0.1 <= style_scale <= 10:
        raise InputError(f"--style-scale is {style_scale}, expected 0.1 to 10; 2 makes strokes twice as large")
    if minutes is not None and not 0 < minutes < 10_000:
        raise InputError(f"--minutes is {minutes}, expected a number above 0")
    if every is not None and every < 1:
        raise InputError(f"--every is {every}, expected a number of steps, at least 1")
    options = Settings(**(settings or {}))
    smallest = min_side(options.features)
    content = read_image(content_path, size, minimum=smallest)
    # Enlarging a style only blurs it; beside a long and narrow content, a large style would be nearly all the work.
    style_size = round(style_scale * min(size, MAX_STYLE_RATIO * min(content.shape[1:3])))
    styles = [style_image(str(path), max(16, style_size)) if is_style(path) else
              read_image(path, max(smallest, style_size), minimum=smallest, enlarge=style_scale > 1) for path in style_paths]
    mask_images = [read_mask(path, content) for path in masks]
    blend_mask, style_masks = (mask_images[0], None) if len(mask_images) == 1 else (1.0, mask_images or None)
    check_inputs(content, styles, options, style_masks)  # now, because transfer_style checks after the progress bar has begun
    backend.use(device)
    check_memory(content, styles, options)
    if minutes is not None:
        options.steps = estimate_steps(minutes, content, styles, options, style_masks)
    print(f"{content.shape[2]}x{content.shape[1]} pixels, {options.steps} steps a size, features {options.features}, on "
          f"{backend.describe_device()}")
    frames = Frames(output_path, content, every, options.keep_colors, content_path)
    record = make_record(content_path, style_paths, masks, size, style_scale, options)
    saver = StateSaver(f"{output_path}.state", record)
    result = transfer_with_progress(content, styles, masks=style_masks, on_image=frames.add, save=saver.save, resume=resume,
                                    **asdict(options))
    saver.finish(result.interrupted)
    result.image = (blend_mask * result.image + (1 - blend_mask) * content).astype(np.float32)
    write_image(output_path, result.image)
    frames.write_film()
    record |= {"interrupted": result.interrupted, "history": result.history}
    replace_file(sidecar, json.dumps(record, indent=1).encode())
    print(f"{'stopped early; best image so far' if result.interrupted else 'image'} written to {output_path}, how it was "
          f"made to {sidecar}{f'; continue with  nnscratch style --resume -o {output_path}' if result.interrupted else ''}")
    return result


def read_mask(path: str | PathLike, content: Array) -> Array:
    """The luminance of the image at `path`, stretched to the size of the content: (1, H, W, 1) in [0, 1]."""
    from PIL import Image
    image = to_image(grey(read_image(path, minimum=1))).convert("L").resize(content.shape[2:0:-1], Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32)[None, :, :, None] / 255


class Frames:
    """The image after every so many steps: OUT-frames/0001.png, ..., and OUT-film.gif of all of them."""

    def __init__(self, output_path: str | PathLike, content: Array, every: int | None, keep_colors: str | None,
                 content_path: str | PathLike):
        output = Path(output_path)
        self.folder, self.gif = output.with_name(f"{output.stem}-frames"), output.with_name(f"{output.stem}-film.gif")
        self.content, self.every, self.steps = content, every, 0
        self.images: list[Any] = []
        self.luminance_only = keep_colors == "luminance"
        if every is not None:
            if self.gif.resolve() == Path(content_path).resolve():
                raise InputError(f"the film would overwrite {content_path}, which is the content; give another output")
            check_writable(self.gif)
            make_folder(self.folder)
            try:
                for old in self.folder.glob("[0-9][0-9][0-9][0-9].png"):
                    old.unlink()
            except OSError as error:
                raise InputError(f"cannot empty the folder {self.folder} ({reason(error)}); write elsewhere") from error

    def add(self, image: Array) -> None:
        """Count a step, and write its image if it is one to be kept."""
        self.steps += 1
        if self.every is not None and (self.steps == 1 or self.steps % self.every == 0):
            image = to_image(backend.to_cpu(image)).resize(self.content.shape[2:0:-1])
            if self.luminance_only:
                image = to_image(restore_colours(np.asarray(image, np.float32)[None] / 255, self.content))
            self.images.append(image)
            path = self.folder / f"{len(self.images):04}.png"
            replace_file(path, encode(image, path))

    def write_film(self) -> None:
        """Write the film of all images kept so far."""
        if self.images:
            from nnscratch.data.animation import encode_gif
            replace_file(self.gif, encode_gif(self.images, milliseconds=120))


def transfer_with_progress(content: Array, style: Array | Sequence[Array], masks: Sequence[Array] | None = None,
                           on_image: Callable[[Array], object] | None = None,
                           save: Callable[[Callable[[], State]], object] | None = None, resume: State | None = None,
                           **settings: Any) -> Transfer:
    """Call `transfer_style` with a progress bar that shows the loss and the time left.

    Parameters
    ----------
    content : Array (1, H, W, 3) in [0, 1]
    style : Array (1, H', W', 3) in [0, 1], or a list of several
    masks : list of Array, as for `transfer_style`
    on_image : callable(image), called after each step with the image at its present size
    save : callable(state), as for `transfer_style`
    resume : state, as for `transfer_style`
    **settings : see Settings

    Returns
    -------
    Transfer
        The result.
    """
    with progress_bar(total=1.0, desc="stylizing", bar_format="{l_bar}{bar}| {elapsed}, {remaining} left{postfix}") as bar:
        def progress(fraction: float, record: dict[str, Any], image: Array) -> None:
            text = f"{record['size']} pixels, loss {record['loss']:.3f}, content {record['content']:.3f}"
            bar.set_postfix_str(f"{text}, style {record['style']:.4f}", refresh=False)
            bar.update(fraction - bar.n)
            if on_image is not None:
                on_image(image)
        return transfer_style(content, style, masks=masks, progress=progress, save=save, resume=resume, **settings)
