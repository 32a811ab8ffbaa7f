"""Layers without parameters that rearrange values or combine several inputs. Shapes: as each class says."""
from collections.abc import Sequence
from math import prod
from typing import Any

from nnscratch.backend import Array, concatenate
from nnscratch.errors import InputError
from nnscratch.fast import dot, dot_backward
from nnscratch.layers.base import Layer
from nnscratch.layers.graph import Shape
from nnscratch.ops.validation import check_int

__all__ = ["Add", "Concatenate", "Dot", "Flatten", "Reshape"]


class Reshape(Layer):
    """Give each sample another shape: (N, ...) -> (N, *target_shape), with the values in the same order.

    Parameters
    ----------
    target_shape : int or tuple of int
        Shape of a sample of the output; one side may be -1, and is then computed.
    name : str, optional
        Name in error messages and in the model.

    Examples
    --------
    >>> from nnscratch.layers import Input
    >>> Reshape((7, 7, -1))(Input((98,)))
    <Symbol (None, 7, 7, 2) from Reshape((7, 7, -1))>
    """

    one_input = True

    def __init__(self, target_shape: int | Sequence[int], name: str | None = None) -> None:
        super().__init__(name)
        sides = target_shape if isinstance(target_shape, (tuple, list)) else (target_shape,)
        self.target_shape = tuple(-1 if isinstance(n, int) and n == -1 else check_int(n, f"{self}: a side of {sides}", 1)
                                  for n in sides)
        if self.target_shape.count(-1) > 1:
            raise InputError(f"{self}: {sides} leaves more than one side open, expected at most one -1")

    def output_shape(self, shape: Shape) -> Shape:
        if None in shape:
            raise InputError(f"{self}: the input has shape {('N', *shape)}, expected known sides; give Input a full shape")
        known, total = prod(n for n in self.target_shape if n != -1), prod(shape)
        target = tuple(total // known if n == -1 else n for n in self.target_shape)
        if prod(target) != total:
            raise InputError(f"{self}: {tuple(shape)} holds {total} values, which cannot fill {self.target_shape}")
        return target

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        return x.reshape(x.shape[0], *self.output_shape(x.shape[1:])), x.shape

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        return dy.reshape(cache), {}


class Flatten(Reshape):
    """Make each sample a vector: (N, ...) -> (N, number of values in a sample).

    Parameters
    ----------
    name : str, optional
        Name in error messages and in the model.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__((-1,), name)


class Add(Layer):
    """Sum of several inputs of one shape: y = a + b + ...; the gradient of each is dy.

    Parameters
    ----------
    name : str, optional
        Name in error messages and in the model.

    Examples
    --------
    >>> from nnscratch.layers import Input
    >>> x = Input((8, 8, 4))
    >>> Add()([x, x])
    <Symbol (None, 8, 8, 4) from Add()>
    """

    def output_shape(self, shapes: list[Shape]) -> Shape:
        check_inputs(self, shapes, shapes)
        return shapes[0]

    def compute(self, xs: list[Array], training: bool) -> tuple[Array, Any]:
        check_inputs(self, xs, [x.shape for x in xs])
        return sum(xs[1:], xs[0]), len(xs)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[list[Array], dict[str, Array]]:
        return [dy] * cache, {}


class Concatenate(Layer):
    """Join several inputs along the last axis; the gradient of each is its part of dy.

    Parameters
    ----------
    name : str, optional
        Name in error messages and in the model.
    """

    def output_shape(self, shapes: list[Shape]) -> Shape:
        check_inputs(self, shapes, [shape[:-1] for shape in shapes])
        return (*shapes[0][:-1], sum(s[-1] for s in shapes))

    def compute(self, xs: list[Array], training: bool) -> tuple[Array, Any]:
        check_inputs(self, xs, [x.shape[:-1] for x in xs])
        return concatenate(xs, axis=-1), [x.shape[-1] for x in xs]

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[list[Array], dict[str, Array]]:
        parts, start = [], 0
        for channels in cache:
            parts.append(dy[..., start:start + channels])
            start += channels
        return parts, {}


class Dot(Layer):
    """Dot product of two vectors, sample by sample: (N, K), (N, K) -> (N, 1).

    Parameters
    ----------
    name : str, optional
        Name in error messages and in the model.
    """

    def output_shape(self, shapes: list[Shape]) -> Shape:
        check_inputs(self, shapes, shapes)
        if len(shapes) != 2:
            raise InputError(f"{self}: {len(shapes)} inputs given, expected two")
        return (1,)

    def compute(self, xs: list[Array], training: bool) -> tuple[Array, Any]:
        check_inputs(self, xs, [x.shape for x in xs])
        if len(xs) != 2:
            raise InputError(f"{self}: {len(xs)} inputs given, expected two")
        return dot(*xs)

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[list[Array], dict[str, Array]]:
        return list(dot_backward(dy, cache)), {}


def check_inputs(layer: Layer, inputs: Any, shapes: list[Shape]) -> None:
    """Check for a list of inputs whose shapes (or their parts that matter) are all the same."""
    if not isinstance(inputs, (list, tuple)) or len(set(map(tuple, shapes))) != 1:
        raise InputError(f"{layer}: the inputs have shapes {shapes} where they must agree, expected a list of inputs of one "
                         f"shape (for Concatenate, except for the last axis)")
