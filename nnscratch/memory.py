"""Memory: how much a call needs, what to say when there is too little, and how to keep what is freed."""
import ctypes
import re
import tracemalloc
from collections.abc import Callable
from typing import Any

from nnscratch.errors import InputError

__all__ = ["is_cuda_out_of_memory", "keep_freed_memory", "out_of_memory_message", "peak_bytes"]


def peak_bytes(function: Callable[[], Any]) -> int:
    """Measure the peak of NumPy's memory during a call, beyond what was allocated before it.

    Parameters
    ----------
    function : callable
        Without arguments.

    Returns
    -------
    int
        Bytes.

    Examples
    --------
    >>> import numpy as np
    >>> peak_bytes(lambda: np.zeros(1000)) >= 8000
    True
    """
    if not callable(function):
        raise InputError(f"peak_bytes: the function is a {type(function).__name__}, expected a function without arguments")
    tracing = tracemalloc.is_tracing()  # the caller may be tracing too; then it goes on
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        function()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()


def is_cuda_out_of_memory(error: BaseException) -> bool:
    """Tell whether a RuntimeError says that CUDA itself has not enough memory.

    Parameters
    ----------
    error : Exception
        Any error.

    Returns
    -------
    bool
        Whether it names cudaErrorMemoryAllocation.
    """
    return "cudaErrorMemoryAllocation" in str(error)


def out_of_memory_message(error: BaseException, way_out: str) -> str:
    """Write the sentence for a MemoryError of NumPy or CuPy.

    Parameters
    ----------
    error : Exception
        The error.
    way_out : str
        What the user can do.

    Returns
    -------
    str
        Which memory, how much was asked for at once, and the way out.

    Examples
    --------
    >>> out_of_memory_message(MemoryError("Unable to allocate 2.00 GiB for an array"), "use smaller images")
    'not enough memory for 2 GiB more; use smaller images'
    """
    found = re.search(r"allocat\w* ([\d.,]+) (bytes|[KMGT]iB)", str(error))
    wanted = ""
    if found:
        amount, unit = float(found[1].replace(",", "")), found[2]
        wanted = f" for {amount / 2**20:,.0f} MiB more" if unit == "bytes" else f" for {amount:g} {unit} more"
    gpu = "of the GPU's " if "cupy" in type(error).__module__ or "cuda" in str(error).lower() else ""
    return f"not enough {gpu}memory{wanted}; {way_out}"


def keep_freed_memory() -> bool:
    """Ask the C library to keep the memory of freed arrays for the next arrays.

    This holds for the whole process, which then stays as large as it ever was. So programs call it (our commands do), and no
    import does. It works with glibc only. On a GPU, CuPy keeps freed memory anyway.

    Returns
    -------
    bool
        Whether the C library has agreed.
    """
    trim_threshold, mmap_max = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(mmap_max, 0) and mallopt(trim_threshold, -1))
