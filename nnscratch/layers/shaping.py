"""Layers that only rearrange or combine: Flatten, Reshape, Add, Concatenate. Each backward sends values home."""
from math import prod

from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.layers.base import Layer


class Reshape(Layer):
    """(N, ...) -> (N, *target_shape), values in the same order; one -1 is worked out."""

    def __init__(self, target_shape, name=None):
        super().__init__(name)
        self.target_shape = tuple(target_shape)

    def output_shape(self, shape):
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
        if not isinstance(shapes, list) or len({tuple(s) for s in shapes}) != 1:
            raise InputError(f"{self}: inputs have shapes {shapes}, expected a list of inputs of one and the same shape")
        return shapes[0]

    def compute(self, xs, training):
        self.output_shape([tuple(x.shape[1:]) for x in xs])
        return sum(xs[1:], xs[0]), len(xs)

    def differentiate(self, dy, cache, wrt):
        return [dy] * cache, {}


class Concatenate(Layer):
    """Several inputs side by side along the last axis. Each gets its own part of dy."""

    def output_shape(self, shapes):
        if not isinstance(shapes, list) or len({tuple(s[:-1]) for s in shapes}) != 1:
            raise InputError(f"{self}: inputs have shapes {shapes}, expected a list of inputs that differ in the last axis "
                             f"alone")
        return (*shapes[0][:-1], sum(s[-1] for s in shapes))

    def compute(self, xs, training):
        self.output_shape([tuple(x.shape[1:]) for x in xs])
        return array_module(xs[0]).concatenate(xs, axis=-1), [x.shape[-1] for x in xs]

    def differentiate(self, dy, cache, wrt):
        parts, start = [], 0
        for channels in cache:
            parts.append(dy[..., start:start + channels])
            start += channels
        return parts, {}
