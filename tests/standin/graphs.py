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
        if Streams.pool in (None, usual_pool):
            raise RuntimeError("memory of the usual pool is asked for during capture, and will be given to others")
        if array.dtype.kind in "fc":
            array[...] = np.nan
        Streams.current.graph.pool = weakref.ref(Streams.pool)
        Streams.pool.arrays.append(array)
    if Streams.pool is not None:
        Streams.pool.lend(array)
    return array


class MemoryPool:
    """Counts what it has lent, and the most it ever had."""

    def __init__(self):
        self.arrays, self.used, self.most = [], 0, 0

    def malloc(self, size):
        raise NotImplementedError

    def lend(self, array):
        self.used += array.nbytes
        self.most = max(self.most, self.used)
        if not capturing():
            weakref.finalize(array, MemoryPool.back, weakref.ref(self), array.nbytes)

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


usual_pool = MemoryPool()


@contextmanager
def using_allocator(malloc=None):
    """None: memory of its own for each array, from no pool."""
    before, Streams.pool = Streams.pool, malloc.__self__ if malloc else None
    try:
        yield
    finally:
        Streams.pool = before
