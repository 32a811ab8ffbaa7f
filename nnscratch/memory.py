"""Memory: how much a call takes, what to say when there is too little, and how to keep what is freed."""
import ctypes
import re
import tracemalloc


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
