"""What this machine has to compute with: versions, BLAS, threads, and why there is no GPU if there is none."""
import ctypes
import importlib.metadata
import os
import platform
from pathlib import Path

import numpy as np

from nnscratch import backend
from nnscratch.version import __version__


def report():
    """The facts as (name, text) pairs."""
    yield "nnscratch", __version__
    yield "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    for package in ("numpy", "pillow", "matplotlib", "tqdm", "safetensors"):
        yield package, version(package)
    yield "BLAS", blas()
    yield "CPU cores", f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} usable"
    module, reason, remedy = backend.gpu_status()
    yield "array library", backend.describe_device(np if module is None else module)
    if module is None:
        yield "no GPU, because", reason
        yield "to change that", remedy


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def blas():
    """Name, version, kernels and threads of the library that does NumPy's matrix products."""
    found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    text = f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()
    core, threads = ask_openblas("get_corename", ctypes.c_char_p), openblas_threads()
    if core:
        ordered = " (ordered by OPENBLAS_CORETYPE; unset it for full speed)" if os.environ.get("OPENBLAS_CORETYPE") else ""
        text += f", kernels for {core.decode()}{ordered}"
    return text + (f", {threads} threads (set OPENBLAS_NUM_THREADS to change)" if threads else "")


def openblas_threads():
    return ask_openblas("get_num_threads", ctypes.c_int)


def ask_openblas(question, answer_type):
    """Asks the OpenBLAS inside NumPy's wheel; None where NumPy was built with something else."""
    for library in Path(np.__file__).parent.parent.glob("numpy.libs/*openblas*"):
        functions = ctypes.CDLL(str(library))
        for name in (f"scipy_openblas_{question}64_", f"scipy_openblas_{question}", f"openblas_{question}"):
            if hasattr(functions, name):
                function = getattr(functions, name)
                function.restype = answer_type
                return function()
    return None


def print_report(print_fn=print):
    for name, text in report():
        print_fn(f"{name:16} {text}")
