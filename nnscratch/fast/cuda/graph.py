"""A whole training step as one launch: the GPU's work is recorded once, as a CUDA graph, and then replayed.

    replay = capture(step)            step(real, noise) -> results, any function of arrays
    results = replay(real, noise)     computes what step(real, noise) computes, to the bit, as often as you like

Why it is faster: a small network launches hundreds of short kernels in a step, and Python takes longer to launch them than the
GPU to run them. Replayed from a graph, they follow each other without Python. On a CPU, `replay` is the step itself.

The first call runs the step as usual: it compiles kernels and makes whatever is made once. The second is recorded and replayed.
A graph holds addresses, so no array may move: inputs are copied into arrays of our own, and the step's arrays come from a pool
that serves nothing else. The results are arrays in that pool, too: the next call overwrites them.

Python does not run when a graph is replayed. So a step's state must be on the GPU and changed in place (weights, Adam's memory,
running statistics, the count of a dropout), and what Python has to do for each step is announced by `recording.each_replay`.
Whatever allows neither is refused while recording: uploads, waiting for a number, CuPy's own products, optimizers other than
Adam. What Python decides while recording stays decided: sizes, which layers are trained, the precision of products. A captured
step that is called by another one while that is recorded becomes a part of it.

A refused recording has changed nothing: no weight, since nothing was computed, and no layer's memory, since each is restored
(`recording.changing`).

References: NVIDIA, "CUDA C++ programming guide", section on CUDA graphs (stream capture).
"""
import gc
import logging
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from nnscratch.backend import Array, current_module, move
from nnscratch.errors import InputError
from nnscratch.fast.cuda.cublas import free, handle
from nnscratch.fast.cuda.memory import fixed_memory
from nnscratch.recording import is_recording, record

__all__ = ["Captured", "capture"]

log = logging.getLogger("nnscratch")


def capture(step: Callable[..., Any], required: bool = True) -> "Captured":
    """Return the step as a function whose second call is recorded as a CUDA graph, and whose later calls replay it.

    Parameters
    ----------
    step : callable
        A function of arrays (or None), whose shapes stay the same.
    required : bool
        False: a step that cannot be recorded goes on without a graph, which is logged once.

    Returns
    -------
    Captured
        A function of the same arrays. It raises InputError for other shapes than at its first call, and, if `required`, for a
        step that cannot be recorded.

    Examples
    --------
    On a CPU the step itself is called.

    >>> replay = capture(lambda x: 2 * x)
    >>> replay(np.ones(2))
    array([2., 2.])
    """
    return Captured(step, required)


