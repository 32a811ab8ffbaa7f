"""Odd surroundings: no standard streams, few handles, a clock that goes back, two processes, Ctrl-C while Python starts."""
import os
import resource
import shlex
import signal
import subprocess
import sys
import time

import numpy as np

from tests.child import complaint_about, start, wait
from tests.interruptions.jobs import JOBS, files_of
from tests.interruptions.parts import numbers_in
from tests.whole import half_files

__all__ = ["surroundings"]

STREAMS = {"full output": "> /dev/full", "no output": ">&-", "no errors": "2>&-", "full errors": "2> /dev/full",
           "neither": ">&- 2>&-", "both full": "> /dev/full 2>&1", "no input": "<&-"}
STREAMED = ("style", "fast folder", "generator", "generate")
WHOLE = {}  # what a new Python writes with all its streams, where nothing is tiny
TRACES = ("Traceback", "Exception ignored", "Error in sys.excepthook")


def surroundings(bench, seed, count, only=None, case=None):
    """Every job in every surrounding; the slow ones, which start a new Python, `count` times at most."""
    def wanted(line):
        return case in (None, line) and only in (None, line.split(" in ")[0].removeprefix("surroundings "))
    for name in JOBS:
        for words, prepare in (("few handles", few_handles), ("a clock that goes back", clock_back)):
            if wanted(line := f"surroundings {name} in {words}"):
                yield line, whole_in(bench, name, prepare)
    for name in ("style", "generate", "generator", "fast folder", "judge", "gallery", "texture"):
        if wanted(line := f"surroundings {name} in a folder that is not writable"):
            yield line, unwritable(bench, name)
    for name in ("generator", "texture", "style"):
        if wanted(line := f"surroundings {name} in two processes"):
            yield line, two_processes(bench, name)
    for name in STREAMED[:max(1, count // 5)]:
        for words, streams in STREAMS.items():
            if wanted(line := f"surroundings {name} in {words}"):
                yield line, streamed(bench, name, streams)
    for k in numbers_in(case, "surroundings start in Ctrl-C", range(count if only is None else 0)):
        yield f"surroundings start in Ctrl-C {k}", early(bench, np.random.default_rng([seed, k]))


def few_handles():
    """20 open files, of which the streams are three."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))


def clock_back():
    """The time of day goes back by an hour at every second question."""
    whole, calls = time.time, []

    def back():
        calls.append(None)
        return whole() - 3600 * (len(calls) % 2)
    time.time = back


def whole_in(bench, name, prepare):
    """The job must end as always; one with a film needs more frames than there are handles."""
    expected, out = bench.reference(name), bench.fresh(name)
    words = JOBS[name].words(bench.base, out)
    if prepare is few_handles and name in ("generator", "style"):
        outcome = bench.run([*words, "--steps", "60"], out, prepare)
        return complaint_about(outcome, (0,)) or next(iter(half_files(out)), None)
    outcome = bench.run(words, out, prepare)
    problem = complaint_about(outcome, (0,))
    different = [path for path, data in expected.items() if not bench.same(data, read(out / path))]
    return problem or (f"{different[0]} differs" if different else None)


def read(path):
    """The bytes of a file, or None."""
    return path.read_bytes() if path.is_file() else None


def unwritable(bench, name):
    """Refused with one sentence; /sys cannot be written to even by root."""
    out = bench.fresh(name)
    words = [word.replace(str(out), "/sys/nnscratch") for word in JOBS[name].words(bench.base, out)]
    return complaint_about(bench.run(words, out), (2,))


def two_processes(bench, name):
    """The second of two processes on one output says one sentence with code 2, and the first ends as always."""
    expected, out = bench.reference(name), bench.fresh(name)
    gate = bench.folder / "gate"
    gate.unlink(missing_ok=True)

    def wait_at_first_write():
        from nnscratch import checkpoint
        whole = checkpoint.write_arrays

        def waiting(*arguments):
            whole(*arguments)
            gate.touch()
            while gate.exists():
                time.sleep(0.01)
        checkpoint.write_arrays = waiting
    first, second = bench.folder / "first", bench.folder / "second"
    for folder in (first, second):
        folder.mkdir(exist_ok=True)
    pid = start(JOBS[name].words(bench.base, out), first, wait_at_first_write)
    end = time.monotonic() + 30
    while not gate.exists() and time.monotonic() < end:
        time.sleep(0.01)
    other = wait(start(JOBS[name].words(bench.base, out, resume=True), second), second)
    again = wait(start(JOBS[name].words(bench.base, out), second), second)
    gate.unlink()
    release = time.monotonic() + 30
    while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) and time.monotonic() < release:
        gate.unlink(missing_ok=True)  # at each later write
        time.sleep(0.005)
    outcome = wait(pid, first)
    problem = complaint_about(other, (2,)) or complaint_about(again, (2,))
    if problem:
        return f"the second: {problem}"
    problem = complaint_about(outcome, (0,))
    different = [path for path, data in expected.items() if not bench.same(data, read(out / path))]
    return f"the first: {problem}" if problem else f"{different[0]} differs" if different else None


def streamed(bench, name, streams):
    """A new Python with these streams: the work is done, and nothing is said that looks like a fault of ours."""
    out = bench.fresh(name)
    words = JOBS[name].words(bench.base, out)
    def run(streams):
        command = f"{shlex.join([sys.executable, '-m', 'nnscratch', *words])} {streams}"
        return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=120)
    if name not in WHOLE:
        run("")
        WHOLE[name] = files_of(out)
        out = bench.fresh(name)
    ended = run(streams)
    said, found = ended.stdout + ended.stderr, files_of(out)
    if any(trace in said for trace in TRACES) or ended.returncode not in (0, 1, 2, 141):
        return f"code {ended.returncode}: {said.strip().splitlines()[-1:]}"
    different = [path for path, data in WHOLE[name].items() if not bench.same(data, found.get(path))]
    return f"{different[0]} is missing or differs" if different else None


def early(bench, rng):
    """Ctrl-C in the first second of a new Python; before our first line is reached, what is said is Python's own."""
    out = bench.fresh("generate")
    words = JOBS["generate"].words(bench.base, out)
    delay = float(rng.uniform(0.02, 1.2))
    process = subprocess.Popen([sys.executable, "-m", "nnscratch", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, start_new_session=True)
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    said = "".join(process.communicate(timeout=60))
    ours = "nnscratch/cli.py" in said or "nnscratch/__main__.py" in said or "in main" in said
    if process.returncode in (0, 130) and "Traceback" not in said:
        return None
    return f"after {delay:.2f} s: code {process.returncode}, {said.strip().splitlines()[-1:]}" if ours else None
