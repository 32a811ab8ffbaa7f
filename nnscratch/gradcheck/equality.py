"""The engine against the book: every op of fast equals the formula of ops, on random problems.

A problem is (arguments, options), drawn by a generator: sizes, strides, paddings, dilations, groups, dtypes, and how the arrays
lie in memory. Both are run forward and backward with the same random upstream gradient.
"""
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nnscratch import fast, ops
from nnscratch.backend import array_module, move, to_cpu
from nnscratch.errors import InputError
from nnscratch.fast.rooms import ROOMS

TOLERANCE = {"float64": 1e-10, "float32": 2e-5, "complex128": 1e-10}  # of the largest number
PROBLEMS: dict[str, Callable[[Any], tuple[tuple, dict]]] = {}


def problem(draw: Callable[[Any], tuple[tuple, dict]]) -> Callable[[Any], tuple[tuple, dict]]:
    """A decorator: enter the generator of problems for the op of its name."""
    PROBLEMS[draw.__name__] = draw
    return draw


def images(rng: Any, channels: int | None = None, most: int = 20) -> Any:
    """Random images, float64, lying in memory in one of four ways."""
    x = rng.normal(size=(rng.integers(1, 4), *rng.integers(1, most, 2), channels or rng.integers(1, 10)))
    return lying(rng, x)


def lying(rng: Any, x: Any) -> Any:
    """The same numbers in C order, as a flipped view, channels first in memory, or every second number."""
    ways = (lambda: x, lambda: x[:, ::-1, ::-1].copy()[:, ::-1, ::-1], lambda: np.repeat(x, 2, axis=-1)[..., ::2],
            lambda: x.transpose(0, 3, 1, 2).copy().transpose(0, 2, 3, 1))
    return ways[rng.integers(4)]()


def pair(rng: Any, most: int) -> tuple[int, int]:
    a, b = rng.integers(1, most + 1, 2)
    return int(a), int(b)


def convolution(rng: Any, transposed: bool) -> tuple[tuple, dict]:
    """x, kernel, bias and options; half of them with stride 1 and many channels, where the engine has most ways."""
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


@problem
def conv2d(rng: Any) -> tuple[tuple, dict]:
    return convolution(rng, transposed=False)


@problem
def conv2d_transpose(rng: Any) -> tuple[tuple, dict]:
    return convolution(rng, transposed=True)


@problem
def dense(rng: Any) -> tuple[tuple, dict]:
    n, inputs, units = rng.integers(1, 12, 3)
    return (rng.normal(size=(n, inputs)), rng.normal(size=(inputs, units)), rng.normal(size=units)), {}


@problem
def gram_matrix(rng: Any) -> tuple[tuple, dict]:
    return (images(rng),), {}


@problem
def leaky_relu(rng: Any) -> tuple[tuple, dict]:
    return (images(rng), float(rng.choice([0, 0.2, 1, 1.5]))), {}


@problem
def bias_leaky_relu(rng: Any) -> tuple[tuple, dict]:
    x = images(rng)
    return (x, rng.normal(size=x.shape[-1]), float(rng.choice([0, 0.2, 1, 1.5]))), {}


@problem
def batch_norm(rng: Any) -> tuple[tuple, dict]:
    x = images(rng) + 3 if rng.random() < 0.7 else rng.normal(size=(rng.integers(2, 9), rng.integers(1, 6)))
    gamma, beta, mean = rng.normal(size=(3, x.shape[-1]))
    return (x, gamma, beta, mean, rng.uniform(0.5, 2, x.shape[-1])), {
        "training": bool(x.size > 8 * x.shape[-1] and rng.random() < 0.7), "unbiased": bool(rng.random() < 0.5)}


@problem
def instance_norm(rng: Any) -> tuple[tuple, dict]:
    x = rng.normal(size=(2, *rng.integers(3, 12, 2), rng.integers(1, 6)))
    return (lying(rng, x), *rng.normal(size=(2, x.shape[-1]))), {}


@problem
def max_pool2d(rng: Any) -> tuple[tuple, dict]:
    x = images(rng)
    return (rng.permutation(x.size).reshape(x.shape) / 1.0, pair(rng, 4), pair(rng, 4)), {
        "padding": ["valid", "same"][rng.integers(2)]}


@problem
def avg_pool2d(rng: Any) -> tuple[tuple, dict]:
    return (images(rng), pair(rng, 4), pair(rng, 4)), {"padding": ["valid", "same"][rng.integers(2)],
                                                       "count_include_pad": bool(rng.random() < 0.5)}


@problem
def dropout(rng: Any) -> tuple[tuple, dict]:
    return (images(rng), 0.4), {"seed": (int(rng.integers(9)), int(rng.integers(9)))}


@problem
def spatial_dropout2d(rng: Any) -> tuple[tuple, dict]:
    return dropout(rng)


def accelerated_ops() -> list[str]:
    """Every op that a room of the engine has code of its own for."""
    rooms = (ROOMS["cpu"], ROOMS["cuda"])
    return sorted({name for room in rooms for name in vars(room) if not name.endswith("_backward")})


def disagreements(name: str, count: int = 40, dtype: str = "float64", xp: Any = np) -> Iterator[str]:
    """A sentence for each of `count` random problems on which fast and ops differ."""
    rng, done = np.random.default_rng([count, len(name)]), 0
    while done < count:
        arguments, options = PROBLEMS[name](rng)
        arguments = tuple(a.astype(dtype) if isinstance(a, np.ndarray) else a for a in arguments)
        try:
            expected, right = both_ways(ops, name, arguments, options)
        except InputError:  # a window that does not fit, mostly
            continue
        done += 1
        given = tuple(move(a, xp) if isinstance(a, np.ndarray) else a for a in arguments)
        found, ours = both_ways(fast, name, given, options)
        for k, (a, b) in enumerate(zip(found + ours, expected + right, strict=True)):
            if (a is None) != (b is None):
                yield f"{name}: result {k} is there in one of them alone, options {options}"
            elif b is not None:
                a, scale = to_cpu(a), max(1.0, float(np.abs(b).max(initial=0)))
                error = np.abs(a - b).max(initial=0) / scale if a.shape == b.shape else np.inf
                if not error <= TOLERANCE[dtype]:
                    yield f"{name}: result {k} is off by {error:.1e}, x {arguments[0].shape} of {dtype}, options {options}"


def both_ways(room: Any, name: str, arguments: tuple, options: dict) -> tuple[list, list]:
    """Everything that the forward returns but its cache, and the gradients for a random dy."""
    y, *more, cache = getattr(room, name)(*arguments, **options)
    dy = np.random.default_rng(7).normal(size=y.shape).astype(y.dtype if y.dtype.kind != "c" else "complex128")
    gradients = getattr(room, f"{name}_backward")(move(dy, array_module(y)), cache)
    statistics = [array for part in more for array in part]
    return [y, *statistics], list(gradients) if isinstance(gradients, tuple) else [gradients]

