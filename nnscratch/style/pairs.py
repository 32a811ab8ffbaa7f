"""Pairs of a content and a style, on which the stylizer is trained.

Shapes: images of a folder (N, 320, 320, 3), bytes; content and style crops (N, 128, 128, 3) in [0, 1].
"""
from collections.abc import Sequence
from functools import cached_property
from zlib import crc32

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.images import photograph, read_image, to_image
from nnscratch.data.readers.folder import read_folder
from nnscratch.data.synthetic.styles import STYLES, is_style, style_image
from nnscratch.errors import InputError
from nnscratch.files import FilePath
from nnscratch.hints import checked
from nnscratch.ops.validation import check_int
from nnscratch.style.bands import match_appearance
from nnscratch.style.train_texture import TextureDataset

__all__ = ["PairDataset"]

SIDE, BATCH_SIZE = 128, 4
FOLDER_SIDE = 320                # images of a folder are cropped to squares of this side
DRAWN, PHOTOGRAPH = 0.35, 0.2    # the share of styles that are patterns, or photographs of the folder of contents
SMALLEST = 1 / 4                 # of the side of a style, as a crop
FLAT = 0.06                      # a crop whose channels all deviate by less is drawn anew: neither content nor style is in it
STYLE_STREAM = 10**6             # patterns for styles are numbered from here: other ones than those for contents


class PairDataset:
    """Pairs of content and style crops.

    Contents are photographs, and collages of patterns. Styles are patterns, the built-in styles, and the images of a folder; or
    crops of one image alone. Contents already have the styles' colours and contrast, as the network gets them in use.

    Parameters
    ----------
    seed : int, of everything
    style : path of a single style image or the name of a built-in one; None for all styles
    contents : path of a folder of photographs; None for the one that comes along
    styles : path of a folder of more styles, or None

    Attributes
    ----------
    checksum : int
        Of all images read from files.

    Raises
    ------
    InputError
        A style as well as a folder of styles; images that cannot be read.
    """

    @checked
    def __init__(self, seed: int, style: FilePath | None = None, contents: FilePath | None = None,
                 styles: FilePath | None = None):
        if style is not None and styles is not None:
            raise InputError(f"the style {style} and the folder --styles {styles} were given, expected one of them: leave one "
                             f"out")
        chosen = read_squares(styles) if styles else [] if style is None else [read_style(style)]
        self.photographs = read_squares(contents) if contents else [np.asarray(to_image(read_image(photograph(), 512)))]
        self.checksum = 0
        for image in [*self.photographs, *chosen]:
            self.checksum = crc32(image.data, self.checksum)
        self.seed = seed
        self.styles, self.single_style, self.many_photographs = chosen, style is not None, len(self.photographs) > 1
        if style is None:
            self.styles += [np.asarray(to_image(style_image(name, 2 * SIDE, 100 + seed))) for name in STYLES]

    @cached_property
    def textures(self) -> TextureDataset:
        """The patterns. They take half a minute, so they are drawn for the first batch, when all files have been checked."""
        return TextureDataset(self.seed, SIDE, 60)

    def batch(self, step: int) -> tuple[Array, Array]:
        """Draw the batch of a step.

        Parameters
        ----------
        step : int

        Returns
        -------
        contents : Array (N, 128, 128, 3) in [0, 1]
            In the styles' colours and contrast.
        styles : Array (N, 128, 128, 3) in [0, 1]
            The style of each content.
        """
        check_int(step, "PairDataset: step", 0)
        rng = np.random.default_rng([self.seed, 9, step])
        contents, styles = self._contents(step, rng), self._style_crops(step, rng)
        contents = [match_appearance(c[None], s[None])[0] for c, s in zip(contents, styles)]
        return np.stack(contents).astype(np.float32), np.stack(styles)

    def _contents(self, step: int, rng: np.random.Generator) -> list[Array]:
        """Crops of photographs, brighter or darker; and collages: of many photographs one in four, of one every second."""
        layers = [self.textures.batch(3 * step + k, BATCH_SIZE)[0] for k in range(3)]
        contents = []
        for k in range(BATCH_SIZE):
            if k % (4 if self.many_photographs else 2):
                contents.append((self._crop(self.photographs, rng, 1 / 2) * np.float32(rng.uniform(0.7, 1.2))).clip(0, 1))
            else:  # one pattern is the stencil for two others, all under soft light
                stencil = layers[1][k].mean(axis=2, keepdims=True) > 0.5
                light = 0.5 + self._crop(self.photographs, rng, 1 / 2).mean(axis=2, keepdims=True)
                contents.append((np.where(stencil, layers[0][k], layers[2][k]) * light).clip(0, 1))
        return contents

    def _style_crops(self, step: int, rng: np.random.Generator) -> list[Array]:
        """A pattern on which the texture network was trained, a photograph, or a style; channels shuffled half the time."""
        if self.single_style:
            return [self._crop(self.styles, rng, 1 / 2) for _ in range(BATCH_SIZE)]
        patterns, crops = self.textures.batch(STYLE_STREAM + step, BATCH_SIZE)[0], []
        for k in range(BATCH_SIZE):
            kind = rng.random()
            if kind < DRAWN:
                crop = patterns[k]
            elif kind < DRAWN + PHOTOGRAPH and self.many_photographs:
                crop = self._crop(self.photographs, rng, SMALLEST)
            else:
                crop = self._crop(self.styles, rng, SMALLEST)
            crops.append(crop[..., rng.permutation(3)] if rng.random() < 0.5 else crop)
        return crops

    def _crop(self, images: Sequence[Array], rng: np.random.Generator, smallest: float) -> Array:
        """A random square of a random image, mirrored or not, resized to SIDE: at least `smallest` of the image's side."""
        for _ in range(10):
            image = images[int(rng.integers(len(images)))]
            shorter = min(image.shape[:2])
            crop = resized_crop(image, rng, int(rng.integers(int(smallest * shorter), shorter + 1)))
            if crop.std(axis=(0, 1)).max() > FLAT:
                break
        return crop[:, ::-1] if rng.random() < 0.5 else crop


def read_squares(folder: FilePath) -> list[Array]:
    """All images of a folder, cropped to squares and resized, smaller ones too: a list of (320, 320, 3), bytes."""
    return list(read_folder(folder, FOLDER_SIDE, 3).images)


def read_style(name: FilePath) -> Array:
    """The image at a path, or the built-in style of that name: (H, W, 3), bytes."""
    if is_style(name):
        return np.asarray(to_image(style_image(str(name), 2 * SIDE)))
    return np.asarray(to_image(read_image(name, shorter=2 * SIDE, minimum=SIDE)))


def resized_crop(image: Array, rng: np.random.Generator, side: int) -> Array:
    """A random square of `side` pixels, resized to (SIDE, SIDE, 3) in [0, 1]."""
    from PIL import Image
    top, left = (rng.integers(0, length - side + 1) for length in image.shape[:2])
    square = Image.fromarray(np.ascontiguousarray(image[top:top + side, left:left + side]))
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32) / 255
