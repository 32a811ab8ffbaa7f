"""CuPy's streams and events without a GPU, and the order between them.

CUDA promises none, but where a stream waits for an event of another, or the program waits for a stream. Here everything is
done at once, which would hide a wait that is missing. So each piece of memory knows which stream wrote it last, and which have
read it since, as which of their works; each stream knows up to which work of every other it has waited; and who reads what
another may still write, or writes what another may still write or read, is refused. Not modelled: that two halves of one array
may be two streams' at the same time (refused), that some streams of CUDA's wait for the usual one by themselves, and that
CuPy's pools give memory that was freed to the stream it came from.

While a stream is captured its works are written down instead, and done when the graph is launched (graphs.py).
"""
import weakref
from itertools import count
from time import perf_counter

import numpy as np


class Streams:
    current = None   # of all; set below
    pool = None      # whose allocator is in use; None: the usual one


def capturing():
    return Streams.current.graph is not None


def refuse(what):
    """Raise CUDA's error for what must not happen during capture."""
    if capturing():
        Streams.current.graph.void = True
        raise RuntimeError(f"cudaErrorStreamCaptureUnsupported: operation not permitted when stream is capturing ({what})")


def do(function, reads=(), writes=(), stream=None):
    """On a stream (None: the current one), now; during its capture, each time the graph is launched. `reads` and `writes` are
    the host arrays that it does that to."""
    stream = stream or Streams.current
    if stream.graph is not None:
        stream.graph.operations.append((function, reads, writes))
    else:
        stream.run(function, reads, writes)


def done():
    """A work of which nothing is left to be done."""


class Memory:
    """Who used a piece of it: `written`, the last to write, and `read`, those who read since; {stream: as its which work}."""
    _all = {}  # by id

    def __init__(self, array):
        self.written, self.read = {}, {}
        weakref.finalize(array, self._all.pop, id(array), None).atexit = False

    @classmethod
    def of(cls, array):
        """That of the array that a view is a view of."""
        while getattr(array, "base", None) is not None:
            array = array.base
        if id(array) not in cls._all:
            cls._all[id(array)] = cls(array)
        return cls._all[id(array)]


_owners = weakref.WeakValueDictionary()  # address: host array, for library calls, which are told addresses alone


def address(array):
    """Of a host array, which can be found by it while it lives."""
    found = array.ctypes.data
    _owners[found] = array
    return found


def at_address(pointer):
    return _owners[pointer]


class Event:
    """A moment of a stream: what had been given to it until then, and what that waits for."""

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
    """Of each stream, wait for the later of two works."""
    for stream, work in theirs.items():
        ours[stream] = max(work, ours.get(stream, 0))


all_streams = weakref.WeakSet()


class Stream:
    _numbers = count()
    host = {}  # {stream: up to which of its works the program has waited}, and so everything it asks for from now on

    def __init__(self, non_blocking=False):
        self.ptr, self.graph, self.before = next(self._numbers), None, []
        all_streams.add(self)
        self.works, self.seen = 0, {}  # how many were given to it; {other stream: up to which work it has waited for that}

    def __enter__(self):
        self.before.append(Streams.current)
        Streams.current = self
        return self

    def __exit__(self, *_):
        Streams.current = self.before.pop()

    def run(self, function, reads=(), writes=()):
        """The next work of this stream."""
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
        """For these works of other streams, {stream: as its which work}; `what` they did to the memory."""
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
        """A recording in which something was refused is void."""
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
    """The stream whose `ptr` this is; None, C's null, is the usual one."""
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
