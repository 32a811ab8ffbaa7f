"""`python -m benchmarks memory`: the peak memory of a convolution, predicted from its shapes and measured.

The prediction is an upper bound: the result, and the columns where they are kept for the backward pass; the workspace, at most
8 MB per image (for im2col 4 MB of columns and a padded copy of the image); and the kernel in the form that the algorithm needs.
Then one style step on large images, each in a separate process.
"""
import subprocess
import sys
from collections.abc import Callable, Iterator
from math import prod
from threading import Thread
from typing import Any

from nnscratch.bench.cases import CASES, Case, conv, ours
from nnscratch.fast.cpu.winograd_tiles import WORKSPACE, make_plan
from nnscratch.fast.dispatch import Problem, choose_convolution, keeps_columns
from nnscratch.memory import peak_bytes
from nnscratch.ops.window import make_window

LARGE = [conv("large", f"3x3 64->64, {side} px", 1, side, 64, 64, 3) for side in (512, 1024)]
SMALL = 2**18  # bytes for everything else: Python objects, padding, the bias


def run() -> Iterator[dict]:
    """A row with the bytes of the forward pass for each convolution of the list, and for larger ones."""
    for case in [*CASES, *LARGE]:
        if case.op == "conv2d" and case.options["groups"] == 1:
            forward, _ = ours(case, case.draw())
            algorithm, predicted = predict(case)
            yield {"name": case.name, "algorithm": algorithm, "predicted": predicted, "measured": peak(forward)}


def predict(case: Case) -> tuple[str, int]:
    """(algorithm, bytes) of the forward pass of a convolution."""
    (n, h, w, c), (kh, kw, _, oc) = case.arrays["x"], case.arrays["kernel"]
    window = make_window("benchmark", (h, w), (kh, kw), case.options["strides"], "same")
    algorithm = choose_convolution("convolve", Problem(window, n, c, oc))
    result = 4 * n * prod(window.output) * oc
    if keeps_columns(Problem(window, n, c, oc), 4):
        result += 4 * n * prod(window.output) * kh * kw * c
    if algorithm != "winograd":
        columns, padded = WORKSPACE // 2, 0 if window.pads == ((0, 0), (0, 0)) else 4 * n * (h + kh) * (w + kw) * c
        return algorithm, result + columns + padded + WORKSPACE // 2 + SMALL
    plan = make_plan(window)
    transformed = 4 * kw * c * oc * plan.products
    return algorithm, result + WORKSPACE + 2 * transformed + SMALL


def peak(function: Callable[[], Any]) -> int:
    """The peak of NumPy's memory during the call, in a new thread, whose workspace is empty at first."""
    def in_a_thread() -> None:
        thread = Thread(target=function)
        thread.start()
        thread.join()

    function()
    return peak_bytes(in_a_thread)


STYLE = """
from benchmarks.memory import largest
from benchmarks.steps import OurStyle
before = largest()
OurStyle({side}).step()
print(before, largest())
"""


def style_step(side: int) -> dict:
    """The peak size of a process that runs one style step on an image of side x side pixels (Linux only)."""
    result = subprocess.run([sys.executable, "-c", STYLE.format(side=side)], capture_output=True, text=True, check=True)
    before, measured = map(int, result.stdout.split())
    return {"name": f"style step, {side} px", "before": before, "measured": measured}


def largest() -> int:
    """The peak size of this process in bytes. (Not from getrusage, whose value a child inherits from its parent.)"""
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
