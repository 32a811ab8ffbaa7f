"""Exercises of notebook 06: the variance from layer to layer, and He's initialisation.

Shapes: a weight (inputs, units) or a kernel (KH, KW, C, O).
"""
import math

import numpy as np

from nnscratch.course.checks.exercise import Attempt, Wrong, exercise, run
from nnscratch.course.checks.fresh import renewed
from nnscratch.course.checks.prediction import predicted
from nnscratch.course.checks.randomness import check_randomness

__all__ = ["he_normal", "variances"]


@exercise("06", "Var a = D Var w E[x²]: put in the numbers.",
          "E[y²]: half of all values a become 0, the other half keep their squares, and E[a²] = Var a, since the mean is 0.",
          "So one layer multiplies E[x²] by D Var w / 2.")
def variances(attempt: Attempt) -> None:
    """Four numbers."""
    half = "that is Var a; ReLU sets half of the values to 0"
    predicted(attempt, {"Var a": 1.0, "E[y²]": 2.0, "Var w": 0.04, "after six layers": 1 / 64}, {
        "the sum has 100 terms, whose variances add up": ("Var a", 0.01),
        "Var w is given, not the standard deviation: no square": ("Var a", 0.1),
        half: ("E[y²]", 4.0),
        "that is the variance of y, whose mean is not 0; asked is E[y²]": ("E[y²]", 4 * (0.5 - 0.5 / math.pi)),
        "D Var w = 1 keeps E[a²], but ReLU halves it": ("Var w", 0.02),
        "that is the standard deviation, asked is the variance": ("Var w", 0.2),
        "ReLU doubles nothing: Var w must be larger, not smaller": ("Var w", 0.01),
        "each of the six layers halves it": ("after six layers", 0.5),
        "that is six halves added, but layers multiply": ("after six layers", 3.0)})


def library_he_normal(shape, fan_in, rng):
    """With the learner's arguments."""
    return rng.normal(0, math.sqrt(2 / fan_in), shape)


def more_inputs(case, rng):
    """So many that the standard deviation is another one."""
    (first, *others), times = case["shape"], int(rng.integers(2, 6))
    return {"shape": (times * first, *others), "fan_in": times * case["fan_in"]}


@exercise("06", "The values have mean 0; which standard deviation did your derivation give for fan_in inputs?",
          "rng.normal(0, sigma, shape) draws them; sigma is the root of the variance.",
          "rng.normal(0, np.sqrt(2 / fan_in), shape)", library=library_he_normal)
def he_normal(attempt: Attempt) -> None:
    """An array of the given shape, random."""
    for shape, fan_in in (((3, 2), 3), ((50, 40), 50), ((3, 3, 16, 40), 144)):
        inputs = renewed({"shape": shape, "fan_in": fan_in}, more_inputs)
        shape, fan_in = inputs.values()
        w = np.asarray(run(attempt, {**inputs, "rng": np.random.default_rng(0)}))
        where = f"for shape {shape}, fan_in {fan_in}"
        if w.shape != shape:
            raise Wrong(f"the result has shape {w.shape}, expected {shape}\n{where}")
        if not np.issubdtype(w.dtype, np.floating) or not np.isfinite(w).all():
            raise Wrong(f"the result holds other things than finite numbers\n{where}")
        if w.size >= 2000:
            check_spread(w, fan_in, shape, where)
    check_randomness(attempt, {"shape": (4, 3), "fan_in": 4})


def check_spread(w, fan_in, shape, where):
    """Wrong if mean, standard deviation or distribution are not those of He's initialisation."""
    found, want = w.std(), math.sqrt(2 / fan_in)
    if not 0.93 < found / want < 1.07:
        sigmas = {"Var w = 1 / fan_in: ReLU sets half of the values to 0; make up for it": 1 / math.sqrt(fan_in),
                  "2 / fan_in is the variance; the standard deviation is its root": 2 / fan_in,
                  "fan_in stands under no fraction bar: more inputs need smaller weights": math.sqrt(2 * fan_in),
                  "that is Glorot's rule, 2 / (inputs + units); expected is He's, for ReLU":
                      math.sqrt(2 / (fan_in + shape[-1])),
                  "the root is missing, and the 2": 1 / fan_in, "the spread does not depend on fan_in": 1.0,
                  "use fan_in, not shape[0]: they differ for convolution kernels": math.sqrt(2 / shape[0])}
        why = [sentence for sentence, sigma in sigmas.items() if 0.95 < found / sigma < 1.05]
        text = f"the standard deviation is {found:.3g}, expected about {want:.3g}\n{where}"
        raise Wrong("\n".join([text, *why[:1]]))
    if abs(w.mean()) > 0.15 * want:
        raise Wrong(f"the mean is {w.mean():.3g}, expected about 0\n{where}")
    if np.abs(w).max() < 2 * want:
        raise Wrong(f"the values have the right standard deviation, but are not normal: none is beyond two of them\n{where}")
