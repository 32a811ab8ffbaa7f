"""Exercises of notebook 13: which of four networks can generate images, and a generator of the learner's own.

A generator is a list of rows (layer, numbers ...), in forward order, from a latent vector (32,):

    ("dense", units)   ("reshape", height, width, channels)   ("conv_transpose", filters, kernel, stride, padding)
    ("conv", filters, kernel, stride, padding)   ("batch_norm",)   ("leaky_relu",)   ("tanh",)
"""
import re
from collections.abc import Sequence
from math import prod
from typing import Any

from nnscratch.course.checks.exercise import Attempt, Wrong, exercise, run
from nnscratch.course.checks.prediction import predicted
from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.layers import Activation, BatchNormalization, Conv2D, Conv2DTranspose, Dense, Input, LeakyReLU, Reshape
from nnscratch.models import Model

__all__ = ["build_generator", "example_generator", "generator_shapes", "which_generate"]

NUMBERS = {"dense": 1, "reshape": 3, "conv_transpose": 4, "conv": 4, "batch_norm": 0, "leaky_relu": 0, "tanh": 0}
LATENT, IMAGE, FIRST, MOST = (32,), (16, 16, 1), 4, 40_000


@exercise("13", "Follow the shape of one latent vector from the input to the output, and then the range of its values.",
          "What does batch normalisation give for a batch of one sample that has one pixel?",
          "A: 64, 32, 16, 8, 4, 2, 1.")
def which_generate(attempt: Any) -> None:
    """Four words, one for each network."""
    predicted(attempt, {"A": "shrinks", "B": "generates", "C": "forgets z", "D": "range"}, {
        "Conv2D with stride 2 halves the side: after six blocks one pixel is left": ("A", "generates"),
        "its output has three channels in [-1, 1], and it grows from 1 to 64": ("B", "shrinks"),
        "tanh bounds its three channels": ("B", "range"),
        "six doublings are right, and so is the range. But its first layer normalises one value alone": ("C", "generates"),
        "its last layer is a tanh of three channels": ("C", "range"),
        "its shapes are right, 1 to 64. Look at the last layer: which values can it return?": ("D", "generates"),
        "Conv2DTranspose with stride 2 doubles the side": ("D", "shrinks"),
        "the batch has 64 samples, so that its mean is not the sample itself": ("D", "forgets z")})


def rows_of(listing: Any) -> list[tuple[str, list[int]]]:
    """The rows of a generator as (layer, numbers); Wrong if there are none."""
    if not isinstance(listing, (list, tuple)) or not listing:
        raise Wrong("expected a list of rows, such as (\"dense\", 100)")
    rows = []
    for row in listing:
        parts = [str(part) for part in row] if not isinstance(row, str) else [row]
        name, numbers = parts[0], parts[1:]
        if name not in NUMBERS:
            raise Wrong(f"{name!r} is no layer, expected one of {', '.join(NUMBERS)}")
        if len(numbers) != NUMBERS[name] or not all(re.fullmatch(r"\d+(\.0)?", number) for number in numbers):
            raise Wrong(f"{name} has {NUMBERS[name]} whole numbers, got {', '.join(numbers) or 'none'}")
        rows.append((name, [int(float(number)) for number in numbers]))
    return rows


