"""Time several ways of doing one thing, fairly: in turn (A B A B ...), warmed up, median and spread.

A shared machine slows down and speeds up by itself. Taking turns spreads that over all contenders alike, so the ratio of
two medians holds where neither of the two would.
"""
import gc
from time import perf_counter, sleep

from nnscratch.bench.clock import PAUSE, SAMPLE


def interleave(functions, rounds=9, budget=20.0):
    """{name: [seconds per call, one a round]} for {name: function}; fewer rounds where they would exceed `budget` seconds.

    One untimed call comes before each sample: the first after a change of contender pays for cold caches.
    """
    repeats = {name: repeats_for(function) for name, function in functions.items()}
    seconds, start = {name: [] for name in functions}, perf_counter()
    for done in range(rounds):
        for name, function in functions.items():
            seconds[name].append(sample(function, repeats[name]))
        if done >= 2 and perf_counter() - start > budget:
            break
    return seconds


def sample(function, repeats):
    """Seconds per call over `repeats` calls, the garbage collector off."""
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


def repeats_for(function):
    """How many calls make a sample; the two calls made to find out are the warm-up."""
    function()
    start = perf_counter()
    function()
    return max(1, min(1000, round(SAMPLE / (perf_counter() - start))))
