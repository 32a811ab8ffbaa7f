"""`python -m benchmarks calls`: what a call costs where there is nearly nothing to compute, in microseconds.

A layer's call passes through four levels, each timed with all those below it:

    layer     Layer.forward and .backward: checks the shape, saves the cache, adds to the gradients
    op        the op of `fast`: chooses the room
    room      fast/cpu: checks its arguments, chooses the algorithm, computes
    formula   ops: checks its arguments, computes the formula

Two images of 2x2 pixels and 2 channels, so what is timed is Python and NumPy's cost per call.
"""
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.timing import interleave
from nnscratch import fast, ops
from nnscratch.bench.clock import median_and_spread
from nnscratch.fast.rooms import ROOMS
from nnscratch.layers import BatchNormalization, Conv2D, Conv2DTranspose, Dense, Layer, LeakyReLU

LEVELS = "layer", "op", "room", "formula"
LAYERS: dict[str, tuple[Callable[[], Layer], str]] = {
    "Conv2D 1x1": (lambda: Conv2D(2, 1), "conv2d"), "Conv2D 4x4, stride 2": (lambda: Conv2D(2, 4, 2, "same"), "conv2d"),
    "Conv2DTranspose 4x4, stride 2": (lambda: Conv2DTranspose(2, 4, 2, "same"), "conv2d_transpose"),
    "Dense": (lambda: Dense(2), "dense"), "BatchNormalization": (BatchNormalization, "batch_norm"),
    "LeakyReLU": (LeakyReLU, "leaky_relu")}


def run(rounds: int) -> Iterator[dict]:
    """A row for each layer: microseconds of forward + backward by level."""
    x = np.ones((2, 2, 2, 2), np.float32)
    for name, (make, op) in LAYERS.items():
        layer = make()
        y = layer.forward(x, training=True)
        layer.backward(y)
        arguments, options = call_of(layer, x)
        levels = {"layer": lambda layer=layer, y=y: (layer.forward(x, training=True), layer.backward(y))}
        for level, room in (("op", fast), ("room", ROOMS["cpu"]), ("formula", ops)):
            if hasattr(room, op):
                levels[level] = both(getattr(room, op), getattr(room, f"{op}_backward"), y, arguments, options)
        times = {level: 1e6 * median_and_spread(s)[0] for level, s in interleave(levels, rounds).items()}
        yield {"name": name, "times": times}


def both(forward: Callable, backward: Callable, dy: np.ndarray, arguments: list, options: dict[str, Any]) -> Callable[[], None]:
    """A function that calls forward and backward."""
    def call() -> None:
        *_, cache = forward(*arguments, **options)
        backward(dy, cache)
    return call


def call_of(layer: Layer, x: np.ndarray) -> tuple[list, dict[str, Any]]:
    """The arguments and options with which the layer calls its op."""
    if isinstance(layer, BatchNormalization):
        return [x, *layer.params.values(), *layer.buffers.values()], {"training": True}
    if isinstance(layer, LeakyReLU):
        return [x, layer.negative_slope], {}
    return [x, layer.params["kernel"], layer.params["bias"]], getattr(layer, "options", {})
