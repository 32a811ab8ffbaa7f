"""Marks for the exercises of a notebook, for a grading system: `python -m notebooks.assignment` writes the calls.

    mark("conv2d", conv2d, seed=7)      raises AssertionError, with the reason, unless the answer is right

A function must be right in its public check, and in three more with other numbers (checks/fresh.py): results of the public
cases that are learnt by heart, or one of their inputs written into the function, get no marks. Predictions, and functions
without inputs, have one right answer: who knows it gets the marks. Each exercise counts for itself: where one function uses
another, `own` gives the library's.
"""
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nnscratch.course import own
from nnscratch.course.checks.exercise import EXERCISES
from nnscratch.course.checks.fresh import fresh_numbers
from nnscratch.course.own.function import OwnFunction
from nnscratch.hints import checked
from nnscratch.ops.validation import check_choice

__all__ = ["mark"]

ROUNDS = 3  # of fresh numbers


@checked
def mark(name: str, attempt: Any, seed: int) -> None:
    """Raise an AssertionError unless the answer to an exercise is right.

    Parameters
    ----------
    name : str
        The exercise.
    attempt : callable, or for a prediction its values
    seed : int
        Of the fresh numbers. The same seed gives the same marks.

    Raises
    ------
    AssertionError
        Not attempted, or wrong, and why.
    InputError
        There is no such exercise.

    Examples
    --------
    >>> from nnscratch.course.marks import mark
    >>> mark("dense", lambda x, W, b: x @ W + b, seed=7)
    >>> mark("dense", lambda x, W, b: x @ W, seed=7)  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    AssertionError: dense: wrong
    """
    exercise = EXERCISES[check_choice(name, "mark: name", EXERCISES)]
    with library_alone():
        answer = exercise.answer(attempt, exercise.cost)
        for k in range(ROUNDS if callable(attempt) else 0):
            if answer.state == "right":
                with fresh_numbers([seed, k]):
                    answer = exercise.answer(attempt)
    if answer.state != "right":
        raise AssertionError(repr(answer))


@contextmanager
def library_alone() -> Iterator[None]:
    """Within it, `own` gives the library's functions without a word, whatever the learner has written."""
    before = dict(own.FUNCTIONS)
    own.FUNCTIONS.update({name: OwnFunction(name, exercise.library, None) for name, exercise in own.known().items()})
    try:
        yield
    finally:
        own.FUNCTIONS.clear()
        own.FUNCTIONS.update(before)
