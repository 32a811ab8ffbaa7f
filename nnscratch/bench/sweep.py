"""One step at many batch sizes: a GPU has thousands of multipliers, and a small batch leaves most of them idle. From which size
on is it faster than the CPU, with everything there already, and with a new batch and the losses on their way each time?"""
from functools import partial
from math import exp, log

from nnscratch.bench.steps import gan_work, measure

SIZES = {False: (2, 4, 8, 16, 32, 64, 128, 256), True: (2, 8, 32)}
PRESET = "nano"
SHORTEST = 1e-9  # seconds: a clock may show 0, and a model of the time less than that, and neither has a logarithm


def run(modules, quick, preset=PRESET, sizes=None):
    """A row of steps.py for each batch size."""
    for size in sizes or SIZES[quick]:
        yield {"batch": size, **measure(f"GAN {preset}, {size} images", partial(gan_work, preset, size), modules, (),
                                        3 if quick else 7, 1.5 if quick else 5.0)}


def crossovers(rows):
    """{"CuPy": {"resident": size, "transfers": size}}: from which batch size on each contender on a GPU beats NumPy."""
    found = {}
    for who in sorted({who for row in rows for who in row["transfers"]}):
        known = [row for row in rows if "NumPy" in row["times"] and who in row["times"] and who in row["transfers"]]
        sizes, cpu = [row["batch"] for row in known], [row["times"]["NumPy"]["wall"] for row in known]
        found[who] = {regime: crossover(sizes, cpu, [row[key][who]["wall"] for row in known])
                      for regime, key in (("resident", "times"), ("transfers", "transfers"))}
    return found


def crossover(sizes, cpu, gpu):
    """The size from which on `gpu` is below `cpu` (seconds, a number for each size): the first size if it is throughout, None
    if it is not at the last; between two sizes, where straight lines through the logarithms meet. A time that is not positive
    counts as 1 ns."""
    gains = [log(max(c, SHORTEST) / max(g, SHORTEST)) for c, g in zip(cpu, gpu)]
    if not gains or gains[-1] <= 0:
        return None
    last = max((k for k, gain in enumerate(gains) if gain <= 0), default=None)
    if last is None:
        return float(sizes[0])
    (a, b), (low, high) = gains[last:last + 2], (log(size) for size in sizes[last:last + 2])
    return exp(low + (high - low) * -a / (b - a))
