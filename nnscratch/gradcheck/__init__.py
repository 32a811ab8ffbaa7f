"""The proof: is a backward the derivative of its forward?

    numeric    gradients measured without any backward: complex steps and central differences
    check      check_op: measure, compare, and say what is wrong
    layers     check_layer, check_model: the same for what owns parameters and remembers
    diagnose   names the likely mistake from the pattern of the error
    cases      every op and loss of this library, ready to be checked
    mutants    deliberately wrong backwards, each of which must be caught: the check of the checker
"""
from nnscratch.gradcheck.check import Report, check_op
from nnscratch.gradcheck.layers import check_layer, check_model
