"""`nnscratch gallery`: photographs in all built-in styles, or in styles of your own, on one sheet.

Shapes: images (1, H, W, 3) in [0, 1]; the sheet has a row for each photograph and kind of features.
"""
from collections.abc import Sequence
from os import PathLike

import numpy as np

from nnscratch import backend
from nnscratch.backend import Array
from nnscratch.data.images import check_writable, encode, photograph, read_image, to_image
from nnscratch.data.synthetic.styles import STYLES, is_style, style_image
from nnscratch.errors import printable
from nnscratch.files import replace_file
from nnscratch.hints import checked
from nnscratch.ops.validation import check_choice
from nnscratch.outputs import writing
from nnscratch.progress import progress_bar
from nnscratch.style.checks import check_filled
from nnscratch.style.settings import Settings
from nnscratch.style.transfer import transfer_style

__all__ = ["gallery"]

GAP = 6  # pixels between images


@checked
def gallery(output: str | PathLike, contents: Sequence[str | PathLike] = (), *, styles: Sequence[str | PathLike] = STYLES,
            features: Sequence[str] = ("texture",), size: int = 224, steps: int = 40, seed: int = 0,
            device: str = "auto") -> bool:
    """Paint every photograph in every style, by every kind of features.

    Parameters
    ----------
    output : path of the sheet
    contents : sequence of paths of photographs; by default the bundled one
    styles : sequence of paths of style images, or names of built-in styles; by default all of these
    features : sequence of str, "texture" or "random"
    size : int, the side of each image in pixels
    steps : int, steps at each size
    seed : int, of the built-in styles
    device : str, "auto", "cpu" or "gpu"

    Returns
    -------
    bool
        Whether the sheet is complete; after Ctrl-C it holds the images painted so far.

    Raises
    ------
    InputError
        A file that cannot be read or written, before the work begins.
    """
    check_writable(output)
    check_filled("gallery", "styles", styles)
    for kind in features:
        check_choice(kind, "gallery: features", ("texture", "random"))
    kinds = [Settings(features=kind, steps=steps, seed=seed) for kind in features]
    backend.use(device)
    with writing(output, inputs=[*contents, *(path for path in styles if not is_style(path))]):
        photographs = [read_square(path, size) for path in contents or [photograph()]]
        style_images = [style_image(str(style), size, seed) if is_style(style) else read_square(style, size)
                        for style in styles]
        rows = [[np.ones_like(style_images[0]), *style_images]]
        with progress_bar(total=len(photographs) * len(kinds) * len(styles), desc="painting", unit="image") as bar:
            for content in photographs:
                for settings in kinds:
                    rows.append([content])
                    for style in style_images:
                        result = transfer_style(content, style, **vars(settings))
                        rows[-1].append(result.image)
                        bar.update()
                        if result.interrupted:
                            return write_sheet(output, rows, complete=False)
        return write_sheet(output, rows)


def write_sheet(output: str | PathLike, rows: list[list[Array]], complete: bool = True) -> bool:
    """Write the sheet and print where; returns `complete`."""
    replace_file(output, encode(to_image(sheet(rows)), output, mark=True))
    count = sum(map(len, rows[1:])) - len(rows) + 1
    print(f"{'' if complete else 'stopped early; '}{count} images written to {printable(output)}")
    return complete


def sheet(rows: list[list[Array]]) -> Array:
    """Rows of images of one size, on white, as one image."""
    h, w = rows[0][0].shape[1:3]
    whole = np.ones((1, len(rows) * (h + GAP) - GAP, len(rows[0]) * (w + GAP) - GAP, 3), np.float32)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            whole[:, i * (h + GAP):i * (h + GAP) + h, j * (w + GAP):j * (w + GAP) + w] = image
    return whole


def read_square(path: str | PathLike, size: int) -> Array:
    """The largest square in the middle of an image file, with `size` pixels a side."""
    from PIL import Image
    image = read_image(path, shorter=2 * size)
    h, w = image.shape[1:3]
    side = min(h, w)
    top, left = (h - side) // 2, (w - side) // 2
    square = to_image(image[:, top:top + side, left:left + side]).resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(square, np.float32)[None] / 255
