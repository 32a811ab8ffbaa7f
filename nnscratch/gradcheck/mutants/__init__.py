"""Backward passes that are wrong on purpose: mistakes that people really make, each small enough to be overlooked.

The check must catch every one: a checker that lets one pass proves nothing about the right ones. The course uses them for
exercises too. `windows` has those of dense, convolution and pooling; `values` those of normalization, activations, images and
losses.
"""
from nnscratch.gradcheck.measurement import Backward
from nnscratch.gradcheck.mutants import values, windows
from nnscratch.gradcheck.mutants.registry import MUTANTS
from nnscratch.gradcheck.mutants.values import BLIND_TO_ONES

__all__ = ["BLIND_TO_ONES", "MUTANTS", "mutants_of"]


def mutants_of(case: str) -> dict[str, Backward]:
    """The wrong backward passes of one case.

    Parameters
    ----------
    case : str, its name in cases.py

    Returns
    -------
    mutants : dict {mistake: backward}
        Empty if there are none.

    Examples
    --------
    >>> list(mutants_of("tanh"))
    ['square forgotten: 1 - y']
    """
    return MUTANTS.get(case, {})
