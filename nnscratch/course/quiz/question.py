"""A question of a quiz: the text, the numbers in it, the answer, and the answers that learners typically give instead.

An item is a function of a random generator that returns such a question. It draws numbers that are small enough for pencil and
paper, computes the answer with the library's own ops, and each typical wrong answer by the mistake that leads to it. Where two
of these answers look the same on paper, the question could not tell them apart, and the item is asked again.
"""
from typing import NamedTuple

import numpy as np

TRIES = 1000


class Question(NamedTuple):
    text: str
    given: dict  # {name: what was drawn}
    answer: object  # a number or an array
    wrong: dict  # {what it reveals: an answer}


def question(text, given, answer, wrong):
    """A Question; where its text says {name}, what was given by this name is shown."""
    return Question(text.format(**{name: show(value) for name, value in given.items()}), given, answer, wrong)


def ask(item, seed):
    """The question that an item asks for this seed, a whole number from 0 on. The item's name is part of the seed, so that a
    new item does not change the questions of others."""
    rng = np.random.default_rng([seed, *item.__name__.encode()])
    for _ in range(TRIES):
        asked = item(rng)
        answers = [show(answer) for answer in (asked.answer, *asked.wrong.values())]
        if len(set(answers)) == len(answers):
            return asked
    raise RuntimeError(f"{item.__name__} found no numbers that tell its answers apart in {TRIES} tries")


def whole(rng, *shape, low=-3, high=4):
    """Whole numbers from low to high, without 0 where both signs occur, since 0 hides mistakes: a number, or an array."""
    values = np.array([value for value in range(low, high + 1) if value or low == 0], float)
    return values[rng.integers(len(values), size=shape)]


def pick(rng, *values):
    """One of these."""
    return values[rng.integers(len(values))]


def show(value):
    """Numbers as one writes them: 3, -0.5, (1, 2, 3), [[1, 2], [3, 4]]; at most four digits behind the point."""
    value = np.asarray(value)
    if value.ndim == 0:
        number = round(float(value), 4) + 0
        return f"{number:.0f}" if number == round(number) else f"{number:.4f}".rstrip("0")
    inside = ", ".join(show(part) for part in value)
    return f"({inside})" if value.ndim == 1 else f"[{inside}]".replace("(", "[").replace(")", "]")


def row(numbers):
    """An image of one row and one channel: (W,) -> (1, 1, W, 1)."""
    return np.reshape(numbers, (1, 1, -1, 1))


def image(numbers):
    """(H, W) -> (1, H, W, 1)"""
    return np.asarray(numbers)[None, :, :, None]


def taps(numbers):
    """A kernel of one row, from one channel to one: (KW,) -> (1, KW, 1, 1)."""
    return np.reshape(numbers, (1, -1, 1, 1))
