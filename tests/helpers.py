"""What many tests need: random arrays on the device under test, comparing what comes back, a quick `nnscratch style`."""
from contextlib import nullcontext

import numpy as np

from nnscratch.backend import move, to_cpu
from nnscratch.cli import main

NO_KERNELS = "g++ on Linux is not there, which compiles the CUDA kernels for the CPU: apt install g++"


def normal(*shape, seed=0):
    """Normal numbers in float64, the same for the same shape and seed."""
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def on(xp, *arrays):
    """The arrays on the device of `xp`; None stays None."""
    moved = [None if a is None else move(a, xp) for a in arrays]
    return moved[0] if len(moved) == 1 else moved


def same(actual, expected, tolerance=1e-12):
    """Assert equality up to rounding, for an array or a list of arrays; None equals None alone."""
    if isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected):
            same(a, e, tolerance)
    elif expected is None:
        assert actual is None
    else:
        actual, expected = to_cpu(actual), to_cpu(expected)
        assert actual.shape == expected.shape
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * max(1, np.abs(expected).max(initial=0)))


def without_waiting(xp):
    """Where waiting can be forbidden, it is."""
    return xp.forbid_sync() if hasattr(xp, "forbid_sync") else nullcontext()


def slopes(params, loss, step, seed=0):
    """For each array of parameters: its name, a random direction, and the slope of loss() along it by central differences."""
    for k, (name, array) in enumerate(params.items()):
        direction = normal(*array.shape, seed=seed + k)
        array += step * direction
        above = loss()
        array -= 2 * step * direction
        below = loss()
        array += step * direction
        yield name, direction, (above - below) / (2 * step)


def run_style(folder, *changes, content="content.jpg", style="style.png", output="out.png"):
    """`nnscratch style` on the files of the fixture `pictures`, quick."""
    return main(["style", str(folder / content), str(folder / style), "-o", str(folder / output), "--size", "48",
                 "--steps", "2", *changes])
