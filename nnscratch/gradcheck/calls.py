"""The two functions of a check, called as they were written, and a sentence for what no gradient can be measured for.

    forward(*inputs) -> (y, cache)          y is an array, a number, or a tuple of several outputs
    backward(dy, cache) -> gradients        one for each input; dy is a tuple for several outputs

Inputs of whole numbers or bools may be labels, indices or masks, which have no gradient: they are kept as they are if the
functions take no other numbers there, or if backward returns None for them.
"""
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module, numbers, to_cpu
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_function

__all__: list[str] = []


class Mistake(Exception):
    """What is wrong with a forward or backward pass, as a sentence of a report."""


class Calls:
    """A pair of functions and their inputs.

    `forward` and `backward` take and return arrays alone: several outputs as one flat array, and inputs without a gradient left
    out. `inputs` and `names` are those of the inputs that are left.
    """

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any], inputs: Any, names: Any) -> None:
        check_function(forward, "check_op: forward")
        check_function(backward, "check_op: backward")
        if not isinstance(inputs, (list, tuple)) or not inputs:
            raise InputError(f"check_op: inputs is a {type(inputs).__name__}, expected a list of arrays, such as [x]")
        self.functions, self.all = (forward, backward), [read_input(k, x) for k, x in enumerate(inputs)]
        names = [f"input {k}" for k in range(len(inputs))] if names is None else names
        if not isinstance(names, (list, tuple)) or len(names) != len(inputs):
            raise InputError(f"check_op: names are {names!r:.100}, expected a list of {len(inputs)}, one for each input")
        self.fixed: dict[int, Any] = {}
        self.all_names = [str(name) for name in names]
        whole = {k: x for k, x in enumerate(self.all) if x.dtype.kind in "biu"}
        if whole:
            self.fixed = {k: inputs[k] for k in self.without_gradient(whole)}  # as they were given
        self.inputs = [x for k, x in enumerate(self.all) if k not in self.fixed]
        self.names = [name for k, name in enumerate(self.all_names) if k not in self.fixed]

    def without_gradient(self, whole: dict[int, Array]) -> dict[int, Array]:
        """Those of the inputs of whole numbers that the functions take as labels, indices or masks."""
        try:
            y, cache = self.forward(*(x.astype(np.float64) for x in self.all))
            gradients = self.call_backward(np.ones_like(to_cpu(y)), cache)
        except Exception:  # whatever it was: if it is a mistake, it comes up again in the check itself
            return whole
        if len(gradients) != len(self.all):
            return whole
        return {k: x for k, x in whole.items() if gradients[k] is None}

    def forward(self, *moving: Array) -> tuple[Array, Any]:
        """y as one array, and all that backward needs."""
        given = iter(moving)
        arguments = [self.fixed[k] if k in self.fixed else next(given) for k in range(len(self.all))]
        try:
            result = self.functions[0](*arguments)
        except Exception as error:
            raise Mistake(f"forward raises {described(error)}") from error
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise Mistake(f"forward returns {kind_of(result)}, expected a pair (y, cache)")
        y, cache = result
        if not isinstance(y, (tuple, list)):
            return as_numbers(y, "forward returns y as", "fc"), (cache, None)
        parts = [as_numbers(part, f"forward returns output {k} as") for k, part in enumerate(y)]
        if not parts:
            raise Mistake("forward returns no output at all, expected y or a tuple of several")
        flat = array_module(*parts).concatenate([part.reshape(-1) for part in parts])
        return flat, (cache, (type(y) if type(y) in (list, tuple) else tuple, [part.shape for part in parts]))

    def call_backward(self, dy: Array, cache: Any) -> Sequence[Any]:
        """What backward returns, as a sequence."""
        saved, several = cache
        if several is not None:
            kind, shapes = several
            ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1].tolist()
            dy = kind(part.reshape(shape) for part, shape in zip(array_module(dy).split(dy, ends), shapes))
        try:
            gradients = self.functions[1](dy, saved)
        except Exception as error:
            raise Mistake(f"backward raises {described(error)}") from error
        return gradients if isinstance(gradients, (tuple, list)) else (gradients,)

    def backward(self, dy: Array, cache: Any) -> list[Array]:
        """The gradients of the inputs that have one."""
        gradients = self.call_backward(dy, cache)
        if len(gradients) == len(self.all):
            gradients = [g for k, g in enumerate(gradients) if k not in self.fixed]
        if len(gradients) != len(self.inputs):
            raise Mistake(f"backward returns {len(gradients)} gradient{'s' * (len(gradients) != 1)}, expected "
                          f"{len(self.inputs)}, one for each input ({', '.join(self.names)})")
        return [as_numbers(g, f"backward returns the gradient of {name} as", "biuf")
                for name, g in zip(self.names, gradients)]


def read_input(k: int, x: Any, who: str = "check_op") -> Array:
    """One input as an array of real numbers, whole numbers or bools."""
    array = numbers(x, f"{who}: input {k}", "biuf", "check a complex input by its two parts")
    if not array.size:
        raise InputError(f"{who}: input {k} has shape {array.shape}, expected at least one number")
    return array


def as_numbers(value: Any, what: str, kinds: str = "biufc") -> Array:
    """An output or a gradient as an array of these kinds of numbers."""
    array = value if hasattr(value, "dtype") and hasattr(value, "reshape") else np.asarray(value, dtype=kind_for(value))
    if array.dtype.kind not in kinds or isinstance(array, np.ma.MaskedArray):
        word = {"fc": "floating-point ", "biuf": "real "}.get(kinds, "")
        raise Mistake(f"{what} {kind_of(value)}, expected an array of {word}numbers")
    return array


def kind_for(value: Any) -> Any:
    """None for a number, which NumPy may read; object for anything else, which it should not."""
    return None if isinstance(value, (int, float, complex)) else object


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    if value is None:
        return "None (is the return missing?)"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"


def described(error: Exception) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or ['without a word'])[0]}"
