"""A learner's function beside the library's of the same signature, which stands in where the learner's is missing or fails.

At the first call with new shapes both are called: the shapes of their results are compared, and their times noted.
"""
import copy
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from nnscratch.course.language import said

__all__: list[str] = []  # `own` makes them

# Seconds of processor time of this thread, so that other programs do not count. A browser has no such clock, and that of
# Windows counts in steps of 16 ms.
clock = time.perf_counter if os.name == "nt" else getattr(time, "thread_time", time.perf_counter)
PATIENCE, SLOW = 5.0, 10.0  # relieve a function after 5 seconds in all, if it takes 10 times as long as the library's


class OwnFunction:
    """The function of an exercise, as later notebooks call it.

    name : the exercise; library : stands in; mine : the learner's, or None; why : a sentence for the learner, if None
    """

    def __init__(self, name: str, library: Callable[..., Any], mine: Callable[..., Any] | None, why: str = "") -> None:
        self.name, self.library, self.mine, self.why = name, library, mine, why
        self.__doc__ = library.__doc__
        self.calls = self.own_calls = 0
        self.seconds = self.library_seconds = 0.0  # of the own calls: measured, and what the library would have taken
        self.stand_in_seconds = 0.0  # of the calls of the library's in place of a missing one
        self.library_time: dict[str, float] = {}  # seconds of one call with these shapes
        self.kinds: dict[str, Any] = {}  # where the library's result with these shapes has arrays

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        if self.mine is None:
            self.tell()
            result, seconds = timed(self.library, arguments, named)
            self.stand_in_seconds += seconds
            return result
        shapes = describe_call(arguments, named)
        first = shapes not in self.library_time
        if first:
            expected, self.library_time[shapes] = timed(self.library, *copied(arguments, named))
            self.kinds[shapes] = kind(expected)
        try:
            with np.errstate():  # what it does to NumPy's warnings ends with it
                result, seconds = timed(self.mine, arguments, named)
            result = with_arrays(result, self.kinds[shapes])
        except (Exception, SystemExit) as error:
            self.relieve(f"yours raised {type(error).__name__}: {error}; called with {shapes}")
            return self.library(*arguments, **named)
        if first and describe(result) != describe(expected):
            self.relieve(f"yours returns {describe(result)}, expected {describe(expected)}; called with {shapes}")
            return expected
        self.own_calls += 1
        self.seconds += seconds
        self.library_seconds += self.library_time[shapes]
        if self.seconds > max(PATIENCE, SLOW * self.library_seconds):
            own, library = (1000 * total / self.own_calls for total in (self.seconds, self.library_seconds))
            self.relieve(f"yours is right, but takes {own:.3g} ms a call, the library's {library:.3g} ms")
        return result

    def relieve(self, why: str) -> None:
        """Call the library from now on, and say why."""
        self.mine, self.why = None, why
        self.tell()

    def tell(self) -> None:
        """Say, once, that the library's function stands in."""
        if self.why:
            print(said(f"{self.name}: the library's stands in; {self.why}"))
            self.why = ""

    def __repr__(self) -> str:
        return f"<{self.name}: {'yours' if self.mine else 'the library' + chr(39) + 's'}>"


def copied(arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Copies, so that both calls read the same; the arguments themselves if one has no copy, such as the module np.random."""
    try:
        return copy.deepcopy((arguments, named))
    except Exception:
        return arguments, named


def timed(function: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, float]:
    """(result, seconds) of a call."""
    begin = clock()
    result = function(*arguments, **named)
    return result, clock() - begin


def kind(value: Any) -> Any:
    """Where a result has arrays: np.ndarray for one, the kinds of the items of a tuple or dict; [kind] for a list."""
    if isinstance(value, tuple):
        return tuple(map(kind, value))
    if isinstance(value, dict):
        return {name: kind(one) for name, one in value.items()}
    if isinstance(value, list):
        return [kind(one) for one in value[:1]]
    return np.ndarray if isinstance(value, np.ndarray) else None


def with_arrays(result: Any, like: Any) -> Any:
    """The result with arrays for lists, where the library's has arrays: a check accepts both, but calculations do not."""
    if like is np.ndarray and isinstance(result, list):
        return np.array(result)
    if isinstance(like, dict) and isinstance(result, dict):
        return {name: with_arrays(one, like.get(name)) for name, one in result.items()}
    if like and isinstance(like, (tuple, list)) and isinstance(result, (tuple, list)):
        kinds = like if isinstance(like, tuple) and len(like) == len(result) else len(result) * like[:1]
        return type(like)(map(with_arrays, result, kinds))
    return result


def describe_call(arguments: tuple[Any, ...], named: dict[str, Any]) -> str:
    """The arguments by their shapes."""
    return ", ".join([*map(describe, arguments), *(f"{name} {describe(value)}" for name, value in named.items())])


def describe(value: Any) -> str:
    """A value by its shape: (64, 784), a number, or each of several; a list of numbers counts as an array."""
    if isinstance(value, (tuple, list)):
        if value and all(np.isscalar(one) or (isinstance(one, np.ndarray) and one.ndim == 0) for one in value):
            return f"({len(value)},)"
        return f"({'; '.join(map(describe, value))})" if len(value) < 10 else f"{len(value)} values"
    return str(value.shape) if isinstance(value, np.ndarray) and value.ndim else (
        "a number" if np.isscalar(value) or isinstance(value, np.ndarray) else type(value).__name__)
