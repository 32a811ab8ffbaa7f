"""A description of this machine, and its two ceilings; other results are fractions of these."""
import os
import platform
from typing import Any

import numpy as np

from nnscratch.bench.machine import copy_gb_per_s, gemm_gflops, processor, threads
from nnscratch.info import blas


def card(torch: Any = None) -> dict:
    """Processor, versions, threads, and the two ceilings, as a dict for print and JSON."""
    return {
        "processor": processor(), "cores": os.cpu_count(), "python": platform.python_version(), "numpy": np.__version__,
        "blas": blas(), "pytorch": torch and torch.__version__, "threads": threads(),
        "gemm_gflops": gemm_gflops(), "copy_gb_per_s": copy_gb_per_s(),
    }

