"""The command line: python -m benchmarks layers | steps | calls | peers | ..."""
import argparse
import sys
from pathlib import Path

import numpy as np

from benchmarks import DROPPED, machine, tables
from benchmarks.rivals import load_torch
from nnscratch import memory
from nnscratch.bench import bench
from nnscratch.bench.machine import gpu_card
from nnscratch.bench.report import as_json, step_header
from nnscratch.bench.run import PARTS
from nnscratch.errors import InputError
from nnscratch.files import make_folder, replace_file
from nnscratch.ops.validation import check_choice, check_int

WHAT = {
    "layers": "each layer, forward and backward, against PyTorch in its better layout",
    "devices": "`nnscratch bench` with PyTorch beside it, on the GPU where there is one",
    "kernels": "our CUDA kernels alone, against the GPU's memory and products; needs a GPU",
    "bars": "the requirements on a GPU, each as one number: --part gradients, gan, style, or summary; needs a GPU",
    "steps": "a GAN step and a style step against PyTorch eager; a style step's time per pixel from 128 to 1024 px",
    "calls": "what a layer's call costs where there is nearly nothing to compute, level by level",
    "peers": "forward + backward against DeZero, numpy-ml and im2col in one piece",
    "memory": "the most memory a convolution takes, predicted and measured; a style step at 2048 px",
    "classifier": "a classifier of images with the defaults: accuracy on the test part, seconds; --data as for the command",
    "features": "which loss network transfers style best, judged by a network of yours (--judge FILE.onnx)",
    "parallel": "images per second of 1, 2 and 4 processes that train together; needs pip install nnscratch[mpi]",
    "algorithms": "every algorithm on 31 shapes: the source of the rule in fast/dispatch.py",
    "ladder": "every idea that made the layers fast, before and after",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", formatter_class=argparse.RawDescriptionHelpFormatter,
                                     description="Time nnscratch on the CPU against others.\n\n" + "\n".join(
                                         f"  {name:10} {text}" for name, text in WHAT.items()))
    parser.add_argument("what", choices=WHAT, metavar="|".join(WHAT))
    parser.add_argument("--device", default="auto", help="devices: auto (default), cpu or gpu")
    parser.add_argument("--part", help="devices: layers, steps or sweep alone; bars: which")
    parser.add_argument("--quick", action="store_true", help="devices: a few cases")
    parser.add_argument("-o", "--output", metavar="FOLDER", help="devices, bars: folder for their files")
    parser.add_argument("--rounds", type=int, default=9, help="samples of each contender (default 9)")
    parser.add_argument("--only", default="", metavar="TEXT", help="layers, peers: cases with this in their name or group")
    parser.add_argument("--data", default="glyphs", metavar="DIR", help="classifier: its data (default glyphs)")
    parser.add_argument("--steps", type=int, help="classifier: instead of the default")
    parser.add_argument("--augment", help="classifier: none, shift, flip or shift-flip, instead of the default")
    parser.add_argument("--judge", metavar="FILE", nargs="+", help="features: a network for photographs as an .onnx file; "
                                                                   "with --pairs also several, which are averaged")
    parser.add_argument("--pairs", metavar="FOLDER", help="features: compare quick, one pass and others on FOLDER/contents x "
                                                          "FOLDER/styles; --plot draws all images")
    parser.add_argument("--json", metavar="FILE", help="write every figure to FILE")
    parser.add_argument("--plot", metavar="FILE", help="layers, features: draw the figures to FILE")
    parser.add_argument("--keep-settings", action="store_true", help="obey OPENBLAS_CORETYPE, which slows only NumPy down")
    options = parser.parse_args(arguments)

    kept = memory.keep_freed_memory()  # as in our commands; it also applies to PyTorch in this process
    if options.what in ("devices", "kernels", "bars"):
        try:
            return {"devices": run_devices, "kernels": run_kernels, "bars": run_bars}[options.what](options)
        except InputError as error:
            print(f"benchmarks: {error}", file=sys.stderr)
            return 2
    torch = load_torch(machine.threads()) if options.what in ("layers", "steps") else None
    card = {**machine.card(torch), "freed_memory_kept": kept, "dropped_settings": DROPPED}
    tables.print_card(card)
    rows = list(getattr(tables, f"show_{options.what}")(torch, card, options))
    if options.json:
        replace_file(options.json, as_json({"what": options.what, "machine": card, "rows": rows}))
    if options.plot and options.what == "layers":
        from benchmarks.plot import plot_layers
        plot_layers(card, rows, options.plot)
    if options.plot and options.what == "features" and not options.pairs:
        from benchmarks.plot import plot_features
        plot_features(rows, options.plot)
    return 0


