"""Every op of `fast` equals the formula in `ops`, on random arguments.

A generator draws the arguments and options of one op: sizes, strides, paddings, dilations, groups, and the memory layout of the
arrays. Both implementations run forward and backward with the same random upstream gradient.
"""
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from nnscratch import fast, ops
from nnscratch.backend import Array, array_module, move, to_cpu
from nnscratch.errors import InputError
from nnscratch.fast.rooms import ROOMS

__all__ = ["accelerated_ops", "differences"]

Call: TypeAlias = tuple[tuple, dict[str, Any]]  # arguments, options
Rng: TypeAlias = np.random.Generator

TOLERANCE = {"float64": 1e-10, "float32": 2e-5, "complex128": 1e-10}  # relative to the largest number
GENERATORS: dict[str, Callable[[Rng], Call]] = {}  # {op: generator of its arguments}


def generator(draw: Callable[[Rng], Call]) -> Callable[[Rng], Call]:
    """A decorator: register the generator for the op of its name."""
    GENERATORS[draw.__name__] = draw
    return draw


def images(rng: Rng, channels: int | None = None, max_size: int = 20) -> Array:
    """Random images, float64, in one of four memory layouts."""
    x = rng.normal(size=(rng.integers(1, 4), *rng.integers(1, max_size, 2), channels or rng.integers(1, 10)))
    return random_layout(rng, x)


def random_layout(rng: Rng, x: Array) -> Array:
    """The same numbers in C order, flipped, as every second element, channels first in memory, or with odd strides."""
    layouts = (lambda: x, lambda: x[:, ::-1, ::-1].copy()[:, ::-1, ::-1], lambda: np.repeat(x, 2, axis=-1)[..., ::2],
               lambda: x.transpose(0, 3, 1, 2).copy().transpose(0, 2, 3, 1), lambda: odd_strides(x))
    return layouts[rng.integers(5)]()


def odd_strides(x: Array) -> Array:
    """The strides of axes of length 1 are arbitrary: NumPy makes them 0 for `x[..., None]`, negative for `x[..., ::-1]`."""
    strides = [-7 * x.itemsize if length == 1 else stride for length, stride in zip(x.shape, x.strides)]
    return np.lib.stride_tricks.as_strided(x, strides=strides)


def pair(rng: Rng, largest: int) -> tuple[int, int]:
    """Two numbers from 1 to the largest."""
    a, b = rng.integers(1, largest + 1, 2)
    return int(a), int(b)


