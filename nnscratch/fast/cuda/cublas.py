"""The matrix product on a GPU: one call of cuBLAS, NVIDIA's matrix library, made by ourselves.

Shapes: a (M, K), b (K, N), out (M, N).

    out = a @ b + beta * out

Why not CuPy's `a @ b`? CuPy refuses cuBLAS while a CUDA graph is recorded, cannot add to existing values (beta), copies a
matrix that is a block of a wider array, and chooses the precision by itself. If cuBLAS cannot be loaded, `a @ b` is used.

The user chooses the precision of products by `precision`:

    strict   float32 throughout, as on the CPU (the default)
    tf32     the factors may be rounded to 10 bits behind the point, for tensor cores; sums are float32
    bf16     the factors may be rounded to 7 bits; the columns of convolutions then take half the bytes, too

It is one choice for the whole process, and ops read it when they run: choose before a step, not within one. tf32 and bf16 need
a GPU of compute capability 8.0.

Why not fp16, which has as few bytes, the same tensor cores, and three bits more? Values above 65504 do not fit in it, and a
gradient below 6e-8 is 0: every loss would have to be scaled up and every gradient down again. bfloat16 has float32's range, and
the same step trains in it unchanged.
"""
import ctypes
import logging
import weakref
from functools import partial
from typing import Any

import numpy as np

from nnscratch.backend import Array, array_module, current_module
from nnscratch.errors import InputError
from nnscratch.fast.cuda.capability import need_tensor_cores
from nnscratch.fast.cuda.launcher import supported
from nnscratch.fast.cuda.memory import own_memory

__all__ = ["free", "gemm", "precision", "product"]

log = logging.getLogger("nnscratch")

WORKSPACE_BYTES = 32 * 2**20  # given to cuBLAS once, so that it never allocates; NVIDIA advises this size for an H100
COMPUTE = {"strict": 68, "tf32": 77, "bf16": 75}  # cublasComputeType_t: 32F, 32F_FAST_TF32, 32F_FAST_16BF
FLOAT, BFLOAT16 = 0, 14       # cudaDataType_t; arrays of bfloat16 are uint16, and need no rounding: 32F
DEFAULT_ALGORITHM = -1

_precision = "strict"
_handles: dict[Any, "Cublas | None"] = {}  # (module, device, stream): the result of `handle`


def precision(name: str | None = None) -> str:
    """Choose how precise matrix products on the GPU are, for the whole process.

    Parameters
    ----------
    name : {"strict", "tf32", "bf16"}, optional
        The choice; without it nothing changes.

    Returns
    -------
    str
        The precision in use.

    Raises
    ------
    InputError
        For another name, or a GPU that is too old for it (if none is in use yet: at the first product).

    Examples
    --------
    >>> precision("tf32"), precision(), precision("strict")
    ('tf32', 'tf32', 'strict')
    """
    global _precision
    if name is not None:
        if name not in COMPUTE:
            raise InputError(f"precision {name!r} is unknown: choose one of {', '.join(COMPUTE)}")
        if name != "strict" and current_module() is not np:
            check_precision(current_module(), name)
        _precision = name
    return _precision


def check_precision(xp: Any, name: str) -> None:
    """Raise InputError if the GPU in use is too old for this precision."""
    need_tensor_cores(xp, f"precision {name!r}", 'choose cuda.precision("strict")')


def product(a: Array, b: Array, out: Array | None = None) -> Array:
    """Multiply two matrices: by `gemm` on a GPU in float32, else by NumPy or CuPy.

    Parameters
    ----------
    a : array (M, K)
        The first factor.
    b : array (K, N)
        The second factor.
    out : array (M, N), optional
        Where to write the product.

    Returns
    -------
    array (M, N)
        a @ b.
    """
    xp = array_module(a, b)
    if not supported(a, b, out):
        return xp.matmul(a, b, out=out)
    a, b = (factor if layout(factor) else xp.ascontiguousarray(factor) for factor in (a, b))
    return gemm(a, b, xp.empty((a.shape[0], b.shape[1]), dtype=np.float32) if out is None else out)


