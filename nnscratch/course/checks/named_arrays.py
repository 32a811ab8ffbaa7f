"""Attempts at functions of dicts: `compare` gets their arrays one by one, so that it can name them."""
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nnscratch.course.checks.exercise import Attempt, Wrong

__all__: list[str] = []  # for the exercises


class Unpacked:
    """An attempt at a function of a dict, called with arrays by position, so that `compare` can name them.

    attempt : the learner's function; call(attempt, *arrays) gives its results in the order that `compare` expects
    """

    def __init__(self, attempt: Attempt, call: Callable[..., Any]) -> None:
        self.attempt, self.call = attempt, call
        self.__code__ = getattr(attempt, "__code__", None)  # for `run`, which shows the line that raised

    def __call__(self, *arrays: Any) -> Any:
        return self.call(self.attempt, *arrays)


def unchanged(function: Attempt, *arguments: Any) -> Any:
    """Call the function; raise Wrong if it changes an array in one of its dicts."""
    before = [{key: value.copy() for key, value in one.items()} if isinstance(one, dict) else {} for one in arguments]
    result = function(*arguments)
    for one, copies in zip(arguments, before):
        for key, value in copies.items():
            if key not in one or not np.array_equal(one[key], value, equal_nan=True):
                raise Wrong(f"your code changes {key}, which others still need: work on a new array")
    return result


def items(results: Any, names: tuple[str, ...], what: str) -> list[np.ndarray]:
    """The items of a learner's dict; Wrong if one is missing."""
    if isinstance(results, np.ndarray) and results.ndim == 0:
        results = results.item()
    if not isinstance(results, Mapping):
        raise Wrong(f"{what} is a {type(results).__name__}, expected a dict with {', '.join(names)}")
    if missing := [name for name in names if name not in results or results[name] is None or results[name] is Ellipsis]:
        raise Wrong(f"{what} has no {', '.join(missing)}, expected {', '.join(names)}")
    return [results[name] for name in names]
