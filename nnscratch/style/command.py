"""`nnscratch style`: read images, transfer, write one; every mistake is found before the work begins.

Shapes: images (1, H, W, 3) in [0, 1]; masks (1, H, W, 1) in [0, 1].

Beside the result OUT.png lies OUT.png.json: images, settings and how the loss fell. `--again OUT.png.json` makes the same
image once more, bit for bit on the same machine with the same version. During the work, OUT.png.state holds all that `--resume`
needs to continue after Ctrl-C or a kill, with the same result.
"""
import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch import backend
from nnscratch.backend import Array
from nnscratch.data.images import check_writable, read_image, write_image
from nnscratch.data.masks import feather_mask, read_mask
from nnscratch.data.synthetic.styles import is_style, style_image
from nnscratch.errors import InputError, as_argument, printable
from nnscratch.files import check_names, replace_file
from nnscratch.hints import checked
from nnscratch.marks import is_ours
from nnscratch.outputs import writing
from nnscratch.progress import progress_bar
from nnscratch.style.explain import explain_path, explanation
from nnscratch.style.features import min_side
from nnscratch.style.frames import Frames, film_path
from nnscratch.style.inputs import check_inputs
from nnscratch.style.settings import Settings, check_style_scale
from nnscratch.style.sidecar import StateSaver, make_record
from nnscratch.style.transfer import State, Transfer, check_memory, estimate_steps, transfer_style

__all__ = ["stylize", "transfer_with_progress"]

MAX_STYLE_RATIO = 4  # longer side of the style / shorter side of the content


