"""Layers that rearrange or combine and have nothing to learn: Flatten, Reshape, Add, Concatenate, Dot."""
from math import prod

from nnscratch.backend import concatenate
from nnscratch.errors import InputError
from nnscratch.fast import dot, dot_backward
from nnscratch.layers.base import Layer
from nnscratch.ops.validation import check_int


class Reshape(Layer):
    """(N, ...) -> (N, *target_shape), values in the same order; one -1 is worked out."""

    def __init__(self, target_shape, name=None):
        super().__init__(name)
        sides = target_shape if isinstance(target_shape, (tuple, list)) else (target_shape,)
        self.target_shape = tuple(n if n == -1 else check_int(n, f"{self}: a side of {sides}", 1) for n in sides)
        if self.target_shape.count(-1) > 1:
            raise InputError(f"{self}: {sides} leaves more than one side open, expected at most one -1")

    def output_shape(self, shape):
        if None in shape:
            raise InputError(f"{self}: the input has shape {('N', *shape)}, expected known sides; give Input a full shape")
        known, total = prod(n for n in self.target_shape if n != -1), prod(shape)
        target = tuple(total // known if n == -1 else n for n in self.target_shape)
        if prod(target) != total:
            raise InputError(f"{self}: {tuple(shape)} holds {total} values, which cannot fill {self.target_shape}")
        return target

    def compute(self, x, training):
        return x.reshape(x.shape[0], *self.output_shape(x.shape[1:])), x.shape

    def differentiate(self, dy, cache, wrt):
        return dy.reshape(cache), {}


class Flatten(Reshape):
    """(N, ...) -> (N, all values of a sample)."""

    def __init__(self, name=None):
        super().__init__((-1,), name)


class Add(Layer):
    """The sum of several inputs of one shape: y = a + b. Each gets dy unchanged."""

    def output_shape(self, shapes):
        check_inputs(self, shapes, shapes)
        return shapes[0]

    def compute(self, xs, training):
        check_inputs(self, xs, [x.shape for x in xs])
        return sum(xs[1:], xs[0]), len(xs)

    def differentiate(self, dy, cache, wrt):
        return [dy] * cache, {}


class Concatenate(Layer):
    """Several inputs side by side along the last axis. Each gets its own part of dy."""

    def output_shape(self, shapes):
        check_inputs(self, shapes, [shape[:-1] for shape in shapes])
        return (*shapes[0][:-1], sum(s[-1] for s in shapes))

    def compute(self, xs, training):
        check_inputs(self, xs, [x.shape[:-1] for x in xs])
        return concatenate(xs, axis=-1), [x.shape[-1] for x in xs]

    def differentiate(self, dy, cache, wrt):
        parts, start = [], 0
        for channels in cache:
            parts.append(dy[..., start:start + channels])
            start += channels
        return parts, {}


class Dot(Layer):
    """Two inputs (N, K), multiplied number by number and added up: (N, 1)."""

    def output_shape(self, shapes):
        check_inputs(self, shapes, shapes)
        return (1,)

    def compute(self, xs, training):
        return dot(*xs)

    def differentiate(self, dy, cache, wrt):
        return list(dot_backward(dy, cache)), {}


def check_inputs(layer, inputs, shapes):
    """A list of inputs, whose shapes (or the parts that matter) are all the same."""
    if not isinstance(inputs, (list, tuple)) or len(set(map(tuple, shapes))) != 1:
        raise InputError(f"{layer}: the inputs have shapes {shapes} where they must agree, expected a list of inputs of one "
                         f"shape (for Concatenate, but for the last axis)")
