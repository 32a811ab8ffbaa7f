"""Other numbers in the cases of an exercise: those that a learner sees can be learnt by heart, so marks need others.

Sizes and signs stay, and so does what holds between the inputs: each number is multiplied by a random factor from 0.5 to 1, the
same in all arrays of one shape, so that y = relu(a), values from 0 to 1 and decay rates remain what they are.
"""
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__: list[str] = []  # for the exercises and the marks

GENERATORS: list[np.random.Generator] = []  # the one in use; none while a learner checks


@contextmanager
def fresh_numbers(seed: int) -> Iterator[None]:
    """Within it, exercises are judged on other numbers."""
    GENERATORS.append(np.random.default_rng(seed))
    try:
        yield
    finally:
        GENERATORS.pop()


def renewed(case: Mapping[str, Any]) -> dict[str, Any]:
    """The case itself, or within `fresh_numbers` one of the same sizes with other numbers."""
    if not GENERATORS:
        return dict(case)
    rng, factors = GENERATORS[-1], dict[tuple[int, ...], np.ndarray]()
    new = {name: other(value, factors, rng) for name, value in case.items()}
    if not any(isinstance(value, (float, np.ndarray)) for value in case.values()):
        for name in list(case)[:1]:  # sizes alone, and nothing else could differ: the first one grows
            new[name] = larger(case[name], int(rng.integers(1, 10)))
    return new


def other(value: Any, factors: dict[tuple[int, ...], np.ndarray], rng: np.random.Generator) -> Any:
    """Another value of the same kind; sizes, functions and graphs as they are."""
    if isinstance(value, np.ndarray) and value.ndim:
        if value.dtype.kind in "iu":  # labels
            return rng.choice(np.unique(value), value.shape)
        if np.isin(value, (0, 1)).all():  # one-hot rows
            return rng.permuted(value, axis=-1)
        if value.shape not in factors:
            factors[value.shape] = np.asarray(rng.uniform(0.5, 1, value.shape))
        return (value * factors[value.shape]).astype(value.dtype)
    return value * rng.uniform(0.5, 1) if isinstance(value, float) else value


def larger(size: Any, much: int) -> Any:
    """A larger size; of a shape the first number grows."""
    if isinstance(size, tuple):
        return (size[0] + much, *size[1:])
    return size + much if isinstance(size, int) else size
