"""Runs the cases, judges each, and prints the bad ones and a table. See the package's docstring for the command line."""
import argparse
import hashlib
import importlib
import shutil
import stat
import sys
import tempfile
import time
from collections import Counter
from itertools import count, islice
from pathlib import Path

import numpy as np

from tests.child import complaint_about, start, wait
from tests.fuzz import pictures
from tests.fuzz.originals import make_originals
from tests.fuzz.readers import READERS, Place, make_case
from tests.fuzz.videos import make_videos
from tests.tiny import make_tiny
from tests.whole import half_files, leftovers

SLOW = ("single style", "texture state", "stylizer state")
ROOMS = ("style.command", "style.one_pass", "style.film", "style.gallery", "classify.command", "generate.command",
         "generate.evaluate.command", "generate.plots", "style.train_texture", "style.train_stylizer", "demo")


def main():
    """Parse the command line, run, return the exit code: 1 if there is a bad case."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Damaged and hostile files for every reader.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1000, help="files")
    parser.add_argument("--only", choices=READERS, help="one reader")
    parser.add_argument("--quick", action="store_true", help="without large pictures and the slow readers")
    parser.add_argument("--case", type=int, help="one case alone, with all that it says")
    parser.add_argument("--keep", type=Path, help="with --case: a new folder, which stays")
    options = parser.parse_args()
    make_tiny()
    if options.quick:
        pictures.LARGE_SHARE = 0
    for room in ROOMS:
        importlib.import_module(f"nnscratch.{room}")
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        base = Path(folder, "base")
        make_originals(base)
        make_videos(base)
        before = snapshot(base)
        if options.case is not None:
            return show(options.seed, options.case, base, options.keep or Path(folder, "case"))
        names = list(READERS)
        left_out = SLOW if options.quick else ()
        chosen = [k for k, name in enumerate(names) if options.only in (None, name) and name not in left_out]
        numbers = (k + round * len(names) for round in count() for k in chosen)
        bad = run_all(options.seed, list(islice(numbers, options.count)), base, Path(folder))
        if snapshot(base) != before:
            print("some case changed the original files")
            bad = True
    return int(bad)


def run_all(seed, numbers, base, folder):
    """Run these cases, print the bad ones and the table; returns whether one is bad."""
    table = {name: Counter() for name in READERS}
    for k in numbers:
        begin = time.perf_counter()
        reader, case, outcome, problem = run_case(seed, k, base, folder / "case")
        table[reader].update(files=1, seconds=time.perf_counter() - begin, bad=bool(problem),
                             ok=outcome.code == 0 and not problem, refused=outcome.code > 0 and not problem)
        if problem:
            print(f"seed {seed} case {k} ({reader}): {problem}\n    {case.words[:300]}")
            print(f"    {words_of(case.command, folder)}", flush=True)
        shutil.rmtree(folder / "case")
    columns = "files", "ok", "refused", "bad", "seconds"
    print(f"\n{'reader':20}", *(f"{column:>7}" for column in columns))
    table = {name: row for name, row in table.items() if row} | {"all": sum(table.values(), Counter())}
    for name, row in table.items():
        print(f"{name:20}", *(f"{row[column]:7.0f}" for column in columns))
    return table["all"]["bad"] > 0


def words_of(command, folder):
    """The command as it could be typed."""
    text = " ".join(repr(str(word))[1:-1][:200] for word in command)
    return f"nnscratch {text}".replace(f"{folder}/", "")


def run_case(seed, number, base, folder):
    """(reader, case, outcome, what is wrong or None) of one case in a fresh folder."""
    names = list(READERS)
    reader, rng = names[number % len(names)], np.random.default_rng([seed, number])
    place = Place(base, folder / "inputs", folder / "output", folder / "canary")
    for made in (folder, place.inputs, place.output):
        made.mkdir()
    case = make_case(reader, rng, place)
    before, special = snapshot(place.inputs), special_files(place.output)
    outcome = wait(start(case.command, folder), folder)
    problem = complaint_about(outcome, case.codes)
    if place.canary.exists():
        problem = "EXECUTED what was in the file"
    elif snapshot(place.inputs) != before:
        problem = problem or "changed the folder of its input"
    elif not special.items() <= special_files(place.output).items():
        problem = problem or "replaced a device, pipe or folder"
    elif reader != "output" and any((folder / "cwd").iterdir()) or any((folder / "tmp").iterdir()):
        problem = problem or "wrote outside its output"
    problem = problem or complaint_about_output(case, place.output, outcome.code)
    return reader, case, outcome, problem


def complaint_about_output(case, output, code):
    """What is wrong with what was written."""
    left = leftovers(output)
    if left:
        return f"left {left[0].name} behind"
    if code != 0:
        return None
    if case.result != output:
        half = half_files(case.result)
        if not case.result.exists():
            return "said it succeeded and wrote nothing"
        if half:
            return f"wrote what cannot be opened: {half[0]}"
    if case.equal is not None and case.result.read_bytes() != case.equal.read_bytes():
        return "accepted a value of a wrong type, and made another image with it"
    return None


def snapshot(folder):
    """{name: kind, size and hash} of everything in a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        regular = stat.S_ISREG(state.st_mode)
        found[str(path)] = state.st_mode, regular and state.st_size, regular and hashlib.md5(path.read_bytes()).hexdigest()
    return found


def special_files(folder):
    """{name: kind} of what is neither a regular file nor a folder that was just made."""
    return {str(path): stat.S_IFMT(path.lstat().st_mode) for path in folder.rglob("*")
            if not stat.S_ISREG(path.lstat().st_mode) and path.name in ("out.png", "out.png.state", "state.safetensors",
                                                                       "judge.safetensors", "video.mp4.state")}


def show(seed, number, base, folder):
    """Run one case and print everything about it."""
    reader, case, outcome, problem = run_case(seed, number, base, folder)
    print(f"{reader}: {case.words[:1000]}\n{words_of(case.command, folder)}")
    print(f"code {outcome.code}, {outcome.peak / 2**20:.0f} MB")
    print(outcome.stdout[-2000:] + outcome.stderr[-8000:])
    print(f"{reader}: {problem or 'right'}; {case.words[:300]}")
    return int(problem is not None)


if __name__ == "__main__":
    sys.exit(main())
