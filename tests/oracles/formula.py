"""The numbers that go into the stored comparisons: a formula, so that only results need storing."""
from math import prod

import numpy as np

PHASES = {"x": 1, "kernel": 2, "bias": 3, "gamma": 4, "beta": 5, "moving_mean": 6, "moving_variance": 7, "dy": 8,
          "w": 9, "g1": 10, "g2": 11, "g3": 12, "g4": 13, "g5": 14}


def numbers(shape, name):
    """sin(phase + 0.7 k²) for k = 0, 1, 2...: as irregular as noise, and the same everywhere.

    Variances are brought into 0.5 to 1.5. k is squared because sin(0.7 k) repeats itself too well: an image of it,
    moved by a pixel, is almost itself.
    """
    k = np.arange(prod(shape), dtype=np.float64)
    values = np.sin(PHASES[name] + 0.7 * k * k).reshape(shape)
    return 1 + values / 2 if name == "moving_variance" else values
