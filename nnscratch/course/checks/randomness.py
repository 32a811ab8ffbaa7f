"""Random results cannot be compared elementwise. They are judged by what they must have in common: the shape, the
standard deviation, the fraction of zeros; and, here, that all randomness comes from `rng`.
"""
import numpy as np

from nnscratch.course.checks.exercise import Wrong, run

__all__: list[str] = []  # for the exercises


def drawn(attempt, inputs, seed):
    """The attempt with a generator of this seed, called twice in a row: two results."""
    rng = np.random.default_rng(seed)
    return [run(attempt, {**inputs, "rng": rng}) for _ in range(2)]


def check_randomness(attempt, inputs, part=lambda result: result):
    """Wrong if the randomness does not come from `rng`: part(result) is what must be random."""
    (first, second), (again, _), (other, _) = (
        [np.asarray(part(result)) for result in drawn(attempt, inputs, seed)] for seed in (0, 0, 1))
    if not np.array_equal(first, again):
        raise Wrong("two generators with the same seed give different results: draw from rng, not from np.random")
    if np.array_equal(first, second) or np.array_equal(first, other):
        raise Wrong("the result is the same at every call: draw from the given rng, without a seed of your own")
