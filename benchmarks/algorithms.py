"""`python -m benchmarks algorithms`: every algorithm for every product on thirty shapes, and what `auto` picks.

From this table the rule in `nnscratch/ops/algorithms.py` was learnt. Shapes: (pictures, side, channels in, channels out,
kernel, stride), padding "same".
"""
from functools import partial

import numpy as np

from benchmarks.timing import interleave
from nnscratch.bench.clock import middle
from nnscratch.fast.cpu.winograd_tiles import suits
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
NAMES = "im2col", "woven", "winograd"
PRODUCTS = "convolve", "convolve_dx", "convolve_dkernel"


def run(rounds):
    """A row for each shape and product: seconds by algorithm, the one picked, and its time over the best."""
    for shape in SHAPES:
        n, side, c, oc, size, stride = shape
        window = make_window("benchmark", (side, side), (size, size), stride, "same")
        random = np.random.default_rng(0)
        x, kernel, dy = (random.normal(size=s).astype(np.float32) for s in (
            (n, side, side, c), (size, size, c, oc), (n, *window.output, oc)))
        able = [name for name in NAMES if name != "winograd" or suits(window)]
        for product, (a, b) in zip(PRODUCTS, ((x, kernel), (dy, kernel), (x, dy))):
            ways = {name: partial(getattr(ALGORITHMS[name], product), a, b, window) for name in able}
            times = {name: middle(s)[0] for name, s in interleave(ways, rounds, budget=5).items()}
            picked = pick(product, window, n, c, oc)
            yield {"shape": shape, "product": product, "times": times, "picked": picked,
                   "loss": times[picked] / min(times.values())}
