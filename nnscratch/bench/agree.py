"""Never time a wrong result: the results of all contenders are compared before anything is timed.

Results of a layer must be equal up to rounding, and so must the losses of the first training step. Later losses need not be:
Adam's first steps are as long for a tiny gradient as for a large one, and rounding decides the sign of a tiny one. So their
distance is divided by how far the losses have moved since the first step: 1 would be as wrong as no learning at all.
"""
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnscratch.errors import InputError
from nnscratch.fast import cuda

__all__: list[str] = []

# The largest relative Euclidean distance, by the precision of products.
TOLERANCE = {"strict": 1e-4, "tf32": 1e-2, "bf16": 5e-2}
MAX_DRIFT = 0.1  # the largest distance of later losses over how far they have moved, for every precision

# What CUDA, CuPy, PyTorch and this package raise where a contender cannot run.
RUN_ERRORS = MemoryError, RuntimeError, InputError


def distance(results: Sequence[Any], reference: Sequence[Any]) -> float:
    """The largest relative Euclidean distance between two lists of NumPy arrays; infinite if any value is not finite."""
    worst = 0.0
    for ours, exact in zip(results, reference, strict=True):
        ours, exact = np.asarray(ours, np.float64), np.asarray(exact, np.float64)
        if ours.shape != exact.shape or not (np.isfinite(ours).all() and np.isfinite(exact).all()):
            return float("inf")
        worst = max(worst, float(np.linalg.norm(ours - exact) / (np.linalg.norm(exact) + 1e-12)))
    return worst


def tolerances(rivals: Sequence[Any]) -> dict[str, float]:
    """{name: tolerance} of all contenders; a rival states its own, for the precision it computes in."""
    ours = TOLERANCE[cuda.precision()]
    found = {"NumPy": TOLERANCE["strict"], "CuPy": ours, "CuPy graph": ours}
    for rival in rivals:
        found |= rival.tolerance
    return found


def failure_reason(error: BaseException) -> str:
    """A sentence on a contender that cannot run."""
    if isinstance(error, MemoryError):
        return "not enough memory"
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or ['no reason given'])[0]}"


def compare_results(found: Mapping[str, Sequence[Any]], reference: Sequence[Any],
                    tolerances: Mapping[str, float]) -> tuple[dict[str, float], dict[str, str]]:
    """(errors, refused) of {name: results}: the distance from the reference, and a sentence for each beyond its tolerance."""
    errors = {name: distance(results, reference) for name, results in found.items()}
    refused = {name: f"wrong by {error:.0e}, more than {tolerances[name]:g}: not timed" for name, error in errors.items()
               if not error <= tolerances[name]}
    return errors, refused


def compare_losses(found: Mapping[str, Sequence[Any]], reference: Sequence[Any],
                   tolerances: Mapping[str, float]) -> tuple[dict[str, float], dict[str, str]]:
    """The same for {name: losses of several steps, a list for each step}."""
    errors, refused = compare_results({name: losses[:1] for name, losses in found.items()}, reference[:1], tolerances)
    start = np.asarray(reference[:1])
    moved = [np.asarray(reference) - start]
    _, drifted = compare_results({name: [np.asarray(losses) - start] for name, losses in found.items()}, moved,
                                 dict.fromkeys(found, MAX_DRIFT))
    return errors, {name: f"its losses are {sentence}" for name, sentence in drifted.items()} | refused
