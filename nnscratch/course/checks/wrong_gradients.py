"""The exercise of notebook 08 on five backward passes of a convolution: which of them are wrong?

Shapes: x (N, H, W, C), K (KH, KW, C, O), dy (N, OH, OW, O); stride 1, no padding.
"""
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from nnscratch.course.checks.convolution_backward import (
    backward_with,
    right_conv2d_backward,
    right_dkernel,
    right_dx,
    windows_without_adding,
)
from nnscratch.course.checks.exercise import Attempt, Wrong, exercise, run
from nnscratch.course.checks.inputs import normal

__all__ = ["guilty", "suspects"]


def suspects() -> dict[str, Callable]:
    """Backward passes of a convolution, some right, some wrong.

    Returns
    -------
    suspects : dict of str to callable
        By letter: (dy, x, K) -> dx, dK, db.
    """
    return {"A": lambda dy, x, K: (right_dx(dy, K), right_dkernel(dy, x), dy.sum(axis=(0, 1, 2))),
            "B": backward_with(dK=lambda dK, dy, x, K: dK[::-1, ::-1]),
            "C": backward_with(dx=lambda dx, dy, x, K: windows_without_adding(dy, K)), "D": right_conv2d_backward,
            "E": backward_with(db=lambda db, dy, x, K: dy.mean(axis=(0, 1, 2)))}


@exercise("08", "Choose sizes that all differ, N of at least 2, and random values: ones hide mistakes.",
          "You have a backward pass that is right: own.conv2d_backward. Or measure: own.numeric_gradient of "
          "(dy * own.conv2d(x, K, b)).sum().",
          "For each letter compare all three arrays by np.allclose; collect the letters where one of them differs.")
def guilty(attempt: Attempt) -> None:
    """The letters of the wrong backward passes, as in {"A"}."""
    letters = letters_of(run(attempt, {}))
    found = {letter for letter, backward in suspects().items() if not is_right(backward)}
    if letters - set(suspects()):
        raise Wrong(f"there is no suspect {sorted(letters - set(suspects()))[0]!r}, only {', '.join(suspects())}")
    if letters - found:
        raise Wrong(f"{sorted(letters - found)[0]} is right: all of its gradients agree with a gradient check")
    if found - letters:
        raise Wrong(f"{len(found - letters)} of the wrong ones are not named: compare dx, dK and db of each suspect")


def letters_of(answer: Any) -> set[str]:
    """The letters in {"A", "B"}, ["a", "b"], "A, B", "A and B" or "AB"."""
    words = [answer] if isinstance(answer, str) or not np.iterable(answer) else list(answer)
    if isinstance(answer, dict) or not all(isinstance(word, str) for word in words):
        raise Wrong(f"your code returns something of type {type(answer).__name__}, expected the letters of the wrong ones, "
                    'as in {"A"}')
    found = set(re.findall(r"[^\W_]+", " ".join(words).upper())) - {"AND"}
    return {letter for word in found for letter in (word if set(word) <= set(suspects()) else [word])}


def is_right(backward: Callable) -> bool:
    """Whether all three gradients are those of the library."""
    x, K = normal(2, 7, 5, 3), normal(3, 2, 3, 4)
    dy = normal(2, 5, 4, 4, seed=1)
    return all(np.allclose(mine, right) for mine, right in zip(backward(dy, x, K), right_conv2d_backward(dy, x, K)))
