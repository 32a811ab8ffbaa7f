"""Updates of parameters in one pass over memory, for arrays that allow it; nnscratch/optimizers has the formulas.

Shapes: w, g, m, v alike: a parameter, its gradient, and Adam's running means of g and g².

An update in NumPy's operations reads and writes whole arrays once for each operation. A kernel of our own does it once in all.
"""
from collections.abc import Sequence
from typing import Any, Protocol

from nnscratch.backend import Array, is_cupy_type
from nnscratch.errors import InputError
from nnscratch.fast.cuda import adam as cuda
from nnscratch.fast.dispatch import choose_update

__all__ = ["adam_supported", "adam_update"]


class AdamLike(Protocol):
    """What an update must know of the optimizer; `steps` and `rate` are read anew at each replay of a recorded step."""

    steps: int       # of this step, from 1
    rate: float      # the learning rate of this step
    beta_1: float
    beta_2: float
    epsilon: float


def adam_supported(w: Array, g: Array, m: Array, v: Array) -> bool:
    """Tell whether `adam_update` can update this parameter.

    Parameters
    ----------
    w, g, m, v : array
        Parameter, gradient, running means of g and g².

    Returns
    -------
    bool
        False: compute the formula.
    """
    return choose_update(changed=(w, m, v), read=(g,)) == "cuda"


def adam_update(optimizer: AdamLike, parameters: Sequence[tuple[Array, Array, Array, Array]]) -> None:
    """Make one step of Adam for several parameters, in place.

    Parameters
    ----------
    optimizer : AdamLike
        The hyperparameters, and the number and rate of this step.
    parameters : sequence of (w, g, m, v)
        Those for which `adam_supported` holds.

    Raises
    ------
    InputError
        If the first step of this optimizer is being recorded, or for parameters that `adam_supported` refuses.
    """
    if not isinstance(parameters, (list, tuple)) or not all(map(is_parameter, parameters)):
        raise InputError(f"adam_update: the parameters are a {type(parameters).__name__}, expected a list of (w, g, m, v), "
                         f"arrays on the GPU, for which adam_supported holds")
    if not all(hasattr(optimizer, name) for name in AdamLike.__annotations__):
        raise InputError(f"adam_update: the optimizer is a {type(optimizer).__name__}, expected an Adam")
    if parameters:
        cuda.adam_update(optimizer, parameters)


def is_parameter(part: Any) -> bool:
    """Whether this is (w, g, m, v) on the GPU."""
    return isinstance(part, tuple) and len(part) == 4 and all(map(is_cupy_type, map(type, part)))
