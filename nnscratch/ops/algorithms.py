"""Which algorithm computes a convolution. They differ in time and memory; the results are the same up to rounding.

    loops       the formula as nested loops: to read, and to test the others by
    im2col      windows as rows of a matrix, one product; any window
    winograd    fewer multiplications, hardly a copy; kernels of 2 to 7 rows (in strides), dilation 1
    woven       im2col down the rows alone; dilation 1, for windows of many rows
    depthwise   one filter for each channel; no product at all. "auto" takes it; it cannot be asked for, as it does nothing else
    cuda        im2col by kernels of our own (fast/cuda/conv.py). "auto" takes it on a GPU for float32, which is all it does

Winograd mixes rows that stand up to 8 apart, and takes the mixture apart again. So its rounding errors are relative to the
largest of those rows, where the others' are relative to each sum; and where one pixel is infinite or no number, so are
the outputs of the rows beside it.

Every algorithm is a module with the same three functions, the three products of a convolution (see im2col.py):

    convolve(x, kernel, window, bias)    convolve_dx(dy, kernel, window, bias)    convolve_dkernel(x, dy, window)
"""
from typing import NamedTuple

import numpy as np

from nnscratch.backend import array_module, join
from nnscratch.errors import InputError
from nnscratch.fast import cuda
from nnscratch.fast.cpu import depthwise, winograd
from nnscratch.fast.cpu.winograd_matrices import MOST_PRODUCTS
from nnscratch.fast.cpu.winograd_tiles import suits
from nnscratch.ops import reference, woven
from nnscratch.ops.im2col import convolve, convolve_dkernel, convolve_dx
from nnscratch.ops.validation import check_choice


class Products(NamedTuple):
    """The three products, each of which fixes two of x, kernel and y and gives the third (or its gradient)."""
    convolve: object
    convolve_dx: object
    convolve_dkernel: object


ALGORITHMS = {
    "loops": Products(reference.convolve, reference.convolve_dx, reference.convolve_dkernel),
    "im2col": Products(convolve, convolve_dx, convolve_dkernel),
    "winograd": Products(winograd.convolve, winograd.convolve_dx, winograd.convolve_dkernel),
    "woven": Products(woven.convolve, woven.convolve_dx, woven.convolve_dkernel),
    "depthwise": Products(depthwise.convolve, depthwise.convolve_dx, depthwise.convolve_dkernel),
    "cuda": Products(cuda.convolve, cuda.convolve_dx, cuda.convolve_dkernel),
}
FEW_WINDOWS = 512  # for fewer, transforming the kernel costs more time than Winograd saves
CHOICES = ("auto", "loops", "im2col", "woven", "winograd")


def run(product, algorithm, groups, a, b, window, bias=None):
    """One of the three products, by name, with channels in groups: every tensor is cut along its last axis."""
    outputs = b.shape[3] // groups
    channels = a.shape[3] // groups if product == "convolve_dkernel" else b.shape[2]
    if algorithm == "auto":
        algorithm = pick(product, window, len(a), channels, outputs, groups, on_cpu=array_module(a) is np)
        if algorithm == "im2col" and cuda.able(a, b, bias):
            algorithm = "cuda"
    function = getattr(ALGORITHMS[algorithm], product)
    if groups == 1 or algorithm == "depthwise":
        return function(a, b, window) if bias is None else function(a, b, window, bias)
    xp = array_module(a)
    parts = zip(*(xp.split(array, groups, axis=-1) for array in (a, b)))
    result = join([function(p, q, window) for p, q in parts], axis=-1)
    return result if bias is None else result + bias


def pick(product, window, images, channels, outputs, groups=1, on_cpu=True):
    """What "auto" means. Learnt by timing every algorithm on 31 shapes of all kinds (benchmarks/README.md has the table);
    nothing is timed here, so the same network gives the same numbers on every run."""
    rows = -(-window.taps[0] // window.strides[0])  # of a window, in strides
    if channels == outputs == 1 and groups > 1:
        return "depthwise"
    if not on_cpu or window.dilation != (1, 1):
        return "im2col"
    if rows == 1:  # 1x1, or windows that do not overlap: nothing to save
        return "im2col"
    if rows >= MOST_PRODUCTS or (product == "convolve_dx" and channels < 3):
        return "woven"
    if product == "convolve" and outputs == 1 and window.strides == (1, 1):
        return "woven"
    if images * window.output[0] * window.output[1] < FEW_WINDOWS:
        return "im2col"
    return "winograd" if suits(window) else "im2col"


def check_algorithm(op, algorithm, window):
    """Raise InputError for an unknown algorithm, or one that cannot do this window."""
    check_choice(algorithm, f"{op}: algorithm", CHOICES)
    able = {"winograd": suits(window), "woven": window.dilation == (1, 1)}.get(algorithm, True)
    if not able:
        raise InputError(f"{op}: algorithm {algorithm!r} cannot do a kernel of {window.taps} pixels with strides "
                         f"{window.strides} and dilation {window.dilation}: both need dilation 1, and winograd at most 7 rows "
                         f'for each stride and a kernel no smaller than the stride; use "auto"')
