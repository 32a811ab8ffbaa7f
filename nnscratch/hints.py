"""Arguments that must be what their type hints say: checked before a function begins its work.

    @checked
    def train(folder: FilePath, steps: int, rate: float | None = None) -> float: ...

    train("out", 2.5)    InputError: train: steps is 2.5, expected a whole number of at least 0

For what trains, reads, writes or builds. It costs some microseconds, too much for an op. `Array` stands for any value here:
the function itself checks arrays, whose shapes say more.
"""
import collections.abc
import inspect
import os
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, wraps
from math import isfinite
from numbers import Real
from typing import IO, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from nnscratch.errors import InputError

__all__: list[str] = []  # for the functions of this package

Function = TypeVar("Function", bound=Callable[..., Any])
LONGEST = 255  # bytes of a name, in all usual file systems


def checked(function: Function, signed: bool = False) -> Function:
    """The function, which raises InputError for the first argument that is not what its hint says.

    signed : whether a whole number may be negative, for the function to refuse by itself.
    """
    signature = inspect.signature(function)
    kinds = {name: parameter.kind for name, parameter in signature.parameters.items()}
    hints = cache(lambda: get_type_hints(function))  # at the first call, when all modules are complete
    name = function.__qualname__.removesuffix(".__init__")

    @wraps(function)
    def checking(*arguments: Any, **named: Any) -> Any:
        for key, value in signature.bind(*arguments, **named).arguments.items():
            hint = hints().get(key, Any)
            several = kinds[key] is inspect.Parameter.VAR_POSITIONAL  # *names: each has the hint
            tried = [abs(one) if signed and type(one) is int else one for one in (value if several else [value])]
            if kinds[key] is inspect.Parameter.VAR_KEYWORD or all(fits(one, hint) for one in tried):
                continue
            shorter = f", and of names that have at most {LONGEST} bytes" if is_too_long(value) else ""
            raise InputError(f"{name}: {key} is {value!r:.100}, expected {words(hint)}{shorter}")
        return function(*arguments, **named)
    return checking  # type: ignore[return-value]


def checked_command(function: Function) -> Function:
    """As `checked`, for a command that refuses numbers outside their ranges by the names of its options."""
    return checked(function, signed=True)


def is_path(value: Any) -> bool:
    """Whether the value can name a file: neither a number, which `open` takes for an open file, nor empty or impossible."""
    try:
        name = os.fsencode(os.fspath(value)) if isinstance(value, (str, os.PathLike)) else b"\0"
    except (TypeError, ValueError):
        return False
    return name != b"" and b"\0" not in name and not is_too_long(name)


def is_too_long(value: Any) -> bool:
    """Whether the value is a path, one of whose names no usual file system can hold."""
    try:
        return max(map(len, os.fsencode(value).split(os.fsencode(os.sep)))) > LONGEST
    except (TypeError, ValueError):
        return False


def is_sequence(value: Any) -> bool:
    """Whether the value is a sequence of things: no text, which would be taken for its letters, and no array without axes."""
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def is_number(value: Any) -> bool:
    """Whether the value is a finite real number."""
    try:
        return isinstance(value, Real) and not isinstance(value, (bool, np.bool_)) and isfinite(value)
    except OverflowError:  # a whole number of more than 308 digits
        return False


SIMPLE: dict[Any, tuple[Callable[[Any], bool], str]] = {
    Any: (lambda value: True, "anything"),
    types.NoneType: (lambda value: value is None, "None"),
    bool: (lambda value: isinstance(value, (bool, np.bool_)), "True or False"),
    int: (lambda value: isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 0),
          "a whole number of at least 0"),  # here each is a count, a size or a seed
    float: (is_number, "a finite number"),
    os.PathLike: (is_path, "a path"),
    np.ndarray: (lambda value: type(value) is np.ndarray and value.dtype.kind in "biufc", "a NumPy array of numbers"),
    IO: (lambda value: hasattr(value, "write"), "an open file"),
    collections.abc.Callable: (callable, "a function"),
}


def parts_of(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """The origin of a hint and its arguments; of a union with a path, a text is a path, too."""
    origin, parts = get_origin(hint) or hint, get_args(hint)
    if origin not in (Union, types.UnionType):
        return origin, parts
    if any(is_kind(get_origin(part) or part, os.PathLike) for part in parts):
        parts = tuple(dict.fromkeys(os.PathLike if part is str or is_kind(get_origin(part) or part, os.PathLike) else part
                                    for part in parts))
    return Union, parts


def is_kind(hint: Any, kind: type) -> bool:
    """Whether the hint is this class, or one of its subclasses."""
    return isinstance(hint, type) and issubclass(hint, kind)


def fits(value: Any, hint: Any) -> bool:
    """Whether the value is what the hint says."""
    origin, parts = parts_of(hint)
    if origin in SIMPLE:
        return SIMPLE[origin][0](value)
    if origin is Union:
        return any(fits(value, part) for part in parts)
    if origin is tuple and parts:
        return isinstance(value, (tuple, list)) and (
            all(fits(one, parts[0]) for one in value) if parts[1:] == (...,) else
            len(value) == len(parts) and all(map(fits, value, parts)))
    if origin in (list, Sequence):
        return is_sequence(value) and all(fits(one, part) for part in parts for one in value)
    if origin is Iterable:
        if is_sequence(value):
            return all(fits(one, part) for part in parts for one in value)
        return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping, np.ndarray))
    if origin in (dict, Mapping):
        return isinstance(value, Mapping) and (not parts or all(
            fits(key, parts[0]) and fits(one, parts[1]) for key, one in value.items()))
    if origin is type:
        return isinstance(value, type) and any(issubclass(value, get_args(part) or part) for part in parts)
    return not isinstance(origin, type) or getattr(origin, "_is_protocol", False) or isinstance(value, origin)


def words(hint: Any) -> str:
    """What the hint says, for an error message."""
    origin, parts = parts_of(hint)
    if origin in SIMPLE:
        return SIMPLE[origin][1]
    if origin is Union:
        return " or ".join(map(words, parts))
    if origin is tuple and parts and parts[1:] != (...,):
        return f"({', '.join(map(words, parts))})"
    if origin in (list, tuple, Sequence, Iterable):
        return f"a sequence{f', each {words(parts[0])}' if parts else ''}"
    return {dict: "a dict", Mapping: "a dict", type: "a class", str: "a text"}.get(
        origin, f"a {getattr(origin, '__name__', origin)}")