def shape_after(name: str, numbers: Sequence[int], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one sample after a layer; Wrong if the layer cannot read `shape`."""
    if name == "dense":
        if len(shape) != 1:
            raise Wrong(f"dense reads a vector, not {shape}")
        return (numbers[0],)
    if name == "reshape":
        if prod(numbers) != prod(shape):
            raise Wrong(f"reshape to {tuple(numbers)} needs {prod(numbers)} values, but {shape} has {prod(shape)}")
        return tuple(numbers)
    if name in ("conv", "conv_transpose"):
        filters, kernel, stride, padding = numbers
        if len(shape) != 3:
            raise Wrong(f"{name} reads an image (height, width, channels), not {shape}")
        sides = [(side - 1) * stride + kernel - 2 * padding if name == "conv_transpose" else
                 (side + 2 * padding - kernel) // max(stride, 1) + 1 for side in shape[:2]]
        if min(*sides, stride, kernel, filters) < 1:
            raise Wrong(f"{name} with {tuple(numbers)} makes nothing of {shape}")
        return (*sides, filters)
    return shape


def weights_of(name: str, numbers: Sequence[int], shape: tuple[int, ...]) -> int:
    """The trained numbers of a layer that reads `shape`."""
    if name == "dense":
        return (shape[0] + 1) * numbers[0]
    if name in ("conv", "conv_transpose"):
        return numbers[1]**2 * shape[-1] * numbers[0] + numbers[0]
    return 2 * shape[-1] if name == "batch_norm" else 0


def example_generator() -> list[tuple]:
    """Give a right answer.

    Returns
    -------
    listing : list of rows
        As above.
    """
    return [("dense", 4 * 4 * 32), ("reshape", 4, 4, 32), ("batch_norm",), ("leaky_relu",), ("conv_transpose", 16, 4, 2, 1),
            ("batch_norm",), ("leaky_relu",), ("conv_transpose", 1, 4, 2, 1), ("tanh",)]


@exercise("13", "Write the shape beside each row, beginning with (32,): a dense layer gives as many values as the first image "
          "has.",
          "Which stride doubles a side, and with which padding is it exactly doubled, by a kernel of 4? Where does a layer "
          "without an activation follow another one?",
          "It begins with (\"dense\", 4 * 4 * 32), (\"reshape\", 4, 4, 32), (\"batch_norm\",), (\"leaky_relu\",)")
def generator_shapes(attempt: Attempt) -> None:
    """A list of rows, such as ("dense", 100) or ("tanh",)."""
    rows, sides, linear, weights = rows_of(run(attempt, {})), [], False, 0
    shape: tuple[int, ...] = LATENT
    for number, (name, numbers) in enumerate(rows, 1):
        where = f"row {number}, {(name, *numbers)}: "
        try:
            after = shape_after(name, numbers, shape)
        except Wrong as wrong:
            raise Wrong(f"{where}{wrong}") from wrong
        if name in ("dense", "conv", "conv_transpose"):
            if linear:
                raise Wrong(f"{where}no activation stands before it: two layers without one are a single affine map")
            linear = True
        linear = linear and name not in ("leaky_relu", "tanh")
        if name == "conv_transpose":
            if numbers[1] % numbers[2]:
                raise Wrong(f"{where}the kernel is no multiple of the stride: the kernels overlap unevenly, as in notebook 12")
            sides += [after[0]] if numbers[2] > 1 else []
        if name == "reshape" and len(after) == 3 and after[0] != FIRST:
            raise Wrong(f"{where}the first image is to have {FIRST} x {FIRST} pixels")
        weights += weights_of(name, numbers, shape)
        shape = after
    if shape != IMAGE:
        raise Wrong(f"the last shape is {shape}, expected {IMAGE}")
    if rows[-1][0] != "tanh":
        raise Wrong("the values of the image are not bounded: the last row decides about the range")
    if len(sides) < 2:
        raise Wrong("two transposed convolutions with stride 2 are asked for, from 4 to 8 and from 8 to 16")
    if weights > MOST:
        raise Wrong(f"{weights:,} parameters are more than the {MOST:,} that are allowed: where are most of them?")


@checked
def build_generator(listing: Sequence[Sequence[Any]]) -> Model:
    """Build the library's model of a generator.

    Parameters
    ----------
    listing : sequence of rows
        As above.

    Returns
    -------
    model : Model
        From a latent vector to an image.

    Raises
    ------
    InputError
        A row is no layer, or two layers do not fit.
    """
    try:
        rows = rows_of(listing)
    except Wrong as wrong:
        raise InputError(f"build_generator: {wrong}") from wrong
    z = Input(LATENT)
    x = z
    for name, numbers in rows:
        x = {"dense": lambda x, n: Dense(n[0])(x), "reshape": lambda x, n: Reshape(tuple(n))(x),
             "conv_transpose": lambda x, n: Conv2DTranspose(*n)(x), "conv": lambda x, n: Conv2D(*n)(x),
             "batch_norm": lambda x, n: BatchNormalization()(x), "leaky_relu": lambda x, n: LeakyReLU(0.2)(x),
             "tanh": lambda x, n: Activation("tanh")(x)}[name](x, numbers)
    return Model(z, x)
