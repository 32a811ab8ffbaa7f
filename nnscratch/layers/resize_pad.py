"""Layers that enlarge or pad images and have no parameters. Shapes: (N, H, W, C) -> (N, OH, OW, C)."""
from typing import Any

from nnscratch.backend import Array
from nnscratch.fast import pad2d, pad2d_backward, upsample2d, upsample2d_backward
from nnscratch.layers.base import Layer
from nnscratch.layers.graph import Shape
from nnscratch.ops.pad import MODES as PADDING_MODES
from nnscratch.ops.resize import MODES
from nnscratch.ops.validation import as_pair, check_choice
from nnscratch.ops.window import Padding, Pair, explicit_padding

__all__ = ["Padding2D", "UpSampling2D", "ZeroPadding2D"]


class UpSampling2D(Layer):
    """Enlarge images by a whole factor.

    Parameters
    ----------
    size : int or (rows, columns), default 2
        The factor.
    interpolation : "nearest" or "bilinear", default "nearest"
        How new pixels are computed from their neighbours.
    name : str, optional
        Name in error messages and in the model.

    Examples
    --------
    >>> from nnscratch.layers import Input
    >>> UpSampling2D(2)(Input((14, 14, 8)))
    <Symbol (None, 28, 28, 8) from UpSampling2D()>
    """

    axes = 4

    def __init__(self, size: Pair = 2, interpolation: str = "nearest", name: str | None = None) -> None:
        super().__init__(name)
        self.size = as_pair(size, f"{self}: size")
        self.interpolation = check_choice(interpolation, f"{self}: interpolation", MODES)

    def output_shape(self, shape: Shape) -> Shape:
        return (*(None if n is None else n * factor for n, factor in zip(shape, self.size)), shape[2])

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        return upsample2d(x, self.size, mode=self.interpolation)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        return upsample2d_backward(dy, cache), {}


class ZeroPadding2D(Layer):
    """Pad images with zeros; Padding2D has other modes.

    Parameters
    ----------
    padding : int or ((top, bottom), (left, right)), default 1
        Rows and columns to add.
    name : str, optional
        Name in error messages and in the model.
    """

    axes = 4
    mode = "constant"

    def __init__(self, padding: Padding = 1, name: str | None = None) -> None:
        super().__init__(name)
        self.padding = explicit_padding(repr(self), padding)

    def output_shape(self, shape: Shape) -> Shape:
        return (*(None if n is None else n + sum(pads) for n, pads in zip(shape, self.padding)), shape[2])

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        return pad2d(x, self.padding, mode=self.mode)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        return pad2d_backward(dy, cache), {}


class Padding2D(ZeroPadding2D):
    """Pad images with their mirror image, their edge, or zeros.

    Parameters
    ----------
    padding : int or ((top, bottom), (left, right)), default 1
        Rows and columns to add.
    mode : "reflect", "edge" or "constant", default "reflect"
        Mirror image without the edge itself (less than H or W), the repeated edge, or zeros.
    name : str, optional
        Name in error messages and in the model.
    """

    def __init__(self, padding: Padding = 1, mode: str = "reflect", name: str | None = None) -> None:
        super().__init__(padding, name)
        self.mode = check_choice(mode, f"{self}: mode", PADDING_MODES)
