"""`nnscratch style PHOTO STYLE --fast`: one image, a folder of them, or the frames of a GIF, each in one pass."""
import io
from pathlib import Path

import numpy as np

from nnscratch import backend
from nnscratch.data.images import check_writable, on_white, read_image, to_image, write_image
from nnscratch.data.synthetic.styles import is_style, style_image
from nnscratch.errors import InputError
from nnscratch.files import make_folder, reason, replace_file
from nnscratch.style.settings import check_strength
from nnscratch.style.stylizer import SHIPPED, Stylizer

MOST_FRAMES, LARGEST_STYLE = 1000, 1024
SMALLEST = 8  # pixels a side: two of a code
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


def stylise_fast(content_path, style_path, output_path, *, size=512, weights=None, strength=50.0, device="auto"):
    """The whole job of the command. A folder goes to a folder, a GIF to a GIF. Returns the number of images painted."""
    if not SMALLEST <= size <= 8192:
        raise InputError(f"--size is {size}, expected {SMALLEST} to 8192 pixels")
    check_strength(strength)
    content_path, output_path = Path(content_path), Path(output_path)
    folder, moving = content_path.is_dir(), content_path.suffix.lower() == ".gif"
    jobs = in_folder(content_path, output_path) if folder else [(content_path, output_path)]
    for _, output in jobs[:1]:
        check_writable(output)
    if moving and output_path.suffix.lower() != ".gif":
        raise InputError(f"{content_path} is a film, but the output is {output_path}; give it a name that ends in .gif")
    style = (style_image(style_path, max(16, min(size, LARGEST_STYLE))) if is_style(style_path)
             else read_image(style_path, size, minimum=SMALLEST, enlarge=False))
    backend.use(device)
    stylizer = Stylizer(weights or SHIPPED)

    def paint(content):
        return stylizer(content, style, strength)

    if moving:
        count = paint_film(content_path, output_path, size, paint)
    else:
        from tqdm import tqdm
        for path, output in tqdm(jobs, "painting", unit="image", disable=not folder):
            write_image(output, paint(read_image(path, size, minimum=SMALLEST, enlarge=False)))
        count = len(jobs)
    print(f"{count} {'images' if count > 1 else 'image'} written to {output_path}")
    return count


def in_folder(folder, output):
    """[(image, where to write it)] of a folder; makes the output folder."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    if not paths:
        raise InputError(f"{folder} holds no images, expected files that end in {', '.join(ENDINGS)}")
    make_folder(output)
    if output.resolve() == folder.resolve():
        raise InputError(f"the images of {folder} would be overwritten; give another folder to write to")
    return [(path, output / f"{path.name}.png") for path in paths]  # a.jpg.png: beside a.jpg there may be an a.png


def paint_film(path, output, size, paint):
    """Every frame of a GIF, with its own duration."""
    from PIL import Image, ImageSequence
    from tqdm import tqdm
    try:
        with Image.open(path) as film:
            if min(film.size) < SMALLEST or film.n_frames > MOST_FRAMES:
                raise InputError(f"{path} has {film.n_frames} frames of {film.width}x{film.height} pixels, expected at most "
                                 f"{MOST_FRAMES} of at least {SMALLEST} a side; cut it")
            frames = []
            for frame in ImageSequence.Iterator(film):
                image = on_white(frame.convert("RGBA"))
                image.thumbnail((size, size))
                if min(image.size) < SMALLEST:
                    raise InputError(f"{path} would be {image.width}x{image.height} pixels, expected at least {SMALLEST} a "
                                     f"side; use a larger --size")
                frames.append((image, frame.info.get("duration", 100)))
    except InputError:
        raise
    except Exception as error:  # Pillow's decoders raise almost any exception, a bomb's among them
        raise InputError(f"cannot open {path} ({reason(error)}), expected a GIF; give one that others can show") from error
    made = [to_image(paint(np.asarray(frame, np.float32)[None] / 255)) for frame, _ in tqdm(frames, "painting", unit="frame")]
    data = io.BytesIO()
    made[0].save(data, "GIF", save_all=True, append_images=made[1:], duration=[duration for _, duration in frames], loop=0)
    replace_file(output, data.getvalue())
    return len(made)
