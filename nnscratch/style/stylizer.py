"""Style transfer in one pass: `nnscratch style PHOTO STYLE --fast`.

Shapes: content (1, H, W, 3) and style (1, H', W', 3) in [0, 1]; result (1, H, W, 3).

    recolour -> encode -> AdaIN -> decode -> recolour        see networks/stylizer.py; recolouring is a formula, colour.py

Both networks process large images in strips. A strip has a halo, the rows above and below it that its own results depend on;
the results of the halo are discarded. So the networks' maps take no more memory for a large image. Statistics are those of the
whole code, which is therefore computed first, and for a large image twice instead of being kept.
"""
from collections.abc import Callable
from functools import partial
from os import PathLike
from pathlib import Path

import numpy as np

from nnscratch import checkpoint, networks
from nnscratch.backend import Array, array_module, to_cpu, to_device
from nnscratch.errors import InputError
from nnscratch.models import Model
from nnscratch.networks.stylizer import (
    SCALE,
    UPSAMPLINGS,
    change_statistics,
    channel_statistics,
    decoder,
    encoder,
    fingerprint,
    joined_statistics,
)
from nnscratch.schema import check, check_kind, one_of, record, whole
from nnscratch.style.checks import IMAGE, check_real
from nnscratch.style.colour import match_colours
from nnscratch.style.settings import check_strength

__all__ = ["SHIPPED", "Stylizer"]

STRIP_PIXELS, MAX_KEPT = 2**19, 3 * 2**23  # of the image; numbers in an image whose code, eleven times as many, is kept
HALO = 8  # rows of a code: the decoder depends on 6 at the code's size, and on 2 each at twice and four times it
SHIPPED = Path(networks.__file__).parent / "weights" / "stylizer.safetensors"


class Stylizer:
    """An encoder and a trained decoder that paint any image in any style.

    Parameters
    ----------
    path : path of the decoder's weights; by default those that come with nnscratch

    Raises
    ------
    InputError
        Any other file, or a decoder trained with another encoder.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> content, style = rng.random((1, 20, 24, 3)), rng.random((1, 16, 16, 3))
    >>> Stylizer()(content, style).shape
    (1, 20, 24, 3)
    """

    def __init__(self, path: str | PathLike = SHIPPED):
        saved = checkpoint.read_arrays(path)
        info = saved[1]["info"]
        check_kind(info, "stylizer", path, "train one with nnscratch train stylizer")
        check(info, record(upsampling=one_of(*UPSAMPLINGS), encoder=whole(0, 2**32 - 1)), path, "train it anew")
        self.encoder, self.decoder = encoder(), decoder(info["upsampling"])
        checkpoint.restore(path, saved, self.decoder)
        if info.get("encoder") != fingerprint(self.encoder):
            raise InputError(f"{path} was trained with other texture weights than those that come with nnscratch; train it "
                             f"again")

    def __call__(self, content: Array, style: Array, strength: float = 50.0) -> Array:
        """Paint an image.

        Parameters
        ----------
        content : Array (1, H, W, 3) in [0, 1], NumPy
        style : Array (1, H', W', 3) in [0, 1], NumPy
        strength : float from 0 (the content, unchanged) over 50 (as the decoder was trained) to 100

        Returns
        -------
        Array (1, H, W, 3)
            The painted image in [0, 1], NumPy.

        Raises
        ------
        InputError
            The style is no image, the strength out of range, or the weights make no image.

        Notes
        -----
        Code and colours are interpolated from the content's to the style's: at 50 they are the style's. Above, the code is
        extrapolated, twice as far at 100, but no channel is inverted: its standard deviation stops at 0. Colours go no
        further than the style's.
        """
        return self.painter(style, strength)(content)

    def painter(self, style: Array, strength: float = 50.0) -> Callable[[Array], Array]:
        """Encode a style once, for any number of images.

        Parameters
        ----------
        style : Array (1, H', W', 3) in [0, 1], NumPy
        strength : float from 0 to 100, as for a call

        Returns
        -------
        callable(content)
            Paints an image as a call with this style and strength would.

        Raises
        ------
        InputError
            The style is no image, or the strength out of range.
        """
        check_real("Stylizer", "style", style, IMAGE)
        check_strength(strength)
        if strength == 0:
            return lambda content: content
        wanted = Code(self.encoder, style[:, :style.shape[1] // SCALE * SCALE]).statistics()
        return partial(self._paint, style, wanted, strength / 50)

    def _paint(self, style: Array, wanted: tuple[Array, Array], amount: float, content: Array) -> Array:
        """Paint an image; `wanted` are the statistics of the style's code."""
        colours = [content, style], (1 - min(1.0, amount), min(1.0, amount))
        h, w = content.shape[1:3]
        x = np.pad(match_colours(content, *colours), ((0, 0), (0, -h % SCALE), (0, -w % SCALE), (0, 0)), mode="edge")
        code = Code(self.encoder, x)
        own, painted = code.statistics(), np.empty_like(x)
        for low, high in code.strips:
            first, last = max(0, low - HALO), min(code.height, high + HALO)
            y = self.decoder.forward(change_statistics(code.rows(first, last), own, wanted, amount))
            painted[:, SCALE * low:SCALE * high] = to_cpu(y[:, SCALE * (low - first):SCALE * (high - first)]).clip(0, 1)
        del code, x
        if not np.isfinite(painted).all():
            raise InputError("the stylizer's image holds NaN, so its weights are damaged; use others, or train it anew")
        return match_colours(painted[:, :h, :w], *colours)


class Code:
    """The code of an image, strip by strip. That of a large image is not kept, but computed again when it is needed.

    Parameters
    ----------
    encoder : Model
    image : Array (1, H, W, 3), H a multiple of SCALE
    """

    def __init__(self, encoder: Model, image: Array) -> None:
        self.encoder, self.image, self.height = encoder, image, image.shape[1] // SCALE
        rows = max(HALO, STRIP_PIXELS // image.shape[2] // SCALE)
        self.strips = [(low, min(self.height, low + rows)) for low in range(0, self.height, rows)]
        self.kept: list[Array] = []
        if image.size <= MAX_KEPT or len(self.strips) == 1:
            self.kept = [array_module(image).concatenate([self.encode(*strip) for strip in self.strips], axis=1)]

    def encode(self, low: int, high: int) -> Array:
        """The rows from `low` to `high` of the code, on the device in use."""
        first, last = max(0, low - HALO), min(self.height, high + HALO)
        y = self.encoder.forward(to_device(self.image[:, SCALE * first:SCALE * last].astype(np.float32)))
        return y[:, low - first:high - first]

    def rows(self, low: int, high: int) -> Array:
        """The same, from what is kept if it is."""
        return self.kept[0][:, low:high] if self.kept else self.encode(low, high)

    def statistics(self) -> tuple[Array, Array]:
        """The mean and the standard deviation of each channel."""
        if self.kept:
            return channel_statistics(self.kept[0])
        return joined_statistics([((high - low), *channel_statistics(self.encode(low, high))) for low, high in self.strips])