def run_devices(options: argparse.Namespace) -> int:
    """Exit code 1 if a contender had a wrong result or failed, 130 if Ctrl-C stopped it."""
    from benchmarks.torch_devices import TorchRival
    torch = load_torch(machine.threads())
    rivals = [TorchRival(torch)] if torch else []
    found = bench(options.part, quick=options.quick, output=options.output, device=options.device, rivals=rivals)
    return 130 if found["interrupted"] else int(any(row["failed"] for part in PARTS for row in found[part]))


def run_kernels(options: argparse.Namespace) -> int:
    """Exit code 1 if a kernel had a wrong result or failed."""
    from benchmarks import kernels
    from nnscratch import backend
    check_int(options.rounds, "kernels: --rounds", 1)
    backend.use("gpu")
    card, rows = gpu_card(backend.current_module()), []  # first, because a GPU that is lost later reports nothing
    for row in kernels.run(backend.current_module(), load_torch(machine.threads()), rounds=options.rounds):
        rows.append(row)
        share = f"{row['share']:5.0%}" if "share" in row else ""
        print(f"{row['part']:9} {row['name']:58} "
              + (row["failed"] if "failed" in row else f"{row['figure']:10,.1f} {row['unit']:8} {share}"), flush=True)
        if options.json:
            replace_file(options.json, as_json({"what": "kernels", "machine": card, "rows": rows}))
    return int(any("failed" in row for row in rows))


def run_bars(options: argparse.Namespace) -> int:
    """Print a part's rows and write them to FOLDER/PART.json as they are measured. Exit code 1 if gradients or repeats differ
    too much, or if anything had a wrong result or failed."""
    from benchmarks import bars
    from benchmarks.torch_devices import TorchRival
    from nnscratch import backend
    check_choice(options.part, "bars: --part", ("gradients", *bars.STEPS, "summary"))
    folder = Path(options.output or ".")
    make_folder(folder)
    if options.part == "summary":
        return run_summary(bars.summary(folder), folder)
    backend.use("gpu")
    xp, torch, kept, names = backend.current_module(), load_torch(machine.threads()), [], list(bars.OURS)
    about = {"gpu": gpu_card(xp), "threads": machine.threads(), "pytorch": torch and torch.__version__}
    if options.part == "gradients":
        rows = bars.gradients(xp)
    else:
        rivals = [TorchRival(torch)] if torch else []
        names += [name for rival in rivals for name in rival.precision]
        print(f"NumPy: {machine.threads()} thread(s); PyTorch: {about['pytorch'] or 'missing, pip install torch'}")
        print(step_header(names), flush=True)
        rows = bars.whole_steps(options.part, {"NumPy": np, "CuPy": xp}, rivals)
    for row in rows:
        kept.append(row)
        print("\n".join(bars.lines(options.part, row, names)), flush=True)
        replace_file(folder / f"{options.part}.json", as_json({"what": options.part, "machine": about, "rows": kept}))
    return int(any(row.get("failed") or row.get("identical", 0) < row.get("arrays", 0) or row.get("apart", 0) > bars.GRADIENTS
                   for row in kept))


def run_summary(found: dict[str, str], folder: Path) -> int:
    """Print and write all bars, {name: sentence}."""
    for name, sentence in found.items():
        print(f"{name:48} {sentence}")
    replace_file(folder / "bars.json", as_json(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
