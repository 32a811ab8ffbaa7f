"""The fixed list of layers, as style transfer and the generator really use them. Shapes: images (N, H, W, C).

A case names an op of `nnscratch.ops`, the shapes of its arrays and its options. Its name seeds its arrays, so they are the same
in every run. You may add cases, but do not change any: results of different days would no longer be comparable.
"""
from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from nnscratch import fast
from nnscratch.backend import Array, array_module, move

__all__ = ["CASES", "Case"]


class Case(NamedTuple):
    """One layer.

    Parameters
    ----------
    group, name : str
        What it belongs to, and what it is called in tables.
    op : str
        The name of the op in `nnscratch.ops`.
    arrays : dict of str to tuple
        The shapes of the op's positional arguments.
    options : dict
        The op's options.
    """

    group: str
    name: str
    op: str
    arrays: dict[str, tuple[int, ...]]
    options: dict[str, Any]

    def draw(self, dtype: Any = np.float32) -> list[np.ndarray]:
        """Draw the arguments, scaled so that outputs are of order 1: a kernel by the number of inputs it sums over.

        Parameters
        ----------
        dtype : dtype
            Their type; every type holds the same float32 values.

        Returns
        -------
        list of array
            NumPy arrays, the same in every run.
        """
        rng = np.random.default_rng(crc32(self.name.encode()))
        drawn = {name: rng.normal(size=shape) for name, shape in self.arrays.items()}
        if "kernel" in drawn:
            drawn["kernel"] /= prod(drawn["kernel"].shape[:3])**0.5
        return [array.astype(np.float32).astype(dtype) for array in drawn.values()]

    def products_backward(self) -> int:
        """Count the products of the forward's size that the backward makes.

        Returns
        -------
        int
            One for dx, and one for the kernel if there is one.
        """
        return 2 if "kernel" in self.arrays else 1

    def multiply_adds(self) -> int:
        """Count the multiplications of the forward by the formula; an algorithm may need fewer.

        Returns
        -------
        int
            0 for ops that are no products.
        """
        n, h, w, c = self.arrays["x"]
        if self.op == "gram_matrix":
            return n * h * w * c * c
        if "kernel" not in self.arrays:
            return 0
        if self.op == "conv2d":
            s = self.options.get("strides", 1)
            return n * -(-h // s) * -(-w // s) * prod(self.arrays["kernel"])
        return n * h * w * prod(self.arrays["kernel"])


def conv(group: str, name: str, n: int, side: int, inputs: int, outputs: int, size: int, strides: int = 1,
         groups: int = 1) -> Case:
    """A convolution with padding "same" on n square images."""
    arrays = {"x": (n, side, side, inputs), "kernel": (size, size, inputs // groups, outputs), "bias": (outputs,)}
    return Case(group, name, "conv2d", arrays, {"strides": strides, "padding": "same", "groups": groups})


def deconv(group: str, name: str, n: int, side: int, inputs: int, outputs: int, size: int, strides: int) -> Case:
    """A transposed convolution, likewise."""
    arrays = {"x": (n, side, side, inputs), "kernel": (size, size, outputs, inputs), "bias": (outputs,)}
    return Case(group, name, "conv2d_transpose", arrays, {"strides": strides, "padding": "same"})


def plain(group: str, name: str, op: str, *shape: int, **options: Any) -> Case:
    """An op on x of this shape, with gamma and beta if it normalizes."""
    parameters: dict[str, tuple[int, ...]] = {"gamma": shape[-1:], "beta": shape[-1:]} if "norm" in op else {}
    return Case(group, name, op, {"x": shape, **parameters}, options)


CASES = [
    conv("style", "3x3 3->64, 256 px", 1, 256, 3, 64, 3),
    conv("3x3 wide", "3x3 64->64, 256 px", 1, 256, 64, 64, 3),
    conv("3x3 wide", "3x3 128->128, 128 px", 1, 128, 128, 128, 3),
    conv("3x3 wide", "3x3 256->256, 64 px", 1, 64, 256, 256, 3),
    conv("3x3 wide", "3x3 512->512, 32 px", 1, 32, 512, 512, 3),
    conv("3x3 wide", "3x3 128->128, 64 px, 4 images", 4, 64, 128, 128, 3),
    conv("style", "9x9 3->32, 256 px", 1, 256, 3, 32, 9),
    conv("style", "1x1 256->64, 64 px, 4 images", 4, 64, 256, 64, 1),
    conv("style", "3x3 depthwise 128, 64 px, 4 images", 4, 64, 128, 128, 3, groups=128),
    conv("generator", "4x4/2 1->32, 28 px, 64 images", 64, 28, 1, 32, 4, 2),
    conv("generator", "4x4/2 32->64, 14 px, 64 images", 64, 14, 32, 64, 4, 2),
    conv("generator", "4x4/2 64->128, 16 px, 64 images", 64, 16, 64, 128, 4, 2),
    conv("generator", "4x4/2 128->128, 8 px, 64 images", 64, 8, 128, 128, 4, 2),
    deconv("generator", "4x4/2 transposed 128->128, 4 px, 64 images", 64, 4, 128, 128, 4, 2),
    deconv("generator", "4x4/2 transposed 64->32, 7 px, 64 images", 64, 7, 64, 32, 4, 2),
    deconv("generator", "4x4/2 transposed 32->16, 14 px, 64 images", 64, 14, 32, 16, 4, 2),
    plain("around", "max pooling 2x2, 64 channels, 256 px", "max_pool2d", 1, 256, 256, 64, pool_size=2),
    plain("around", "average pooling 2x2, 64 channels, 256 px", "avg_pool2d", 1, 256, 256, 64, pool_size=2),
    plain("around", "batch norm, 64 channels, 14 px, 64 images", "batch_norm", 64, 14, 14, 64),
    plain("around", "LeakyReLU, 64 channels, 14 px, 64 images", "leaky_relu", 64, 14, 14, 64, negative_slope=0.2),
    plain("around", "instance norm, 128 channels, 64 px, 4 images", "instance_norm", 4, 64, 64, 128),
    plain("around", "Gram matrix, 64 channels, 256 px", "gram_matrix", 1, 256, 256, 64),
    plain("around", "Gram matrix, 256 channels, 64 px", "gram_matrix", 1, 64, 64, 256),
]


def ours(case: Case, arrays: list[Array], **more: Any) -> tuple[Callable[[], Array], Callable[[], tuple[Array, ...]]]:
    """(forward, backward) of this package's op: functions without arguments. `more` are further options of the op."""
    op, op_backward = getattr(fast, case.op), getattr(fast, f"{case.op}_backward")
    if case.op == "batch_norm":
        x, gamma, beta = arrays
        zeros, ones = array_module(x).zeros_like(gamma), array_module(x).ones_like(gamma)

        def forward() -> tuple[Array, Any]:
            y, _, cache = op(x, gamma, beta, zeros, ones, training=True, **case.options, **more)
            return y, cache
    else:
        def forward() -> tuple[Array, Any]:
            return op(*arrays, **case.options, **more)

    y, cache = forward()
    dy = move(upstream(case, y.shape).astype(y.dtype), array_module(y))

    def backward() -> tuple[Array, ...]:
        gradients = op_backward(dy, cache)
        return gradients if isinstance(gradients, tuple) else (gradients,)

    return lambda: forward()[0], backward


def upstream(case: Case, shape: tuple[int, ...]) -> np.ndarray:
    """A random upstream gradient, the same for every contender."""
    return np.random.default_rng(crc32(case.name.encode()) + 1).normal(size=shape).astype(np.float32)
