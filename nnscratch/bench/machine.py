"""A description of the machine, and its two ceilings: how fast it multiplies and copies when nothing disturbs it.

Every other figure is a fraction of these ceilings.
"""
import os
import platform
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch.bench.clock import CPU, GPU
from nnscratch.fast import cuda
from nnscratch.info import blas, openblas_threads
from nnscratch.version import __version__

__all__ = ["best", "ceilings"]


def card(cupy: Any = None) -> dict[str, Any]:
    """Versions, processor and GPU, for the first lines of a table and for JSON; without `cupy` there is no GPU."""
    found: dict[str, Any] = {
        "nnscratch": __version__, "commit": commit(), "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(), "numpy": np.__version__, "blas": blas(), "processor": processor(),
        "cores": os.cpu_count(), "threads": threads(), "precision": {"NumPy": "float32"}}
    if cupy is not None:
        found["gpu"] = gpu_card(cupy)
        found["precision"]["CuPy"] = f"float32, products {cuda.precision()}"
    return found


def gpu_card(cupy: Any) -> dict[str, Any]:
    """The GPU, its driver and its clocks. What a version of CUDA does not tell is left out."""
    runtime, found = cupy.cuda.runtime, {"cupy": cupy.__version__}
    properties = runtime.getDeviceProperties(cupy.cuda.Device().id)
    names = {"name": "name", "multiProcessorCount": "multiprocessors", "totalGlobalMem": "bytes", "l2CacheSize": "l2_bytes",
             "clockRate": "clock_khz", "memoryClockRate": "memory_clock_khz", "major": "major", "minor": "minor"}
    found |= {ours: properties[theirs] for theirs, ours in names.items() if theirs in properties}
    found["name"] = found["name"].decode()
    for ours, function in (("driver", "driverGetVersion"), ("runtime", "runtimeGetVersion")):
        if hasattr(runtime, function):
            found[ours] = getattr(runtime, function)()
    return found


def commit() -> str | None:
    """The commit of the checkout this is run from; None for an installed package, or without git."""
    folder = Path(__file__).parent.parent.parent
    if not (folder / ".git").exists():
        return None
    try:
        found = subprocess.run(["git", "-C", folder, "describe", "--always", "--dirty"], capture_output=True, text=True,
                               timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return found.stdout.strip() or None


def processor() -> str:
    """The processor's name."""
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def threads() -> int | None:
    """The number of threads that NumPy's products use, and that every rival gets."""
    return openblas_threads() or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


def ceilings(xp: Any, quick: bool = False) -> dict[str, float]:
    """Measure how fast the device multiplies matrices and copies memory.

    Parameters
    ----------
    xp : module
        NumPy or CuPy.
    quick : bool
        Use smaller arrays.

    Returns
    -------
    dict
        "gflops", 10⁹ additions and multiplications a second in products, and "gb_per_s", 10⁹ bytes a second, copying.
    """
    sides = {True: (1024, 2**27), False: (1536, 2**28)} if xp is np else {True: (4096, 2**28), False: (8192, 2**30)}
    side, size = sides[quick]
    return {"gflops": gemm_gflops(side, xp), "gb_per_s": copy_gb_per_s(size, xp)}


def gemm_gflops(side: int = 1536, xp: Any = np) -> float:
    """Best of several float32 products of `side` x `side` matrices, in 10⁹ additions and multiplications a second."""
    rng = np.random.default_rng(0)
    a, b = (xp.asarray(rng.standard_normal((side, side), np.float32)) for _ in range(2))
    out = xp.empty((side, side), dtype=np.float32)
    return 2 * side**3 / best(lambda: cuda.product(a, b, out), xp) / 1e9


def copy_gb_per_s(size: int = 2**28, xp: Any = np) -> float:
    """Best of several copies of 256 MB (far more than any cache holds), counting bytes read and bytes written."""
    a = xp.ones(size // 4, dtype=np.float32)
    b = xp.empty(a.shape, dtype=np.float32)
    return 2 * size / best(lambda: b.__setitem__(..., a), xp) / 1e9


def best(function: Callable[[], Any], xp: Any = np, times: int = 7) -> float:
    """Time several calls, after one that is not counted, and keep the shortest; after two seconds no other call begins.

    Parameters
    ----------
    function : callable
        Without arguments.
    xp : module
        NumPy or CuPy: whose clock is used.
    times : int
        How many calls at most.

    Returns
    -------
    float
        Seconds of the shortest call.

    Examples
    --------
    >>> best(lambda: np.zeros(10)) < 1
    True
    """
    clock: Any = CPU() if xp is np else GPU(xp)
    seconds = []
    function()
    for _ in range(times):
        clock.wait()
        start = clock.event()
        function()
        end = clock.event()
        clock.wait()
        seconds.append(clock.between(start, end))
        if sum(seconds) > 2:
            break
    return max(min(seconds), 1e-9)
