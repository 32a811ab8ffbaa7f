"""How time is measured.

Python runs ahead of a GPU: it launches a kernel and goes on. So a wall clock sees only the launch, unless it waits for the GPU.
Two times are measured:

    device   between two events that the GPU itself passes: it computes, or waits for Python
    wall     from before the first launch until all results are there

Contenders take turns (A B A B ...), and the median counts: a machine that slows down then slows down all of them.
"""
import gc
from collections.abc import Callable, Sequence
from math import nan
from statistics import median, quantiles
from time import perf_counter, sleep
from typing import Any, NamedTuple

from nnscratch.bench.agree import RUN_ERRORS, failure_reason

__all__: list[str] = []

SAMPLE = 0.02  # seconds that a sample should last at least: short calls are repeated
PAUSE = 0.03   # seconds of rest before each sample: idle threads of the previous contender keep spinning for about 20 ms


class CPU:
    """The clock of NumPy: everything is done when a call returns."""

    def wait(self) -> None:
        """Nothing to wait for."""

    def event(self) -> float:
        """The time now."""
        return perf_counter()

    def between(self, start: float, end: float) -> float:
        """Seconds between two events."""
        return end - start


class GPU:
    """The clock of CuPy. An event also waits for what other streams do for the current one, such as a graph's launch."""

    def __init__(self, cupy: Any) -> None:
        self.cupy = cupy

    def wait(self) -> None:
        """Until the GPU has done everything."""
        self.cupy.cuda.Device().synchronize()

    def event(self) -> Any:
        """A mark that the GPU passes when it gets there."""
        event = self.cupy.cuda.Event()
        event.record()
        return event

    def between(self, start: Any, end: Any) -> float:
        """Seconds between two events that the GPU has passed."""
        return 1e-3 * self.cupy.cuda.get_elapsed_time(start, end)


class Contender(NamedTuple):
    """One way of doing a piece of work."""

    name: str
    run: Callable[[], Any]
    clock: Any              # CPU(), GPU(cupy), or a rival's own


def once(contender: Contender) -> tuple[float, Any]:
    """(wall seconds of one call, its result)."""
    start = perf_counter()
    result = contender.run()
    contender.clock.wait()
    return perf_counter() - start, result


def time_in_turn(contenders: Sequence[Contender], rounds: int,
                 budget: float) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """({name: {"wall", "device": median seconds of a call, "spread": of wall, "calls"}}, {name: a sentence on who failed}).

    A contender that fails at any turn has no times; the others go on. There are fewer rounds, but at least one, if all of them
    would take more than `budget` seconds.
    """
    samples: dict[str, list[tuple[float, float]]] = {c.name: [] for c in contenders}
    repeats: dict[str, int] = {}
    failed: dict[str, str] = {}
    start = perf_counter()
    for turn in range(1 + rounds):  # the first warms up
        for contender in (c for c in contenders if c.name not in failed):
            name = contender.name
            try:
                if turn == 0:
                    repeats[name] = calls_per_sample(contender)
                else:
                    samples[name].append(sample(contender, repeats[name]))
            except RUN_ERRORS as error:
                failed[name] = failure_reason(error)
        if turn and perf_counter() - start > budget:
            break
    return {name: summary(pairs, repeats[name] * len(pairs)) for name, pairs in samples.items() if name not in failed}, failed


def calls_per_sample(contender: Contender) -> int:
    """How many calls last SAMPLE seconds, judged by a second call: the first is slower."""
    once(contender)
    return max(1, min(1000, round(SAMPLE / max(once(contender)[0], 1e-9))))


def sample(contender: Contender, repeats: int) -> tuple[float, float]:
    """(wall, device) seconds of a call, over `repeats` calls and one wait at the end, with the garbage collector off."""
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


def summary(pairs: Sequence[tuple[float, float]], calls: int) -> dict[str, float]:
    """The medians of (wall, device) seconds."""
    walls, devices = zip(*pairs)
    wall, spread = median_and_spread(walls)
    return {"wall": wall, "device": median(devices), "spread": spread, "calls": calls}


def median_and_spread(seconds: Sequence[float]) -> tuple[float, float]:
    """(median, half the distance between the quartiles divided by it)."""
    low, _, high = quantiles(seconds, n=4, method="inclusive") if len(seconds) > 1 else [*seconds] * 3
    return median(seconds), (high - low) / 2 / (median(seconds) or nan)
