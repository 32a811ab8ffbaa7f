"""`bench` runs all parts, in order; `nnscratch bench` calls it.

A rival, such as another library, is an object with two methods. This package has none; benchmarks/torch_devices.py has one.

    layer(case) -> {name: make}, make() -> ((forward, backward), clock, function that converts results to NumPy arrays)
    step(name, make) -> {name: maker}, maker() -> (resident, with transfers or None, function that returns the peak of memory)

It has three attributes: `precision` {name: text}, `tolerance` {name: number}, and `known_by`, a dict for the machine's card.
"""
import contextlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch import backend
from nnscratch.bench import layers, machine, steps, sweep
from nnscratch.bench import report as tables
from nnscratch.bench.agree import RUN_ERRORS, failure_reason
from nnscratch.hints import checked
from nnscratch.ops.validation import check_choice
from nnscratch.outputs import output_folder

__all__ = ["bench"]

PARTS = ("layers", "steps", "sweep")


@checked
def bench(only: str | None = None, *, quick: bool = False, output: str | Path | None = None, device: str = "auto",
          rivals: Sequence[Any] = (), print_fn: Callable[[str], Any] = print) -> dict[str, Any]:
    """Time layers, steps and batch sizes on the CPU and, if there is one, on the GPU.

    Parameters
    ----------
    only : {"layers", "steps", "sweep"}, optional
        One part instead of all three.
    quick : bool
        A few cases, in less than a minute.
    output : str or Path, optional
        A folder for bench.json, bench.txt and roofline.png.
    device : {"auto", "gpu", "cpu"}
        With "gpu", a missing GPU is an error.
    rivals : sequence
        Other libraries; see the top of this file.
    print_fn : callable
        Prints a line.

    Returns
    -------
    dict
        What bench.json holds (there infinity and NaN are null). `interrupted` says whether Ctrl-C cut it short. `failed` of a
        row has a sentence on each contender that computed something else or could not go on; from then on it has no times.

    Raises
    ------
    InputError
        For an unknown part or device, a folder that cannot be made, or a missing GPU.
    """
    if only is not None:
        check_choice(only, "bench: only", PARTS)
    if device == "auto":
        device = "auto" if backend.gpu_status()[0] is None else "gpu"
    before = "cpu" if backend.current_module() is np else "gpu"
    chosen = backend.use("cpu" if device == "auto" else device)
    with output_folder(output, tables.FILES) if output else contextlib.nullcontext() as folder:
        return fill(tables.Report(folder, print_fn), only, quick, rivals, device, before, chosen)


def fill(report: tables.Report, only: str | None, quick: bool, rivals: Sequence[Any], device: str, before: str,
         chosen: str) -> dict[str, Any]:
    """Run the parts, and write what was measured, also where Ctrl-C ends it early."""
    try:
        modules = {"NumPy": np} | ({"CuPy": backend.current_module()} if chosen == "gpu" else {})
        run(only, quick, modules, rivals, report, device)
    except KeyboardInterrupt:
        report.figures["interrupted"] = True
        report.say("stopped; what was measured is kept")
    finally:
        report.finish()
        backend.use(before)
    return report.figures


def run(only: str | None, quick: bool, modules: Mapping[str, Any], rivals: Sequence[Any], report: tables.Report,
        device: str) -> None:
    """Run the parts; each is a table."""
    card = report.figures["machine"] = machine.card(modules.get("CuPy"))
    for rival in rivals:
        card |= rival.known_by
        card["precision"] |= rival.precision
    card["ceilings"] = {name: machine.ceilings(xp, quick) for name, xp in modules.items()}
    for line in tables.machine_lines(card):
        report.say(line)
    if "CuPy" not in modules:
        report.say(why_no_gpu(device))
    if only in (None, "layers"):
        names = [*modules, *(name for rival in rivals for name in rival.precision)]
        report.say("\nroof: the fraction of what the ceilings allow; above 100 % if a cache helps, or Winograd saves products")
        report.say(tables.layer_header(names))
        for row in layers.run(modules, rivals, quick):
            report.add("layers", row, tables.layer_lines(row, names, card["ceilings"]))
        remeasure_ceilings(card, modules, quick, report)
    names = ["NumPy", *(["CuPy", "CuPy graph"] if "CuPy" in modules else []), *(n for rival in rivals for n in rival.precision)]
    if only in (None, "steps"):
        report.say("\npeak memory: what a step needs beside weights, optimizers' memory and cuBLAS' workspace (34 MB)")
        report.say(tables.step_header(names))
        for row in steps.run(modules, rivals, quick):
            report.add("steps", row, tables.step_lines(row, names))
    if only in (None, "sweep"):
        names = [name for name in names if name in ("NumPy", "CuPy", "CuPy graph")]
        report.say(f"\n{tables.step_header(names)}   (GAN {sweep.PRESET}, by batch size)")
        for row in sweep.run(modules, quick):
            report.add("sweep", row, tables.sweep_lines(row, names))
        report.figures["crossover"] = sweep.crossovers(report.figures["sweep"])
        for line in tables.crossover_lines(report.figures["sweep"]):
            report.say(line)


def remeasure_ceilings(card: dict[str, Any], modules: Mapping[str, Any], quick: bool, report: tables.Report) -> None:
    """Measure the ceilings again, and keep the better: other programs may have slowed the machine down at first."""
    for name, xp in modules.items():
        try:
            before, now = card["ceilings"][name], machine.ceilings(xp, quick)
        except RUN_ERRORS as error:
            report.say(f"{name}: its ceilings are those of before, because they cannot be measured again "
                       f"({failure_reason(error)})")
            continue
        card["ceilings"][name] = {key: max(before[key], now[key]) for key in before}
        if any(now[key] > 1.2 * before[key] for key in before):
            report.say(f"{name} was slowed down when its ceilings were measured: now {now['gflops']:,.0f} GFLOP/s, "
                       f"{now['gb_per_s']:,.0f} GB/s; times and fractions above are of a busy machine")


def why_no_gpu(device: str) -> str:
    """One sentence: what is missing, and how to get it."""
    if device == "cpu":
        return "The GPU's half is left out, as --device cpu says."
    _, reason, remedy = backend.gpu_status()
    return f"The GPU's half is missing, because {reason}; to get it: {remedy}"
