"""Dropout's mask drawn on the GPU from a counter (dropout.cu): a step recorded as a CUDA graph draws a new one each time.

NumPy draws the same mask from the same seed and number of the call: it is what the CPU does (ops/dropout.py).
Shapes: mask any, calls one number.
"""
import numpy as np

from nnscratch.fast.cuda.launch import launch


def dropout_mask(xp, shape, rate, seed, calls):
    """A mask: 0 with probability `rate`, else 1 / (1 - rate).

    `calls` is an array of one whole number of 64 bits on the GPU, the number of the call; whoever owns it adds 1 after each
    (`calls += 1`). The same seed and number give the same mask, that of NumPy's
    `Generator(Philox(key=[seed, calls])).random(shape) >= rate`.
    """
    mask, calls = xp.empty(shape, dtype=np.float32), calls.reshape(1).view(np.uint64)
    launch("dropout_mask", -(-mask.size // 4), mask, calls, seed, rate, 1 / (1 - rate), mask.size)
    return mask
