"""Layers that change an image's size without parameters: pooling, upsampling, padding. Shapes: (N, H, W, C) in and out."""
from nnscratch.fast import (
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    pad2d,
    pad2d_backward,
    upsample2d,
    upsample2d_backward,
)
from nnscratch.layers.base import Layer
from nnscratch.ops.pad import MODES as PADDING_MODES
from nnscratch.ops.resize import MODES
from nnscratch.ops.validation import as_pair, check_choice
from nnscratch.ops.window import explicit_padding, make_window, read_padding


class Pooling2D(Layer):
    """What both poolings share: windows of `pool_size`, moved by `strides` (None: the pool size)."""

    axes = 4

    def __init__(self, pool_size, strides, padding, name):
        super().__init__(name)
        self.pool_size = as_pair(pool_size, f"{self}: pool_size")
        self.strides = self.pool_size if strides is None else as_pair(strides, f"{self}: strides")
        self.padding = read_padding(repr(self), padding)

    def output_shape(self, shape):
        if None in shape[:2]:
            return None, None, shape[2]
        return (*make_window(repr(self), shape[:2], self.pool_size, self.strides, self.padding).output, shape[2])


class MaxPooling2D(Pooling2D):
    """The maximum of each window."""

    def __init__(self, pool_size=2, strides=None, padding="valid", name=None):
        super().__init__(pool_size, strides, padding, name)

    def compute(self, x, training):
        return max_pool2d(x, self.pool_size, self.strides, padding=self.padding)

    def differentiate(self, dy, cache, wrt):
        return max_pool2d_backward(dy, cache), {}


class AveragePooling2D(Pooling2D):
    """The average of each window; padding is not counted unless `count_include_pad`."""

    def __init__(self, pool_size=2, strides=None, padding="valid", count_include_pad=False, name=None):
        super().__init__(pool_size, strides, padding, name)
        self.count_include_pad = count_include_pad

    def compute(self, x, training):
        return avg_pool2d(x, self.pool_size, self.strides, padding=self.padding, count_include_pad=self.count_include_pad)

    def differentiate(self, dy, cache, wrt):
        return avg_pool2d_backward(dy, cache), {}


class GlobalAveragePooling2D(Layer):
    """The average of each channel over the whole image: (N, H, W, C) -> (N, C)."""

    axes = 4

    def output_shape(self, shape):
        return shape[2:]

    def compute(self, x, training):
        return global_avg_pool2d(x)

    def differentiate(self, dy, cache, wrt):
        return global_avg_pool2d_backward(dy, cache), {}


class UpSampling2D(Layer):
    """Enlarge by a whole factor, `interpolation` "nearest" or "bilinear"."""

    axes = 4

    def __init__(self, size=2, interpolation="nearest", name=None):
        super().__init__(name)
        self.size = as_pair(size, f"{self}: size")
        self.interpolation = check_choice(interpolation, f"{self}: interpolation", MODES)

    def output_shape(self, shape):
        return (*(None if n is None else n * factor for n, factor in zip(shape, self.size)), shape[2])

    def compute(self, x, training):
        return upsample2d(x, self.size, mode=self.interpolation)

    def differentiate(self, dy, cache, wrt):
        return upsample2d_backward(dy, cache), {}


class ZeroPadding2D(Layer):
    """Pad with zeros; `padding` is an int or ((top, bottom), (left, right)). Padding2D offers the other modes."""

    axes = 4
    mode = "constant"

    def __init__(self, padding=1, name=None):
        super().__init__(name)
        self.padding = explicit_padding("ZeroPadding2D", padding)

    def output_shape(self, shape):
        return (*(None if n is None else n + sum(pads) for n, pads in zip(shape, self.padding)), shape[2])

    def compute(self, x, training):
        return pad2d(x, self.padding, mode=self.mode)

    def differentiate(self, dy, cache, wrt):
        return pad2d_backward(dy, cache), {}


class Padding2D(ZeroPadding2D):
    """Pad with a mirror image ("reflect"), the repeated edge ("edge") or zeros ("constant")."""

    def __init__(self, padding=1, mode="reflect", name=None):
        super().__init__(padding, name)
        self.mode = check_choice(mode, f"{self}: mode", PADDING_MODES)
