"""`python -m benchmarks algorithms`: every algorithm for every product on 31 shapes, and the chosen algorithm.

The rule in `nnscratch/fast/dispatch.py` was derived from this table. Shapes: (images, side, channels in, channels out,
kernel, stride), padding "same".
"""
from collections.abc import Iterator
from functools import partial

import numpy as np

from benchmarks.timing import interleave
from benchmarks.ways import WAYS
from nnscratch.bench.clock import median_and_spread
from nnscratch.fast.cpu import conv
from nnscratch.fast.dispatch import Problem, choose_convolution
from nnscratch.ops.window import make_window

SHAPES = [
    (64, 28, 1, 32, 4, 2), (64, 28, 3, 32, 4, 2), (64, 28, 8, 16, 4, 2), (64, 28, 16, 32, 4, 2), (64, 14, 32, 64, 4, 2),
    (64, 16, 64, 128, 4, 2), (64, 8, 128, 128, 4, 2), (1, 256, 3, 64, 3, 1), (1, 256, 8, 8, 3, 1), (1, 256, 16, 3, 3, 1),
    (1, 256, 32, 32, 3, 1), (1, 256, 64, 64, 3, 1), (1, 64, 256, 256, 3, 1), (1, 32, 512, 512, 3, 1), (1, 16, 512, 512, 3, 1),
    (1, 8, 512, 512, 3, 1), (64, 28, 16, 1, 3, 1), (4, 64, 4, 32, 3, 1), (64, 7, 64, 64, 3, 1), (64, 4, 256, 256, 3, 1),
    (16, 32, 3, 32, 5, 1), (16, 32, 64, 64, 5, 1), (16, 32, 64, 64, 5, 2), (16, 32, 64, 64, 3, 2), (4, 64, 64, 64, 7, 1),
    (4, 64, 64, 64, 7, 2), (1, 256, 3, 32, 9, 1), (1, 256, 32, 3, 9, 1), (4, 64, 128, 128, 2, 2), (64, 8, 64, 64, 2, 1),
    (4, 64, 256, 64, 1, 1),
]
NAMES = "im2col", "winograd", "wide", "adjoint", "subpixel", "subpixel winograd", "folded winograd", "col2im", "swapped"
PRODUCTS = "convolve", "convolve_dx", "convolve_dkernel"


def run(rounds: int) -> Iterator[dict]:
    """A row for each shape and product: seconds by algorithm, the chosen one, and its time over the best."""
    for shape in SHAPES:
        n, side, c, oc, size, stride = shape
        window = make_window("benchmark", (side, side), (size, size), stride, "same")
        rng = np.random.default_rng(0)
        x, kernel, dy = (rng.normal(size=s).astype(np.float32) for s in (
            (n, side, side, c), (size, size, c, oc), (n, *window.output, oc)))
        for product, (a, b) in zip(PRODUCTS, ((x, kernel), (dy, kernel), (x, dy))):
            ways = {name: partial(function, a, b, window) for name, (function, can) in WAYS[product].items()
                    if name in NAMES and can(window)}
            ways["chosen"] = partial(getattr(conv, product), a, b, window)
            times = {name: median_and_spread(s)[0] for name, s in interleave(ways, rounds, budget=5).items()}
            chosen = times.pop("chosen")
            yield {"shape": shape, "product": product, "times": times, "loss": chosen / min(times.values()),
                   "picked": choose_convolution(product, Problem(window, n, c, oc))}
