"""Scratch memory: arrays that live only inside one call, kept for the next call.

Memory that is new to a process costs more than writing to it: the system hands it out page by page, filled with zeros, and
takes it back when it is freed. A convolution that asked anew for its 8 MB each time would spend a third of its time so.
"""
from math import prod
from threading import local

import numpy as np

_kept = local()  # each thread has its own: two convolutions at once must not share


def scratch(xp, name, shape, dtype):
    """An array with arbitrary contents, valid until the next call with this name. Must not leave the op that asked for it.

    CuPy keeps freed memory by itself, so there it is a plain `empty`.
    """
    if xp is not np:
        return xp.empty(shape, dtype=dtype)
    size = prod(shape) * np.dtype(dtype).itemsize
    buffers = vars(_kept)
    if name not in buffers or buffers[name].nbytes < size:
        buffers[name] = np.empty(size, dtype=np.uint8)
    return buffers[name][:size].view(dtype).reshape(shape)


def scratch_bytes():
    """What this thread keeps at the moment."""
    return sum(buffer.nbytes for buffer in vars(_kept).values())
