"""A whole training step as one launch: what it asks of the GPU is recorded once, as a CUDA graph, and then played.

    play = capture(step)              step(real, noise) -> facts, any function of arrays
    facts = play(real, noise)         does what step(real, noise) does, to the bit, as often as you like

A small network asks for hundreds of short kernels a step, and Python takes longer to ask than the GPU to compute. Played from
a graph they follow each other without Python. On a CPU, `play` is the step itself.

The first call is the step as it stands: it compiles kernels and makes whatever is made once. The second is recorded and played.
What is recorded are addresses, so everything lies still: inputs are copied into arrays of our own, and what is made on the way
comes from a pool that nobody else is given memory from. The facts are arrays in it, too: the next call writes over them.

Python does not run when a graph is played. So what a step remembers must be on the GPU and changed in place (weights, Adam's
memory, running statistics, a dropout's count), and what Python has to count is said by `recording.each_replay`. What can be
neither is refused while it is recorded: uploads, waiting for a number, products of CuPy's own, optimizers but Adam. What
Python decides meanwhile stays as it was then: sizes, which layers are trained, the precision of products. A captured step
that is called in one that is being recorded is recorded with it.

A recording that is refused has changed nothing: no weight, since nothing was computed, and no layer's memory, since each is
restored (`recording.changing`).

Source: NVIDIA, "CUDA C++ programming guide", section on CUDA graphs (stream capture).
"""
import gc
import logging
import weakref
from contextlib import contextmanager
from functools import partial

import numpy as np

from nnscratch.backend import current_module, move
from nnscratch.errors import InputError
from nnscratch.fast.cuda.cublas import free, handle
from nnscratch.fast.cuda.memory import still_memory
from nnscratch.fast.recording import record, recording

log = logging.getLogger("nnscratch")

def capture(step, must=True):
    """Make the step one that is recorded at its second call: see above.

    Parameters
    ----------
    step : a function of arrays (or None), whose shapes stay; what it returns is returned
    must : bool; with False a step that cannot be recorded goes on as it stands, which one logged line says

    Raises
    ------
    InputError, when it is called : other shapes than at the first call, unless it goes on as it stands; a step that cannot be
        recorded, or for which there is not enough memory, but must be.
    """
    return Captured(step, must)


class Captured:
    """What `capture` returns. Attributes: `graph`, CuPy's, once there is one (its debug_dot_str() draws it); `kept_bytes`, what
    the first call made once and left in the pool."""

    def __init__(self, step, must=True):
        self.library = None  # first, and so given back before the stream it belongs to
        self.step, self.must, self.graph, self.hooks, self.facts = step, must, None, [], None
        self.inputs, self.kept_bytes, self.refused = None, None, False

    def __call__(self, *given):
        xp = current_module() if self.inputs is None else self.xp
        if xp is np:
            return self.step(*given)
        if self.refused or recording():  # the latter is of a step around this one, which becomes a part of it
            return self.step(*(None if array is None else move(array, xp) for array in given))
        if self.inputs is None:
            self.make_ready(xp, given)
        outside = xp.cuda.get_current_stream()
        self.stream.wait_event(outside.record())  # the GPU waits, not the program
        try:
            with self.stream:
                self.take(given)
                self.warm_up() if self.kept_bytes is None else self.play()
        finally:
            outside.wait_event(self.stream.record())
        return self.facts

    def make_ready(self, xp, given):
        """A stream (the usual one cannot be recorded), a pool, and an array for each input."""
        self.xp, self.stream, self.pool = xp, xp.cuda.Stream(non_blocking=True), xp.cuda.MemoryPool(partial(still_memory, xp))
        xp.get_default_memory_pool().free_all_blocks()  # what steps before left there nobody else can have
        self.inputs = [None if array is None else xp.empty(array.shape, dtype=array.dtype) for array in given]
        weakref.finalize(self, free, self.stream.ptr).atexit = False

    def take(self, given):
        """Copy what was given into the arrays that the graph reads."""
        ours, theirs = ([None if a is None else (a.shape, str(a.dtype)) for a in arrays] for arrays in (self.inputs, given))
        if ours != theirs:
            raise InputError(f"a recorded step was given {theirs}, expected {ours} as at its first call; capture another one "
                             f"for other shapes")
        for ours, array in zip(self.inputs, given):
            if ours is not None:
                ours[...] = move(array, self.xp)

    def warm_up(self):
        """The first call."""
        with self.xp.cuda.using_allocator(self.pool.malloc):
            self.facts = self.step(*self.inputs)
        self.kept_bytes = self.pool.used_bytes()

    def play(self):
        """Every further one; the second is recorded before. What cannot be recorded, and need not, is done as it stands."""
        if self.graph is None and not self.refused:
            try:
                self.record()
            except InputError as error:
                if self.must:
                    raise
                log.info("going on step by step: %s", error)
                self.refused = True
        if self.refused:
            self.pool.free_all_blocks()  # steps get theirs from the usual pool from now on
            self.facts = self.step(*self.inputs)
            self.inputs = []
        else:
            for hook in self.hooks:
                hook()
            self.graph.launch(self.stream)

    def record(self):
        """Write down what the step asks for. Nothing is done, so a step that is refused has changed no weight."""
        graph, recorder = None, Recorder()
        try:
            self.library = handle(self.xp, self.xp.cuda.Device().id, self.stream.ptr)  # its workspace has a place in the graph
            record(recorder)
            self.stream.begin_capture()
            with self.xp.cuda.using_allocator(self.pool.malloc), no_collector():
                facts = self.step(*self.inputs)
            self.hooks, graph = recorder.hooks, self.stream.end_capture()
        except MemoryError as error:
            raise InputError(f"the step cannot be recorded as a CUDA graph: what it needs must lie still, and the GPU has not "
                             f"enough memory for that ({first_line(error)}); lower the batch size or the size of images, or "
                             f"call the step as it stands") from error
        except (NotImplementedError, RuntimeError) as error:  # what CuPy and CUDA refuse
            raise InputError(f"the step cannot be recorded as a CUDA graph ({first_line(error)}); call it as it stands, or see "
                             f"that nothing in it waits for the GPU and products are fast.dense's, not CuPy's @") from error
        finally:
            record(None)
            if graph is None:
                self.give_up(recorder)
        self.graph, self.facts = graph, facts

    def give_up(self, recorder):
        """Bring the stream back to ordinary work, and the lists back to what they held; what was recorded is dropped."""
        try:
            self.stream.end_capture()
        except RuntimeError:  # CUDA says once more that the recording is void
            pass
        recorder.restore()


class Recorder:
    """What the Python of a step has to say while it is recorded, by recording.py."""

    def __init__(self):
        self.hooks, self.kept = [], {}  # functions to call before a replay; lists by their id: (the list, what it held)

    def on_replay(self, function):
        self.hooks.append(function)

    def keep(self, memory):
        self.kept.setdefault(id(memory), (memory, [*memory]))

    def restore(self):
        for memory, before in self.kept.values():
            memory[:] = before


@contextmanager
def no_collector():
    """Inside this block Python does not tidy up by itself: it might free memory of the GPU's, which waits for it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def first_line(error):
    return str(error).strip().partition("\n")[0].rstrip(".")
