"""Dropout layers. Shapes: any (SpatialDropout2D: (N, H, W, C)); the output has the shape of the input."""
from typing import Any

import numpy as np

from nnscratch import fast, initializers
from nnscratch.backend import Array
from nnscratch.layers.base import Layer
from nnscratch.layers.graph import Shape
from nnscratch.ops.validation import check_fraction, check_int

__all__ = ["Dropout", "Dropout2D", "SpatialDropout2D"]


class Dropout(Layer):
    """Set a random fraction of the values to 0 in training, and scale up the rest; the identity at inference.

    Parameters
    ----------
    rate : float in [0, 1)
        Fraction of the values set to 0; the others are multiplied by 1 / (1 - rate).
    seed : int, optional
        Seed of the masks; None draws one from the stream of `initializers`.
    name : str, optional
        Name in error messages and in the model.

    Notes
    -----
    The mask of call number k is drawn from (seed, k): it is the same on every device, and after a restart from a
    checkpoint the next mask follows, because the buffer `calls` is saved with the layer.
    """

    per_sample, one_input = False, True
    _drop, _drop_backward = staticmethod(fast.dropout), staticmethod(fast.dropout_backward)

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None) -> None:
        super().__init__(name)
        self.rate = check_fraction(rate, f"{self}: rate")
        self.seed = initializers.new_seed() if seed is None else check_int(seed, f"{self}: seed", 0)

    def build(self, shape: Shape) -> None:
        self.buffers["calls"] = np.zeros((), dtype=np.int64)

    def compute(self, x: Array, training: bool) -> tuple[Array, Any]:
        if not training:
            return x, None
        calls = self.buffers["calls"]  # on x's device, where a recorded step counts on
        result = self._drop(x, self.rate, seed=(self.seed, calls), shard=self.shard)
        self._keep_buffer("calls", calls + 1)
        return result

    def differentiate(self, dy: Array, cache: Any, wrt: str) -> tuple[Array, dict[str, Array]]:
        return (dy if cache is None else self._drop_backward(dy, cache)), {}


class SpatialDropout2D(Dropout):
    """Set random channels of single images to 0 in training; also importable as Dropout2D.

    Neighbouring pixels of one channel are nearly equal, so dropping single values would hide little.

    Parameters
    ----------
    rate : float in [0, 1)
        Fraction of the channels set to 0; the others are multiplied by 1 / (1 - rate).
    seed : int, optional
        Seed of the masks, as in `Dropout`.
    name : str, optional
        Name in error messages and in the model.
    """

    axes = 4
    _drop, _drop_backward = staticmethod(fast.spatial_dropout2d), staticmethod(fast.spatial_dropout2d_backward)


Dropout2D = SpatialDropout2D  # the name in the article whose listing networks/article.py repeats
