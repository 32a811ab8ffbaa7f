"""Judge a prediction: what a learner expects before the next cell shows it, as values in the order of the questions."""
from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from nnscratch.course.checks.exercise import NotAttempted, Wrong

__all__: list[str] = []  # for the exercises

QUOTED = "this is text: write the number or the shape without quotes"


def predicted(attempt: Any, right: Mapping[str, Any], mistakes: Mapping[str, tuple[str, Any]] | None = None) -> None:
    """Judge a prediction: values in the order of the questions; raise Wrong unless all are right.

    right : question -> value, a shape, text or number (right to 2 %)
    mistakes : sentence -> (question, the value that it explains)
    """
    values = list(attempt.values()) if isinstance(attempt, Mapping) else attempt
    values = list(values) if isinstance(values, np.ndarray) and values.ndim else values
    if isinstance(values, (list, tuple)) and values and all(value is Ellipsis for value in values):
        raise NotAttempted
    if not isinstance(values, (list, tuple)) or len(values) != len(right):
        raise Wrong(f"expected {len(right)} values: {', '.join(right)}")
    words, lines = {want for want in right.values() if isinstance(want, str)}, []
    for (asked, want), value in zip(right.items(), values):
        if value is Ellipsis:
            lines.append(f"{asked}: still open")
        elif not same_value(value, want):
            why = [sentence for sentence, (place, wrong) in (mistakes or {}).items()
                   if place == asked and same_value(value, wrong)]
            if isinstance(value, str) and not isinstance(want, str) and value.strip().lower() not in words:
                why = [QUOTED]
            lines.append(f"{asked}: not {f'{str(value)!r}' if QUOTED in why else value}{': ' + why[0] if why else ''}")
    if lines:
        raise Wrong("\n".join(lines) + f"\n{len(right) - len(lines)} of {len(right)} right")


def same_value(value: Any, want: Any) -> bool:
    """Whether a predicted value is the expected one: text without regard to capitals, whole numbers and shapes exactly, other
    numbers to 2 %; of any type of number."""
    if isinstance(want, str) or isinstance(value, str):
        return isinstance(want, str) and str(value).strip().lower() == want.strip().lower()
    given, right = as_numbers(value), np.asarray(want)
    if given.shape != right.shape or given.dtype.kind not in "iufc":  # truth values, None, a function
        return False
    return bool(np.allclose(given, right, rtol=1e-6 if right.dtype.kind in "iu" else 0.02, atol=1e-9))


def as_numbers(value: Any) -> np.ndarray:
    """The value as an array, which holds objects if these are not numbers."""
    try:
        given = np.asarray(value)
        if given.dtype == object and all(isinstance(one, (Real, Decimal)) for one in given.flat):  # fractions, large integers
            return given.astype(float)
        return given
    except (ValueError, OverflowError):  # rows of unequal lengths; a number beyond all floats
        return np.asarray(None)
