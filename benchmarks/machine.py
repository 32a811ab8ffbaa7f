"""What this machine can do at best: the two ceilings every other figure is a share of, and who it is."""
import os
import platform
from time import perf_counter

import numpy as np

from nnscratch.info import blas, openblas_threads


def card(torch=None):
    """Processor, versions, threads, and the two ceilings, as a dict for print and JSON."""
    return {
        "processor": processor(), "cores": os.cpu_count(), "python": platform.python_version(), "numpy": np.__version__,
        "blas": blas(), "pytorch": torch and torch.__version__, "threads": threads(),
        "gemm_gflops": gemm_gflops(), "copy_gb_per_s": copy_gb_per_s(),
    }


def threads():
    """The threads a product in NumPy uses, which is what every rival gets."""
    return openblas_threads() or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


def gemm_gflops(side=1536):
    """Best of several float32 products of `side` x `side` matrices, in 10⁹ additions and multiplications a second."""
    a, b = (np.random.default_rng(k).normal(size=(side, side)).astype(np.float32) for k in (0, 1))
    out = np.empty_like(a)
    return 2 * side**3 / best(lambda: np.matmul(a, b, out=out)) / 1e9


def copy_gb_per_s(size=2**28):
    """Best of several copies of 256 MB (far more than any cache holds), counting bytes read and bytes written."""
    a = np.ones(size // 4, dtype=np.float32)
    b = np.empty_like(a)
    return 2 * size / best(lambda: np.copyto(b, a)) / 1e9


def best(function, times=7):
    """The shortest of several calls: a ceiling is what the machine does when nothing disturbs it."""
    seconds = []
    for _ in range(times):
        start = perf_counter()
        function()
        seconds.append(perf_counter() - start)
    return min(seconds)


def processor():
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
