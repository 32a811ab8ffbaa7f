"""Compare an attempt with the solution, smallest input first, and diagnose the mistake if they differ.

Cases go from small to large. Only the smallest that fails is shown, because it can be worked out on paper. The mistake is
identified on the largest, whose sizes all differ, so that no two axes can be confused. A diagnosis comes from the shapes, from
typical mistakes of the exercise, or from the patterns of gradient checks (gradcheck/diagnose.py).
"""
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import permutations
from typing import Any

import numpy as np

from nnscratch.course.checks.exercise import Attempt, NotAttempted, Wrong, describe_inputs, describe_value, run
from nnscratch.course.checks.fresh import Draw, renewed
from nnscratch.gradcheck import diagnose as patterns
from nnscratch.gradcheck.diagnose import Evidence
from nnscratch.hints import checked

__all__ = ["compare"]

Case = Mapping[str, Any]  # {name: input}, in the order of the attempt's arguments
FEW_UNITS = 100.0


@checked
def compare(attempt: Attempt, right: Callable, cases: Sequence[Case], outputs: str,
            mistakes: Mapping[str, Callable] | None = None, draw: Draw | None = None) -> None:
    """Raise Wrong, with a diagnosis, unless attempt and solution agree on all cases.

    Parameters
    ----------
    attempt, right : callable
        What is judged, and the solution.
    cases : sequence of dict of str to input
        Smallest first; the inputs in the order of the attempt's arguments.
    outputs : str
        Names of the results, "y" or "dx dweights dbias"; d<input> is the gradient with respect to that input.
    mistakes : dict of str to callable, optional
        Typical wrong answers, called like `right`, each under the sentence that explains it.
    draw : callable, optional
        For marks: (case with other numbers, generator) -> the inputs that are drawn in another way, as a dict.
    """
    names, cases = outputs.split(), [renewed(case, draw) for case in cases]
    for case in cases:
        wanted = as_arrays(right(**case), names)
        results = read_results(run(attempt, case), names, wanted, case)
        if any(result.shape != want.shape for result, want in zip(results, wanted)):
            refuse_another_order(attempt, right, cases, names, case)
        for name, result, want in zip(names, results, wanted):
            check_numbers(name, result, want, case)
            if not close(result, want, case).all():
                raise Wrong(f"{describe_inputs(case)}\n{difference(name, result, want, case)}\n"
                            f"{diagnose(attempt, right, cases, names, name, mistakes or {})}".rstrip())


def refuse_another_order(attempt: Attempt, right: Callable, cases: Sequence[Case], names: Sequence[str], case: Case) -> None:
    """Raise Wrong if in all cases the results are the right ones, but in another order than `names`."""
    if sentence := another_order(returned(attempt, cases), right, names):
        raise Wrong(f"{sentence}\n{describe_inputs(case)}")


def returned(attempt: Attempt, cases: Sequence[Case]) -> list[tuple[Case, Any]]:
    """The cases on which the attempt runs, each with what it returns: a failure on a large one must not hide what is wrong on
    a small one."""
    found = []
    for case in cases:
        with suppress(Wrong, NotAttempted):
            found.append((case, run(attempt, case)))
    return found


def another_order(found: Sequence[tuple[Case, Any]], right: Callable, names: Sequence[str]) -> str:
    """A sentence, if wherever the attempt runs the results are the right ones in another order; else ""."""
    if not 2 <= len(names) <= 6:
        return ""
    pairs = [(results, as_arrays(right(**case), names), case) for case, results in found]
    if not all(isinstance(results, (tuple, list)) and len(results) == len(names) for results, *_ in pairs):
        return ""
    for order in permutations(range(len(names))):
        if all(shape_of(results[place]) == want.shape and close(np.asarray(results[place]), want, case).all()
               for results, wanted, case in pairs for place, want in zip(order, wanted)):
            return f"the results come in another order: expected {', '.join(names)}"
    return ""


def as_arrays(results: Any, names: Sequence[str]) -> list[np.ndarray]:
    """The results of the solution, an array for each name; a single result comes without a tuple."""
    return [np.asarray(result) for result in ([results] if len(names) == 1 else results)]


