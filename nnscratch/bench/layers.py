"""Single layers: each case of cases.py forward and backward, on every device, as a share of what the device can do.

Results are compared with NumPy's in float64 first. Inputs stay where they are from call to call: those of a small layer are
found in the cache, on a CPU and on a GPU (whose figure may then exceed 100 % of what its memory gives).
"""
from functools import partial
from math import prod

import numpy as np

from nnscratch.backend import move, to_cpu
from nnscratch.bench.agree import CANNOT, allowed, sort_out, why_not
from nnscratch.bench.cases import CASES, ours
from nnscratch.bench.clock import CPU, GPU, Contender, in_turn

QUICK = ("3x3 64->64, 256 px", "1x1 256->64, 64 px, 4 images", "4x4/2 32->64, 14 px, 64 images",
         "4x4/2 transposed 64->32, 7 px, 64 images", "batch norm, 64 channels, 14 px, 64 images",
         "LeakyReLU, 64 channels, 14 px, 64 images", "Gram matrix, 256 channels, 64 px")
WAYS = ("forward", "backward")


def run(modules, rivals, quick, cases=CASES):
    """A row for each case and way. modules : {"NumPy": numpy, "CuPy": cupy}. rivals : see run.py."""
    for case in cases:
        if not quick or cases is not CASES or case.name in QUICK:
            yield from measure(case, modules, rivals, 5 if quick else 9, 1.0 if quick else 4.0)


def measure(case, modules, rivals, rounds, budget):
    """Check, then time, one case: its two rows."""
    pairs, clocks, results, failed = {}, {}, {}, {}
    exact = [to_list(function()) for function in ours(case, case.draw(np.float64))]
    makers = {name: partial(on_module, case, xp) for name, xp in modules.items()}
    makers |= {name: make for rival in rivals for name, make in rival.layer(case).items()}
    for name, make in makers.items():
        try:
            pairs[name], clocks[name], host = make()
            results[name] = [host(function()) for function in pairs[name]]
        except CANNOT as error:
            failed[name] = why_not(error)
    for k, way in enumerate(WAYS):
        errors, refused = sort_out({name: found[k] for name, found in results.items()}, exact[k], allowed(rivals))
        able = [Contender(name, pairs[name][k], clocks[name]) for name in results if name not in refused]
        times, stopped = in_turn(able, rounds, budget)
        yield {"name": case.name, "way": way, **cost(case, exact, way), "errors": errors, "times": times,
               "failed": failed | refused | stopped}


def on_module(case, xp):
    """((forward, backward), clock, function that makes NumPy arrays of results)."""
    arrays = [move(array, xp) for array in case.draw()]
    return ours(case, arrays), CPU() if xp is np else GPU(xp), to_list


def to_list(results):
    """One array or several, as a list of NumPy arrays."""
    return [to_cpu(array) for array in (results if isinstance(results, (tuple, list)) else [results])]


def cost(case, exact, way):
    """What a layer must do at least: additions and multiplications, and bytes in float32, each number read or written once.

    Backward makes one or two products of the same size, for dx and for the kernel, from y's gradient and what forward saw.
    """
    (y,), arrays = exact[0], [prod(shape) for shape in case.arrays.values()]
    numbers = sum(arrays) + y.size if way == "forward" else sum(arrays) + y.size + sum(g.size for g in exact[1])
    return {"flop": 2 * case.multiply_adds() * (1 if way == "forward" else case.products_backward()), "bytes": 4 * numbers}
