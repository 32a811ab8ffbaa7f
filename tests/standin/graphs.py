"""CuPy's memory pools, and what is computed while a CUDA graph is captured, without a GPU (streams: streams.py).

While a stream is captured nothing is done: what would change memory is written down, with the memory it reads and writes, and
done when the graph is launched. What CUDA or CuPy refuses meanwhile is refused: waiting, uploads, products by cuBLAS through
CuPy. Stricter than they are, arrays must come from a pool of one's own, because those of the usual pool are given to others
once Python has forgotten them; and a graph cannot be launched after its pool is gone.
"""
import weakref
from contextlib import contextmanager

import numpy as np

from standin.streams import Streams, capturing, do, done

CUBLAS = {"matmul", "__matmul__", "__rmatmul__", "dot", "vdot", "inner", "einsum", "tensordot"}
IN_PLACE = {"fill", "sort", "put_along_axis", "copyto"}  # of these the memory is only changed when the graph is launched


def compute(name, function, *arguments, **options):
    """function(...) of host arrays. During capture the result's memory is set aside, and written when the graph is launched."""
    if capturing() and name in CUBLAS:
        raise NotImplementedError("calling cuBLAS API during stream capture is currently unsupported")
    inputs = [*arrays_in([getattr(function, "__self__", None), *arguments, *options.values()])]
    if name in IN_PLACE or options.get("out") is not None or (name.startswith("__i") and name[3:-2] not in ("nvert", "nt")):
        changed = options["out"] if options.get("out") is not None else inputs[0]
        return do(lambda: function(*arguments, **options), inputs, [changed])
    with np.errstate(**{"all": "ignore"} if capturing() else {}):  # of numbers that are none yet, only shape and type count
        result = function(*arguments, **options)
    for k, array in enumerate(result if isinstance(result, (list, tuple)) else [result]):
        if isinstance(array, np.generic):
            array = result = np.asarray(array)  # a number of NumPy's is an array of CuPy's
        if isinstance(array, np.ndarray) and not any(np.may_share_memory(a, array) for a in inputs):
            keep(array)
            again = (lambda k=k: function(*arguments, **options)[k]) if isinstance(result, (list, tuple)) else (
                lambda: function(*arguments, **options))
            do((lambda array=array, again=again: np.copyto(array, again())) if capturing() else done, inputs, [array])
    return result


def arrays_in(values):
    """All host arrays of nested lists and tuples."""
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from arrays_in(value)
        elif isinstance(value, np.ndarray):
            yield value


def keep(array):
    """Memory that is asked for. During capture it must come from a pool of one's own, and lives as long as that."""
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
    """A block that CUDA is asked for; more than `largest` bytes it has not."""
    largest = float("inf")

    def __init__(self, size):
        if size > self.largest:
            raise RuntimeError("cudaErrorMemoryAllocation: out of memory")
        self.size = size


def MemoryPointer(memory, offset):
    return memory


class MemoryPool:
    """Counts what it has lent, and the most it ever had, which is what it has asked its allocator for."""

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
        """Where CUDA itself says that it has not enough (not where an allocator raises MemoryError), CuPy gives back what is
        free in the pool, and asks again; during capture that would be memory the graph works with."""
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
        """Nothing is kept."""


class NoPool:
    """Asks for each array, and counts nothing."""

    def __init__(self, allocator):
        self.allocator = allocator

    def lend(self, array):
        self.allocator(array.nbytes)


usual_pool = MemoryPool()


@contextmanager
def using_allocator(malloc=None):
    """A pool's `malloc`; or another allocator: memory of its own for each array, from no pool."""
    before, Streams.pool = Streams.pool, getattr(malloc, "__self__", None) or NoPool(malloc or Memory)
    try:
        yield
    finally:
        Streams.pool = before
