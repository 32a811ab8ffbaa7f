"""Style transfer in one pass: `nnscratch style PHOTO STYLE --fast`.

Shapes: content (1, H, W, 3) and style (1, H', W', 3) in [0, 1]; result (1, H, W, 3).

    recolour -> encode -> AdaIN -> decode -> recolour        see networks/stylizer.py; recolouring is a formula, colour.py

Both networks process large images in strips. A strip has a halo, the rows above and below it that its own results depend on;
the results of the halo are discarded. So the networks' maps take no more memory for a large image. Codes and colours are kept
whole, about 160 bytes a pixel.
"""
from os import PathLike
from pathlib import Path

import numpy as np

from nnscratch import checkpoint, networks
from nnscratch.backend import Array, array_module, to_cpu, to_device
from nnscratch.errors import InputError
from nnscratch.models import Model
from nnscratch.networks.stylizer import SCALE, UPSAMPLINGS, adain, decoder, encoder, fingerprint
from nnscratch.schema import check, one_of, record, whole
from nnscratch.style.colour import match_colours

__all__ = ["SHIPPED", "Stylizer"]

STRIP_PIXELS = 2**19
HALO = 32  # pixel rows: the decoder depends on 8 rows of a code: 6 at the code's size, and 2 each at twice and four times it
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
        info = checkpoint.read_arrays(path)[1]["info"]
        if info.get("what") != "stylizer":
            raise InputError(f"{path} holds {info.get('what', 'something else')!r}, expected a stylizer; train one with "
                             f"nnscratch train stylizer")
        check(info, record(upsampling=one_of(*UPSAMPLINGS), encoder=whole(0, 2**32 - 1)), path, "train it anew")
        self.encoder, self.decoder = encoder(), decoder(info["upsampling"])
        checkpoint.load(path, self.decoder)
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

        Notes
        -----
        Code and colours are interpolated from the content's to the style's: at 50 they are the style's. Above, the code is
        extrapolated, twice as far at 100, but no channel is inverted: its standard deviation stops at 0. Colours go no
        further than the style's.
        """
        if strength == 0:
            return content
        amount = strength / 50
        colours = [content, style], (1 - min(1.0, amount), min(1.0, amount))
        recoloured = match_colours(content, *colours)
        h, w = content.shape[1:3]
        padded = np.pad(recoloured, ((0, 0), (0, -h % SCALE), (0, -w % SCALE), (0, 0)), mode="edge")  # to a multiple of 4
        rows = strip_rows(padded)
        f = forward_in_strips(self.encoder, to_device(padded.astype(np.float32)), rows, HALO)
        style = style[:, :style.shape[1] // SCALE * SCALE]  # strips are whole rows of the code
        s = forward_in_strips(self.encoder, to_device(style.astype(np.float32)), strip_rows(style), HALO)
        painted = forward_in_strips(self.decoder, adain(f, s, amount), rows // SCALE, HALO // SCALE)[:, :h, :w]
        return match_colours(to_cpu(array_module(painted).clip(painted, 0, 1)), *colours)


def strip_rows(image: Array) -> int:
    """The rows of a strip of this image, a multiple of SCALE."""
    return max(HALO, STRIP_PIXELS // image.shape[2] // SCALE * SCALE)


def forward_in_strips(model: Model, x: Array, rows: int, halo: int) -> Array:
    """model.forward(x) for x (1, H, W, C), computed for so many of its rows at a time."""
    parts, height = [], x.shape[1]
    for top in range(0, height, rows):
        low, high, bottom = max(0, top - halo), min(height, top + rows + halo), min(height, top + rows)
        y = model.forward(x[:, low:high])
        parts.append(y[:, (top - low) * y.shape[1] // (high - low):(bottom - low) * y.shape[1] // (high - low)])
    return array_module(x).concatenate(parts, axis=1)