@checked
def stylize(content_path: str | PathLike, style_paths: Sequence[str | PathLike], output_path: str | PathLike, *,
            size: int = 256, style_scale: float = 1.0, masks: Sequence[str | PathLike] = (), feather: int = 0,
            minutes: float | None = None, every: int | None = None, device: str = "auto",
            settings: dict[str, Any] | None = None, resume: State | None = None, frames: int = 0,
            explain: bool = False) -> Transfer:
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
    feather : int, pixels by which the edges of masks spread to each side (data/masks.py), at most `size`
    minutes : float, run as many steps as fit, in place of settings["steps"]
    every : int, write an image after so many steps, and a film of all of them
    device : str, "auto", "cpu" or "gpu"
    settings : dict, the arguments of Settings
    resume : state from `sidecar.read_state`
    frames : int, images of `every` that the resumed transfer has written
    explain : bool, write a page that shows how the image was made (explain.py)

    Returns
    -------
    Transfer
        The result, which is also written if Ctrl-C ends it early.

    Raises
    ------
    InputError
        Whatever is wrong with files or settings, before the work begins; also where a file that nnscratch did not write, or an
        input, would be overwritten.
    """
    check_writable(output_path)
    check_style_scale(style_scale)
    if feather and not masks:
        raise InputError("--feather was given without --mask, whose edges it softens; add a mask, or leave it out")
    if feather > size:
        raise InputError(f"--feather is {feather}, expected at most {size} pixels, the size of the image; choose fewer")
    if minutes is not None and not 0 < minutes < 10_000:
        raise InputError(f"--minutes is {minutes}, expected a number above 0")
    if every is not None and every < 1:
        raise InputError(f"--every is {every}, expected a number of steps, at least 1")
    options = Settings(**(settings or {}))
    state, sidecar = Path(f"{output_path}.state"), Path(f"{output_path}.json")
    derived = [state, sidecar, *([film_path(output_path)] if every is not None else []),
               *([explain_path(output_path)] if explain else [])]
    check_names(derived)
    inputs = [content_path, *(path for path in style_paths if not is_style(path)), *masks, *filter(None, [options.weights])]
    with writing(output_path, derived, inputs), contextlib.ExitStack() as context:
        try:
            content, styles, mask_images = read_images(content_path, style_paths, masks, feather, size, style_scale, options)
            blend_mask, style_masks = (mask_images[0], None) if len(mask_images) == 1 else (1.0, mask_images or None)
            check_inputs(content, styles, options, style_masks)  # now: transfer_style checks after the progress bar has begun
            backend.use(device)
            kept = context.enter_context(Frames(output_path, content, every, options.keep_colors == "luminance", frames,
                                                steps_of(resume), inputs))
            if minutes is not None:
                options.steps = estimate_steps(minutes, content, styles, options, style_masks)
            record = make_record(content_path, style_paths, masks, feather, size, style_scale, options, every, explain)
        except KeyboardInterrupt:
            if resume is None and is_ours(state):
                state.unlink()  # of an earlier transfer, with which --resume would go on
            raise
        print(f"{content.shape[2]}x{content.shape[1]} pixels, {options.steps} steps a size, features {options.features}, on "
              f"{backend.describe_device()}")
        saver = StateSaver(state, record, lambda: kept.count)
        if resume is None:
            saver.begin()
        try:
            result = transfer_with_progress(content, styles, masks=style_masks, on_image=kept.add, save=saver.save,
                                            resume=resume, **asdict(options))
        except InputError:
            if resume is None:
                state.unlink(missing_ok=True)  # --resume would end in the same way
            raise
        if result.interrupted:
            saver.finish()
        painted = result.image
        result.image = (blend_mask * painted + (1 - blend_mask) * content).astype(np.float32)
        write_image(output_path, result.image, mark=True)
        record |= {"interrupted": result.interrupted, "history": result.history}
        replace_file(sidecar, json.dumps(record, indent=1).encode())
        kept.write_film()
        if explain:
            page = explanation([content_path, *style_paths], content, styles, painted, result, options, style_masks)
            replace_file(explain_path(output_path), page)
        if not result.interrupted:
            with contextlib.suppress(OSError):
                state.unlink()  # last: until here, everything can be resumed
    resumable = result.interrupted and not saver.attempt.failed
    print(f"{'stopped early; best image so far' if result.interrupted else 'image'} written to {printable(output_path)}, how "
          f"it was made to {printable(sidecar)}" + (f" and {printable(explain_path(output_path))}" if explain else "")
          + (f"; continue with  nnscratch style --resume -o {as_argument(output_path)}" if resumable else ""))
    return result


def read_images(content_path: str | PathLike, style_paths: Sequence[str | PathLike], masks: Sequence[str | PathLike],
                feather: int, size: int, style_scale: float, options: Settings) -> tuple[Array, list[Array], list[Array]]:
    """The content, the styles and the masks, once it is certain that memory suffices for the first two."""
    content = read_image(content_path, size, minimum=min_side(options.features))
    styles = read_styles(style_paths, content.shape, size, style_scale, options)
    return content, styles, [feather_mask(read_mask(path, content.shape[1:3]), feather) for path in masks]


def read_styles(style_paths: Sequence[str | PathLike], shape: tuple[int, ...], size: int, style_scale: float,
                options: Settings) -> list[Array]:
    """The styles for a content of this shape."""
    # Enlarging a style only blurs it; beside a long and narrow content, a large style would be nearly all the work.
    wanted, smallest = round(style_scale * min(size, MAX_STYLE_RATIO * min(shape[1:3]))), min_side(options.features)
    side = max(16, wanted)
    drawn = [(1, side, side, 3) for path in style_paths if is_style(path)]
    check_memory([shape, *drawn], options)  # before styles are drawn at that size
    styles = [style_image(str(path), side) if is_style(path) else
              read_image(path, max(smallest, wanted), minimum=smallest, enlarge=style_scale > 1) for path in style_paths]
    check_memory([shape, *(image.shape for image in styles)], options)
    return styles


def steps_of(state: State | None) -> int:
    """The steps that a resumed transfer has made."""
    return 0 if state is None else len(state[1]["history"])


@checked
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
