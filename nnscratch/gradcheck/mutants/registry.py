"""The mutants by case, and the two ways to register one."""
from collections.abc import Callable
from typing import Any

from nnscratch.backend import Array
from nnscratch.gradcheck.measurement import Backward

__all__ = ["MUTANTS", "change", "mutant"]

MUTANTS: dict[str, dict[str, Backward]] = {}  # {name of the case: {mistake: backward(dy, cache)}}


def mutant(case: str, mistake: str) -> Callable[[Backward], Backward]:
    """A decorator: register a wrong backward pass.

    Parameters
    ----------
    case : str, the name of a case in cases.py
    mistake : str, what is wrong

    Returns
    -------
    register : callable
        The decorator.
    """
    def register(backward: Backward) -> Backward:
        MUTANTS.setdefault(case, {})[mistake] = backward
        return backward
    return register


def change(case: str, mistake: str, backward: Backward, **changes: Callable[[Array], Array]) -> None:
    """Register a right backward pass with one of its gradients changed.

    Parameters
    ----------
    case : str, the name of a case in cases.py
    mistake : str, what is wrong
    backward : callable, the right backward pass
    **changes
        `dx`, `dparameter` or `dbias`, and the function that changes it.
    """
    @mutant(case, mistake)
    def wrong(dy: Array, cache: Any) -> Any:
        gradients = backward(dy, cache)
        if not isinstance(gradients, tuple):
            return changes["dx"](gradients)
        names = ("dx", "dparameter", "dbias")
        return tuple(changes.get(name, lambda g: g)(g) for name, g in zip(names, gradients))
