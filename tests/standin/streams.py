"""CuPy's streams and events without a GPU, and the order of their work.

CUDA guarantees no order between streams, unless one waits for an event of another, or the program waits for a stream. Here all
work is executed at once, which would hide a missing wait. So each piece of memory records which stream wrote it last and which
streams have read it since, with the index of that work; each stream records up to which work of every other stream it has
waited. A stream that reads memory which another may still write, or writes memory which another may still read or write, is
refused. Not modelled: two streams may use two halves of one array at the same time (refused here), some CUDA streams
implicitly wait for the default stream, and CuPy's pools return freed memory to the stream it came from.

While a stream is captured, its work is recorded instead, and executed when the graph is launched (graphs.py).
"""
import weakref
from itertools import count
from time import perf_counter

import numpy as np


class Streams:
    current = None   # the current stream; set below
    pool = None      # the pool whose allocator is in use; None: the default pool


def capturing():
    return Streams.current.graph is not None


def refuse(what):
    """Raise CUDA's error for an operation that is forbidden during capture."""
    if capturing():
        Streams.current.graph.void = True
        raise RuntimeError(f"cudaErrorStreamCaptureUnsupported: operation not permitted when stream is capturing ({what})")


def do(function, reads=(), writes=(), stream=None):
    """Execute on a stream (None: the current one), now; during its capture, at each launch of the graph. `reads` and `writes`
    are the host arrays that the function reads and writes."""
    stream = stream or Streams.current
    if stream.graph is not None:
        stream.graph.operations.append((function, reads, writes))
    else:
        stream.run(function, reads, writes)


def done():
    """Work that is already complete."""


class Memory:
    """The users of a piece of memory: `written`, the last writer, and `read`, the readers since; {stream: index of work}."""
    _all = {}  # by id

    def __init__(self, array):
        self.written, self.read = {}, {}
        weakref.finalize(array, self._all.pop, id(array), None).atexit = False

    @classmethod
    def of(cls, array):
        """The memory of the array that a view belongs to."""
        while getattr(array, "base", None) is not None:
            array = array.base
        if id(array) not in cls._all:
            cls._all[id(array)] = cls(array)
        return cls._all[id(array)]


_owners = weakref.WeakValueDictionary()  # {address: host array} for library calls, which only get addresses


def address(array):
    """The address of a host array, by which the array can be found while it exists."""
    found = array.ctypes.data
    _owners[found] = array
    return found


def at_address(pointer):
    return _owners[pointer]


class Event:
    """A point in a stream: all work submitted to it until then, and the work that this waits for."""

    def __init__(self, *_, **__):
        self.time, self.seen = None, {}

    def record(self, stream=None):
        stream = stream or Streams.current
        self.time, self.seen = perf_counter(), {**stream.seen, stream.ptr: stream.works}

    def synchronize(self):
        refuse("Event.synchronize")
        meet(Stream.host, self.seen)


def get_elapsed_time(start, end):
    return 1e3 * (end.time - start.time)


def meet(ours, theirs):
    """For each stream, keep the later of two works."""
    for stream, work in theirs.items():
        ours[stream] = max(work, ours.get(stream, 0))


all_streams = weakref.WeakSet()


class Stream:
    _numbers = count()
    host = {}  # {stream: index of the work the program has waited for}; all work submitted later has waited, too

    def __init__(self, non_blocking=False):
        self.ptr, self.graph, self.before = next(self._numbers), None, []
        all_streams.add(self)
        self.works, self.seen = 0, {}  # the number of works submitted; {other stream: index of the work it has waited for}

    def __enter__(self):
        self.before.append(Streams.current)
        Streams.current = self
        return self

    def __exit__(self, *_):
        Streams.current = self.before.pop()

    def run(self, function, reads=(), writes=()):
        """Submit the next work to this stream."""
        self.works += 1
        for memory in map(Memory.of, reads):
            self.must_have_waited(memory.written, "written")
            memory.read[self.ptr] = self.works
        for memory in map(Memory.of, writes):
            self.must_have_waited(memory.written, "written")
            self.must_have_waited(memory.read, "read")
            memory.written, memory.read = {self.ptr: self.works}, {}
        function()

    def must_have_waited(self, works, what):
        """Check that this stream has waited for these works, {stream: index of the work}; `what` they did to the memory."""
        for stream, work in works.items():
            if stream != self.ptr and work > max(self.seen.get(stream, 0), self.host.get(stream, 0)):
                raise AssertionError(f"stream {self.ptr} uses memory that stream {stream} has {what}, unwaited for")

    def record(self, event=None):
        event = event or Event()
        event.record(self)
        return event

    def wait_event(self, event):
        assert event.time
        meet(self.seen, event.seen)

    def is_capturing(self):
        return self.graph is not None

    def begin_capture(self):
        assert self.ptr, "the usual stream cannot be captured"
        if self.graph is not None:
            raise RuntimeError("cudaErrorIllegalState: the stream is being captured already")
        self.graph = Graph()

    def end_capture(self):
        """A recording that contains a refused operation is invalid."""
        if self.graph is None:
            raise RuntimeError("cudaErrorIllegalState: the stream is not being captured")
        graph, self.graph = self.graph, None
        if graph.void:
            raise RuntimeError("cudaErrorStreamCaptureInvalidated: operation failed due to a previous error during capture")
        return graph

    def synchronize(self):
        refuse("Stream.synchronize")
        meet(self.host, {**self.seen, self.ptr: self.works})


def stream_at(pointer):
    """The stream with this `ptr`; None, C's null, is the default stream."""
    return next(stream for stream in all_streams if stream.ptr == (pointer or 0))


class Graph:
    def __init__(self):
        self.operations, self.pool, self.void = [], lambda: True, False

    def launch(self, stream=None):
        assert self.pool() is not None, "the graph's memory has been freed"
        with np.errstate(all="ignore"):
            for operation in self.operations:
                (stream or Streams.current).run(*operation)


Streams.current = Stream()
