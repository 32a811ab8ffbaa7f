"""Never time a wrong answer: what contenders computed, compared before anything is timed.

Results of a layer must be the same up to rounding, and so must the losses of the first step. Later losses need not: the first
steps of Adam are as long for a gradient of next to nothing as for a large one, and where the former points is up to rounding.
So their distance is seen as a share of how far the losses have gone since the first step: 1 would be no learning at all.
"""
import numpy as np

from nnscratch.errors import InputError
from nnscratch.fast import cuda

TOLERANCE = {"strict": 1e-4, "tf32": 1e-2, "bf16": 5e-2}  # of the relative Euclidean distance, by the precision of products


def distance(results, reference):
    """The largest relative Euclidean distance between two lists of NumPy arrays; infinite where a number is not finite,
    on either side."""
    worst = 0.0
    for ours, exact in zip(results, reference, strict=True):
        ours, exact = np.asarray(ours, np.float64), np.asarray(exact, np.float64)
        if ours.shape != exact.shape or not (np.isfinite(ours).all() and np.isfinite(exact).all()):
            return float("inf")
        worst = max(worst, float(np.linalg.norm(ours - exact) / (np.linalg.norm(exact) + 1e-12)))
    return worst


COURSE = 0.1  # the most of that share, for all precisions


def allowed(rivals):
    """{name: tolerance} of all contenders; those of rivals are their own, by the precision they compute in."""
    ours = TOLERANCE[cuda.precision()]
    found = {"NumPy": TOLERANCE["strict"], "CuPy": ours, "CuPy graph": ours}
    for rival in rivals:
        found |= rival.tolerance
    return found


CANNOT = MemoryError, RuntimeError, InputError  # what CUDA, CuPy, PyTorch and we raise where a contender cannot run


def why_not(error):
    """A sentence on a contender that cannot run; the others go on."""
    if isinstance(error, MemoryError):
        return "not enough memory"
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or ['no reason given'])[0]}"


def sort_out(found, reference, tolerances):
    """(errors, refused): how far each {name: results} is from the reference, and a sentence for each beyond its tolerance."""
    errors = {name: distance(results, reference) for name, results in found.items()}
    refused = {name: f"wrong by {error:.0e}, more than {tolerances[name]:g}: not timed" for name, error in errors.items()
               if not error <= tolerances[name]}
    return errors, refused


def sort_out_courses(found, reference, tolerances):
    """The same for {name: losses of several steps, a list a step}."""
    errors, refused = sort_out({name: course[:1] for name, course in found.items()}, reference[:1], tolerances)
    start = np.asarray(reference[:1])
    gone = [np.asarray(reference) - start]
    _, astray = sort_out({name: [np.asarray(course) - start] for name, course in found.items()}, gone,
                         dict.fromkeys(found, COURSE))
    return errors, {name: f"its losses are {sentence}" for name, sentence in astray.items()} | refused
