"""`nnscratch style`: read images, transfer, write one; all that can go wrong is asked before the work begins.

Beside the result OUT.png lies OUT.png.json: images, settings and how the loss fell. `--again OUT.png.json` makes the same
image once more, bit for bit on the same machine with the same version. While it works, OUT.png.state holds all that
`--resume` needs to go on after Ctrl-C or a kill, as if nothing had happened.
"""
import json
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from zlib import crc32

import numpy as np

from nnscratch import backend, checkpoint
from nnscratch.data.images import check_writable, encode, read_image, to_image, write_image
from nnscratch.data.synthetic.styles import is_style, style_image
from nnscratch.errors import InputError
from nnscratch.files import make_folder, reason, replace_file, temporary_path
from nnscratch.style.colour import grey, put_colours_back
from nnscratch.style.features import smallest_side
from nnscratch.style.settings import Settings
from nnscratch.style.transfer import check, check_memory, steps_in, transfer_style
from nnscratch.version import __version__

WIDEST = 4  # the longer side of the style, at most, in shorter sides of the content


def stylise(content_path, style_paths, output_path, *, size=256, style_scale=1.0, masks=(), minutes=None, every=None,
            device="auto", settings=None, resume=None):
    """The whole job of the command. Returns the Transfer; the image is written also when Ctrl-C ended it early.

    style_scale : size of the style's strokes, as a multiple. masks : the path of one image, white where the style is to come,
    black where the photograph is to stay; or for each style, white where that one is to come. minutes : as many steps as fit,
    in place of settings["steps"].
    every : write an image after so many steps, and a film of all. settings : a dict, see Settings. resume : from `stopped`.
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
    settings = Settings(**(settings or {}))
    smallest = smallest_side(settings.features)
    content = read_image(content_path, size, minimum=smallest)
    # Enlarging a style would only blur it; beside a ribbon of a content, a large style would be nearly all the work.
    style_size = round(style_scale * min(size, WIDEST * min(content.shape[1:3])))
    styles = [style_image(path, max(16, style_size)) if is_style(path) else
              read_image(path, max(smallest, style_size), minimum=smallest, enlarge=style_scale > 1) for path in style_paths]
    shown, of_styles = 1.0, [mask_like(content, mask) for mask in masks] or None
    if len(masks) == 1:
        (shown,), of_styles = of_styles, None
    check(content, styles, settings, of_styles)  # transfer_style will check too, but by then a progress bar stands there
    backend.use(device)
    check_memory(content, styles, settings)
    if minutes is not None:
        settings.steps = steps_in(minutes, content, styles, settings, of_styles)
    print(f"{content.shape[2]}x{content.shape[1]} pixels, {settings.steps} steps a size, features {settings.features}, on "
          f"{backend.describe_device()}")
    frames = Frames(output_path, content, every, settings.keep_colors, content_path)
    record = {"nnscratch": __version__, "content": kept(content_path), "styles": [kept(path) for path in style_paths],
              "size": size, "style_scale": style_scale, "masks": [kept(mask) for mask in masks], "settings": asdict(settings)}
    saver = Saver(f"{output_path}.state", record)
    result = with_progress(content, styles, masks=of_styles, frames=frames, save=saver.save, resume=resume, **asdict(settings))
    saver.finish(result.interrupted)
    result.image = (shown * result.image + (1 - shown) * content).astype(np.float32)
    write_image(output_path, result.image)
    frames.film()
    record |= {"interrupted": result.interrupted, "history": result.history}
    replace_file(sidecar, json.dumps(record, indent=1).encode())
    print(f"{'stopped early; best image so far' if result.interrupted else 'image'} written to {output_path}, how it was "
          f"made to {sidecar}{f'; go on with  nnscratch style --resume -o {output_path}' if result.interrupted else ''}")
    return result


def mask_like(content, path):
    """How bright the image at `path` is, stretched to the content: (1, H, W, 1) in [0, 1]."""
    from PIL import Image
    image = to_image(grey(read_image(path, minimum=1))).convert("L").resize(content.shape[2:0:-1], Image.Resampling.BILINEAR)
    return np.asarray(image, np.float32)[None, :, :, None] / 255


class Saver:
    """Keeps the state of a transfer in a file while it works: every few seconds, and when it was stopped."""

    SECONDS = 5

    def __init__(self, path, record):
        self.path, self.record, self.last, self.written = Path(path), record, None, perf_counter()

    def save(self, state):
        self.last = state
        if perf_counter() - self.written > self.SECONDS:
            self.write()

    def write(self):
        arrays, numbers = self.last()
        checkpoint.write_arrays(self.path, arrays, checkpoint.header_text(None, {"record": self.record, **numbers}))
        self.written = perf_counter()

    def finish(self, interrupted):
        if interrupted and self.last is not None:
            self.write()
        elif not interrupted:
            self.path.unlink(missing_ok=True)


def stopped(output_path):
    """(content path, style paths, other arguments of `stylise`) of the transfer to this output that was stopped."""
    path = Path(f"{output_path}.state")
    if not path.exists():
        raise InputError(f"there is no {path}, so no transfer to {output_path} was stopped; begin it without --resume")
    arrays, header = checkpoint.read_arrays(path)
    try:
        content, styles, more = remade(header["info"].pop("record"))
        numbers = header["info"]
        if not all(type(numbers[name]) is int for name in ("scale", "step")) or type(numbers["loss"]) is not float or not (
                {"x", "gradient"} <= set(arrays) and isinstance(numbers["history"], list)):
            raise ValueError("another state")
        return content, styles, more | {"resume": (arrays, numbers)}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} does not say how to go on ({reason(error)}); begin anew without --resume") from error


def again(path):
    """(content path, style paths, other arguments of `stylise`) from a file that it wrote."""
    try:
        made = json.loads(Path(path).read_text())
        if made["interrupted"]:
            raise InputError(f"the image of {path} was stopped early, at a moment that cannot be met again; give another")
        return remade(made)
    except OSError as error:
        raise InputError(f"cannot read {path} ({reason(error)}); give the .json beside an image") from error
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(f"{path} does not say how an image was made ({reason(error)}); give the .json beside one") from error


def remade(made):
    """The arguments of `stylise` in a record of it; InputError where one of the files has changed."""
    masks = [unchanged(mask) for mask in made["masks"]]
    return unchanged(made["content"]), [unchanged(style) for style in made["styles"]], {
        "size": int(made["size"]), "style_scale": float(made["style_scale"]), "masks": masks,
        "settings": asdict(Settings(**made["settings"]))}


def kept(path):
    """A file's full path and a checksum, to know it again; the name of a style of ours alone."""
    if is_style(path):
        return {"name": path}
    return {"path": str(Path(path).resolve()), "crc32": crc32(Path(path).read_bytes())}


