"""The parts: each yields (case, what is wrong or None). A case is a line of words that runs it again alone."""
import os
import signal
import threading
import time
import zlib
from pathlib import Path

import numpy as np

from tests.interruptions.faults import FAULTS, count_operations, injector
from tests.interruptions.jobs import JOBS, files_of
from tests.interruptions.told import told_missing

__all__ = ["faults", "numbers_in", "signals"]

SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
SLOW = ("texture", "stylizer", "demo", "judge", "gallery")  # fewer signals for these


def signals(bench, seed, count, only=None, case=None):
    """Signals at random moments, one after the other, each followed by --resume, until the work is done."""
    for name in JOBS:
        if only in (None, name):
            for k in numbers_in(case, f"signals {name}", range(count if name not in SLOW else max(1, count // 10))):
                yield f"signals {name} {k}", interrupt_until_done(bench, name, np.random.default_rng([seed, k, crc(name)]))


def numbers_in(case, words, numbers):
    """The numbers to run: all, or the one that the words of a case end with, if they begin with these words."""
    if case is None:
        return numbers
    begin, _, number = case.rpartition(" ")
    return [int(number)] if begin == words else []


def crc(text):
    """A number for a text, the same in every process."""
    return zlib.crc32(text.encode())


def interrupt_until_done(bench, name, rng):
    """Interrupt a job a few times at random moments and finish it; what is wrong with it."""
    out = bench.fresh(name, old=rng.random() < 0.5)
    best = False
    for _ in range(int(rng.integers(1, 4))):
        which = SIGNALS[int(rng.integers(len(SIGNALS)))]
        words = JOBS[name].words(bench.base, out, resume=True)
        bench.began = files_of(out)
        outcome = with_signal(bench, words, out, which, float(rng.uniform(0, 1.1 * bench.seconds[name])))
        problem = bench.after(name, which, outcome, out)
        if problem:
            return f"after {which}: {problem}"
        if best and not any(out.rglob("best.safetensors")):
            return f"after {which}: best.safetensors is lost"
        best = any(out.rglob("best.safetensors"))
        if outcome.code == 0:
            break
    return bench.finish(name, out) if outcome.code else None


def with_signal(bench, words, out, which, delay):
    """Run a command and send it a signal after a delay."""
    def send():
        time.sleep(delay)
        os.kill(os.getpid(), getattr(signal, which))

    def prepare():  # from a thread of the child, so that no other process can be hit
        threading.Thread(target=send, daemon=True).start()
    return bench.run(words, out, prepare)


def faults(bench, seed, count, only=None, case=None):
    """A fault at the k-th operation on files: at every one, or at `count` of them, drawn at random, where there are more."""
    for name in JOBS:
        if only not in (None, name):
            continue
        for fault in FAULTS:
            if case is not None and not case.startswith(f"faults {name} {fault} "):
                continue
            total = operations(bench, name, fault)
            rng = np.random.default_rng([seed, crc(name), crc(fault)])
            few = max(1, count // 10) if name in SLOW else count
            turns = range(1, total + 1) if total <= few else sorted(rng.choice(total, few, replace=False) + 1)
            for turn in numbers_in(case, f"faults {name} {fault}", turns):
                yield f"faults {name} {fault} {turn}/{total}", with_fault(bench, name, fault, int(turn))


def operations(bench, name, fault):
    """How many operations of a whole run the fault could hit."""
    out = bench.fresh(name, old=True)
    prepare, note = count_operations(out, fault, bench.folder / "note")
    note.write_bytes(b"0")
    bench.run(JOBS[name].words(bench.base, out), out, prepare)
    return int(Path(note).read_bytes())


def with_fault(bench, name, fault, turn):
    """Run a job with one fault and go on without; what is wrong."""
    out = bench.fresh(name, old=True)
    outcome = bench.run(JOBS[name].words(bench.base, out), out, injector(out, fault, turn))
    problem = bench.after(name, fault, outcome, out)
    return problem or bench.finish(name, out, told_missing(outcome, out))
