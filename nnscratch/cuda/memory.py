"""Memory of the GPU's asked for past CuPy's usual pool.

CuPy has no one word for "there is not enough": its pools raise MemoryError, what asks CUDA itself a RuntimeError; and to
the latter a pool answers by giving back all that is free in it, and asks again.
"""


def own_memory(xp, size):
    """So many bytes from no pool, as CuPy's allocators give them. MemoryError where there are not so many."""
    try:
        return xp.cuda.MemoryPointer(xp.cuda.Memory(size), 0)
    except RuntimeError as error:
        if "MemoryAllocation" not in str(error):
            raise
        raise MemoryError(f"Out of memory allocating {size:,} bytes") from error


def still_memory(xp, size):
    """The same for the pool of a recorded step, which gives nothing back while its stream records: what is free in it then
    is what the part recorded so far works with. So MemoryError, on which CuPy's pool gives up; else what it waits for."""
    try:
        return own_memory(xp, size)
    except MemoryError as error:
        if xp.cuda.get_current_stream().is_capturing():
            raise
        raise error.__cause__ from None
