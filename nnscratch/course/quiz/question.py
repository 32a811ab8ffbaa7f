"""A question of a quiz: the text, its numbers, the answer, and the typical wrong answers.

An item is a function of a random generator that returns such a question. It draws numbers that are small enough for pencil and
paper, computes the answer with the library's own ops, and each typical wrong answer by the mistake that leads to it. If two of
these answers look the same on paper, the question cannot distinguish them, and the item draws again.
"""
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nnscratch.course.language import said
from nnscratch.hints import checked

__all__ = ["Question", "ask"]

TRIES = 1000


class Question(NamedTuple):
    """A question with its answers.

    Parameters
    ----------
    text : str
    given : dict of str to number or array
        The numbers that were drawn.
    answer : number or array
    wrong : dict of str to number or array
        Typical wrong answers, each under the mistake behind it.
    """
    text: str
    given: dict[str, Any]
    answer: Any
    wrong: dict[str, Any]


def question(text: str, given: dict[str, Any], answer: Any, wrong: dict[str, Any]) -> Question:
    """A Question whose text shows the number `given[name]` in the place of {name}."""
    shown = {name: format_number(value) for name, value in given.items()}
    return Question(said(text).format(**shown), given, answer, {said(mistake): value for mistake, value in wrong.items()})


@checked
def ask(item: Callable[[np.random.Generator], Question], seed: int) -> Question:
    """The question of an item for a seed.

    Parameters
    ----------
    item : callable
        Its name is part of the seed, so that a new item does not change the questions of others.
    seed : int
        At least 0.

    Returns
    -------
    question : Question
        One whose answers all look different on paper.

    Raises
    ------
    RuntimeError
        The item finds no such numbers.
    """
    rng = np.random.default_rng([seed, *item.__name__.encode()])
    for _ in range(TRIES):
        asked = item(rng)
        answers = [format_number(answer) for answer in (asked.answer, *asked.wrong.values())]
        if len(set(answers)) == len(answers):
            return asked
    raise RuntimeError(f"{item.__name__} found no numbers that tell its answers apart in {TRIES} tries")


def integers(rng: np.random.Generator, *shape: int, low: int = -3, high: int = 4) -> Any:
    """Integers from low to high as floats, a number or an array; without 0 if low is below 0, since 0 hides mistakes."""
    values = np.array([value for value in range(low, high + 1) if value or low == 0], float)
    return values[rng.integers(len(values), size=shape)]


def choice(rng: np.random.Generator, *values: Any) -> Any:
    """One of the values."""
    return values[rng.integers(len(values))]


def format_number(value: ArrayLike) -> str:
    """Numbers as they are written: 3, -0.5, (1, 2, 3), [[1, 2], [3, 4]]; with at most four decimals."""
    array = np.asarray(value)
    if array.ndim == 0:
        number = round(float(array), 4) + 0
        return f"{number:.0f}" if number == round(number) else f"{number:.4f}".rstrip("0")
    inside = ", ".join(format_number(part) for part in array)
    return f"({inside})" if array.ndim == 1 else f"[{inside}]".replace("(", "[").replace(")", "]")


def row(numbers: ArrayLike) -> np.ndarray:
    """An image of one row and one channel: (W,) -> (1, 1, W, 1)."""
    return np.reshape(numbers, (1, 1, -1, 1))


def image(numbers: ArrayLike) -> np.ndarray:
    """An image of one channel: (H, W) -> (1, H, W, 1)."""
    return np.asarray(numbers)[None, :, :, None]


def taps(numbers: ArrayLike) -> np.ndarray:
    """A kernel of one row, from one channel to one: (KW,) -> (1, KW, 1, 1)."""
    return np.reshape(numbers, (1, -1, 1, 1))
