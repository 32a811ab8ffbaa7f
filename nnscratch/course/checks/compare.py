"""Hold an attempt against the right function: smallest input first, and a diagnosis when they differ.

`Cases` go from small to large. The smallest that fails is shown, and it alone, because it can be worked out on paper; the
mistake is named on the largest, whose sizes all differ, so that no two can be taken for each other. Names come from three
places: the shapes, mistakes that are typical of the exercise, and the patterns that gradient checks know
(gradcheck/diagnose.py).
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
        wanted = in_order(right(**case), names)
        results = arrays(run(attempt, case), names, wanted, case)
        for name, result, want in zip(names, results, wanted):
            check_kind(name, result, want, case)
            if not close(result, want).all():
                raise Wrong(f"{given(case)}\n{difference(name, result, want)}\n"
                            f"{name_the_mistake(attempt, right, cases, names, name, mistakes or {})}".rstrip())


def in_order(results, names):
    """What our own functions return: one array for each name; a single result comes without a tuple."""
    return [np.asarray(result) for result in ([results] if len(names) == 1 else results)]


def arrays(results, names, wanted, case):
    """What an attempt returned: one array for each name; a single result may come without a tuple."""
    if len(names) == 1:
        refuse_company(results, names[0], wanted[0], case)
    results = [results] if len(names) == 1 else list(results) if isinstance(results, np.ndarray) and results.ndim else results
    if not isinstance(results, (tuple, list)) or len(results) != len(names):
        several = isinstance(results, (tuple, list)) and len(results) != 1
        count = f"{len(results)} results" if several else "one result"
        raise Wrong(f"your code returns {count}, expected {len(names)}: {', '.join(names)}\n{given(case)}")
    for name, result in zip(names, results):
        if result is None or result is Ellipsis:
            raise Wrong(f"{name} is {result}, expected an array: this part is still missing")
    return [array(result, name, want, case) for name, result, want in zip(names, results, wanted)]


def refuse_company(results, name, want, case):
    """The result comes in a tuple, with a cache, say, as from the library's ops; or behind it stands a comma."""
    if isinstance(results, tuple) and results and shape_of(results[0]) == want.shape != shape_of(results):
        raise Wrong(f"your code returns a tuple of {len(results)}, expected {name} alone" + (
            " (no cache is needed here)" if len(results) > 1 else ": is there a comma behind it?") + f"\n{given(case)}")


def shape_of(result):
    """None where rows differ in length."""
    try:
        return np.shape(result)
    except ValueError:
        return None


def array(result, name, want, case):
    """Refuses what NumPy would, with a sentence."""
    if shape_of(result) is None:
        raise Wrong(f"{name} is a {type(result).__name__} of parts of different shapes, expected numbers of shape "
                    f"{want.shape}\n{given(case)}")
    return np.asarray(result)


def check_kind(name, result, want, case):
    """The shape is right, and the numbers are numbers."""
    if result.shape != want.shape:
        guess = (" (transposed?)" if result.shape == want.shape[::-1] else
                 " (is an axis left over that should be summed over?)" if result.ndim > want.ndim else
                 " (is something summed over too many axes, or a new axis missing?)" if result.ndim < want.ndim else "")
        raise Wrong(f"{name} has shape {result.shape}, expected {want.shape}{guess}\n{given(case)}")
    if not np.issubdtype(result.dtype, np.number) or np.isnan(result).any():
        what = "NaN (as from 0 / 0, inf / inf, the mean of nothing, the root of a negative number)"
        raise Wrong(f"{name} holds {what if np.issubdtype(result.dtype, np.number) else result.dtype}, expected numbers\n"
                    f"{given(case)}")


def close(result, want):
    """Where both agree. Small numbers among large ones carry the rounding of the large ones, so what counts is the largest of
    the whole array, to a millionth; in single precision, whose numbers have seven digits, to two in a hundred thousand.
    """
    relative = 2e-5 if result.dtype.kind == "f" and result.dtype.itemsize <= 4 else 1e-6
    largest = np.abs(want[np.isfinite(want)]).max(initial=0.0)
    return np.isclose(result, want, rtol=0, atol=relative * largest + 1e-12)


def difference(name, result, want):
    """Both as numbers, where they are few; else the first place where they differ."""
    if result.size <= 9:
        shown, expected = in_words(result), in_words(want).removeprefix("= ")
        by = f", the largest difference {np.abs(result - want).max():.1e}" * (shown == f"= {expected}")
        return f"{name} {shown}, expected {expected}{by}"
    wrong = ~close(result, want)
    at = tuple(int(k) for k in np.argwhere(wrong)[0])
    return f"{name}{list(at)} is {result[at]:.6g}, expected {want[at] + 0:.6g} ({wrong.sum()} of {want.size} differ)"


def name_the_mistake(attempt, right, cases, names, name, mistakes):
    """One sentence on what it probably is; "" if nothing fits. Numbers in it are those of the smallest case that fails."""
    place = names.index(name)

    def wanted(case):
        return in_order(right(**case), names)[place]

    def same(result, case, mistake):
        other = in_order(mistake(*case.values()), names)[place]
        return result.shape == other.shape and close(result, other).all()

    try:
        results = [arrays(run(attempt, case), names, in_order(right(**case), names), case)[place] for case in cases]
        for sentence, mistake in mistakes.items():
            if all(same(result, case, mistake) for result, case in zip(results, cases)):
                return sentence
        wrong = [evidence(result, wanted, case, name) for result, case in zip(results, cases)
                 if not close(result, wanted(case)).all()]
        return name_the_pattern(wrong[-1]._replace(shown=wrong[0]))
    except Exception:  # on larger inputs it fails in yet another way, and that one will be reported when this one is mended
        return ""


def evidence(wrong, right, case, name):
    """A case as the patterns of gradient checks want it; right(case) is what was expected."""
    numbers, want = {key: value for key, value in case.items() if np.ndim(value)}, right(case)
    upstream = next((key for key in numbers if key in ("dy", "dt", "dG")), None)
    inputs = {key: value for key, value in numbers.items() if key != upstream} or numbers
    return Evidence(name, wrong, want, numbers.get(upstream, want), inputs, lambda others: right({**case, **others}))


def name_the_pattern(e):
    """What the pattern of the error says: the patterns of gradient checks, and an input that was left out."""
    if e.right.size == 1:
        return ""  # any number is any other times a factor
    if np.allclose(e.wrong, e.right, rtol=1e-3, atol=1e-3 * np.abs(e.right).max()):
        return "it is right to three digits: is something computed in a lower precision, or left out that is small here?"
    of = e.name.removeprefix("d")
    if e.name.startswith("d") and of in e.inputs:
        return patterns.diagnose(e._replace(name=of))
    return next(filter(None, (pattern(e) for pattern in OF_ANY_RESULT)), "")


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
