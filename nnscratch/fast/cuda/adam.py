"""Adam's update by one kernel for each parameter, and its clock, which runs on the GPU (adam.cu).

Shapes: w, g, m, v alike, of any shape.

Why it is faster: the formula is a dozen operations, each of which passes over whole arrays; the kernel reads w, g, m and v once
and writes w, m and v once. Why there is a clock: a CUDA graph (graph.py) freezes every Python number that it gets while it is
recorded, but reads arrays anew at each replay. So the step number and the learning rate are arrays on the GPU.
"""
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.fast.cuda.launcher import launch
from nnscratch.recording import each_replay, is_recording

__all__: list[str] = []

_clocks: WeakKeyDictionary = WeakKeyDictionary()  # optimizer: its AdamClock, made at its first step on a GPU


class AdamClock:
    """The number of the step, the learning rate, and the corrected rate, each an array of one number on the GPU."""

    def __init__(self, xp: Any) -> None:
        self.steps, self.learning_rate, self.rate = (xp.zeros(1, dtype=d) for d in (np.int64, np.float32, np.float32))
        self.written: float | None = None  # the learning rate that stands on the GPU

    def set(self, step: int, learning_rate: float) -> None:
        """Write what the GPU cannot know by itself; this happens before step number `step`, and outside of a recording."""
        self.steps[...] = step - 1  # it mostly is already; not after load_state, or after a step that was refused half-way
        if learning_rate != self.written:
            self.learning_rate[...] = learning_rate
        self.written = learning_rate

    def advance(self, beta_1: float, beta_2: float) -> Array:
        """Count the step on the GPU, and compute its corrected rate η sqrt(1 - β2^k) / (1 - β1^k) there."""
        launch("adam_rate", 1, self.steps, self.learning_rate, self.rate, beta_1, beta_2, 1)
        return self.rate

    def follow(self, optimizer: Any) -> None:
        """Set the clock to the optimizer's step and learning rate."""
        self.set(optimizer.steps, optimizer.rate)


def clock_of(optimizer: Any) -> AdamClock | None:
    """The clock of an optimizer; None before its first step on a GPU."""
    return _clocks.get(optimizer)


def adam_update(optimizer: Any, parameters: Sequence[tuple[Array, Array, Array, Array]]) -> None:
    """One step of the optimizer for these (w, g, m, v), at least one, in place; recorded, it goes on counting when replayed."""
    xp, clock = array_module(parameters[0][0]), clock_of(optimizer)
    if clock is None:
        if is_recording():
            raise InputError("this first step of Adam cannot be recorded: its clock is not on the GPU yet; step once before")
        clock = _clocks[optimizer] = AdamClock(xp)
    each_replay(lambda: clock.follow(optimizer))
    rate = clock.advance(optimizer.beta_1, optimizer.beta_2)
    for w, g, m, v in parameters:
        adam_kernel(w, xp.ascontiguousarray(g), m, v, rate, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon)


def adam_kernel(w: Array, g: Array, m: Array, v: Array, rate: Array, beta_1: float, beta_2: float, epsilon: float) -> None:
    """Update one parameter and its two running means in place; `rate` is the result of `AdamClock.advance`."""
    launch("adam", w.size, w, g, m, v, rate, beta_1, beta_2, 1 - beta_1, 1 - beta_2, epsilon, w.size)
