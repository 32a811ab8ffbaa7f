"""Memory: how not to ask the system for it again and again.

Memory that is new to a process costs more than writing to it: the system hands it out page by page, filled with zeros, when
it is first touched, and takes it back when a large array is freed. A network makes the same arrays in every step; if each
comes from the system anew, that alone can take longer than the mathematics.
"""
import ctypes
import re
import tracemalloc
from math import prod
from threading import local

import numpy as np

# The two pieces of scratch memory of a convolution, 4 MB at most each: the array its windows are read from (columns, woven or
# transformed rows), and what stands beside it (padded rows, then products).
WINDOWS, BESIDE = "windows", "beside"

_kept = local()  # each thread has its own: two convolutions at once must not share


def scratch(xp, name, shape, dtype):
    """An array with arbitrary contents, for what lives only inside one call: its memory is kept for the next call.

    It is valid until the next call with this name, and must not leave the op that asked for it. On a GPU it is a plain
    `empty`: CuPy keeps freed memory by itself.
    """
    if xp is not np:
        return xp.empty(shape, dtype=dtype)
    size = prod(shape) * np.dtype(dtype).itemsize
    buffers = vars(_kept)
    if name not in buffers or buffers[name].nbytes < size:
        buffers.pop(name, None)  # before the larger one is made, or both would exist for a moment
        buffers[name] = np.empty(size, dtype=np.uint8)
    return buffers[name][:size].view(dtype).reshape(shape)


def scratch_bytes():
    """What this thread keeps at the moment."""
    return sum(buffer.nbytes for buffer in vars(_kept).values())


def free_scratch():
    """Give this thread's scratch memory back; the next call that wants some makes it anew."""
    vars(_kept).clear()


def peak_bytes(function):
    """The most bytes that NumPy held during a call, beyond what was there before; somebody else may be tracing meanwhile."""
    tracing = tracemalloc.is_tracing()
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


def is_cudas_shortage(error):
    """Whether CUDA itself says that it has not enough memory, which is a RuntimeError."""
    return "cudaErrorMemoryAllocation" in str(error)


def shortage(error, way_out):
    """The sentence for a MemoryError of NumPy's or CuPy's: where, how much was wanted at once, and what to do about it."""
    found = re.search(r"allocat\w* ([\d.,]+) (bytes|[KMGT]iB)", str(error))
    wanted = ""
    if found:
        amount, unit = float(found[1].replace(",", "")), found[2]
        wanted = f" for {amount / 2**20:,.0f} MiB more" if unit == "bytes" else f" for {amount:g} {unit} more"
    gpu = "of the GPU's " if "cupy" in type(error).__module__ or "cuda" in str(error).lower() else ""
    return f"not enough {gpu}memory{wanted}; {way_out}"


def keep_freed_memory():
    """Ask the C library to keep the memory that arrays give back, for the next arrays. True where it could be asked.

    It holds for the whole process, which then stays as large as it ever was; so it is for programs to call (our commands
    do), not for an import. glibc only: elsewhere nothing happens. On a GPU, CuPy keeps freed memory anyway.
    """
    trim_threshold, mmap_max = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(mmap_max, 0) and mallopt(trim_threshold, -1))
