"""Hold an attempt against the right function: smallest input first, and a diagnosis when they differ.

`Cases` go from small to large. The smallest that fails is shown, because it can be worked out on paper; the mistake is
named on the largest, whose sizes all differ, so that no two can be taken for each other. Names come from three places: the
shapes, mistakes that are typical of the exercise, and the patterns that gradient checks know (gradcheck/diagnose.py).
"""
import numpy as np

from nnscratch.course.checks.exercise import Wrong, given, in_words, run
from nnscratch.gradcheck import diagnose as patterns
from nnscratch.gradcheck.diagnose import Evidence


def compare(attempt, right, cases, outputs, mistakes=None):
    """Raise Wrong, with a diagnosis, unless attempt and right agree on all cases.

    cases : list of {name: input}, smallest first; the inputs in the order of the attempt's arguments
    outputs : names of the results, "y" or "dx dweights dbias"; one called d<input> is a gradient by that input
    mistakes : {sentence: function}, typical wrong answers of this exercise, called like `right`
    """
    names = outputs.split()
    for case in cases:
        results = as_list(run(attempt, case), names, case)
        wanted = as_list(right(**case), names, case)
        for name, result, want in zip(names, results, wanted):
            check_kind(name, result, want, case)
            if not np.allclose(result, want, rtol=1e-6, atol=1e-9):
                raise Wrong(f"{given(case)}\n{difference(name, result, want)}\n"
                            f"{name_the_mistake(attempt, right, cases, names, name, mistakes or {})}".rstrip())


def as_list(results, names, case):
    """One array for each name; a single result may come without a tuple."""
    results = [results] if len(names) == 1 else list(results) if isinstance(results, np.ndarray) and results.ndim else results
    if not isinstance(results, (tuple, list)) or len(results) != len(names):
        count = f"{len(results)} results" if isinstance(results, (tuple, list)) else "one result"
        raise Wrong(f"your code returns {count}, expected {len(names)}: {', '.join(names)}\n{given(case)}")
    for name, result in zip(names, results):
        if result is None or result is Ellipsis:
            raise Wrong(f"{name} is {result}, expected an array: this part is still missing")
    return [np.asarray(result) for result in results]


def check_kind(name, result, want, case):
    """The shape is right, and the numbers are numbers."""
    if result.shape != want.shape:
        guess = (" (transposed?)" if result.shape == want.shape[::-1] else
                 " (is an axis left over that should be summed over?)" if result.ndim > want.ndim else
                 " (is something summed over too many axes, or a new axis missing?)" if result.ndim < want.ndim else "")
        raise Wrong(f"{name} has shape {result.shape}, expected {want.shape}{guess}\n{given(case)}")
    if not np.issubdtype(result.dtype, np.number) or np.isnan(result).any():
        raise Wrong(f"{name} holds {'NaN' if np.issubdtype(result.dtype, np.number) else result.dtype}, expected numbers\n"
                    f"{given(case)}")


def difference(name, result, want):
    """Both as numbers, where they are few; else the first place where they differ."""
    if result.size <= 9:
        return f"{name} {in_words(result)}, expected {in_words(want).removeprefix('= ')}"
    at = tuple(int(k) for k in np.argwhere(~np.isclose(result, want, rtol=1e-6, atol=1e-9))[0])
    wrong = int((~np.isclose(result, want, rtol=1e-6, atol=1e-9)).sum())
    return f"{name}{list(at)} is {result[at]:.6g}, expected {want[at]:.6g} ({wrong} of {want.size} differ)"


def name_the_mistake(attempt, right, cases, names, name, mistakes):
    """One sentence on what it probably is; "" if nothing fits."""
    def result(function, case):
        return as_list(run(function, case), names, case)[names.index(name)]

    try:
        results = [result(attempt, case) for case in cases]
        for sentence, mistake in mistakes.items():
            if all(np.allclose(got, result(mistake, case)) for got, case in zip(results, cases)):
                return sentence
        got, case = next((got, case) for got, case in zip(results[::-1], cases[::-1])
                         if not np.allclose(got, result(right, case)))
        return name_the_pattern(got, lambda case: result(right, case), case, name)
    except Exception:  # on larger inputs it fails in yet another way, and that one will be reported when this one is mended
        return ""


def name_the_pattern(wrong, right, case, name):
    """What the pattern of the error says: the patterns of gradient checks, and an input that was left out."""
    arrays = {key: value for key, value in case.items() if np.ndim(value)}
    inputs = {key: value for key, value in arrays.items() if key != "dy"} or arrays
    want, of = right(case), name.removeprefix("d")
    if want.size == 1:
        return ""  # any number is any other times a factor
    if np.allclose(wrong, want, rtol=1e-3, atol=1e-3 * np.abs(want).max()):
        return "it is right to three digits: is something computed in a lower precision, or left out that is small here?"
    evidence = Evidence(of, wrong, want, arrays.get("dy", want), inputs, lambda others: right({**case, **others}))
    if name.startswith("d") and of in inputs:
        return patterns.diagnose(evidence)
    return next(filter(None, (pattern(evidence) for pattern in OF_ANY_RESULT)), "")


def missing_input(e):
    """right - wrong is one of the inputs, or minus it, along the last axes: it was left out, or has the wrong sign."""
    for name, value in e.inputs.items():
        for factor, much, why in ((1, "", "is missing"), (2, "twice ", "is subtracted where it should be added"),
                                  (-1, "minus ", "is added twice, or should not be there")):
            if value.ndim < e.right.ndim and value.shape == e.right.shape[-value.ndim:] and patterns.close(
                    e.right - e.wrong, np.broadcast_to(factor * value, e.right.shape)):
                return f"it is off by exactly {much}{name}: {name} {why}"


OF_ANY_RESULT = (missing_input, patterns.one_ratio, patterns.ratio_per_channel, patterns.flipped, patterns.transposed,
                 patterns.reordered, patterns.shifted, patterns.kernel_flipped)
