"""`nnscratch gallery`: photographs in our own styles, all on one sheet.

Shapes: images (1, H, W, 3) in [0, 1]; the sheet is a Pillow image, a row for each photograph and kind of features.
"""
import numpy as np

from nnscratch import backend
from nnscratch.data.images import check_writable, encode, photograph, read_image, to_image
from nnscratch.data.synthetic.styles import STYLES, style_image
from nnscratch.files import replace_file
from nnscratch.ops.validation import check_choice
from nnscratch.style.settings import Settings
from nnscratch.style.transfer import transfer_style

GAP = 6  # pixels between images


def gallery(output, contents=(), *, features=("texture",), size=224, steps=40, seed=0, device="auto"):
    """Every photograph in every style of synthetic/styles.py, by every kind of features; by default the one that comes along.

    Returns whether it is whole: after Ctrl-C the sheet holds what was painted so far. Raises InputError before the work for a
    file that cannot be read or written.
    """
    from tqdm import tqdm
    check_writable(output)
    for kind in features:
        check_choice(kind, "gallery: features", ("texture", "random"))
    kinds = [Settings(features=kind, steps=steps, seed=seed) for kind in features]
    photographs = [square(read_image(path, 2 * size)) for path in contents or [photograph()]]
    backend.use(device)
    styles = [style_image(name, size, seed) for name in STYLES]
    rows = [[np.ones_like(styles[0]), *styles]]
    with tqdm(total=len(photographs) * len(kinds) * len(styles), desc="painting", unit="image") as bar:
        for content in (shrunk(image, size) for image in photographs):
            for kind in kinds:
                rows.append([content])
                for style in styles:
                    made = transfer_style(content, style, **vars(kind))
                    rows[-1].append(made.image)
                    bar.update()
                    if made.interrupted:
                        return finish(output, rows, whole=False)
    return finish(output, rows)


def finish(output, rows, whole=True):
    """Write the sheet, and say so; returns `whole`."""
    replace_file(output, encode(to_image(sheet(rows)), output))
    count = sum(map(len, rows[1:])) - len(rows) + 1
    print(f"{'' if whole else 'stopped early; '}{count} images written to {output}")
    return whole


def sheet(rows):
    """Rows of images of one size on white, as one image."""
    h, w = rows[0][0].shape[1:3]
    whole = np.ones((1, len(rows) * (h + GAP) - GAP, len(rows[0]) * (w + GAP) - GAP, 3), np.float32)
    for i, row in enumerate(rows):
        for j, image in enumerate(row):
            whole[:, i * (h + GAP):i * (h + GAP) + h, j * (w + GAP):j * (w + GAP) + w] = image
    return whole


def square(image):
    """The middle of an image."""
    h, w = image.shape[1:3]
    side = min(h, w)
    top, left = (h - side) // 2, (w - side) // 2
    return image[:, top:top + side, left:left + side]


def shrunk(image, size):
    """A square image of another size."""
    from PIL import Image
    image = to_image(image).resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(image, np.float32)[None] / 255
