"""Other numbers in the cases of an exercise: those that a learner sees can be learnt by heart, so marks need others.

Every float, and every number of an array, is multiplied by a random factor from 8/16 to 15/16: signs and zeros stay, and short
numbers stay short, so that differences of them are exact in single precision, too. Arrays of one shape get the same factors,
and the same new order along their last axis, so that y = relu(a) still holds. Labels and one-hot rows are drawn anew. Whole
numbers, such as sizes, functions, generators, names, None and tuples of a class of their own stay. Any other kind is refused,
so that no number stays unnoticed. An exercise draws by itself what matters beyond that, and what must fit in another way.
"""
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__: list[str] = []  # for the exercises and the marks

FACTORS = np.arange(8, 16) / 16
GENERATORS: list[np.random.Generator] = []  # the one in use; none while a learner checks

Draw = Callable[[dict[str, Any], np.random.Generator], Mapping[str, Any]]
Same = dict[tuple[int, ...], tuple[np.ndarray, np.ndarray]]  # shape: factors, and order of the last axis


@contextmanager
def fresh_numbers(seed: Any) -> Iterator[None]:
    """Within it, exercises are judged on other numbers; seed: as of np.random.default_rng."""
    GENERATORS.append(np.random.default_rng(seed))
    try:
        yield
    finally:
        GENERATORS.pop()


def renewed(case: Mapping[str, Any], draw: Draw | None = None) -> dict[str, Any]:
    """The case itself, or within `fresh_numbers` one with other numbers; draw gives the inputs to replace in that."""
    if not GENERATORS:
        return dict(case)
    rng, same = GENERATORS[-1], Same()
    new = {name: other(value, same, rng) for name, value in case.items()}
    return {**new, **draw(new, rng)} if draw else new


def whole(**ranges: tuple[int, int]) -> Draw:
    """Whole numbers that an exercise draws: whole(stride=(1, 3)) is 1, 2 or 3."""
    return lambda case, rng: {name: int(rng.integers(low, high + 1)) for name, (low, high) in ranges.items()}


def other(value: Any, same: Same, rng: np.random.Generator) -> Any:
    """Another value of the same kind."""
    if type(value) is tuple:
        return tuple(other(one, same, rng) for one in value)
    if isinstance(value, float):
        return value * float(rng.choice(FACTORS))
    if isinstance(value, (int, str, tuple, np.random.Generator)) or value is None or callable(value):
        return value
    if not isinstance(value, np.ndarray) or not value.ndim:
        raise TypeError(f"renewed({type(value).__name__})")  # an exercise must give it as another kind
    if value.dtype.kind in "iu":  # labels
        return rng.choice(np.unique(value), value.shape)
    if value.shape[-1] > 1 and np.isin(value, (0, 1)).all() and (value.sum(axis=-1) == 1).all():  # one-hot rows
        return rng.permuted(value, axis=-1)
    if value.shape not in same:
        same[value.shape] = rng.choice(FACTORS, value.shape), rng.permutation(value.shape[-1])
    factors, order = same[value.shape]
    return (value * factors)[..., order].astype(value.dtype)
