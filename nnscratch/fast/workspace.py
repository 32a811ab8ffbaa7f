"""Scratch memory that is kept from call to call.

New memory costs a process more than writing to it: the system hands it out page by page, filled with zeros, when it is first
touched, and takes it back when a large array is freed. A convolution makes the same large arrays in every step, so it keeps
their memory.
"""
from math import prod
from threading import local

import numpy as np

from nnscratch.backend import Array

__all__ = ["free_scratch", "scratch", "scratch_bytes"]

# The two pieces of scratch memory of a convolution, at most 4 MB each: the array its windows are read from (columns or
# transformed rows), and a second one (padded rows, then products).
WINDOWS, BESIDE = "windows", "beside"

_kept = local()  # each thread has its own: two convolutions at once must not share


def scratch(name: str, shape: tuple[int, ...], dtype: np.dtype | type | str) -> Array:
    """Return an array with arbitrary contents, in memory that is kept for the next call.

    The array is valid until the next call with this name, and must not leave the op that asked for it.

    Parameters
    ----------
    name : str
        Which piece of memory, such as `WINDOWS`.
    shape : tuple of int
        The shape.
    dtype : dtype
        The type.

    Returns
    -------
    array
        Uninitialized.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    buffers = vars(_kept)
    if name not in buffers or buffers[name].nbytes < size:
        buffers.pop(name, None)  # before the larger one is made, or both would exist for a moment
        buffers[name] = np.empty(size, dtype=np.uint8)
    return buffers[name][:size].view(dtype).reshape(shape)


def scratch_bytes() -> int:
    """Return how much scratch memory this thread keeps.

    Returns
    -------
    int
        Bytes.
    """
    return sum(buffer.nbytes for buffer in vars(_kept).values())


def free_scratch() -> None:
    """Free this thread's scratch memory; the next call that needs some allocates it again."""
    vars(_kept).clear()
