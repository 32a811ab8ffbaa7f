"""Scratch memory: how not to ask the system for it again and again.

Memory that is new to a process costs more than writing to it: the system hands it out page by page, filled with zeros, when
it is first touched, and takes it back when a large array is freed. A convolution makes the same large arrays in every step.
"""
from math import prod
from threading import local
from typing import Any

import numpy as np

# The two pieces of scratch memory of a convolution, 4 MB at most each: the array its windows are read from (columns or
# transformed rows), and what stands beside it (padded rows, then products).
WINDOWS, BESIDE = "windows", "beside"

_kept = local()  # each thread has its own: two convolutions at once must not share


def scratch(xp: Any, name: str, shape: tuple, dtype: Any) -> Any:
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


def scratch_bytes() -> int:
    """What this thread keeps at the moment."""
    return sum(buffer.nbytes for buffer in vars(_kept).values())


def free_scratch() -> None:
    """Give this thread's scratch memory back; the next call that wants some makes it anew."""
    vars(_kept).clear()
