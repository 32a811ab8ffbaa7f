"""The exercise of notebook 05 on mini-batches: the indices of an epoch, shuffled and cut into pieces."""
import numpy as np

from nnscratch.course.checks.exercise import Attempt, Wrong, exercise, run
from nnscratch.course.checks.fresh import renewed, whole

__all__ = ["batches"]


def library_batches(count, size, rng):
    """The solution."""
    order = rng.permutation(count)
    return [order[start:start + size] for start in range(0, count, size)]


@exercise("05", "Shuffle all indices once, then cut them into pieces of `size`.",
          "rng.permutation(count) is 0 to count - 1 in a random order; range(0, count, size) gives where the pieces start.",
          "[order[start:start + size] for start in range(0, count, size)]; a slice at the end may be short.",
          library=library_batches)
def batches(attempt: Attempt) -> None:
    """A list of arrays of integers, from 0 to count - 1."""
    for case in ((5, 2), (4, 2), (3, 8), (23, 5)):
        count, size = renewed(dict(zip(("count", "size"), case)), whole(count=(1, 40), size=(1, 9))).values()
        pieces = pieces_of(attempt, count, size, np.random.default_rng(1))
        check_pieces(pieces, count, size)
    rng = np.random.default_rng(1)
    first, second, again = (np.concatenate(pieces_of(attempt, 61, 5, one)) for one in (rng, rng, np.random.default_rng(1)))
    called = "for count = 61, size = 5"
    if np.array_equal(first, np.arange(61)):
        raise Wrong(f"the indices are in order, expected a random order\n{called}")
    if all((np.diff(first[start:start + 5]) == 1).all() for start in range(0, 61, 5)):
        raise Wrong(f"the mini-batches are shuffled, but each holds neighbours: shuffle before you cut\n{called}")
    if not np.array_equal(first, again):
        raise Wrong(f"two generators of one seed give different orders: draw from rng, and from nothing else\n{called}")
    if np.array_equal(first, second):
        raise Wrong(f"each epoch has the same order: draw from rng, do not make a new generator\n{called}")


def pieces_of(attempt: Attempt, count: int, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """The mini-batches of an attempt; Wrong if they are not a list of indices."""
    called = f"for count = {count}, size = {size}"
    result = run(attempt, {"count": count, "size": size, "rng": rng})
    if isinstance(result, np.ndarray) or not isinstance(result, (list, tuple)):
        raise Wrong(f"your code returns a {type(result).__name__}, expected a list of arrays\n{called}")
    pieces = [np.asarray(piece) for piece in result]
    for piece in pieces:
        if piece.ndim != 1 or piece.dtype.kind not in "iu":
            raise Wrong(f"a mini-batch is {piece.tolist()!r:.40}, expected a list of arrays of integers\n{called}")
    return pieces


def check_pieces(pieces: list[np.ndarray], count: int, size: int) -> None:
    """Raise Wrong unless each index appears once, and all mini-batches but the last are full."""
    shown = f"for count = {count}, size = {size}\nthe mini-batches are {[piece.tolist() for piece in pieces]}".replace(
        "], [", "] [")
    found, sizes = sorted(int(k) for piece in pieces for k in piece), [len(piece) for piece in pieces]
    full = [size] * (count // size) + [count % size] * (count % size > 0)
    if 0 in sizes:
        raise Wrong(f"one mini-batch is empty: from where to where do the starts go?\n{shown}")
    if outside := [k for k in found if not 0 <= k < count]:
        raise Wrong(f"there is no index {outside[0]}: they go from 0 to {count - 1}\n{shown}")
    if len(set(found)) < len(found):
        twice = next(k for k in found if found.count(k) > 1)
        raise Wrong(f"index {twice} appears more than once: an epoch uses each sample once, draw without replacement\n{shown}")
    if len(found) < count:
        last = sizes == full[:len(sizes)]
        why = "the last samples are left out: the last mini-batch may be short" if last else "some indices are missing"
        raise Wrong(f"{why}\n{shown}")
    if sizes != full:
        raise Wrong(f"their sizes are {sizes}, expected {full}: all are full but the last\n{shown}")
