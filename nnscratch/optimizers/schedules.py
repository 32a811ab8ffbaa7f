"""Learning-rate schedules: functions of the number of steps already made.

    optimizer = Adam(warmup(cosine_decay(1e-3, total=1000), steps=50))

A large rate moves fast at first; a small one lets the iterates settle at the end.
"""
from collections.abc import Callable
from math import cos, pi
from typing import TypeAlias

from nnscratch.ops.validation import check_fraction, check_int, check_positive

__all__ = ["Schedule", "cosine_decay", "linear_decay", "warmup"]

Schedule: TypeAlias = Callable[[int], float]  # the number of steps already made -> the learning rate


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
    return lambda step: rate * min(1.0, max(0.0, (total - step) / (total * (1 - start))))


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
    return lambda step: rate * (1 + cos(pi * min(step, total) / total)) / 2


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
    steps = check_int(steps, "warmup: steps", 1)

    def rate(step: int) -> float:
        value = schedule(step) if callable(schedule) else schedule
        return value * min(1.0, (step + 1) / steps)
    return rate
