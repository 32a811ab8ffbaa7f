"""Wrong backwards, made on purpose: mistakes that people really make, each small enough to be overlooked.

The check must catch every one: a checker that lets one pass proves nothing about the right ones. Find-the-bug exercises
use them too. `windows` holds dense, convolution and pooling; `values` normalisation, activations, images and losses.
"""
from nnscratch.gradcheck.mutants import values, windows
from nnscratch.gradcheck.mutants.registry import MUTANTS
from nnscratch.gradcheck.mutants.values import BLIND_TO_ONES


def mutants_of(case):
    """{mistake: backward} for the case of that name."""
    return MUTANTS.get(case, {})
