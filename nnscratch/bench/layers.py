"""Single layers: each case of cases.py forward and backward, on every device, as a fraction of what the device can do.

Results are compared with NumPy's in float64 first. Inputs stay in memory from call to call: a small layer finds them in the
cache, on a CPU and on a GPU, so that its figure may exceed 100 % of what the memory delivers.
"""
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np

from nnscratch.backend import move, to_cpu
from nnscratch.bench.agree import RUN_ERRORS, compare_results, failure_reason, tolerances
from nnscratch.bench.cases import CASES, Case, ours
from nnscratch.bench.clock import CPU, GPU, Contender, time_in_turn

__all__ = ["run"]

QUICK = ("3x3 64->64, 256 px", "1x1 256->64, 64 px, 4 images", "4x4/2 32->64, 14 px, 64 images",
         "4x4/2 transposed 64->32, 7 px, 64 images", "batch norm, 64 channels, 14 px, 64 images",
         "LeakyReLU, 64 channels, 14 px, 64 images", "Gram matrix, 256 channels, 64 px")
WAYS = ("forward", "backward")


def run(modules: Mapping[str, Any], rivals: Sequence[Any], quick: bool, cases: Sequence[Case] = CASES) -> Iterator[dict]:
    """Compare and time each case, forward and backward.

    Parameters
    ----------
    modules : dict of str to module
        {"NumPy": numpy, "CuPy": cupy}, or one of them.
    rivals : sequence
        Other libraries; see run.py.
    quick : bool
        Only the cases in QUICK, with fewer samples.
    cases : sequence of Case
        Other cases; all of them are timed.

    Yields
    ------
    dict
        "name", "way" (forward or backward), "flop", "bytes", "times", "errors", "failed".
    """
    for case in cases:
        if not quick or cases is not CASES or case.name in QUICK:
            yield from measure(case, modules, rivals, 5 if quick else 9, 1.0 if quick else 4.0)


def measure(case: Case, modules: Mapping[str, Any], rivals: Sequence[Any], rounds: int, budget: float) -> Iterator[dict]:
    """Check, then time, one case: its two rows."""
    pairs: dict[str, Any] = {}
    clocks: dict[str, Any] = {}
    results: dict[str, list] = {}
    failed: dict[str, str] = {}
    exact = [to_list(function()) for function in ours(case, case.draw(np.float64))]
    makers: dict[str, Callable] = {name: partial(on_module, case, xp) for name, xp in modules.items()}
    makers |= {name: make for rival in rivals for name, make in rival.layer(case).items()}
    for name, make in makers.items():
        try:
            pairs[name], clocks[name], host = make()
            results[name] = [host(function()) for function in pairs[name]]
        except RUN_ERRORS as error:
            failed[name] = failure_reason(error)
    for k, way in enumerate(WAYS):
        errors, refused = compare_results({name: found[k] for name, found in results.items()}, exact[k], tolerances(rivals))
        runnable = [Contender(name, pairs[name][k], clocks[name]) for name in results if name not in refused]
        times, stopped = time_in_turn(runnable, rounds, budget)
        yield {"name": case.name, "way": way, **cost(case, exact, way), "errors": errors, "times": times,
               "failed": failed | refused | stopped}


def on_module(case: Case, xp: Any) -> tuple[tuple[Callable, Callable], Any, Callable]:
    """((forward, backward), clock, function that converts results to NumPy arrays)."""
    arrays = [move(array, xp) for array in case.draw()]
    return ours(case, arrays), CPU() if xp is np else GPU(xp), to_list


def to_list(results: Any) -> list[np.ndarray]:
    """One array or several, as a list of NumPy arrays."""
    return [to_cpu(array) for array in (results if isinstance(results, (tuple, list)) else [results])]


def cost(case: Case, exact: list[list[np.ndarray]], way: str) -> dict[str, int]:
    """The least work of a layer: additions and multiplications, and bytes in float32, each value read or written once.

    Backward makes one or two products of the same size, for dx and for the kernel, from dy and the forward's inputs.
    """
    (y,), arrays = exact[0], [prod(shape) for shape in case.arrays.values()]
    numbers = sum(arrays) + y.size if way == "forward" else sum(arrays) + y.size + sum(g.size for g in exact[1])
    return {"flop": 2 * case.multiply_adds() * (1 if way == "forward" else case.products_backward()), "bytes": 4 * numbers}
