"""CuPy's memory pools, and operations during the capture of a CUDA graph, without a GPU (streams: streams.py).

During capture no operation is executed: operations that change memory are recorded, with the memory they read and write, and
executed when the graph is launched. Operations that CUDA or CuPy refuses during capture are refused: synchronization, uploads,
products by cuBLAS through CuPy. Stricter than CuPy, arrays must come from a separate pool, because the default pool reuses
their memory once Python has released them; and a graph cannot be launched after its pool is gone.
"""
import weakref
from contextlib import contextmanager

import numpy as np

from standin.streams import Streams, capturing, do, done

CUBLAS = {"matmul", "__matmul__", "__rmatmul__", "dot", "vdot", "inner", "einsum", "tensordot"}
IN_PLACE = {"fill", "sort", "put_along_axis", "copyto"}  # the memory of these is changed only when the graph is launched


def compute(name, function, *arguments, **options):
    """function(...) of host arrays. During capture the result's memory is allocated; the graph's launch writes it."""
    if capturing() and name in CUBLAS:
        raise NotImplementedError("calling cuBLAS API during stream capture is currently unsupported")
    inputs = [*arrays_in([getattr(function, "__self__", None), *arguments, *options.values()])]
    if name in IN_PLACE or options.get("out") is not None or (name.startswith("__i") and name[3:-2] not in ("nvert", "nt")):
        changed = options["out"] if options.get("out") is not None else inputs[0]
        return do(lambda: function(*arguments, **options), inputs, [changed])
    with np.errstate(**{"all": "ignore"} if capturing() else {}):  # values not computed yet: shape and dtype matter
        result = function(*arguments, **options)
    for k, array in enumerate(result if isinstance(result, (list, tuple)) else [result]):
        if isinstance(array, np.generic):
            array = result = np.asarray(array)  # a NumPy scalar is an array in CuPy
        if isinstance(array, np.ndarray) and not any(np.may_share_memory(a, array) for a in inputs):
            keep(array)
            again = (lambda k=k: function(*arguments, **options)[k]) if isinstance(result, (list, tuple)) else (
                lambda: function(*arguments, **options))
            do((lambda array=array, again=again: np.copyto(array, again())) if capturing() else done, inputs, [array])
    return result


def arrays_in(values):
    """All host arrays in nested lists and tuples."""
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from arrays_in(value)
        elif isinstance(value, np.ndarray):
            yield value


def keep(array):
    """Register allocated memory. During capture it must come from a separate pool, and lives as long as that pool."""
    if capturing():
        if not isinstance(Streams.pool, MemoryPool) or Streams.pool is usual_pool:
            raise RuntimeError("memory of the usual pool is asked for during capture, and will be given to others")
        if array.dtype.kind in "fc":
            array[...] = np.nan
        Streams.current.graph.pool = weakref.ref(Streams.pool)
        Streams.pool.arrays.append(array)
    if Streams.pool is not None:
        Streams.pool.lend(array)
    return array


class Memory:
    """A block of memory from CUDA, which has no more than `largest` bytes."""
    largest = float("inf")

    def __init__(self, size):
        if size > self.largest:
            raise RuntimeError("cudaErrorMemoryAllocation: out of memory")
        self.size = size


def MemoryPointer(memory, offset):
    return memory


class MemoryPool:
    """Counts the memory in use, and the peak, which is the memory requested from its allocator."""

    def __init__(self, allocator=Memory):
        self.arrays, self.used, self.most, self.allocator = [], 0, 0, allocator

    def malloc(self, size):
        raise NotImplementedError

    def lend(self, array):
        if self.used + array.nbytes > self.most:
            self.grow(self.used + array.nbytes - self.most)
        self.used += array.nbytes
        if not capturing():
            weakref.finalize(array, MemoryPool.back, weakref.ref(self), array.nbytes)

    def grow(self, size):
        """If CUDA itself is out of memory (not if an allocator raises MemoryError), CuPy releases the free blocks of the pool
        and retries; during capture the graph might use that memory."""
        try:
            self.allocator(size)
        except RuntimeError as error:
            assert not capturing(), "CuPy's pool gives memory back that the graph works with"
            raise MemoryError(f"Out of memory allocating {size:,} bytes") from error
        self.most += size

    @staticmethod
    def back(pool, size):
        if pool() is not None:
            pool().used -= size

    def used_bytes(self):
        return self.used

    def total_bytes(self):
        return self.most

    def free_all_blocks(self):
        """The pool keeps no memory."""


class NoPool:
    """Allocates each array separately, and counts nothing."""

    def __init__(self, allocator):
        self.allocator = allocator

    def lend(self, array):
        self.allocator(array.nbytes)


usual_pool = MemoryPool()


@contextmanager
def using_allocator(malloc=None):
    """A pool's `malloc`; or another allocator: separate memory for each array, from no pool."""
    before, Streams.pool = Streams.pool, getattr(malloc, "__self__", None) or NoPool(malloc or Memory)
    try:
        yield
    finally:
        Streams.pool = before
