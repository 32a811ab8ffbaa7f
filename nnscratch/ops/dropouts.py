"""Dropout: in training set a random fraction of the values to 0 and scale up the rest, so that the mean stays.

Shapes: dropout x (any), one draw for each value; spatial_dropout2d x (N, H, W, C), one draw for each image and
channel, because neighbouring pixels of one channel say nearly the same.

    y = x * mask,    mask = 0 with probability `rate`, else 1 / (1 - rate)
"""
from typing import Any

import numpy as np

from nnscratch.backend import array_module, move
from nnscratch.errors import InputError
from nnscratch.ops.validation import check_array, check_dy, check_fraction

__all__ = ["dropout", "dropout_backward", "spatial_dropout2d", "spatial_dropout2d_backward"]


def draw_mask(op: str, x: Any, shape: tuple, rate: float, seed: Any) -> Any:
    """The mask, drawn from the seed alone: the same on every device, and again when asked again.

    Philox makes random numbers of a key and a counter, without a state.
    """
    rate, (key, call) = check_rate_and_seed(op, rate, seed)
    rng = np.random.Generator(np.random.Philox(key=np.array([key, int(call)], dtype=np.uint64)))
    return move(((rng.random(shape) >= rate) / (1 - rate)).astype(x.real.dtype), array_module(x))


def check_rate_and_seed(op: str, rate: float, seed: Any) -> tuple[float, tuple]:
    """The rate as a float, and the seed as a pair: seed and number of the call."""
    rate = check_fraction(rate, f"{op}: rate")
    seed, call = seed if isinstance(seed, (tuple, list)) else (seed, 0)
    if not 0 <= seed < 2**64:
        raise InputError(f"{op}: seed is {seed!r}, expected a whole number of at least 0, below 2**64")
    return rate, (seed, call)


def dropout(x: Any, rate: float, *, seed: Any) -> tuple[Any, Any]:
    """Drop single values.

    Parameters
    ----------
    x : array of any shape
    rate : float in [0, 1), the fraction dropped
    seed : int, or a pair: int and number of the call, which may be an array on the GPU; the same seed gives the same mask

    Returns
    -------
    y : array in the shape of x
    cache : for `dropout_backward`

    Raises
    ------
    InputError : a rate outside [0, 1), a wrong dtype, a negative seed.

    Source: Srivastava et al., "Dropout" (2014), section 10 (inverted scaling).
    """
    check_array("dropout", "x", x, None)
    mask = draw_mask("dropout", x, x.shape, rate, seed)
    return x * mask, (mask, x.shape)


def dropout_backward(dy: Any, cache: Any) -> Any:
    """y = x * mask, so dx = dy * mask: the same mask, never a new one."""
    mask, shape = cache
    check_dy("dropout_backward", dy, shape)
    return dy * mask


def spatial_dropout2d(x: Any, rate: float, *, seed: Any) -> tuple[Any, Any]:
    """Drop whole channels of single images: x (N, H, W, C), mask (N, 1, 1, C). Otherwise as `dropout`.

    Source: Tompson et al., "Efficient object localization using convolutional networks" (2015), section 3.2.
    """
    check_array("spatial_dropout2d", "x", x, 4)
    mask = draw_mask("spatial_dropout2d", x, (x.shape[0], 1, 1, x.shape[3]), rate, seed)
    return x * mask, (mask, x.shape)


def spatial_dropout2d_backward(dy: Any, cache: Any) -> Any:
    """y = x * mask, so dx = dy * mask."""
    mask, shape = cache
    check_dy("spatial_dropout2d_backward", dy, shape)
    return dy * mask
