"""Judge a prediction: what a learner expects before the next cell shows it, as values in the order of the questions."""
from collections.abc import Mapping
from typing import Any

import numpy as np

from nnscratch.course.checks.exercise import NotAttempted, Wrong

__all__: list[str] = []  # for the exercises


def predicted(attempt: Any, right: Mapping[str, Any], mistakes: Mapping[str, tuple[str, Any]] | None = None) -> None:
    """Judge a prediction: values in the order of the questions; raise Wrong unless all are right.

    right : question -> value, a shape, text or number (right to 2 %)
    mistakes : sentence -> (question, the value that it explains)
    """
    values = list(attempt.values()) if isinstance(attempt, Mapping) else attempt
    values = list(values) if isinstance(values, np.ndarray) and values.ndim else values
    if not isinstance(values, (list, tuple)) or len(values) != len(right):
        raise Wrong(f"expected {len(right)} values: {', '.join(right)}")
    if all(value is Ellipsis for value in values):
        raise NotAttempted
    lines = []
    for (asked, want), value in zip(right.items(), values):
        if value is Ellipsis:
            lines.append(f"{asked}: still open")
        elif not same_value(value, want):
            why = [sentence for sentence, (place, wrong) in (mistakes or {}).items()
                   if place == asked and same_value(value, wrong)]
            lines.append(f"{asked}: not {value}{': ' + why[0] if why else ''}")
    if lines:
        raise Wrong("\n".join(lines) + f"\n{len(right) - len(lines)} of {len(right)} right")


def same_value(value: Any, want: Any) -> bool:
    """Whether a predicted value is the expected one: text without regard to capitals, shapes exactly, numbers to 2 %."""
    if isinstance(want, str) or isinstance(value, str):
        return str(value).strip().lower() == str(want).strip().lower()
    if np.shape(value) != np.shape(want) or isinstance(value, bool) != isinstance(want, bool):
        return False
    if np.asarray(value).dtype.kind not in "biufc":  # None, a function
        return False
    exact = isinstance(want, (tuple, int))
    return bool(np.allclose(value, want, rtol=0 if exact else 0.02, atol=1e-9))
