"""Style transfer in one pass: `nnscratch style PHOTO STYLE --fast`.

Shapes: content (1, H, W, 3) and style (1, H', W', 3) in [0, 1]; result (1, H, W, 3).

    x = the content in the style's colours and contrast       bands.py
    y = stylizer(x, statistics of the style, noise)           networks/stylizer.py
    result = y in the style's colours                         colour.py

The network's strokes have the same width in pixels at every size. A large image is therefore painted as a smaller copy, and
what changed, y minus the copy, is enlarged and added to the large image: strokes grow with the image, its own detail stays, and
the network's memory is bounded.
"""
from collections.abc import Callable
from functools import partial
from os import PathLike
from pathlib import Path

import numpy as np

from nnscratch import checkpoint, networks
from nnscratch.backend import Array, to_cpu, to_device
from nnscratch.errors import InputError
from nnscratch.networks.stylizer import SCALE, fingerprint, noise, style_features, style_statistics, stylizer
from nnscratch.schema import check, check_kind, record, whole
from nnscratch.style.bands import enlarge, match_appearance
from nnscratch.style.checks import check_values
from nnscratch.style.colour import AGAIN, match_colours
from nnscratch.style.settings import check_strength

__all__ = ["SHIPPED", "Stylizer"]

MAX_PIXELS = 2**20             # of an image that is painted at its own size, and of a style
MIN_SIDE, MIN_STYLE = 8, 16    # pixels a side: two of the smallest maps of stylizer and texture network
FULL = 60                      # the strength from which nothing of the photograph is mixed in
SHIPPED = Path(networks.__file__).parent / "weights" / "stylizer.safetensors"


class Stylizer:
    """A trained network that paints any image in any style.

    Parameters
    ----------
    path : path of the network's weights; by default those that come with nnscratch

    Raises
    ------
    InputError
        Any other file, or a network trained with another texture network.

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
        check(info, record(features=whole(0, 2**32 - 1)), path, "train it anew")
        self.style_features, self.network = style_features(), stylizer()
        checkpoint.restore(path, saved, self.network)
        if info["features"] != fingerprint(self.style_features):
            raise InputError(f"{path} was trained with other texture weights than those that come with nnscratch; train it "
                             f"again")

    def __call__(self, content: Array, style: Array, strength: float = 50.0) -> Array:
        """Paint an image.

        Parameters
        ----------
        content : Array (1, H, W, 3) in [0, 1], NumPy
        style : Array (1, H', W', 3) in [0, 1], NumPy
        strength : float from 0 (the content, unchanged) over 50 (a painting) to 100

        Returns
        -------
        Array (1, H, W, 3)
            The painted image in [0, 1], NumPy.

        Raises
        ------
        InputError
            Content or style is no image, the strength is out of range, or the weights make no image.

        Notes
        -----
        Up to 60, content and painting are mixed: at 50, a sixth of the content is left, which keeps more of it at little cost
        of style (benchmarks/README.md). Above, the network's change is extrapolated, to 1.7 times as much at 100; colours and
        contrast go no further than the style's.
        """
        return self.painter(style, strength)(content)

    def painter(self, style: Array, strength: float = 50.0) -> Callable[[Array], Array]:
        """Look at a style once, for any number of images.

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
        check_values("Stylizer", "style", style)
        check_strength(strength)
        style = smaller(style)
        missing = [(0, max(0, MIN_STYLE - side)) for side in style.shape[1:3]]  # of a tiny style: it is mirrored
        seen = np.pad(style, ((0, 0), *missing, (0, 0)), mode="symmetric").astype(np.float32)
        return partial(self._paint, style, style_statistics(self.style_features.forward(to_device(seen))), strength / FULL)

    def _paint(self, style: Array, statistics: Array, amount: float, content: Array) -> Array:
        """Paint an image."""
        check_values("Stylizer", "content", content)
        if amount == 0:
            return content.copy()
        small = smaller(content)
        x = match_appearance(small, style)
        change = x - small + max(1.0, amount) * self._change(x, statistics)
        if small is not content:
            change = enlarge(change, content.shape[1:3])
        painted = match_colours((content + change).clip(0, 1), style, stretch=AGAIN)
        return (content + min(1.0, amount) * (painted - content)).astype(content.dtype)

    def _change(self, x: Array, statistics: Array) -> Array:
        """What the network adds to an image of any size."""
        h, w = x.shape[1:3]
        missing = [(0, max(MIN_SIDE - side, -side % SCALE)) for side in (h, w)]
        padded = np.pad(x.astype(np.float32), ((0, 0), *missing, (0, 0)), mode="edge")
        y = to_cpu(self.network.forward([to_device(padded), statistics, *noise(padded.shape)]))
        if not np.isfinite(y).all():
            raise InputError("the stylizer's image holds NaN, so its weights are damaged; use others, or train it anew")
        return (y - padded)[:, :h, :w]


def smaller(image: Array) -> Array:
    """The image, or a copy of at most MAX_PIXELS pixels if it has more; each new pixel is a mean, so that little aliases."""
    from PIL import Image
    h, w = image.shape[1:3]
    factor = (MAX_PIXELS / (h * w))**0.5
    if factor >= 1:
        return image
    shorter = max(min(h, w, MIN_SIDE), int(factor * min(h, w)))
    longer = min(max(h, w), MAX_PIXELS // shorter)
    size = (shorter, longer) if h < w else (longer, shorter)
    channels = [Image.fromarray(channel.astype(np.float32)).resize(size[::-1], Image.Resampling.BOX)
                for channel in np.moveaxis(image[0], -1, 0)]
    return np.stack([np.asarray(channel) for channel in channels], axis=-1)[None].astype(image.dtype)
