"""Dropout: in training set a random fraction of the values to 0 and scale up the rest, so that the expected value stays.

    y = x * mask,    mask = 0 with probability `rate`, else 1 / (1 - rate)

Shapes: dropout x (any), one random number for each value; spatial_dropout2d x (N, H, W, C), one for each image and channel,
because neighbouring pixels of one channel are nearly equal: dropping one of them alone removes little information.
"""
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module, move
from nnscratch.errors import InputError
from nnscratch.ops.validation import ARRAY, check_array, check_cache, check_dy, check_fraction, check_int, check_type
from nnscratch.shard import WHOLE, Shard

__all__ = ["dropout", "dropout_backward", "spatial_dropout2d", "spatial_dropout2d_backward"]


def draw_mask(op: str, x: Array, shape: tuple[int, ...], rate: float, seed: Any, shard: Shard = WHOLE) -> Array:
    """The mask, a function of the seed alone: the same on every device, at every repetition, and for any number of processes.

    Philox computes random numbers from a key and a counter, without a state.
    """
    check_type(shard, f"{op}: shard", Shard)
    rate, (key, call) = check_rate_and_seed(op, rate, seed)
    rng = np.random.Generator(np.random.Philox(key=np.array([key, int(call)], dtype=np.uint64)))
    uniform = rng.random(shape) if shard.world.size == 1 else rng.random((shard.batch_size, *shape[1:]))[shard.rows]
    return move(((uniform >= rate) / (1 - rate)).astype(x.real.dtype), array_module(x))


def check_rate_and_seed(op: str, rate: float, seed: Any) -> tuple[float, tuple]:
    """The rate as a float, and the seed as a pair: seed and number of the call."""
    rate = check_fraction(rate, f"{op}: rate")
    key, call = seed if isinstance(seed, (tuple, list)) and len(seed) == 2 else (seed, 0)
    if check_int(key, f"{op}: seed", 0) >= 2**64:
        raise InputError(f"{op}: seed is {key!r}, expected below 2**64")
    return rate, (key, call)


def dropout(x: Array, rate: float, *, seed: Any, shard: Shard = WHOLE) -> tuple[Array, tuple]:
    """Drop single values.

    Parameters
    ----------
    x : array of any shape
    rate : float in [0, 1), the fraction dropped
    seed : int, or a pair of an int and the number of the call, which may be a 0-d array
        The same seed gives the same mask.
    shard : Shard, which rows of the batch x is, where several processes share it

    Returns
    -------
    y, cache : array like x, tuple
        The output, and what `dropout_backward` needs.

    Raises
    ------
    InputError
        A rate outside [0, 1), a wrong dtype, a negative seed.

    References
    ----------
    Srivastava et al., "Dropout", 2014, section 10 (inverted scaling).

    Examples
    --------
    >>> import numpy as np
    >>> dropout(np.array([1.0, 2.0, 3.0, 4.0]), 0.5, seed=5)[0].tolist()
    [2.0, 4.0, 0.0, 0.0]
    """
    check_array("dropout", "x", x, None)
    mask = draw_mask("dropout", x, x.shape, rate, seed, shard)
    return x * mask, (mask, x.shape)


def dropout_backward(dy: Array, cache: tuple) -> Array:
    """y = x * mask, so dx = dy * mask, with the mask of the forward pass.

    Parameters
    ----------
    dy : array like y
    cache : tuple, from `dropout`

    Returns
    -------
    dx : array like x
        The gradient with respect to x.
    """
    check_cache("dropout_backward", cache, ARRAY, tuple)
    mask, shape = cache
    check_dy("dropout_backward", dy, shape)
    return dy * mask


def spatial_dropout2d(x: Array, rate: float, *, seed: Any, shard: Shard = WHOLE) -> tuple[Array, tuple]:
    """Drop whole channels of single images: the mask is (N, 1, 1, C).

    Parameters
    ----------
    x : array (N, H, W, C)
    rate : float in [0, 1), the fraction dropped
    seed : int or pair, as in `dropout`
    shard : Shard, as in `dropout`

    Returns
    -------
    y, cache : array (N, H, W, C), tuple
        The output, and what `spatial_dropout2d_backward` needs.

    Raises
    ------
    InputError
        A rate outside [0, 1), a wrong shape or dtype, a negative seed.

    References
    ----------
    Tompson et al., "Efficient object localization using convolutional networks", 2015, section 3.2.
    """
    check_array("spatial_dropout2d", "x", x, 4)
    mask = draw_mask("spatial_dropout2d", x, (x.shape[0], 1, 1, x.shape[3]), rate, seed, shard)
    return x * mask, (mask, x.shape)


def spatial_dropout2d_backward(dy: Array, cache: tuple) -> Array:
    """y = x * mask, so dx = dy * mask.

    Parameters
    ----------
    dy : array (N, H, W, C)
    cache : tuple, from `spatial_dropout2d`

    Returns
    -------
    dx : array (N, H, W, C)
        The gradient with respect to x.
    """
    check_cache("spatial_dropout2d_backward", cache, ARRAY, tuple)
    mask, shape = cache
    check_dy("spatial_dropout2d_backward", dy, shape)
    return dy * mask
