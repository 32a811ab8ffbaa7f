"""How time is taken. The program runs ahead of a GPU: it asks for a kernel and goes on, so a clock on the wall sees only the
asking, unless it waits. Both are of interest:

    device   between two events that the GPU itself passes: how long it computed, and waited for Python in between
    wall     until everything asked for is done, the asking for the first kernel included

Contenders take turns (A B A B ...), and the median counts: a machine that slows down then slows down all of them.
"""
import gc
from math import nan
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import NamedTuple

from nnscratch.bench.agree import CANNOT, why_not

SAMPLE = 0.02  # seconds a sample should last at least: short calls are repeated inside it
PAUSE = 0.03   # seconds of rest before each sample: idle threads of the contender before go on spinning for about 20 ms


class CPU:
    """Everything is done when the call returns."""

    def wait(self):
        """Nothing to wait for."""

    def event(self):
        return perf_counter()

    def between(self, start, end):
        return end - start


class GPU:
    """CuPy's events. Those of the stream in use see what other streams do for it, too: a graph's launch is waited for."""

    def __init__(self, cupy):
        self.cupy = cupy

    def wait(self):
        self.cupy.cuda.Device().synchronize()

    def event(self):
        event = self.cupy.cuda.Event()
        event.record()
        return event

    def between(self, start, end):
        return 1e-3 * self.cupy.cuda.get_elapsed_time(start, end)


class Contender(NamedTuple):
    """One way of doing a piece of work."""
    name: str
    run: object     # a function without arguments
    clock: object   # CPU(), GPU(cupy), or a rival's own


def once(contender):
    """(seconds of one call on the wall, what it returned)."""
    start = perf_counter()
    result = contender.run()
    contender.clock.wait()
    return perf_counter() - start, result


def in_turn(contenders, rounds, budget):
    """({name: {"wall", "device": median seconds a call, "spread": of wall, "calls"}}, {name: a sentence on who failed}).

    Who fails at any turn has no times, and the others go on. Fewer rounds, but one at least, where they would take more than
    `budget` seconds.
    """
    samples, repeats, failed, start = {c.name: [] for c in contenders}, {}, {}, perf_counter()
    for turn in range(1 + rounds):  # the first warms up
        for contender in (c for c in contenders if c.name not in failed):
            name = contender.name
            try:
                if turn == 0:
                    repeats[name] = calls_of_a_sample(contender)
                else:
                    samples[name].append(sample(contender, repeats[name]))
            except CANNOT as error:
                failed[name] = why_not(error)
        if turn and perf_counter() - start > budget:
            break
    return {name: summary(pairs, repeats[name] * len(pairs)) for name, pairs in samples.items() if name not in failed}, failed


def calls_of_a_sample(contender):
    """How many fill its time, by a second call: the first is slower."""
    once(contender)
    return max(1, min(1000, round(SAMPLE / max(once(contender)[0], 1e-9))))


def sample(contender, repeats):
    """(wall, device) seconds a call, over `repeats` calls and one wait at the end, the garbage collector off."""
    clock = contender.clock
    sleep(PAUSE)
    gc.disable()
    try:
        start, first = perf_counter(), clock.event()
        for _ in range(repeats):
            contender.run()
        last = clock.event()
        clock.wait()
        return (perf_counter() - start) / repeats, clock.between(first, last) / repeats
    finally:
        gc.enable()


def summary(pairs, calls):
    walls, devices = zip(*pairs)
    wall, spread = middle(walls)
    return {"wall": wall, "device": median(devices), "spread": spread, "calls": calls}


def middle(seconds):
    """(median, half the distance between the quartiles as a share of it)."""
    low, _, high = quantiles(seconds, n=4, method="inclusive") if len(seconds) > 1 else [*seconds] * 3
    return median(seconds), (high - low) / 2 / (median(seconds) or nan)
