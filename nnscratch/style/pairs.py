"""Pairs of a content and a style, on which the stylizer is trained.

Shapes: content and style crops (N, 128, 128, 3) in [0, 1].
"""
import numpy as np

from nnscratch.backend import Array
from nnscratch.data.images import photograph, read_image
from nnscratch.data.synthetic.styles import STYLES, is_style, style_image
from nnscratch.files import FilePath
from nnscratch.hints import checked
from nnscratch.ops.validation import check_int
from nnscratch.style.colour import match_colours
from nnscratch.style.train_texture import TextureDataset

__all__ = ["PairDataset"]

SIDE, BATCH_SIZE = 128, 4


class PairDataset:
    """Pairs of content and style crops.

    Contents are collages of patterns, and crops of the bundled photograph. Styles are everything that nnscratch can draw, or
    crops of one image. Contents already have the styles' colours, as the stylizer gives them to its encoder.

    Parameters
    ----------
    seed : int, of everything
    style : path of a single style image or the name of a built-in one; None for all styles
    """

    @checked
    def __init__(self, seed: int, style: FilePath | None = None):
        chosen = None if style is None else read_style(style, 2 * SIDE)  # first, as it may not be there
        self.seed, self.textures = seed, TextureDataset(seed, SIDE, 60)
        self.photograph = read_image(photograph(), 512)[0]
        self.styles = ([chosen] if chosen is not None else
                       [style_image(name, 2 * SIDE, 100 + seed)[0] for name in STYLES])
        self.single_style = style is not None

    def batch(self, step: int) -> tuple[Array, Array]:
        """Draw the batch of a step.

        Parameters
        ----------
        step : int

        Returns
        -------
        contents : Array (N, 128, 128, 3) in [0, 1]
            In the styles' colours.
        styles : Array (N, 128, 128, 3) in [0, 1]
            The style of each content.
        """
        check_int(step, "PairDataset: step", 0)
        rng = np.random.default_rng([self.seed, 9, step])
        contents, styles = self._contents(step, rng), self._style_crops(step, rng)
        contents = [match_colours(c[None], s[None])[0] for c, s in zip(contents, styles)]
        return np.stack(contents), np.stack(styles)

    def _contents(self, step: int, rng: np.random.Generator) -> list[Array]:
        """Half of them collages, half of them crops of the photograph, brighter or darker, mirrored."""
        layers = [self.textures.batch(3 * step + k, BATCH_SIZE)[0] for k in range(3)]
        contents = []
        for k in range(BATCH_SIZE):
            if k % 2:
                crop = resized_crop(self.photograph, rng, int(rng.integers(SIDE, 257)))
                contents.append((crop[:, ::rng.choice([-1, 1])] * rng.uniform(0.7, 1.2)).clip(0, 1))
            else:  # one pattern is the stencil for two others, all under soft light
                stencil = layers[1][k].mean(axis=2, keepdims=True) > 0.5
                light = 0.5 + resized_crop(self.photograph, rng, 256).mean(axis=2, keepdims=True)
                contents.append((np.where(stencil, layers[0][k], layers[2][k]) * light).clip(0, 1))
        return contents

    def _style_crops(self, step: int, rng: np.random.Generator) -> list[Array]:
        """Of the single style; or half patterns on which the texture network was trained, half built-in styles."""
        if self.single_style:
            style = self.styles[0]
            return [resized_crop(style, rng, int(rng.integers(SIDE, min(style.shape[:2]) + 1))) for _ in range(BATCH_SIZE)]
        patterns = self.textures.batch(3 * step + 2 + 10**6, BATCH_SIZE)[0]
        return [patterns[k] if k < BATCH_SIZE // 2 else
                resized_crop(self.styles[rng.integers(len(self.styles))], rng, int(rng.integers(SIDE, 2 * SIDE + 1)))
                for k in range(BATCH_SIZE)]


def read_style(name: FilePath, side: int) -> Array:
    """The image at a path, or the built-in style of that name: (H, W, 3)."""
    if is_style(name):
        return style_image(str(name), side)[0]
    return read_image(name, shorter=side, minimum=SIDE)[0]


def resized_crop(image: Array, rng: np.random.Generator, side: int) -> Array:
    """A random square of `side` pixels, resized to SIDE x SIDE."""
    from PIL import Image
    side = min(side, *image.shape[:2])
    top, left = (rng.integers(0, length - side + 1) for length in image.shape[:2])
    square = Image.fromarray((255 * image[top:top + side, left:left + side]).astype(np.uint8))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32) / 255
