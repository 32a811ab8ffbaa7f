"""CuPy's streams, events, memory pools and CUDA graphs without a GPU.

While a stream is captured nothing is done: what would change memory is written down, with the memory it reads and writes, and
done when the graph is launched. What CUDA or CuPy refuses meanwhile is refused: waiting, uploads, products by cuBLAS through
CuPy. Stricter than they are, arrays must come from a pool of one's own, because those of the usual pool are given to others
once Python has forgotten them; and a graph cannot be launched after its pool is gone.
"""
import weakref
from contextlib import contextmanager
from itertools import count
from time import perf_counter

import numpy as np

CUBLAS = {"matmul", "__matmul__", "__rmatmul__", "dot", "vdot", "inner", "einsum", "tensordot"}
IN_PLACE = {"fill", "sort", "put_along_axis", "copyto"}  # of these the memory is only changed when the graph is launched


class Streams:
    current = None   # of all; set below
    pool = None      # whose allocator is in use; None: the usual one


def capturing():
    return Streams.current.graph is not None


def refuse(what):
    """Raise CUDA's error for what must not happen during capture."""
    if capturing():
        raise RuntimeError(f"cudaErrorStreamCaptureUnsupported: operation not permitted when stream is capturing ({what})")


def do(function):
    """Now; during capture, each time the graph is launched."""
    if capturing():
        Streams.current.graph.operations.append(function)
    else:
        function()


def compute(name, function, *arguments, **options):
    """function(...) of host arrays. During capture the result's memory is set aside, and written when the graph is launched."""
    if not capturing():
        return function(*arguments, **options)
    if name in CUBLAS:
        raise NotImplementedError("calling cuBLAS API during stream capture is currently unsupported")
    if name in IN_PLACE or options.get("out") is not None or (name.startswith("__i") and name[3:-2] not in ("nvert", "nt")):
        return do(lambda: function(*arguments, **options))
    with np.errstate(all="ignore"):  # of numbers that are none yet, only shape and type count
        result = function(*arguments, **options)
    inputs = [getattr(function, "__self__", None), *arguments, *options.values()]
    for k, array in enumerate(result if isinstance(result, (list, tuple)) else [result]):
        if isinstance(array, np.generic):
            array = result = np.asarray(array)  # a number of NumPy's is an array of CuPy's
        views = [a for a in inputs if isinstance(a, np.ndarray) and np.may_share_memory(a, array)]
        if isinstance(array, np.ndarray) and not views:
            keep(array)
            again = (lambda k=k: function(*arguments, **options)[k]) if isinstance(result, (list, tuple)) else (
                lambda: function(*arguments, **options))
            do(lambda array=array, again=again: np.copyto(array, again()))
    return result


def keep(array):
    """Memory asked for during capture: it must come from a pool of one's own, and lives as long as that."""
    if capturing():
        if Streams.pool is None:
            raise RuntimeError("memory of the usual pool is asked for during capture, and will be given to others")
        if array.dtype.kind in "fc":
            array[...] = np.nan
        Streams.current.graph.pool = weakref.ref(Streams.pool)
        Streams.pool.arrays.append(array)
    return array


class MemoryPool:
    def __init__(self):
        self.arrays = []

    def malloc(self, size):
        raise NotImplementedError

    def used_bytes(self):
        return sum(array.nbytes for array in self.arrays)

    total_bytes = used_bytes

    def free_all_blocks(self):
        """Nothing is kept."""


usual_pool = MemoryPool()


@contextmanager
def using_allocator(malloc):
    before, Streams.pool = Streams.pool, malloc.__self__
    try:
        yield
    finally:
        Streams.pool = before


class Event:
    """A moment."""

    def record(self, stream=None):
        self.time = perf_counter()

    def synchronize(self):
        refuse("Event.synchronize")


def get_elapsed_time(start, end):
    return 1e3 * (end.time - start.time)


class Stream:
    _numbers = count()

    def __init__(self, non_blocking=False):
        self.ptr, self.graph, self.before = next(self._numbers), None, []

    def __enter__(self):
        self.before.append(Streams.current)
        Streams.current = self
        return self

    def __exit__(self, *_):
        Streams.current = self.before.pop()

    def record(self, event=None):
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event):
        assert event.time

    def is_capturing(self):
        return self.graph is not None

    def begin_capture(self):
        assert self.ptr, "the usual stream cannot be captured"
        self.graph = Graph()

    def end_capture(self):
        graph, self.graph = self.graph, None
        return graph

    def synchronize(self):
        refuse("Stream.synchronize")


class Graph:
    def __init__(self):
        self.operations, self.pool = [], lambda: True

    def launch(self, stream=None):
        assert self.pool() is not None, "the graph's memory has been freed"
        with np.errstate(all="ignore"):
            for operation in self.operations:
                operation()


Streams.current = Stream()