def convolution(rng: Rng, transposed: bool) -> Call:
    """x, kernel, bias and options; half of them with stride 1, for which `fast` has the most algorithms."""
    groups = int(rng.choice([1, 1, 1, 2, 3]))
    inputs, outputs = (groups * int(rng.choice([1, 2, 3, 8, 16])) for _ in range(2))
    if rng.random() < 0.1:
        groups = outputs = inputs
    simple = rng.random() < 0.5
    options = {"strides": 1 if simple else pair(rng, 3), "dilation": 1 if simple else pair(rng, 2), "groups": groups,
               "padding": [0, "same", "valid", 1, ((0, 2), (3, 1))][rng.integers(5)]}
    size = int(rng.integers(1, 9)), int(rng.integers(1, 5))
    kernel = (*size, outputs // groups, inputs) if transposed else (*size, inputs // groups, outputs)
    bias = rng.normal(size=outputs) if rng.random() < 0.5 else None
    return (images(rng, inputs, 27), rng.normal(size=kernel), bias), options


@generator
def conv2d(rng: Rng) -> Call:
    """Arguments of conv2d."""
    return convolution(rng, transposed=False)


@generator
def conv2d_transpose(rng: Rng) -> Call:
    """Arguments of conv2d_transpose."""
    return convolution(rng, transposed=True)


@generator
def dense(rng: Rng) -> Call:
    """Arguments of dense: the rows of a matrix, or the pixels of images."""
    n, inputs, units = rng.integers(1, 12, 3)
    x = rng.normal(size=(n, inputs)) if rng.random() < 0.5 else images(rng, int(inputs))
    bias = rng.normal(size=units) if rng.random() < 0.5 else None
    return (x, rng.normal(size=(inputs, units)), bias), {}


@generator
def gram_matrix(rng: Rng) -> Call:
    """Arguments of gram_matrix."""
    return (images(rng),), {}


@generator
def relu(rng: Rng) -> Call:
    """Arguments of relu."""
    return (images(rng),), {}


@generator
def leaky_relu(rng: Rng) -> Call:
    """Arguments of leaky_relu."""
    return (images(rng), float(rng.choice([0, 0.2, 1, 1.5]))), {}


@generator
def bias_leaky_relu(rng: Rng) -> Call:
    """Arguments of bias_leaky_relu."""
    x = images(rng)
    return (x, rng.normal(size=x.shape[-1]), float(rng.choice([0, 0.2, 1, 1.5]))), {}


@generator
def batch_norm(rng: Rng) -> Call:
    """Arguments of batch_norm."""
    x = images(rng) + 3 if rng.random() < 0.7 else rng.normal(size=(rng.integers(2, 9), rng.integers(1, 6)))
    gamma, beta, mean = rng.normal(size=(3, x.shape[-1]))
    return (x, gamma, beta, mean, rng.uniform(0.5, 2, x.shape[-1])), {
        "training": bool(x.size > 8 * x.shape[-1] and rng.random() < 0.7), "unbiased": bool(rng.random() < 0.5)}


@generator
def instance_norm(rng: Rng) -> Call:
    """Arguments of instance_norm."""
    x = rng.normal(size=(2, *rng.integers(3, 12, 2), rng.integers(1, 6)))
    return (random_layout(rng, x), *rng.normal(size=(2, x.shape[-1]))), {}


@generator
def max_pool2d(rng: Rng) -> Call:
    """Arguments of max_pool2d."""
    x = images(rng)
    return (rng.permutation(x.size).reshape(x.shape) / 1.0, pair(rng, 4), pair(rng, 4)), {
        "padding": ["valid", "same"][rng.integers(2)]}


@generator
def avg_pool2d(rng: Rng) -> Call:
    """Arguments of avg_pool2d."""
    return (images(rng), pair(rng, 4), pair(rng, 4)), {"padding": ["valid", "same"][rng.integers(2)],
                                                       "count_include_pad": bool(rng.random() < 0.5)}


@generator
def dropout(rng: Rng) -> Call:
    """Arguments of dropout."""
    return (images(rng), 0.4), {"seed": (int(rng.integers(9)), int(rng.integers(9)))}


@generator
def spatial_dropout2d(rng: Rng) -> Call:
    """Arguments of spatial_dropout2d."""
    return dropout(rng)


def accelerated_ops() -> list[str]:
    """The ops that `fast` implements itself, for the CPU or the GPU.

    Returns
    -------
    names : list of str
        Sorted.
    """
    rooms = (ROOMS["cpu"], ROOMS["cuda"])
    return sorted({name for room in rooms for name in vars(room) if not name.endswith("_backward")})


def differences(name: str, count: int = 40, dtype: str = "float64", xp: ModuleType = np) -> Iterator[str]:
    """Run an op of `fast` and of `ops` on random arguments, and report where they differ.

    Parameters
    ----------
    name : str, the op
    count : int, number of random arguments
    dtype : "float64" | "float32" | "complex128"
    xp : module, numpy or cupy: the device of `fast`

    Yields
    ------
    sentence : str
        One for each result that differs.
    """
    rng, done = np.random.default_rng([count, len(name)]), 0
    while done < count:
        arguments, options = GENERATORS[name](rng)
        arguments = tuple(a.astype(dtype) if isinstance(a, np.ndarray) else a for a in arguments)
        try:
            expected, right = forward_and_backward(ops, name, arguments, options)
        except InputError:  # mostly a window that does not fit
            continue
        done += 1
        given = tuple(move(a, xp) if isinstance(a, np.ndarray) else a for a in arguments)
        found, ours = forward_and_backward(fast, name, given, options)
        for k, (a, b) in enumerate(zip(found + ours, expected + right, strict=True)):
            if (a is None) != (b is None):
                yield f"{name}: result {k} exists in only one of them, options {options}"
            elif b is not None:
                a, scale = to_cpu(a), max(1.0, float(np.abs(b).max(initial=0)))
                error = np.abs(a - b).max(initial=0) / scale if a.shape == b.shape else np.inf
                if not error <= TOLERANCE[dtype]:
                    yield f"{name}: result {k} is off by {error:.1e}, x {arguments[0].shape} of {dtype}, options {options}"


def forward_and_backward(module: ModuleType, name: str, arguments: tuple, options: dict) -> tuple[list, list]:
    """The results of the forward pass without its cache, and the gradients for a random dy."""
    y, *more, cache = getattr(module, name)(*arguments, **options)
    dy = np.random.default_rng(7).normal(size=y.shape).astype(y.dtype if y.dtype.kind != "c" else "complex128")
    gradients = getattr(module, f"{name}_backward")(move(dy, array_module(y)), cache)
    statistics = [array for part in more for array in part]
    return [y, *statistics], list(gradients) if isinstance(gradients, tuple) else [gradients]

