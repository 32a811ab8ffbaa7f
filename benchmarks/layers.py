"""`python -m benchmarks layers`: every layer of the list, forward and backward, against PyTorch in its better layout.

Before anything is timed, every contender's results are compared with our own in float64.
"""
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.rivals import torch_case
from benchmarks.timing import interleave
from nnscratch.bench.cases import CASES, Case, ours
from nnscratch.bench.clock import median_and_spread

TOLERANCE = 1e-5  # largest allowed |result - float64 result| / |float64 result|, in the Euclidean norm


def run(torch: Any, rounds: int, only: str = "", ceilings: dict | None = None) -> Iterator[dict]:
    """A row (dict) for each case; `only` keeps those with that text in their name or group."""
    for case in CASES:
        if only in case.name or only == case.group:
            yield measure(case, torch, rounds, ceilings)


def measure(case: Case, torch: Any, rounds: int, ceilings: dict | None) -> dict:
    """Check, then time, one case."""
    contenders = {"ours": ours(case, case.draw())}
    errors = {"ours": error(case, [contenders["ours"][0]()], contenders["ours"][1]())}
    for layout in ("contiguous", "channels last") if torch else ():
        forward, backward, as_ours = torch_case(torch, case, case.draw(), layout)
        contenders[layout] = forward, backward
        errors[layout] = error(case, as_ours(forward()), as_ours(backward()))
    row = {"group": case.group, "name": case.name, "op": case.op, "arrays": case.arrays, "options": case.options,
           "multiply_adds": case.multiply_adds(), "errors": errors}
    for k, direction in enumerate(("forward", "backward")):
        seconds = interleave({name: pair[k] for name, pair in contenders.items()}, rounds)
        row[direction] = {name: dict(zip(("median", "spread"), median_and_spread(s))) for name, s in seconds.items()}
    return row | figures(row, ceilings)


def error(case: Case, y: list, gradients: Sequence) -> float:
    """The largest relative distance of an output or gradient from float64; ValueError beyond TOLERANCE."""
    forward, backward = ours(case, case.draw(np.float64))
    worst = 0.0
    for ours_, exact in zip([*y, *gradients], [forward(), *backward()], strict=True):
        worst = max(worst, float(np.linalg.norm((ours_ - exact).ravel()) / np.linalg.norm(exact.ravel())))
    if not worst < TOLERANCE:
        raise ValueError(f"{case.name}: the distance from float64 is {worst:.1e}, expected at most {TOLERANCE:g}; "
                         f"nothing is timed")
    return worst


def figures(row: dict, ceilings: dict | None) -> dict[str, float]:
    """Derived from the times: our time over PyTorch's, GFLOP/s, and fractions of the ceilings."""
    derived = {}
    for direction in ("forward", "backward"):
        times = {name: figure["median"] for name, figure in row[direction].items()}
        rivals = [time for name, time in times.items() if name != "ours"]
        if rivals:
            derived[f"{direction}_ratio"] = times["ours"] / min(rivals)
    layouts = [name for name in row["forward"] if name != "ours"]
    if layouts:
        def both(name):
            return row["forward"][name]["median"] + row["backward"][name]["median"]
        derived["ratio"] = both("ours") / min(map(both, layouts))
    if ceilings:
        forward = row["forward"]["ours"]["median"]
        derived["gflops"] = 2 * row["multiply_adds"] / forward / 1e9
        derived["share_of_gemm"] = derived["gflops"] / ceilings["gemm_gflops"]
        derived["share_of_copy"] = least_bytes(row) / forward / 1e9 / ceilings["copy_gb_per_s"]
    return derived


def least_bytes(row: dict) -> int:
    """Bytes the forward must move in float32: every argument read once, the result written once."""
    case = next(case for case in CASES if case.name == row["name"])
    forward, _ = ours(case, case.draw())
    return forward().nbytes + sum(array.nbytes for array in case.draw())

