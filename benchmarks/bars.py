"""`python -m benchmarks bars`: the requirements on the GPU code, each as one number. gpu_run.sh runs the parts one by one.

    gradients  each layer of bench/cases.py, forward and backward, in float32: the GPU's results against the CPU's, and against
               the GPU's own in a second run; and a GAN's training, eager and recorded, run twice each
    gan, style a GAN step (`tiny`, `small`) and a style step (512 px) beside NumPy and PyTorch eager
    summary    all bars, read from the files that the parts and `benchmarks kernels` have written to the folder
"""
import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from nnscratch.backend import move, to_cpu
from nnscratch.bench import report, steps
from nnscratch.bench.agree import RUN_ERRORS, distance, failure_reason
from nnscratch.bench.cases import CASES, Case, ours
from nnscratch.bench.layers import to_list
from nnscratch.bench.roofline import fraction
from nnscratch.fast import cuda

GRADIENTS = 1e-5  # the largest relative Euclidean distance between the GPU and the CPU
STEPS = {"gan": ("GAN tiny", "GAN small"), "style": ("style 512 px",)}
OURS = ("NumPy", "CuPy", "CuPy graph")
MISSING = "not measured"


def gradients(cupy: Any, cases: Sequence[Case] = CASES) -> Iterator[dict]:
    """A row for each layer, then one for each way to repeat five steps of a GAN."""
    for case in cases:
        yield attempt(case.name, layer, cupy, case)
    first = cache(partial(trained, cupy, as_it_stands))
    for name, wrap in (("GAN, 5 steps twice", as_it_stands), ("GAN, 5 steps recorded", cuda.capture),
                       ("GAN, 5 steps recorded, again", cuda.capture)):
        yield attempt(name, lambda wrap: identical(first(), trained(cupy, wrap)), wrap)


def attempt(name: str, function: Callable[..., dict], *arguments: Any) -> dict:
    """A row with the result of the function, or with the reason why it fails: the rows after it are measured anyway."""
    try:
        return {"name": name, **function(*arguments)}
    except RUN_ERRORS as error:
        return {"name": name, "failed": failure_reason(error)}


def layer(cupy: Any, case: Case) -> dict:
    """The distances of the GPU from the CPU, of both from float64, and of the GPU from its second run."""
    exact, cpu, gpu, again = (everything(case, xp, dtype) for xp, dtype in (
        (np, np.float64), (np, np.float32), (cupy, np.float32), (cupy, np.float32)))
    return {"apart": distance(gpu, cpu), "gpu_error": distance(gpu, exact), "cpu_error": distance(cpu, exact),
            **identical(gpu, again)}


def everything(case: Case, xp: Any, dtype: Any) -> list[np.ndarray]:
    """The layer's result and all its gradients, as NumPy arrays."""
    forward, backward = ours(case, [move(array, xp) for array in case.draw(dtype)])
    return [*to_list(forward()), *to_list(backward())]


def as_it_stands(step: Callable) -> Callable:
    """The step itself, not recorded."""
    return step


def trained(cupy: Any, wrap: Callable[[Callable], Callable], preset: str = "tiny", batch: int = 64) -> list[np.ndarray]:
    """All weights and statistics after five steps."""
    work = steps.gan_work(preset, batch, cupy)
    step = wrap(work.step)
    for _ in range(5):
        step(*work.inputs)
    return [to_cpu(array) for model in work.parts[:2] for arrays in (model.params, model.buffers) for array in arrays.values()]