def read_results(results: Any, names: Sequence[str], wanted: Sequence[np.ndarray], case: Case) -> list[np.ndarray]:
    """The results of an attempt, an array for each name; a single result may come without a tuple."""
    if len(names) == 1:
        refuse_tuple(results, names[0], wanted[0], case)
        results = [results]
    elif isinstance(results, np.ndarray) and results.ndim:
        results = list(results)
    if not isinstance(results, (tuple, list)) or len(results) != len(names):
        several = isinstance(results, (tuple, list)) and len(results) != 1
        count = f"{len(results)} results" if several else "one result"
        raise Wrong(f"your code returns {count}, expected {len(names)}: {', '.join(names)}\n{describe_inputs(case)}")
    for name, result in zip(names, results):
        if result is None or result is Ellipsis:
            raise Wrong(f"{name} is {result}, expected an array: this part is still missing")
    return [array(result, name, want, case) for name, result, want in zip(names, results, wanted)]


def refuse_tuple(results: Any, name: str, want: np.ndarray, case: Case) -> None:
    """Refuse a single result in a tuple: with a cache, as the library's ops return it, or because of a comma behind it."""
    if isinstance(results, tuple) and results and shape_of(results[0]) == want.shape != shape_of(results):
        why = " (no cache is needed here)" if len(results) > 1 else ": is there a comma behind it?"
        raise Wrong(f"your code returns a tuple of {len(results)}, expected {name} alone{why}\n{describe_inputs(case)}")


def shape_of(result: Any) -> tuple[int, ...] | None:
    """The shape; None if rows differ in length."""
    try:
        return np.shape(result)
    except ValueError:
        return None


def array(result: Any, name: str, want: np.ndarray, case: Case) -> np.ndarray:
    """The result as an array; Wrong if NumPy makes none of it."""
    if shape_of(result) is None:
        raise Wrong(f"{name} is a {type(result).__name__} of parts of different shapes, expected numbers of shape "
                    f"{want.shape}\n{describe_inputs(case)}")
    made = np.asarray(result)
    if made.ndim == 0 and made.dtype.kind not in "biufc":  # text, a generator, an object: NumPy takes each for a single value
        raise Wrong(f"{name} is a {type(result).__name__}, expected numbers of shape {want.shape}\n{describe_inputs(case)}")
    return made


def check_numbers(name: str, result: np.ndarray, want: np.ndarray, case: Case) -> None:
    """Refuse a wrong shape, other things than real numbers, and NaN."""
    if result.shape != want.shape:
        guess = (" (transposed?)" if result.shape == want.shape[::-1] else
                 " (is an axis left over that should be summed over?)" if result.ndim > want.ndim else
                 " (is something summed over too many axes, or a new axis missing?)" if result.ndim < want.ndim else "")
        raise Wrong(f"{name} has shape {result.shape}, expected {want.shape}{guess}\n{describe_inputs(case)}")
    real = result.dtype.kind in "iuf"
    if not real or np.isnan(result).any():
        what = "NaN (as from 0 / 0, inf / inf, the mean of nothing, the root of a negative number)"
        raise Wrong(f"{name} holds {what if real else result.dtype}, expected {'real ' * np.iscomplexobj(result)}numbers\n"
                    f"{describe_inputs(case)}")


def close(result: np.ndarray, want: np.ndarray, case: Case) -> np.ndarray:
    """Where both agree. The tolerance is relative to the largest number of the array, since its rounding also affects the
    small ones: 1e-6, and 2e-5 in single precision, whose numbers have seven digits. There, what is left of inputs of a few
    units is right to 1e-6; of others, such as a count of 10⁹ bytes, it may be a small number with all its digits.
    """
    single = result.dtype.kind == "f" and result.dtype.itemsize <= 4
    relative, absolute = 2e-5 if single else 1e-6, 1e-6 if single and largest_input(case) < FEW_UNITS else 1e-12
    largest = np.abs(want[np.isfinite(want)]).max(initial=0.0)
    return np.isclose(result, want, rtol=0, atol=relative * largest + absolute)


def largest_input(case: Case) -> float:
    """The largest real number of the inputs; sizes, labels and functions are none."""
    arrays = [np.asarray(value) for value in case.values() if isinstance(value, (float, np.ndarray))]
    return max((float(np.abs(array).max(initial=0.0)) for array in arrays if array.dtype.kind == "f"), default=0.0)


