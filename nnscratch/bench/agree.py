"""Never time a wrong answer: what contenders computed, compared before anything is timed."""
import numpy as np

TOLERANCE = {"strict": 1e-4, "tf32": 1e-2, "bf16": 5e-2}  # of the relative Euclidean distance, by the precision of products


def distance(results, reference):
    """The largest relative Euclidean distance between two lists of NumPy arrays; infinite where one is not finite."""
    worst = 0.0
    for ours, exact in zip(results, reference, strict=True):
        ours, exact = np.asarray(ours, np.float64), np.asarray(exact, np.float64)
        if ours.shape != exact.shape or not np.isfinite(ours).all():
            return float("inf")
        worst = max(worst, float(np.linalg.norm(ours - exact) / (np.linalg.norm(exact) + 1e-12)))
    return worst


def sort_out(found, reference, tolerance):
    """(errors, refused): how far each {name: results} is from the reference, and a sentence for each beyond the tolerance."""
    errors = {name: distance(results, reference) for name, results in found.items()}
    refused = {name: f"wrong by {error:.0e}, more than {tolerance:g}: not timed" for name, error in errors.items()
               if not error <= tolerance}
    return errors, refused