def identical(first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> dict[str, int]:
    """How many of the arrays have the same bits."""
    return {"arrays": len(first), "identical": sum(a.tobytes() == b.tobytes() for a, b in zip(first, second, strict=True))}


def whole_steps(part: str, modules: dict[str, Any], rivals: Sequence[Any], rounds: int = 5,
                budget: float = 8.0) -> Iterator[dict]:
    """The rows of bench/steps.py."""
    for name in STEPS[part]:
        yield steps.measure(name, steps.STEPS[name], modules, rivals, rounds, budget)


def lines(part: str, row: dict, names: Sequence[str]) -> list[str]:
    """A row as text."""
    if part != "gradients":
        return [*report.step_lines(row, names)]
    if "failed" in row:
        return [f"{row['name']:48} {row['failed']}"]
    apart = "" if "apart" not in row else (
        f"GPU to CPU {row['apart']:.1e}, to float64 {row['gpu_error']:.1e} (CPU {row['cpu_error']:.1e}), ")
    return [f"{row['name']:48} {apart}{row['identical']} of {row['arrays']} arrays bit-identical"]


# --- the summary ------------------------------------------------------------------------------------------------------

def summary(folder: str | Path) -> dict[str, str]:
    """{bar: sentence}, every bar in every case."""
    read, bench = partial(rows_of, Path(folder)), kept(Path(folder) / "layers" / "bench.json")
    tried = read("gradients")
    rows, kernels = ([row for row in part if "failed" not in row] for part in (tried, read("kernels")))
    lost = f"; {len(tried) - len(rows)} of {len(tried)} rows did not run" if len(rows) < len(tried) else ""
    conv = [row for row in kernels if row["part"] == "conv"]
    apart = [row["apart"] for row in rows if "apart" in row]
    bars = {
        "gradients, GPU against CPU, strict": apart and (
            f"worst {max(map(infinite, apart)):.1e} of {len(apart)} layers, "
            f"{sum(infinite(a) <= GRADIENTS for a in apart)} within {GRADIENTS:g}{lost}"),
        "bit-identical repeats": tried and (
            f"{sum(row['identical'] for row in rows)} of {sum(row['arrays'] for row in rows)} arrays{lost}"),
        "GAN tiny, graph against PyTorch eager": against_torch(read("gan"), "GAN tiny"),
        "GAN small, graph against NumPy": against_numpy(read("gan"), "GAN small"),
        "GAN small, graph against PyTorch eager": against_torch(read("gan"), "GAN small"),
        "style 512 px, graph against PyTorch eager": against_torch(read("style"), "style 512 px"),
        "convolutions, strict: share of the roofline": spread([row["share"] for row in conv if "columns, strict" in row["name"]
                                                               and "share" in row], "{:.0%}"),
        "layers, strict, both ways: share of the roofline": spread(layer_shares(bench), "{:.0%}"),
        **{f"convolutions, {name}: our time over cuDNN's": over_cudnn(conv, name) for name in ("strict", "tf32", "bf16")},
        "one launch": next((f"{1e6 * row['wall']:.1f} us" for row in kernels if row["part"] == "launch"), None)}
    return {name: sentence or MISSING for name, sentence in bars.items()}


def kept(path: Path) -> dict:
    """The content of a file; empty if its part has not run."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def rows_of(folder: Path, part: str) -> list[dict]:
    """The rows of a part that has run."""
    return kept(folder / f"{part}.json").get("rows", [])


def layer_shares(bench: dict) -> list[float]:
    """The fractions for layers with matrix products, forward and backward, in a bench.json."""
    top = bench.get("machine", {}).get("ceilings", {}).get("CuPy")
    return [fraction(row, row["times"]["CuPy"]["device"], top) for row in bench.get("layers", [])
            if top and row["flop"] and "CuPy" in row["times"]]


def infinite(number: float | None) -> float:
    """JSON has null instead of infinity."""
    return float("inf") if number is None else number


def walls(rows: Sequence[dict], name: str) -> dict[str, float]:
    """{contender: wall seconds of a step}, without failed ones."""
    return {who: time["wall"] for row in rows if row["name"] == name for who, time in row["times"].items() if time["wall"]}


def against_torch(rows: Sequence[dict], name: str) -> str | None:
    """Our recorded step relative to PyTorch's fastest."""
    times = walls(rows, name)
    theirs = {who: wall for who, wall in times.items() if who not in OURS}
    if "CuPy graph" not in times:
        return None
    if not theirs:
        return f"{1e3 * times['CuPy graph']:.2f} ms; PyTorch not measured"
    who = min(theirs, key=theirs.__getitem__)
    return (f"{1e3 * times['CuPy graph']:.2f} ms, {who} {1e3 * theirs[who]:.2f} ms: "
            f"{theirs[who] / times['CuPy graph']:.2f} times as fast")


def against_numpy(rows: Sequence[dict], name: str) -> str | None:
    """Our recorded step relative to NumPy's."""
    times = walls(rows, name)
    if not {"NumPy", "CuPy graph"} <= set(times):
        return None
    return (f"{1e3 * times['CuPy graph']:.2f} ms, NumPy {1e3 * times['NumPy']:.1f} ms: "
            f"{times['NumPy'] / times['CuPy graph']:.3g} times as fast")


def over_cudnn(conv: Sequence[dict], precision: str) -> str | None:
    """For each convolution, the time of our faster algorithm in this precision divided by cuDNN's."""
    times: dict[str, dict[str, list[float]]] = {}
    for row in conv:
        layer, way, name = row["name"].rsplit(", ", 2)
        if name == precision:
            times.setdefault(layer, {}).setdefault("theirs" if way == "cuDNN" else "ours", []).append(row["seconds"])
    return spread([min(t["ours"]) / t["theirs"][0] for t in times.values() if len(t) == 2], "{:.2f}")


def spread(numbers: Sequence[float], form: str) -> str | None:
    """Minimum, median and maximum."""
    if not numbers:
        return None
    low, middle, high = map(form.format, (min(numbers), median(numbers), max(numbers)))
    return f"{low} to {high}, median {middle}, of {len(numbers)}"
