"""The same formulas as nested loops: slow, and written to be read beside the formula.

Every index has the name that it has in the formula. The tests hold each function against the op that computes the same. Make
a window with `make_window` of ops/window.py.

    convolution     convolve, convolve_dx, convolve_dkernel, convolve_transposed
    pooling         max_pool2d, avg_pool2d
    normalization   batch_norm
    loops           the loops that they share
"""
from nnscratch.ops.reference.convolution import convolve, convolve_dkernel, convolve_dx, convolve_transposed
from nnscratch.ops.reference.loops import ranges
from nnscratch.ops.reference.normalization import batch_norm, batch_norm_backward
from nnscratch.ops.reference.pooling import avg_pool2d, avg_pool2d_dx, max_pool2d, max_pool2d_dx

__all__ = ["avg_pool2d", "avg_pool2d_dx", "batch_norm", "batch_norm_backward", "convolve", "convolve_dkernel", "convolve_dx",
           "convolve_transposed", "max_pool2d", "max_pool2d_dx"]
