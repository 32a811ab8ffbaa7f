"""One step at many batch sizes.

A GPU has thousands of multipliers, and a small batch leaves most of them idle. From which size on is it faster than the CPU:
with all arrays on the device, and with a new batch and the losses transferred in each step?
"""
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from math import exp, log
from typing import Any

from nnscratch.bench.steps import gan_work, measure

__all__ = ["crossover", "run"]

SIZES = {False: (2, 4, 8, 16, 32, 64, 128, 256), True: (2, 8, 32)}
PRESET = "nano"
SHORTEST = 1e-9  # seconds: a clock may show 0, which has no logarithm


def run(modules: Mapping[str, Any], quick: bool, preset: Any = PRESET, sizes: Sequence[int] | None = None) -> Iterator[dict]:
    """Time a GAN step at each batch size.

    Parameters
    ----------
    modules : dict of str to module
        {"NumPy": numpy, "CuPy": cupy}, or one of them.
    quick : bool
        Fewer sizes, with fewer samples.
    preset : str
        The networks, by their name in `networks.gan`.
    sizes : sequence of int, optional
        Other batch sizes.

    Yields
    ------
    dict
        A row of steps.py, and "batch".
    """
    for size in sizes or SIZES[quick]:
        yield {"batch": size, **measure(f"GAN {preset}, {size} images", partial(gan_work, preset, size), modules, (),
                                        3 if quick else 7, 1.5 if quick else 5.0)}


def crossovers(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float | None]]:
    """{"CuPy": {"resident": size, "transfers": size}}: from which batch size on each contender on a GPU beats NumPy."""
    found = {}
    for who in sorted({who for row in rows for who in row["transfers"]}):
        known = [row for row in rows if "NumPy" in row["times"] and who in row["times"] and who in row["transfers"]]
        sizes, cpu = [row["batch"] for row in known], [row["times"]["NumPy"]["wall"] for row in known]
        found[who] = {regime: crossover(sizes, cpu, [row[key][who]["wall"] for row in known])
                      for regime, key in (("resident", "times"), ("transfers", "transfers"))}
    return found


def crossover(sizes: Sequence[int], cpu: Sequence[float], gpu: Sequence[float]) -> float | None:
    """Find the batch size from which on the GPU is faster.

    Between two sizes it is where straight lines through the logarithms meet. A time that is not positive counts as 1 ns.

    Parameters
    ----------
    sizes : sequence of int
        Batch sizes, ascending.
    cpu, gpu : sequence of float
        Seconds for each size.

    Returns
    -------
    float or None
        The size; None if the GPU is not faster at the last one.

    Examples
    --------
    >>> round(crossover([1, 4, 16], cpu=[1, 4, 16], gpu=[4, 4, 4]), 6)
    4.0
    """
    gains = [log(max(c, SHORTEST) / max(g, SHORTEST)) for c, g in zip(cpu, gpu)]
    if not gains or gains[-1] <= 0:
        return None
    last = max((k for k, gain in enumerate(gains) if gain <= 0), default=None)
    if last is None:
        return float(sizes[0])
    (a, b), (low, high) = gains[last:last + 2], (log(size) for size in sizes[last:last + 2])
    return exp(low + (high - low) * -a / (b - a))
