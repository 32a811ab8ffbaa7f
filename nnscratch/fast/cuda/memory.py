"""Memory of the GPU's asked for past CuPy's usual pool.

CuPy has no one word for "there is not enough": its pools raise MemoryError, what asks CUDA itself a RuntimeError; and to
the latter a pool answers by giving back all that is free in it, and asks again.
"""
from nnscratch.memory import is_cudas_shortage


def block(xp, size):
    """So many bytes from CUDA itself, as CuPy's allocators give them."""
    return xp.cuda.MemoryPointer(xp.cuda.Memory(size), 0)


def own_memory(xp, size):
    """The same, but MemoryError where there are not so many."""
    try:
        return block(xp, size)
    except RuntimeError as error:
        if not is_cudas_shortage(error):
            raise
        raise MemoryError(f"CUDA is out of memory allocating {size:,} bytes") from error


def still_memory(xp, size):
    """For the pool of a recorded step, which gives nothing back while its stream records: what is free in it then is what the
    part recorded so far works with. So MemoryError, on which CuPy's pool gives up; else CUDA's own, on which it does not."""
    ask = own_memory if xp.cuda.get_current_stream().is_capturing() else block
    return ask(xp, size)
