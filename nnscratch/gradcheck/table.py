"""The proof as a table: one row for each op, with the mutants it was defended against."""
import numpy as np

from nnscratch.gradcheck.cases import all_cases
from nnscratch.gradcheck.check import Measurement
from nnscratch.gradcheck.mutants import mutants_of

COLUMNS = ("op", "method", "worst relative error", "adjoint error", "float32 error", "mutants caught")


def check_everything(xp=np):
    """Check every case on the device of `xp`. Yields (report, mutants caught, mutants)."""
    for case in all_cases():
        measured = Measurement(case.name, case.forward, list(case.inputs.values()), names=list(case.inputs),
                               smooth=case.smooth, xp=xp)
        mutants = mutants_of(case.name)
        caught = sum(not measured.check(backward).ok for backward in mutants.values())
        yield measured.check(case.backward), caught, len(mutants)


def print_table(xp=np, print_fn=print):
    """Print the table; returns whether every backward is right and every mutant was caught."""
    row = "{:42} {:19} {:>20} {:>14} {:>14} {:>15}".format
    print_fn(row(*COLUMNS))
    good, ops, total_caught, total = True, 0, 0, 0
    for report, caught, mutants in check_everything(xp):
        verdict = "" if report.ok else "  WRONG"
        print_fn(row(report.name, report.method, f"{report.error:.1e}", f"{report.adjoint_error:.1e}",
                     f"{report.float32_error:.1e}", f"{caught} of {mutants}") + verdict)
        for problem in report.problems:
            print_fn(f"    {problem}")
        good &= report.ok and caught == mutants
        ops, total_caught, total = ops + report.ok, total_caught + caught, total + mutants
    print_fn(f"{ops} right, {total_caught} of {total} wrong backwards caught")
    return good
