"""The whole proof as a table: one row for each case, with the number of mutants that its check caught."""
from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np

from nnscratch.gradcheck.cases import all_cases
from nnscratch.gradcheck.coverage import without_case
from nnscratch.gradcheck.equality import GENERATORS, differences
from nnscratch.gradcheck.layer_cases import LAYER_CASES, check_case
from nnscratch.gradcheck.measurement import Measurement
from nnscratch.gradcheck.mutants import mutants_of
from nnscratch.gradcheck.report import Report

__all__ = ["print_table"]

COLUMNS = ("op", "method", "rel. error", "adjoint", "float32", "mutants")
LEGEND = """rel. error: the backward pass against the numeric gradient (allowed: 1e-10 by complex step, else 1e-6)
adjoint: error of <u, J v> = <J' u, v>, J' being J transposed
float32: the forward pass in float32 against float64 (allowed: 1e-5)
mutants: deliberately wrong backward passes that the check caught"""


def check_all_ops(xp: ModuleType = np) -> Iterator[tuple[Report, int, int]]:
    """Check every case on the device of `xp`; yield the report, the mutants caught, and all mutants of the case."""
    for case in all_cases(on_cpu=xp is np):
        measured = Measurement(case.name, case.forward, list(case.inputs.values()), names=list(case.inputs),
                               smooth=case.smooth, xp=xp)
        mutants = mutants_of(case.name)
        caught = sum(not measured.check(backward).ok for backward in mutants.values())
        yield measured.check(case.backward), caught, len(mutants)


def print_table(xp: ModuleType = np, print_fn: Callable[[str], object] = print) -> bool:
    """Check everything and print the table.

    Parameters
    ----------
    xp : module, numpy or cupy: the device to check
    print_fn : callable, gets the lines

    Returns
    -------
    good : bool
        Whether every backward pass is right, every mutant is caught and nothing lacks a case.
    """
    row = "{:42} {:18} {:>10} {:>9} {:>9} {:>8}".format
    print_fn(row(*COLUMNS))
    good, ops, total_caught, total = True, 0, 0, 0
    for report, caught, mutants in check_all_ops(xp):
        verdict = "" if report.ok else "  WRONG"
        print_fn(row(report.name, report.method, f"{report.error:.1e}", f"{report.adjoint_error:.1e}",
                     f"{report.float32_error:.1e}", f"{caught} of {mutants}") + verdict)
        for problem in report.problems:
            print_fn(f"    {problem}")
        good &= report.ok and caught == mutants
        ops, total_caught, total = ops + report.ok, total_caught + caught, total + mutants
    for name, cases in LAYER_CASES.items() if xp is np else ():
        for case in cases:
            report = check_case(name, case)
            print_fn(row(f"layer {name}", report.method, f"{report.error:.1e}", f"{report.adjoint_error:.1e}",
                         f"{report.float32_error:.1e}", "") + ("" if report.ok else "  WRONG"))
            good &= report.ok
    differing = [sentence for name in GENERATORS for sentence in differences(name, xp=xp)]
    for sentence in (*differing, *without_case()):
        print_fn(f"WRONG: {sentence}")
        good = False
    print_fn(LEGEND)
    print_fn(f"{len(GENERATORS)} accelerated ops equal the formula on 40 random inputs each" if not differing else "")
    print_fn(f"{ops} right, {total_caught} of {total} wrong backward passes caught")
    return good
