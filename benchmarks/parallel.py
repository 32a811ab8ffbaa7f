"""`python -m benchmarks parallel`: images per second of 1, 2 and 4 processes that train `small` together.

    strong    128 images a step in all
    weak      64 images a step for each process
    apart     the same in processes that know nothing of each other: what this machine gives to several at once

Every process has one BLAS thread. Each figure is the median of several starts, in turn (A B A B ...). Beside them: what the
processes send, against 2 (n - 1) / n times the gradients, the least that an all-reduce can do with; and a model of a step,

    seconds = compute / n  +  messages * 2 log2(n) * latency  +  2 (n - 1) / n * bytes / bandwidth

on paper also for machines that we do not have.
"""
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from math import ceil, log2
from pathlib import Path
from statistics import fmean, median
from time import perf_counter
from typing import Any

import numpy as np

from nnscratch.data.synthetic.registry import make_synthetic
from nnscratch.errors import InputError
from nnscratch.generate.methods import make_trainer
from nnscratch.generate.options import make_options
from nnscratch.parallel import Communicator, world

RANKS, STEPS, WARM_UP = (1, 2, 4), 6, 3
BATCHES = {"strong": lambda ranks: 128, "weak": lambda ranks: 64 * ranks, "apart": lambda ranks: 64 * ranks}
MEASURE = [sys.executable, "-m", "benchmarks.parallel"]
ENVIRONMENT = {  # also as root, in a container
    "OPENBLAS_NUM_THREADS": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
MODELS = {  # name: (processes, seconds of a step on one, latency in s, bytes per s): assumptions
    "8 GPUs, NVLink": (8, 4e-3, 5e-6, 300e9), "64 machines, 25 Gbit/s": (64, None, 30e-6, 3e9)}


def run(rounds: int) -> Iterator[dict]:
    """A row for each kind of scaling and number of processes."""
    mpiexec = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if mpiexec is None:
        raise InputError('there is no mpiexec; pip install "nnscratch[mpi]" brings one')
    cases = {(kind, n): batch(n) for kind, batch in BATCHES.items() for n in RANKS}
    seen: dict[tuple[str, int], list[dict]] = {case: [] for case in cases}
    for _ in range(rounds):
        for (kind, n), batch in cases.items():
            seen[kind, n].append(apart(n, batch // n) if kind == "apart" else started(mpiexec, n, batch))
    for (kind, n), batch in cases.items():
        row = {name: median(one[name] for one in seen[kind, n]) for name in seen[kind, n][0]}
        first = median(one["seconds"] for one in seen[kind, 1]) / cases[kind, 1]
        yield {"scaling": kind, "ranks": n, "batch": batch, **row, "images_per_second": batch / row["seconds"],
               "speedup": first * batch / row["seconds"]}


def started(mpiexec: str, ranks: int, batch: int) -> dict:
    """What rank 0 of this many processes measured."""
    command = [mpiexec, "--oversubscribe", "-n", str(ranks), *MEASURE, str(batch)]
    result = subprocess.run(command, env=os.environ | ENVIRONMENT, capture_output=True, text=True)
    if result.returncode:
        raise InputError(f"mpiexec ended with code {result.returncode}: {result.stderr[-500:]}")
    return json.loads(result.stdout)


def apart(count: int, batch: int) -> dict:
    """What so many processes measured at the same time, each for itself; the mean of their seconds."""
    processes = [subprocess.Popen([*MEASURE, str(batch)], env=os.environ | ENVIRONMENT, stdout=subprocess.PIPE)
                 for _ in range(count)]
    measured = [json.loads(process.communicate()[0]) for process in processes]
    return measured[0] | {"seconds": fmean(one["seconds"] for one in measured)}


def measure(batch: int) -> dict:
    """The seconds of a step of this process, its messages and their bytes, and the time that it spent in them."""
    processes = Counted(world())
    options = make_options({"preset": "small", "batch_size": batch, "r1": 0.0})
    trainer = make_trainer(make_synthetic("shapes", 1000, 0, None), options)
    trainer.share(processes)
    for _ in range(WARM_UP):
        trainer.step()
    processes.reset()
    start = perf_counter()
    for _ in range(STEPS):
        trainer.step()
    seconds = (perf_counter() - start) / STEPS
    messages, sent, waited = (value / STEPS for value in (processes.messages, processes.bytes, processes.seconds))
    parts = trainer.models.parts
    gradients = 4 * sum(array.size for name in ("generator", "discriminator") for array in parts[name].params.values())
    factor = 2 * (processes.size - 1) / processes.size
    return {"seconds": seconds, "messages": messages, "bytes": factor * sent, "predicted_bytes": factor * gradients,
            "waited": waited, "latency": timed(processes, 1), "large": timed(processes, gradients // 4)}


def timed(processes: Communicator, numbers: int) -> float:
    """Seconds of an all-reduce of so many numbers: the least of ten."""
    array, seconds = np.ones(numbers, np.float32), []
    for _ in range(10):
        processes.total(0)
        start = perf_counter()
        processes.all_reduce([array])
        seconds.append(perf_counter() - start)
        array[...] = 1
    return min(seconds)


class Counted(Communicator):
    """A communicator that counts what it sends."""

    def __init__(self, inside: Communicator) -> None:
        self.inside, self.rank, self.size = inside, inside.rank, inside.size
        self.reset()

    def reset(self) -> None:
        """Begin to count."""
        self.messages, self.bytes, self.seconds = 0, 0, 0.0

    def all_reduce(self, arrays: Any) -> None:
        """Count the message, and send it."""
        arrays, start = list(arrays), perf_counter()
        self.inside.all_reduce(arrays)
        self.messages, self.bytes = self.messages + 1, self.bytes + sum(array.nbytes for array in arrays)
        self.seconds += perf_counter() - start


def model(ranks: int, compute: float, messages: float, size: float, latency: float, bandwidth: float) -> float:
    """Seconds of a step, on paper: `size` bytes of gradients; `bandwidth` in bytes per second."""
    return compute / ranks + messages * 2 * ceil(log2(ranks)) * latency + 2 * (ranks - 1) / ranks * size / bandwidth


if __name__ == "__main__":
    measured = measure(int(sys.argv[1]))
    if world().rank == 0:
        print(json.dumps(measured))
