"""Time several ways to do the same thing: in turn (A B A B ...), after a warm-up, with median and spread.

The speed of a shared machine varies. Taking turns spreads that evenly over all contenders, so the ratio of two medians
is reliable even if the medians are not.
"""
import gc
from collections.abc import Callable, Mapping
from time import perf_counter, sleep
from typing import Any

from nnscratch.bench.clock import PAUSE, SAMPLE


def interleave(functions: Mapping[Any, Callable[[], Any]], rounds: int = 9, budget: float = 20.0) -> dict[Any, list[float]]:
    """{name: [seconds per call, one for each round]}; fewer rounds if they would exceed `budget` seconds.

    One untimed call precedes each sample, because the first call after a change of contender has cold caches.
    """
    repeats = {name: repeats_for(function) for name, function in functions.items()}
    seconds: dict[Any, list[float]] = {name: [] for name in functions}
    start = perf_counter()
    for done in range(rounds):
        for name, function in functions.items():
            seconds[name].append(sample(function, repeats[name]))
        if done >= 2 and perf_counter() - start > budget:
            break
    return seconds


def sample(function: Callable[[], Any], repeats: int) -> float:
    """Seconds per call over `repeats` calls, with the garbage collector off."""
    sleep(PAUSE)
    function()
    gc.disable()
    try:
        start = perf_counter()
        for _ in range(repeats):
            function()
        return (perf_counter() - start) / repeats
    finally:
        gc.enable()


def repeats_for(function: Callable[[], Any]) -> int:
    """The number of calls in a sample; the two calls that determine it are the warm-up."""
    function()
    start = perf_counter()
    function()
    return max(1, min(1000, round(SAMPLE / (perf_counter() - start))))