def difference(name: str, result: np.ndarray, want: np.ndarray, case: Case) -> str:
    """Both as numbers if they are small; else the first place where they differ."""
    if result.size <= 9:
        shown, expected = describe_value(result), describe_value(want).removeprefix("= ")
        by = f", the largest difference {np.abs(result - want).max():.1e}" * (shown == f"= {expected}")
        return f"{name} {shown}, expected {expected}{by}"
    wrong = ~close(result, want, case)
    at = tuple(int(k) for k in np.argwhere(wrong)[0])
    return f"{name}{list(at)} is {result[at]:.6g}, expected {want[at] + 0:.6g} ({wrong.sum()} of {want.size} differ)"


def diagnose(attempt: Attempt, right: Callable, cases: Sequence[Case], names: Sequence[str], name: str,
             mistakes: Mapping[str, Callable]) -> str:
    """One sentence on the probable mistake; "" if none fits. Its numbers are those of the smallest case that fails."""
    place = names.index(name)

    def wanted(case: Case) -> np.ndarray:
        return as_arrays(right(**case), names)[place]

    def same(result: np.ndarray, case: Case, mistake: Callable) -> bool:
        other = as_arrays(mistake(*case.values()), names)[place]
        return result.shape == other.shape and bool(close(result, other, case).all())

    found, usable = returned(attempt, cases), []
    for case, results in found:
        with suppress(Wrong):
            want = as_arrays(right(**case), names)
            result = read_results(results, names, want, case)[place]
            check_numbers(name, result, want[place], case)
            usable.append((case, result))
    wrong = [(result, case) for case, result in usable if not close(result, wanted(case), case).all()]
    if not wrong:  # it was wrong before: it depends on chance
        return ""
    fitting = [sentence.strip() for sentence, mistake in mistakes.items()
               if all(same(result, case, mistake) for case, result in usable)]
    if fitting and (len(usable) == len(cases) or len(set(fitting)) == 1):  # on few small cases, several may fit by chance
        return fitting[0]
    if sentence := another_order(found, right, names):
        return sentence
    if usable[-1][0] is not cases[-1]:
        return ""
    first, last = (evidence(*wrong[k], name, wanted) for k in (0, -1))
    return diagnose_pattern(last._replace(shown=first))


def evidence(wrong: np.ndarray, case: Case, name: str, right: Callable[[Case], np.ndarray]) -> Evidence:
    """A case in the form that the patterns of gradient checks need; right(case) is the expected result."""
    numbers = {key: value for key, value in case.items() if isinstance(value, np.ndarray) and value.ndim}
    want = right(case)
    upstream = next((key for key in numbers if key in ("dy", "dt", "dG")), "")
    inputs = {key: value for key, value in numbers.items() if key != upstream} or numbers
    return Evidence(name, wrong, want, numbers.get(upstream, want), inputs, lambda others: right({**case, **others}))


def diagnose_pattern(e: Evidence) -> str:
    """A diagnosis from the pattern of the error: the patterns of gradient checks, and a missing input."""
    if e.right.size == 1 or not e.inputs:
        return ""  # any number is any other times a factor
    if np.allclose(e.wrong, e.right, rtol=1e-3, atol=1e-3 * np.abs(e.right).max()):
        return "it is right to three digits: is something computed in a lower precision, or left out that is small here?"
    of = e.name.removeprefix("d")
    if e.name.startswith("d") and of in e.inputs:
        sentence = patterns.diagnose(e._replace(name=of))
        return sentence if sentence != patterns.UNKNOWN else ""
    return next(filter(None, (pattern(e) for pattern in OF_ANY_RESULT)), "")


def missing_input(e: Evidence) -> str | None:
    """right - wrong is an input along the last axes, times 1, 2 or -1: the input is missing, or has the wrong sign."""
    for name, value in e.inputs.items():
        for factor, much, why in ((1, "", "is missing"), (2, "twice ", "is subtracted where it should be added"),
                                  (-1, "minus ", "is added twice, or should not be there")):
            if value.ndim < e.right.ndim and value.shape == e.right.shape[-value.ndim:] and patterns.close(
                    e.right - e.wrong, np.broadcast_to(factor * value, e.right.shape)):
                return f"it is off by exactly {much}{name}: {name} {why}"
    return None


OF_ANY_RESULT = (missing_input, patterns.one_ratio, patterns.ratio_per_channel, patterns.flipped, patterns.transposed,
                 patterns.reordered, patterns.shifted, patterns.kernel_flipped)
