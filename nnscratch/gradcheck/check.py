"""check_op: measure the gradient, compare it with the backward pass, and say what is wrong.

    calls           the two functions as they are written
    measurement     the gradient of the forward pass, and how a backward pass compares with it
"""
import contextlib
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from nnscratch.backend import Array
from nnscratch.gradcheck.calls import Calls, Mistake
from nnscratch.gradcheck.measurement import FLOAT32_TOLERANCE, Backward, Forward, Measurement
from nnscratch.gradcheck.report import Report
from nnscratch.ops.validation import check_flag, check_int, check_positive

__all__ = ["check_op"]

NOT_ANALYTIC = "the forward pass is not analytic (abs, norm, var, std, ...), so it was measured by central differences"


def check_op(forward: Forward, backward: Backward, inputs: Sequence[Array], *, name: str = "op", smooth: bool = True,
             names: Sequence[str] | None = None, upstream: Callable[[tuple[int, ...]], Array] | None = None, seed: int = 0,
             xp: ModuleType = np, max_elements: int = 400, tolerance: float | None = None,
             float32_tolerance: float = FLOAT32_TOLERANCE) -> Report:
    """Check a pair of pure functions.

    A forward pass that is not analytic (abs, norm, var, a kink, float32 inside ...) is recognised, and the report says so. It
    also says where the measurement is too uncertain to judge, as it may be at very large or small inputs. Functions that do not
    fit together, return something else or raise get a sentence.

    Parameters
    ----------
    forward : callable, forward(*inputs) -> (y, cache)
        y is an array or a number, or a tuple of several; dy is then a tuple as well.
    backward : callable, backward(dy, cache) -> one gradient for each input, in their order
    inputs : list of arrays
        Whole numbers and bools stay as they are where the functions need them so, or where their gradient is None.
    name : str, the name in the report
    smooth : bool, False where there are kinks (central differences); True is tried first (complex step) elsewhere
    names : list of str, optional, the names of the inputs
    upstream : callable, shape -> dy, optional
        The default draws random numbers; np.ones shows what a check by sum(y) misses.
    seed : int, for dy and for the elements to measure
    xp : module, numpy or cupy: the device that the functions run on
    max_elements : int, how many elements of each input are measured, chosen at random
    tolerance : float, largest error allowed; default 1e-10 for smooth functions, else 1e-6
        The default is for single ops and shallow networks; a deep one amplifies rounding errors and needs more.
    float32_tolerance : float, largest difference allowed between float32 and float64

    Returns
    -------
    report : Report
        `report.ok`, and `print(report)` for what is wrong and the likely reason.

    Examples
    --------
    >>> x = np.array([1.0, 2.0])
    >>> check_op(lambda x: (x * x, x), lambda dy, x: 2 * dy * x, [x]).ok
    True
    >>> check_op(lambda x: (x * x, x), lambda dy, x: dy * x, [x], names=["x"]).problems[0]
    'x: relative error 5.0e-01, worst at (1,): backward says -1.98708, measured -3.97417'
    """
    return run_check(forward, backward, inputs, name=name, smooth=smooth, names=names, upstream=upstream, seed=seed, xp=xp,
                     max_elements=max_elements, tolerance=tolerance, float32_tolerance=float32_tolerance, strict=False)


def run_check(forward: Forward, backward: Backward, inputs: Sequence[Array], *, name: str, smooth: bool, strict: bool,
              names: Sequence[str] | None = None, seed: int = 0, max_elements: int = 400, tolerance: float | None = None,
              float32_tolerance: float = FLOAT32_TOLERANCE, **options: Any) -> Report:
    """As check_op; `strict` as for a Measurement."""
    calls = Calls(forward, backward, inputs, names)
    check_int(seed, "check_op: seed", 0)
    check_int(max_elements, "check_op: max_elements", 1)
    check_positive(float32_tolerance, "check_op: float32_tolerance")
    if tolerance is not None:
        check_positive(tolerance, "check_op: tolerance")
    if not calls.inputs:
        return Report(name, "", problems=["no input holds real numbers, so there is no gradient to check"])
    measure = partial(Measurement, name, calls.forward, calls.inputs, names=calls.names, seed=seed, max_elements=max_elements,
                      tolerance=tolerance, float32_tolerance=float32_tolerance, strict=strict, **options)
    try:
        return compare(measure, calls.backward, check_flag(smooth, "check_op: smooth"))
    except Mistake as mistake:
        return Report(name, "", problems=[str(mistake)])


def compare(measure: Callable[..., Measurement], backward: Backward, smooth: bool) -> Report:
    """By complex steps; where they may be wrong or fail, by central differences."""
    if not smooth:
        return measure(smooth=False).check(backward)
    measured: Measurement | None = None
    with contextlib.suppress(Mistake, np.exceptions.ComplexWarning), warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)  # an imaginary part that is thrown away
        by_complex_steps = measure(smooth=True)  # a Mistake: a forward pass that takes no complex numbers, or anything else
        measured = by_complex_steps if by_complex_steps.is_analytic() else None
    if measured is not None:
        return measured.check(backward)
    report = measure(smooth=False).check(backward)
    report.remark = "; ".join(filter(None, [NOT_ANALYTIC, report.remark]))
    return report
