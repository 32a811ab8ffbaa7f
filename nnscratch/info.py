"""The machine's means of computing: versions, BLAS, threads, and why there is no GPU if there is none."""
import ctypes
import importlib.metadata
import os
import platform
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch import backend
from nnscratch.errors import InputError
from nnscratch.hints import checked
from nnscratch.parallel import world
from nnscratch.version import __version__

__all__ = ["print_report", "report"]


def report() -> Iterator[tuple[str, str]]:
    """List what this machine computes with.

    Yields
    ------
    name : str
        What is described, for instance "BLAS".
    text : str
        Its version or state.
    """
    yield "nnscratch", __version__
    yield "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    for package in ("numpy", "pillow", "matplotlib", "tqdm", "safetensors"):
        yield package, package_version(package)
    yield "BLAS", blas()
    yield "CPU cores", f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} usable"
    yield "processes", processes()
    module, reason, remedy = backend.gpu_status()
    yield "array library", backend.describe_device(np if module is None else module)
    if module is None:
        yield "no GPU, because", reason
        yield "to change that", remedy


@checked
def print_report(print_fn: Callable[[str], Any] = print) -> None:
    """Print the report, a line for each fact.

    Parameters
    ----------
    print_fn : callable
        Receives each line.
    """
    for name, text in report():
        print_fn(f"{name:16} {text}")


def package_version(package: str) -> str:
    """The version of an installed package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def processes() -> str:
    """How many processes talk to each other, or why they cannot."""
    try:
        size = world().size
    except InputError as error:
        return str(error)
    return f"{size}, by mpi4py {package_version('mpi4py')}" if size > 1 else "1"


def blas() -> str:
    """Name, version, kernels and threads of the library that computes NumPy's matrix products."""
    config: Any = np.show_config(mode="dicts")
    found = config["Build Dependencies"]["blas"]
    text = f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()
    core, threads = call_openblas("get_corename", ctypes.c_char_p), openblas_threads()
    if core:
        forced = " (set by OPENBLAS_CORETYPE; unset it for full speed)" if os.environ.get("OPENBLAS_CORETYPE") else ""
        text += f", kernels for {core.decode()}{forced}"
    return text + (f", {threads} threads (set OPENBLAS_NUM_THREADS to change)" if threads else "")


def openblas_threads() -> int | None:
    """The number of OpenBLAS's threads; None without OpenBLAS."""
    return call_openblas("get_num_threads", ctypes.c_int)


def call_openblas(function: str, result_type: Any) -> Any:
    """Call a function of the OpenBLAS in NumPy's wheel; None if NumPy was built with another library."""
    for path in Path(np.__file__).parent.parent.glob("numpy.libs/*openblas*"):
        library = ctypes.CDLL(str(path))
        for name in (f"scipy_openblas_{function}64_", f"scipy_openblas_{function}", f"openblas_{function}"):
            if hasattr(library, name):
                call = getattr(library, name)
                call.restype = result_type
                return call()
    return None