def unchanged(entry):
    """What `kept` noted, if it is still the same; else InputError."""
    if "name" in entry:
        return str(entry["name"])
    path = Path(entry["path"])
    if crc32(path.read_bytes()) != entry["crc32"]:
        raise InputError(f"{path} has changed since the image was made, expected the same file; put the old one back")
    return str(path)


class Frames:
    """What the image looks like after every so many steps: OUT-frames/0001.png, ..., and OUT-film.gif of them."""

    def __init__(self, output_path, content, every, keep_colors, content_path):
        output = Path(output_path)
        self.folder, self.gif = output.with_name(f"{output.stem}-frames"), output.with_name(f"{output.stem}-film.gif")
        self.content, self.every, self.steps, self.images = content, every, 0, []
        self.grey = keep_colors == "luminance"
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

    def see(self, image):
        self.steps += 1
        if self.every is not None and (self.steps == 1 or self.steps % self.every == 0):
            image = to_image(backend.to_cpu(image)).resize(self.content.shape[2:0:-1])
            if self.grey:
                image = to_image(put_colours_back(np.asarray(image, np.float32)[None] / 255, self.content))
            self.images.append(image)
            path = self.folder / f"{len(self.images):04}.png"
            replace_file(path, encode(image, path))

    def film(self):
        if self.images:
            from nnscratch.data.animation import encode_gif
            replace_file(self.gif, encode_gif(self.images, milliseconds=120))


def with_progress(content, style, masks=None, frames=None, save=None, resume=None, **settings):
    """transfer_style with a progress bar that shows the loss and the time left."""
    from tqdm import tqdm
    with tqdm(total=1.0, desc="stylising", bar_format="{l_bar}{bar}| {elapsed}, {remaining} left{postfix}") as bar:
        def progress(share, record, image):
            text = f"{record['size']} pixels, loss {record['loss']:.3f}, content {record['content']:.3f}"
            bar.set_postfix_str(f"{text}, style {record['style']:.4f}", refresh=False)
            bar.update(share - bar.n)
            if frames is not None:
                frames.see(image)
        return transfer_style(content, style, masks=masks, progress=progress, save=save, resume=resume, **settings)
