"""Learning-rate schedules: functions of the number of steps already made.

    optimizer = Adam(warmup(cosine_decay(1e-3, total=1000), steps=50))

A large rate moves fast at first; a small one lets the iterates settle at the end.
"""
from collections.abc import Callable
from dataclasses import dataclass
from math import cos, pi
from typing import Any, TypeAlias

from nnscratch.errors import InputError
from nnscratch.ops.validation import check_fraction, check_int, check_positive

__all__ = ["Schedule", "cosine_decay", "linear_decay", "warmup"]

Schedule: TypeAlias = Callable[[int], float]  # the number of steps already made -> the learning rate


@dataclass(frozen=True, repr=False)
class Formula:
    """A function of this file with fixed arguments. Unlike a nested function, it can be pickled, compared and printed."""

    function: Callable[..., float]  # such as linear_decay_at
    arguments: tuple[Any, ...]

    def __call__(self, step: int) -> float:
        return self.function(step, *self.arguments)

    def __repr__(self) -> str:
        return f"{self.function.__name__.removesuffix('_at')}({', '.join(map(repr, self.arguments))})"


def linear_decay(rate: float, total: int, start: float = 0.0) -> Schedule:
    """Stay constant for a fraction of all steps, then fall linearly to 0.

    Parameters
    ----------
    rate : float
        The learning rate at the beginning.
    total : int
        The number of all steps, at least 1.
    start : float
        The fraction of the steps before the fall begins, at least 0 and below 1.

    Returns
    -------
    Schedule
        The learning rate as a function of the step.

    Examples
    --------
    >>> [linear_decay(1.0, 100, start=0.5)(step) for step in (0, 50, 75, 100)]
    [1.0, 1.0, 0.5, 0.0]
    """
    total, start = check_int(total, "linear_decay: total", 1), check_fraction(start, "linear_decay: start")
    rate = check_positive(rate, "linear_decay: rate")
    return Formula(linear_decay_at, (rate, total, start))


def linear_decay_at(step: int, rate: float, total: int, start: float) -> float:
    """The learning rate of linear_decay at a step."""
    return rate * min(1.0, max(0.0, (total - step) / (total * (1 - start))))


def cosine_decay(rate: float, total: int) -> Schedule:
    """Fall from `rate` to 0 along half a cosine wave: rate (1 + cos(π step / total)) / 2.

    Parameters
    ----------
    rate : float
        The learning rate at the beginning.
    total : int
        The number of all steps, at least 1.

    Returns
    -------
    Schedule
        The learning rate as a function of the step.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, equation 5.

    Examples
    --------
    >>> [cosine_decay(1.0, 100)(step) for step in (0, 50, 100)]
    [1.0, 0.5, 0.0]
    """
    total = check_int(total, "cosine_decay: total", 1)
    rate = check_positive(rate, "cosine_decay: rate")
    return Formula(cosine_decay_at, (rate, total))


def cosine_decay_at(step: int, rate: float, total: int) -> float:
    """The learning rate of cosine_decay at a step."""
    return rate * (1 + cos(pi * min(step, total) / total)) / 2


def warmup(schedule: float | Schedule, steps: int) -> Schedule:
    """Rise linearly to a schedule's rate during the first steps.

    Parameters
    ----------
    schedule : float or Schedule
        The rate to rise to, constant or a function of the step.
    steps : int
        How many steps the rise takes, at least 1.

    Returns
    -------
    Schedule
        The learning rate as a function of the step.

    Examples
    --------
    >>> [warmup(1.0, 4)(step) for step in range(6)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """
    return Formula(warmup_at, (check_rate(schedule, "warmup: schedule"), check_int(steps, "warmup: steps", 1)))


def warmup_at(step: int, schedule: float | Schedule, steps: int) -> float:
    """The learning rate of warmup at a step."""
    return (schedule(step) if callable(schedule) else schedule) * min(1.0, (step + 1) / steps)


def check_rate(rate: Any, name: str) -> float | Schedule:
    """A learning rate: a number above 0, or a function of the step."""
    try:
        return rate if callable(rate) else check_positive(rate, name)
    except InputError as error:
        raise InputError(f"{error}, or a function of the step") from None
