"""Pooling layers: they shrink images and have no parameters. Shapes: (N, H, W, C) -> (N, OH, OW, C)."""
from typing import Any

from nnscratch.backend import Array
from nnscratch.fast import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
)
from nnscratch.layers.base import Layer
from nnscratch.layers.graph import Shape
from nnscratch.ops.validation import as_pair, check_flag
from nnscratch.ops.window import Padding, Pair, make_window, read_padding

__all__ = ["AveragePooling2D", "GlobalAveragePooling2D", "MaxPooling2D"]


class Pooling2D(Layer):
    """What both poolings share: windows of `pool_size`, moved by `strides` (None: the pool size)."""

    axes = 4

    def __init__(self, pool_size: Pair, strides: Pair | None, padding: Padding, name: str | None) -> None:
        super().__init__(name)
        self.pool_size = as_pair(pool_size, f"{self}: pool_size")
        self.strides = self.pool_size if strides is None else as_pair(strides, f"{self}: strides")
        self.padding = read_padding(repr(self), padding)

    def output_shape(self, shape: Shape) -> Shape:
        if None in shape[:2]:
            return None, None, shape[2]
        return (*make_window(repr(self), shape[:2], self.pool_size, self.strides, self.padding).output, shape[2])


class MaxPooling2D(Pooling2D):
    """Maximum of each window.

    Parameters
    ----------
    pool_size : int or (rows, columns), default 2
        Size of the window.
    strides : int or (rows, columns), optional
        Step of the window; None takes `pool_size`, so that windows do not overlap.
    padding : "valid", "same", int or ((top, bottom), (left, right)), default "valid"
        Padding around the image, as in `Conv2D`; it is never the maximum.
    name : str, optional
        Name in error messages and in the model.

    Examples
    --------
    >>> from nnscratch.layers import Input
    >>> MaxPooling2D(2)(Input((28, 28, 8)))
    <Symbol (None, 14, 14, 8) from MaxPooling2D()>
    """

    def __init__(self, pool_size: Pair = 2, strides: Pair | None = None, padding: Padding = "valid",
                 name: str | None = None) -> None:
        super().__init__(pool_size, strides, padding, name)

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        return max_pool2d(x, self.pool_size, self.strides, padding=self.padding)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        return max_pool2d_backward(dy, cache), {}


class AveragePooling2D(Pooling2D):
    """Average of each window.

    Parameters
    ----------
    pool_size : int or (rows, columns), default 2
        Size of the window.
    strides : int or (rows, columns), optional
        Step of the window; None takes `pool_size`, so that windows do not overlap.
    padding : "valid", "same", int or ((top, bottom), (left, right)), default "valid"
        Padding around the image, as in `Conv2D`.
    count_include_pad : bool, default False
        Whether the average divides by all pixels of the window (PyTorch), not only by those inside the image (Keras).
    name : str, optional
        Name in error messages and in the model.
    """

    def __init__(self, pool_size: Pair = 2, strides: Pair | None = None, padding: Padding = "valid",
                 count_include_pad: bool = False, name: str | None = None) -> None:
        super().__init__(pool_size, strides, padding, name)
        self.count_include_pad = check_flag(count_include_pad, f"{self}: count_include_pad")

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        return avg_pool2d(x, self.pool_size, self.strides, padding=self.padding, count_include_pad=self.count_include_pad)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        return avg_pool2d_backward(dy, cache), {}


class GlobalAveragePooling2D(Layer):
    """Average of each channel over the whole image: (N, H, W, C) -> (N, C).

    Parameters
    ----------
    name : str, optional
        Name in error messages and in the model.
    """

    axes = 4

    def output_shape(self, shape: Shape) -> Shape:
        return shape[2:]

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        return global_avg_pool2d(x)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        return global_avg_pool2d_backward(dy, cache), {}
