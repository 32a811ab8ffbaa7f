"""Dropout: in training set a random share of the values to 0 and scale up the rest, so that the mean stays.

Shapes: dropout x (any), one draw for each value; spatial_dropout2d x (N, H, W, C), one draw for each picture and
channel, because neighbouring pixels of one channel say nearly the same.

    y = x * mask,    mask = 0 with probability `rate`, else 1 / (1 - rate)
"""
import numpy as np

from nnscratch.backend import array_module, move
from nnscratch.errors import InputError
from nnscratch.fast import cuda
from nnscratch.ops.validation import check_array, check_dy, check_fraction


def draw_mask(op, x, shape, rate, seed):
    """The mask, drawn from the seed alone: the same on every device, and again when asked again.

    Philox makes random numbers of a key and a counter, without a state, so NumPy and a kernel can draw the same ones
    (fast/cuda/dropout.cu). The kernel does where the number of the call is kept on the GPU, as a recorded step needs it.
    """
    rate, xp = check_fraction(rate, f"{op}: rate"), array_module(x)
    seed, call = seed if isinstance(seed, (tuple, list)) else (seed, 0)
    if not 0 <= seed < 2**64:
        raise InputError(f"{op}: seed is {seed!r}, expected a whole number of at least 0, below 2**64")
    if array_module(call) is not np:
        mask = cuda.dropout_mask(xp, shape, rate, seed, call)
        return mask if x.dtype == np.float32 else ((mask > 0) / (1 - rate)).astype(x.real.dtype)
    kept = np.random.Generator(np.random.Philox(key=np.array([seed, call], dtype=np.uint64))).random(shape) >= rate
    return move((kept / (1 - rate)).astype(x.real.dtype), xp)


def dropout(x, rate, *, seed):
    """Drop single values.

    Parameters
    ----------
    x : array of any shape
    rate : float in [0, 1), the share dropped
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


def dropout_backward(dy, cache):
    """y = x * mask, so dx = dy * mask: the same mask, never a new one."""
    mask, shape = cache
    check_dy("dropout_backward", dy, shape)
    return dy * mask


def spatial_dropout2d(x, rate, *, seed):
    """Drop whole channels of single pictures: x (N, H, W, C), mask (N, 1, 1, C). Otherwise as `dropout`.

    Source: Tompson et al., "Efficient object localization using convolutional networks" (2015), section 3.2.
    """
    check_array("spatial_dropout2d", "x", x, 4)
    mask = draw_mask("spatial_dropout2d", x, (x.shape[0], 1, 1, x.shape[3]), rate, seed)
    return x * mask, (mask, x.shape)


spatial_dropout2d_backward = dropout_backward