class Captured:
    """A step that is recorded at its second call; made by `capture`.

    Parameters
    ----------
    step : callable
        A function of arrays (or None).
    required : bool
        Whether a step that cannot be recorded is an error.

    Attributes
    ----------
    graph : CuPy's Graph or None
        The recording; its debug_dot_str() draws it.
    kept_bytes : int or None
        What the first call made once and left in the pool.
    """

    def __init__(self, step: Callable[..., Any], required: bool = True) -> None:
        self.library: Any = None  # the first attribute, and so freed before the stream it belongs to
        self.step, self.required, self.refused = step, required, False
        self.graph: Any = None
        self.hooks: list[Callable[[], Any]] = []  # called before each replay
        self.results: Any = None
        self.inputs: list[Array] | None = None
        self.kept_bytes: int | None = None

    def __call__(self, *given: Array) -> Any:
        xp = current_module() if self.inputs is None else self.xp
        if xp is np:
            return self.step(*given)
        if self.refused or is_recording():  # is_recording(): by a step around this one, of which it becomes a part
            return self.step(*(None if array is None else move(array, xp) for array in given))
        if self.inputs is None:
            self._prepare(xp, given)
        outside = xp.cuda.get_current_stream()
        self.stream.wait_event(outside.record())  # the GPU waits, not the program
        try:
            with self.stream:
                self._copy_inputs(given)
                if self.kept_bytes is None:
                    self._warm_up()
                else:
                    self._replay()
        finally:
            outside.wait_event(self.stream.record())
        return self.results

    def _prepare(self, xp: Any, given: tuple[Array, ...]) -> None:
        """Make a stream (the default one cannot be recorded), a pool, and an array for each input."""
        self.xp, self.stream, self.pool = xp, xp.cuda.Stream(non_blocking=True), xp.cuda.MemoryPool(partial(fixed_memory, xp))
        xp.get_default_memory_pool().free_all_blocks()  # so that the new pool can have that memory
        self.inputs = [None if array is None else xp.empty(array.shape, dtype=array.dtype) for array in given]
        weakref.finalize(self, free, self.stream.ptr).atexit = False

    def _copy_inputs(self, given: tuple[Array, ...]) -> None:
        """Copy the arguments into the arrays that the graph reads."""
        assert self.inputs is not None
        ours, theirs = ([None if a is None else (a.shape, str(a.dtype)) for a in arrays] for arrays in (self.inputs, given))
        if ours != theirs:
            raise InputError(f"a recorded step was given {theirs}, expected {ours} as at its first call; capture another one "
                             f"for other shapes")
        for target, array in zip(self.inputs, given):
            if target is not None:
                target[...] = move(array, self.xp)

    def _run(self) -> Any:
        """Call the step itself on the arrays that the graph reads."""
        return self.step(*self.inputs or ())

    def _warm_up(self) -> None:
        """The first call."""
        with self.xp.cuda.using_allocator(self.pool.malloc):
            self.results = self._run()
        self.kept_bytes = self.pool.used_bytes()

    def _replay(self) -> None:
        """Every later call. The second is recorded first; a step that cannot be recorded, and need not, runs as usual."""
        if self.graph is None and not self.refused:
            try:
                self._record()
            except InputError as error:
                if self.required:
                    raise
                log.info("going on step by step: %s", error)
                self.refused = True
        if self.refused:
            self.pool.free_all_blocks()  # from now on the step's arrays come from the usual pool
            self.results = self._run()
            self.inputs = []
        else:
            for hook in self.hooks:
                hook()
            self.graph.launch(self.stream)

    def _record(self) -> None:
        """Record the step. Nothing is computed, so a step that is refused has changed no weight."""
        graph, recorder = None, Recorder()
        try:
            self.library = handle(self.xp, self.xp.cuda.Device().id, self.stream.ptr)  # the graph uses its workspace
            record(recorder)
            self.stream.begin_capture()
            with self.xp.cuda.using_allocator(self.pool.malloc), no_collector():
                results = self._run()
            self.hooks, graph = recorder.hooks, self.stream.end_capture()
        except MemoryError as error:
            raise InputError(f"the step cannot be recorded as a CUDA graph: it needs memory of its own, and the GPU has not "
                             f"enough memory for that ({first_line(error)}); lower the batch size or the size of images, or "
                             f"call the step itself") from error
        except (NotImplementedError, RuntimeError) as error:  # what CuPy and CUDA refuse
            raise InputError(f"the step cannot be recorded as a CUDA graph ({first_line(error)}); call the step itself, or see "
                             f"that nothing in it waits for the GPU and products are fast.dense's, not CuPy's @") from error
        finally:
            record(None)
            if graph is None:
                self._give_up(recorder)
        self.graph, self.results = graph, results

    def _give_up(self, recorder: "Recorder") -> None:
        """Drop the recording: return the stream to ordinary work, and the lists to what they held."""
        try:
            self.stream.end_capture()
        except RuntimeError:  # CUDA repeats that the recording is invalid
            pass
        recorder.restore()


class Recorder:
    """Receives what recording.py is told while a step is recorded."""

    def __init__(self) -> None:
        self.hooks: list[Callable[[], Any]] = []          # functions to call before a replay
        self.kept: dict[int, tuple[list, list]] = {}      # lists by their id: (the list, what it held)

    def on_replay(self, function: Callable[[], Any]) -> None:
        """Call this function before each replay."""
        self.hooks.append(function)

    def snapshot(self, memory: list) -> None:
        """Keep what this list holds, if it is new."""
        self.kept.setdefault(id(memory), (memory, [*memory]))

    def restore(self) -> None:
        """Give every list back what it held."""
        for memory, before in self.kept.values():
            memory[:] = before


@contextmanager
def no_collector() -> Iterator[None]:
    """Inside this block Python's garbage collector is off: it might free GPU memory, which waits for the GPU."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def first_line(error: BaseException) -> str:
    """The first line of an error's text, without a full stop."""
    return str(error).strip().partition("\n")[0].rstrip(".")
