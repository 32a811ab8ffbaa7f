"""One step at many batch sizes.

A GPU has thousands of multipliers, and a small batch leaves most of them idle. From which size on is it faster than the CPU:
with all arrays on the device, and with a new batch and the losses transferred in each step?
"""
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from math import exp, log
from typing import Any

from nnscratch.bench.steps import gan_work, measure

__all__: list[str] = []

SIZES = {False: (2, 4, 8, 16, 32, 64, 128, 256), True: (2, 8, 32)}
PRESET = "nano"
SHORTEST = 1e-9  # seconds: a clock may show 0, which has no logarithm


def run(modules: Mapping[str, Any], quick: bool, preset: Any = PRESET, sizes: Sequence[int] | None = None) -> Iterator[dict]:
    """A row of steps.py for each batch size."""
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
    """The size from which on `gpu` is below `cpu` (seconds for each size); None if it is not at the last size.

    Between two sizes it is where straight lines through the logarithms meet. A time that is not positive counts as 1 ns.
    """
    gains = [log(max(c, SHORTEST) / max(g, SHORTEST)) for c, g in zip(cpu, gpu)]
    if not gains or gains[-1] <= 0:
        return None
    last = max((k for k, gain in enumerate(gains) if gain <= 0), default=None)
    if last is None:
        return float(sizes[0])
    (a, b), (low, high) = gains[last:last + 2], (log(size) for size in sizes[last:last + 2])
    return exp(low + (high - low) * -a / (b - a))
