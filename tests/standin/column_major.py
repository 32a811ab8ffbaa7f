"""cuBLAS in NumPy, with the arguments of its C interface: addresses, column-major order, leading dimensions.

With it the library's own call (nnscratch/fast/cuda/cublas.py) runs without a GPU. It refuses what cuBLAS refuses, and uses the
requested precision.
"""
import ctypes
from functools import partial

import numpy as np
from numpy.lib.stride_tricks import as_strided

from standin import streams

STRICT, TF32, BF16 = 68, 77, 75
TYPES = {0: np.float32, 14: np.uint16}


def at(pointer, rows, columns, step, kind):
    """The matrix at an address; consecutive columns are `step` numbers apart."""
    assert step >= max(1, rows), "cuBLAS refuses this leading dimension"
    dtype = np.dtype(TYPES[kind])
    size = (step * (columns - 1) + rows) * dtype.itemsize
    numbers = np.frombuffer((ctypes.c_char * size).from_address(pointer.value), dtype=dtype)
    return as_strided(numbers, (rows, columns), (dtype.itemsize, step * dtype.itemsize))


def rounded(matrix, precision):
    """The factor rounded as by tensor cores."""
    if matrix.dtype == np.uint16:
        return (matrix.astype(np.uint32) << 16).view(np.float32)
    bits = np.ascontiguousarray(matrix).view(np.uint32)
    if precision == TF32:
        return ((bits + 0x1000) & 0xFFFFE000).astype(np.uint32).view(np.float32)
    if precision == BF16:
        return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)
    return matrix


class ColumnMajor:
    """The functions of the library that cublas.py calls; `products` counts the products."""

    def __init__(self):
        self.products, self.stream, self.workspace, self.destroyed = 0, None, None, False

    def cublasCreate_v2(self, handle):
        return 0

    def cublasDestroy_v2(self, handle):
        self.destroyed, self.workspace = True, None
        return 0

    def cublasSetStream_v2(self, handle, stream):
        self.stream, self.workspace = stream.value, None  # a new stream resets the workspace
        return 0

    def cublasSetWorkspace_v2(self, handle, workspace, size):
        self.workspace = size.value
        return 0

    def cublasGemmEx(self, handle, a_turned, b_turned, m, n, k, alpha, a, a_kind, a_step, b, b_kind, b_step, beta,
                     c, c_kind, c_step, precision, algorithm):
        supported = {0: (STRICT, TF32, BF16), 14: (STRICT,)}  # 16-bit factors need no rounding
        if a_kind != b_kind or c_kind != 0 or precision not in supported[a_kind]:
            return 15  # CUBLAS_STATUS_NOT_SUPPORTED
        assert self.workspace, "without a workspace of its own cuBLAS would allocate one"
        reads, stream = [streams.at_address(pointer.value) for pointer in (a, b)], streams.stream_at(self.stream)
        streams.do(partial(self.multiply, a_turned, b_turned, m, n, k, alpha, a, a_kind, a_step, b, b_kind, b_step, beta, c,
                          c_step, precision), reads, [streams.at_address(c.value)], stream)
        return 0

    def multiply(self, a_turned, b_turned, m, n, k, alpha, a, a_kind, a_step, b, b_kind, b_step, beta, c, c_step, precision):
        self.products += 1
        a = rounded(at(a, *((k, m) if a_turned else (m, k)), a_step, a_kind), precision)
        b = rounded(at(b, *((n, k) if b_turned else (k, n)), b_step, b_kind), precision)
        c = at(c, m, n, c_step, 0)
        alpha, beta = (ctypes.cast(number, ctypes.POINTER(ctypes.c_float))[0] for number in (alpha, beta))
        product = alpha * ((a.T if a_turned else a) @ (b.T if b_turned else b))
        c[...] = product + beta * c if beta else product
