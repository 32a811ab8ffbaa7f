"""Runs the parts and prints what is wrong, and a table. See the package's docstring for the command line."""
import argparse
import importlib
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from PIL import Image

from tests.fuzz.__main__ import ROOMS
from tests.fuzz.originals import SETTINGS, make_inputs, run
from tests.interruptions.jobs import JOBS
from tests.interruptions.parts import faults, signals
from tests.interruptions.runner import Bench, quick_states
from tests.interruptions.surroundings import surroundings
from tests.tiny import make_tiny

PARTS = {"signals": signals, "faults": faults, "surroundings": surroundings}


def main():
    """Parse the command line, run, return the exit code: 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.interruptions", description="Interrupts everything that writes.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=20, help="cases a job and kind; faults beyond it are sampled")
    parser.add_argument("--part", choices=PARTS, help="one part")
    parser.add_argument("--only", choices=JOBS, help="one job")
    parser.add_argument("--case", help="one case, as it was printed")
    options = parser.parse_args()
    make_tiny()
    quick_states()
    for room in ROOMS:
        importlib.import_module(f"nnscratch.{room}")
    with tempfile.TemporaryDirectory(prefix="interruptions-") as folder:
        bench = Bench(Path(folder), Path(folder, "base"))
        make_base(bench.base)
        return report(bench, options)


def report(bench, options):
    """Run, print and count; returns the exit code."""
    table, start_time = {}, time.perf_counter()
    chosen = options.part or (options.case or "").split(" ")[0]
    case = options.case and options.case.split("/")[0]
    for part, cases in PARTS.items():
        if chosen not in ("", part):
            continue
        for line, problem in cases(bench, options.seed, options.count, options.only, case):
            row = table.setdefault(" ".join(line.split("/")[0].split(" in ")[0].rstrip("0123456789").split()), Counter())
            row.update(cases=1, bad=bool(problem))
            if problem:
                print(f"{line}: {problem}", flush=True)
    print(f"\n{'':40} {'cases':>7} {'bad':>7}")
    for name, row in (table | {"all": sum(table.values(), Counter())}).items():
        print(f"{name:40} {row['cases']:7} {row['bad']:7}")
    print(f"{time.perf_counter() - start_time:.0f} s")
    return int(any(row["bad"] for row in table.values()))


def make_base(base):
    """Write the inputs of all jobs."""
    make_inputs(base)
    (base / "folder").mkdir()
    for name in ("photo.png", "style.png", "large.png"):
        shutil.copy(base / name, base / "folder")
    frames = [Image.new("RGB", (40, 32), (k * 60, 100, 50)) for k in range(3)]
    frames[0].save(base / "film.gif", save_all=True, append_images=frames[1:], duration=100)
    run(["train", "generator", "-o", base / "trained", "--data", base / "data.npz", *SETTINGS["generator"]], base)
    shutil.copy(base / "trained" / "best.safetensors", base)
    run(["train", "classifier", "-o", base / "classes", "--data", base / "data.npz", *SETTINGS["classifier"]], base)


if __name__ == "__main__":
    sys.exit(main())
