"""Gradient checks: is a backward pass the derivative of its forward pass?

    numeric         gradients measured from the forward pass alone: complex steps and central differences
    calls           the two functions that are checked, as people write them
    measurement     measures the gradient of the one and compares that of the other
    report          what it says: right, wrong, or cannot be judged at these inputs
    check           check_op: by complex steps or central differences, and a report of what is wrong
    layers          check_layer, check_model: the same for objects that own parameters and save values for backward
    diagnose        names the likely mistake from the pattern of the error
    cases           every op and loss of this library, ready to be checked; layer_cases: every layer
    equality        every accelerated op equals the formula on random arguments
    coverage        lists what is public and has no case
    mutants         backward passes that are wrong on purpose: the check must catch each of them
    table           the whole proof as a table
"""
from nnscratch.gradcheck.check import check_op
from nnscratch.gradcheck.layers import check_layer, check_model
from nnscratch.gradcheck.report import Report

__all__ = ["Report", "check_layer", "check_model", "check_op"]
