"""What all synthetic data sets begin with: possible numbers, and kinds of which each comes once in every round."""
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.data.limits import check_drawing
from nnscratch.ops.validation import check_int

__all__: list[str] = []  # for the data sets of this folder


def check_draws(count: Any, seed: Any, size: Any) -> tuple[int, int, int]:
    """The three as Python's numbers; InputError for impossible ones, before anything is drawn."""
    count, seed, size = check_int(count, "count", 1), check_int(seed, "seed", 0), check_int(size, "size", 8)
    check_drawing("images", count, size)
    return count, seed, size


def in_rounds(rng: np.random.Generator, kinds: int, count: int) -> Array:
    """Numbers (count,) of kinds: each once in every round, in random order, so that a larger count only appends."""
    rounds = -(-count // kinds)
    return rng.permuted(np.tile(np.arange(kinds), (rounds, 1)), axis=1).ravel()[:count]
