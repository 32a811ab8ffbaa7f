"""`bench`: all of it, in order. It is what `nnscratch bench` calls.

A rival, such as another library, is an object with two methods; this package has none, benchmarks/torch_devices.py has one:

    layer(case) -> {name: make}, make() -> ((forward, backward), clock, function that makes NumPy arrays of results, as ours)
    step(name, make) -> {name: maker}, maker() -> (resident, with transfers or None, function that tells the peak of memory)

and three attributes: `precision` and `tolerance`, {name: text} and {name: number}, and `known_by`, for the machine's card.
"""
import numpy as np

from nnscratch import backend
from nnscratch.bench import layers, machine, steps, sweep
from nnscratch.bench import report as tables
from nnscratch.bench.agree import CANNOT, why_not
from nnscratch.ops.validation import check_choice

PARTS = ("layers", "steps", "sweep")


def bench(only=None, *, quick=False, output=None, device="auto", rivals=(), print_fn=print):
    """Time layers, steps and batch sizes on the CPU and, where there is one, on the GPU.

    Parameters
    ----------
    only : None for all, or "layers", "steps" or "sweep"
    quick : a few cases, in less than a minute
    output : a folder for bench.json, bench.txt and roofline.png, or None
    device : "auto", "gpu" (no GPU is an error) or "cpu"

    Returns
    -------
    dict : what bench.json holds (where null stands for what is infinite or no number); `interrupted` says whether Ctrl-C cut
        it short. `failed` of a row has a sentence on each contender that computed something else or could not go on, as for
        want of memory; from then on it has no times.

    Raises
    ------
    InputError : an unknown part or device, a folder that cannot be made, no GPU where one was asked for.
    """
    if only is not None:
        check_choice(only, "bench: only", PARTS)
    if device == "auto":
        device = "auto" if backend.gpu_status()[0] is None else "gpu"
    before = "cpu" if backend.current_module() is np else "gpu"
    chosen = backend.use("cpu" if device == "auto" else device)
    report = tables.Report(output, print_fn)
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


def run(only, quick, modules, rivals, report, device):
    """The parts, a table each."""
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
        report.say("\nroof: the share of what the ceilings allow; above 100 % where a cache serves, or Winograd saves products")
        report.say(tables.layer_header(names))
        for row in layers.run(modules, rivals, quick):
            report.add("layers", row, tables.layer_lines(row, names, card["ceilings"]))
        look_again(card, modules, quick, report)
    names = ["NumPy", *(["CuPy", "CuPy graph"] if "CuPy" in modules else []), *(n for rival in rivals for n in rival.precision)]
    if only in (None, "steps"):
        report.say("\npeak memory: what a step takes beside weights, optimizers' memory and cuBLAS' workspace (34 MB)")
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


def look_again(card, modules, quick, report):
    """Measure the ceilings once more, and keep the better: other programs may have held the machine back at first."""
    for name, xp in modules.items():
        try:
            before, now = card["ceilings"][name], machine.ceilings(xp, quick)
        except CANNOT as error:
            report.say(f"{name}: its ceilings are those of before, because they cannot be measured again ({why_not(error)})")
            continue
        card["ceilings"][name] = {key: max(before[key], now[key]) for key in before}
        if any(now[key] > 1.2 * before[key] for key in before):
            report.say(f"{name} was held back when its ceilings were measured: now {now['gflops']:,.0f} GFLOP/s, "
                       f"{now['gb_per_s']:,.0f} GB/s; times and shares above are of a busy machine")


def why_no_gpu(device):
    """One sentence: what is missing, and how to get it."""
    if device == "cpu":
        return "The GPU's half is left out, as --device cpu says."
    _, reason, remedy = backend.gpu_status()
    return f"The GPU's half is missing, because {reason}; to get it: {remedy}"
