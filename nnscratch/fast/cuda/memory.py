"""GPU memory that does not come from CuPy's usual pool.

If there is not enough memory, CuPy's pools raise MemoryError, and CUDA's own allocation a RuntimeError. On the latter a pool
frees all its unused blocks and tries again.
"""
from typing import Any

from nnscratch.memory import is_cuda_out_of_memory

__all__: list[str] = []


def block(xp: Any, size: int) -> Any:
    """`size` bytes from CUDA itself, as CuPy's allocators return them."""
    return xp.cuda.MemoryPointer(xp.cuda.Memory(size), 0)


def own_memory(xp: Any, size: int) -> Any:
    """As `block`, but raises MemoryError if there is not enough."""
    try:
        return block(xp, size)
    except RuntimeError as error:
        if not is_cuda_out_of_memory(error):
            raise
        raise MemoryError(f"CUDA is out of memory allocating {size:,} bytes") from error


def fixed_memory(xp: Any, size: int) -> Any:
    """The allocator of a recorded step's pool, which must not free its unused blocks while its stream records: the part that is
    recorded already works in them. So it raises MemoryError then, on which CuPy's pool gives up, and else CUDA's own error."""
    ask = own_memory if xp.cuda.get_current_stream().is_capturing() else block
    return ask(xp, size)