def gemm(a: Array, b: Array, out: Array, beta: float = 0.0) -> Array:
    """Compute out = a @ b + beta * out in place, by cuBLAS.

    Parameters
    ----------
    a : array (M, K)
        float32, or the bits of bfloat16 (uint16), as b; contiguous, transposed, or a block of a wider matrix.
    b : array (K, N)
        Likewise.
    out : array (M, N)
        float32, with contiguous rows.
    beta : float
        The factor of what `out` holds; 0 ignores it.

    Returns
    -------
    array (M, N)
        `out`.

    Raises
    ------
    InputError
        For other types, shapes and memory layouts.
    """
    types = a.dtype, b.dtype, out.dtype
    if types not in ((np.float32, np.float32, np.float32), (np.uint16, np.uint16, np.float32)):
        raise InputError("gemm: got arrays of {}, {} and {}, expected float32 (a and b may both be bits of bfloat16, uint16); "
                         'convert them with x.astype("float32")'.format(*types))
    (m, k), (rows, n) = a.shape, b.shape
    if rows != k or out.shape != (m, n):
        raise InputError(f"gemm: got shapes {a.shape} @ {b.shape} -> {out.shape}, expected (M, K) @ (K, N) -> (M, N)")
    layout_a, layout_b, layout_out = layout(a), layout(b), layout(out)
    if layout_a is None or layout_b is None or layout_out is None or layout_out[1]:
        raise InputError(f"gemm: the strides are {a.strides}, {b.strides} and {out.strides}, expected contiguous rows (a and b "
                         f"may have contiguous columns instead); copy a matrix with cupy.ascontiguousarray(x)")
    (a_step, a_transposed), (b_step, b_transposed), (step, _) = layout_a, layout_b, layout_out
    xp = array_module(a)
    cublas = None if xp is np else handle(xp, xp.cuda.Device().id, xp.cuda.get_current_stream().ptr)
    if cublas is None:
        return multiply_without(a, b, out, beta)
    number, half = ctypes.c_float, a.dtype == np.uint16
    if half or _precision != "strict":
        check_precision(xp, "bf16" if half else _precision)
    kind, compute = (BFLOAT16, COMPUTE["strict"]) if half else (FLOAT, COMPUTE[_precision])
    # cuBLAS stores matrices by columns: it sees ours transposed, and so is asked for outᵀ = bᵀ aᵀ.
    cublas.call("cublasGemmEx", cublas.handle, int(b_transposed), int(a_transposed), n, m, k,
                ctypes.byref(number(1.0)), pointer(b), kind, b_step, pointer(a), kind, a_step,
                ctypes.byref(number(beta)), pointer(out), FLOAT, step, compute, DEFAULT_ALGORITHM)
    return out


def layout(a: Array) -> tuple[int, bool] | None:
    """How a matrix lies in memory: (values from one row to the next, False), for a transposed one (from one column to the
    next, True), and None if neither its rows nor its columns are contiguous."""
    (rows, columns), (row_step, column_step) = a.shape, (step // a.itemsize for step in a.strides)
    row_step, column_step = row_step if rows > 1 else columns, column_step if columns > 1 else rows  # a single one has no step
    if (column_step == 1 or columns == 1) and row_step >= columns:
        return row_step, False
    if (row_step == 1 or rows == 1) and column_step >= rows:
        return column_step, True
    return None


def multiply_without(a: Array, b: Array, out: Array, beta: float) -> Array:
    """As gemm, by CuPy's own product, or NumPy's."""
    xp = array_module(a)
    if a.dtype == np.uint16:
        a, b = from_bf16(a), from_bf16(b)
    if beta == 0:
        return xp.matmul(a, b, out=out)
    out *= beta
    out += a @ b
    return out


def from_bf16(bits: Array) -> Array:
    """The values with these bits: bfloat16 is the upper half of a float32."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def pointer(array: Array) -> ctypes.c_void_p:
    """The address of an array, for C."""
    return ctypes.c_void_p(array.data.ptr)


class Cublas:
    """The library, with a handle and a workspace for one stream of one GPU. Products of two streams may run at the same time,
    so they must not share a workspace: each would overwrite the other's unfinished sums."""

    def __init__(self, library: Any, workspace: Array, stream: int) -> None:
        self.library, self.workspace, self.handle = library, workspace, ctypes.c_void_p()
        self.call("cublasCreate_v2", ctypes.byref(self.handle))
        self.call("cublasSetStream_v2", self.handle, ctypes.c_void_p(stream))  # first: it takes the workspace away
        self.call("cublasSetWorkspace_v2", self.handle, pointer(workspace), ctypes.c_size_t(workspace.nbytes))
        weakref.finalize(self, library.cublasDestroy_v2, self.handle).atexit = False  # it waits until all products are done

    def call(self, name: str, *arguments: Any) -> None:
        """Call a function of the library; RuntimeError if it reports a failure."""
        status = getattr(self.library, name)(*arguments)
        if status:
            raise RuntimeError(f"{name} of cuBLAS failed with status {status}")


def handle(xp: Any, device: int, stream: int) -> "Cublas | None":
    """The Cublas for this stream of this GPU; None if cuBLAS cannot be loaded, which is logged once.

    The workspace comes from no pool: it is freed as soon as it is not needed, and the size of a pool is that of the step alone.
    Raises MemoryError if there is no memory for it.
    """
    key = xp, device, stream
    if key not in _handles:
        try:
            with xp.cuda.using_allocator(partial(own_memory, xp)):
                _handles[key] = Cublas(load_library(), xp.empty(WORKSPACE_BYTES, dtype=np.uint8), stream)
        except (ImportError, OSError, RuntimeError, AttributeError) as error:  # the last: a library without them
            if None not in _handles.values():
                log.info("products by CuPy: cuBLAS cannot be called directly (%s)", error)
            _handles[key] = None
    return _handles[key]


def free(stream: int | None = None) -> None:
    """Free cuBLAS' handles and their workspaces, 32 MiB each. The next product makes new ones.

    Recorded steps keep theirs for as long as they exist.

    Parameters
    ----------
    stream : int, optional
        Only those of this stream (its `ptr`).
    """
    for key in [key for key in _handles if stream in (None, key[2])]:
        del _handles[key]


def load_library() -> ctypes.CDLL:
    """cuBLAS, found by the package by which CuPy finds it."""
    from cuda.pathfinder import load_nvidia_dynamic_lib
    return ctypes.CDLL(load_nvidia_dynamic_lib("cublas").abs_path)
