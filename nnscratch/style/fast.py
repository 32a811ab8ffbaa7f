"""`nnscratch style PHOTO STYLE --fast`: one picture, a folder of them, or the frames of a GIF, each in one pass."""
from pathlib import Path

from nnscratch import backend
from nnscratch.data.pictures import check_writable, read_picture, to_image, write_picture
from nnscratch.data.styles import STYLES, style_picture
from nnscratch.errors import InputError
from nnscratch.files import reason, replace_file
from nnscratch.style.stylizer import SHIPPED, Stylizer

ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


def stylise_fast(content_path, style_path, output_path, *, size=512, weights=None, strength=1.0, device="auto"):
    """The whole job of the command. A folder goes to a folder, a GIF to a GIF. Returns the number of pictures painted."""
    if not 0 <= strength <= 1:
        raise InputError(f"--strength is {strength}, expected 0, the photograph in the style's colours, to 1")
    content_path, output_path = Path(content_path), Path(output_path)
    folder, moving = content_path.is_dir(), content_path.suffix.lower() == ".gif"
    jobs = in_folder(content_path, output_path) if folder else [(content_path, output_path)]
    for _, output in jobs[:1]:
        check_writable(output)
    if moving and output_path.suffix.lower() != ".gif":
        raise InputError(f"{content_path} is a film, but the output is {output_path}; give it a name that ends in .gif")
    style = style_picture(style_path, size) if style_path in STYLES and not Path(style_path).exists() else read_picture(
        style_path, size, enlarge=False)
    backend.use(device)
    stylizer = Stylizer(weights or SHIPPED)

    def paint(content):
        return stylizer(content, style, strength)

    if moving:
        count = paint_film(content_path, output_path, size, paint)
    else:
        from tqdm import tqdm
        for path, output in tqdm(jobs, "painting", unit="picture", disable=not folder):
            write_picture(output, paint(read_picture(path, size, enlarge=False)))
        count = len(jobs)
    print(f"{count} {'pictures' if count > 1 else 'picture'} written to {output_path}")
    return count


def in_folder(folder, output):
    """[(picture, where to write it)] of a folder; makes the output folder."""
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    if not paths:
        raise InputError(f"{folder} holds no pictures, expected files that end in {', '.join(ENDINGS)}")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {output} ({reason(error)}); give one where you may write") from error
    return [(path, output / path.with_suffix(".png").name) for path in paths]


def paint_film(path, output, size, paint):
    """Every frame of a GIF, with its own duration."""
    import io

    import numpy as np
    from PIL import Image, ImageOps, ImageSequence
    from tqdm import tqdm
    try:
        with Image.open(path) as film:
            frames = [(ImageOps.contain(frame.convert("RGB"), (size, size)), frame.info.get("duration", 100))
                      for frame in ImageSequence.Iterator(film)]
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise InputError(f"cannot open {path} ({reason(error)}), expected a GIF; give one that others can show") from error
    made = [to_image(paint(np.asarray(frame, np.float32)[None] / 255)) for frame, _ in tqdm(frames, "painting", unit="frame")]
    data = io.BytesIO()
    made[0].save(data, "GIF", save_all=True, append_images=made[1:], duration=[duration for _, duration in frames], loop=0)
    replace_file(output, data.getvalue())
    return len(made)
