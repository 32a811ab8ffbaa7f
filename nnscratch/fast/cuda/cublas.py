"""The matrix product on a GPU: one call of cuBLAS, made by ourselves.

Shapes: a (M, K), b (K, N), out (M, N).

    out = a @ b + beta * out

Why not `a @ b`? CuPy refuses cuBLAS while a CUDA graph is recorded, cannot add to what is there (beta), copies what is a
block of a wider array, and decides on the precision by itself. Where cuBLAS cannot be loaded, it is `a @ b` all the same.

How precise products are is for the user to say, by `precision`:

    strict   float32 throughout, as on the CPU (the default)
    tf32     the factors may be rounded to 10 bits behind the point, for tensor cores; sums are float32
    bf16     the factors may be rounded to 7 bits; columns of convolutions are written in half the bytes, too

It is one choice for the whole process, and ops read it when they run: choose before a step, not within one. Both but strict
need a GPU of compute capability 8.0.

Why not fp16, which has as few bytes, the same tensor cores, and three bits more? Nothing above 65504 fits in it, and a gradient
below 6e-8 is 0: it needs every loss scaled up and every gradient scaled down again. bfloat16 has float32's range, and the same
step trains in it as it stands.

Written against cuBLAS' C interface (cublasGemmEx).
"""
import ctypes
import logging
import weakref
from functools import partial

import numpy as np

from nnscratch.backend import array_module, current_module
from nnscratch.errors import InputError
from nnscratch.fast.cuda.capability import need_tensor_cores
from nnscratch.fast.cuda.launcher import supported
from nnscratch.fast.cuda.memory import own_memory

log = logging.getLogger("nnscratch")

WORKSPACE_BYTES = 32 * 2**20  # given to cuBLAS once, so that it allocates nothing later; what NVIDIA advises for an H100
COMPUTE = {"strict": 68, "tf32": 77, "bf16": 75}  # cublasComputeType_t: 32F, 32F_FAST_TF32, 32F_FAST_16BF
FLOAT, BFLOAT16 = 0, 14       # cudaDataType_t; arrays of bfloat16 travel as uint16, and need no rounding: 32F
DEFAULT_ALGORITHM = -1

_precision = "strict"
_handles = {}                 # (module, device, stream): what `handle` has made


def precision(name=None):
    """Choose how precise matrix products on the GPU are: "strict", "tf32" or "bf16". Returns the choice; None only asks.

    Raises InputError for another name, and for a GPU that is too old for it (where none is in use yet: at the first product).
    """
    global _precision
    if name is not None:
        if name not in COMPUTE:
            raise InputError(f"precision {name!r} is unknown: choose one of {', '.join(COMPUTE)}")
        if name != "strict" and current_module() is not np:
            check_precision(current_module(), name)
        _precision = name
    return _precision


def check_precision(xp, name):
    need_tensor_cores(xp, f"precision {name!r}", 'choose cuda.precision("strict")')


def product(a, b, out=None):
    """a @ b for two matrices: ours on a GPU in float32, NumPy's or CuPy's for everything else."""
    xp = array_module(a, b)
    if not supported(a, b, out):
        return xp.matmul(a, b, out=out)
    a, b = (factor if layout(factor) else xp.ascontiguousarray(factor) for factor in (a, b))
    return gemm(a, b, xp.empty((a.shape[0], b.shape[1]), dtype=np.float32) if out is None else out)


def gemm(a, b, out, beta=0.0):
    """out = a @ b + beta * out, in place; `out` is returned.

    a and b are matrices of float32, or both bits of bfloat16 (uint16): whole, transposed, or blocks of wider ones.
    out is float32, and its rows are whole. Raises InputError for other types, shapes and memory layouts.
    """
    types = a.dtype, b.dtype, out.dtype
    if types not in ((np.float32, np.float32, np.float32), (np.uint16, np.uint16, np.float32)):
        raise InputError("gemm: got arrays of {}, {} and {}, expected float32 (a and b may both be bits of bfloat16, uint16); "
                         'convert them with x.astype("float32")'.format(*types))
    (m, k), (rows, n) = a.shape, b.shape
    if rows != k or out.shape != (m, n):
        raise InputError(f"gemm: got shapes {a.shape} @ {b.shape} -> {out.shape}, expected (M, K) @ (K, N) -> (M, N)")
    layouts = [layout(matrix) for matrix in (a, b, out)]
    if None in layouts or layouts[2][1]:
        raise InputError(f"gemm: the strides are {a.strides}, {b.strides} and {out.strides}, expected whole rows (of a and b, "
                         f"whole columns will do); copy a matrix with cupy.ascontiguousarray(x)")
    (a_step, a_turned), (b_step, b_turned), (step, _) = layouts
    xp = array_module(a)
    cublas = None if xp is np else handle(xp, xp.cuda.Device().id, xp.cuda.get_current_stream().ptr)
    if cublas is None:
        return multiply_without(a, b, out, beta)
    number, half = ctypes.c_float, a.dtype == np.uint16
    if half or _precision != "strict":
        check_precision(xp, "bf16" if half else _precision)
    kind, compute = (BFLOAT16, COMPUTE["strict"]) if half else (FLOAT, COMPUTE[_precision])
    # cuBLAS thinks in columns: it sees our matrices transposed, and so is asked for outᵀ = bᵀ aᵀ.
    cublas.call("cublasGemmEx", cublas.handle, int(b_turned), int(a_turned), n, m, k,
                ctypes.byref(number(1.0)), pointer(b), kind, b_step, pointer(a), kind, a_step,
                ctypes.byref(number(beta)), pointer(out), FLOAT, step, compute, DEFAULT_ALGORITHM)
    return out


def layout(a):
    """How a matrix lies in memory: (numbers from one row to the next, False), for a transposed one (from one column to the
    next, True), and None where neither its rows nor its columns are whole."""
    (rows, columns), (row_step, column_step) = a.shape, (step // a.itemsize for step in a.strides)
    row_step, column_step = row_step if rows > 1 else columns, column_step if columns > 1 else rows  # else it says nothing
    if (column_step == 1 or columns == 1) and row_step >= columns:
        return row_step, False
    if (row_step == 1 or rows == 1) and column_step >= rows:
        return column_step, True
    return None


def multiply_without(a, b, out, beta):
    """The same by CuPy's own product, or NumPy's."""
    xp = array_module(a)
    if a.dtype == np.uint16:
        a, b = from_bf16(a), from_bf16(b)
    if beta == 0:
        return xp.matmul(a, b, out=out)
    out *= beta
    out += a @ b
    return out


def from_bf16(bits):
    """The numbers whose bits these are: bfloat16 is the upper half of a float32."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def pointer(array):
    return ctypes.c_void_p(array.data.ptr)


class Cublas:
    """The library, with a handle and a workspace for one stream of one GPU. Products of two streams may run at the same time,
    so they must not share a workspace: each would write over the other's half-made sums."""

    def __init__(self, library, workspace, stream):
        self.library, self.workspace, self.handle = library, workspace, ctypes.c_void_p()
        self.call("cublasCreate_v2", ctypes.byref(self.handle))
        self.call("cublasSetStream_v2", self.handle, ctypes.c_void_p(stream))  # first: it takes the workspace away
        self.call("cublasSetWorkspace_v2", self.handle, pointer(workspace), ctypes.c_size_t(workspace.nbytes))
        weakref.finalize(self, library.cublasDestroy_v2, self.handle).atexit = False  # it waits until all products are done

    def call(self, name, *arguments):
        status = getattr(self.library, name)(*arguments)
        if status:
            raise RuntimeError(f"{name} of cuBLAS failed with status {status}")


def handle(xp, device, stream):
    """What to multiply with on this stream of this GPU; None where cuBLAS cannot be loaded, which is logged once.

    The workspace is memory of its own, from no pool: it goes back to the GPU as soon as it is not needed, and what a pool tells
    of a step is that of the step. Raises MemoryError where there is none for it.
    """
    key = xp, device, stream
    if key not in _handles:
        try:
            with xp.cuda.using_allocator(partial(own_memory, xp)):
                _handles[key] = Cublas(load_library(), xp.empty(WORKSPACE_BYTES, dtype=np.uint8), stream)
        except (ImportError, OSError, RuntimeError, AttributeError) as error:  # the last: a library without these functions
            if None not in _handles.values():
                log.info("products by CuPy: cuBLAS cannot be called directly (%s)", error)
            _handles[key] = None
    return _handles[key]


def free(stream=None):
    """Give back cuBLAS' handles and their workspaces, 32 MiB each: of one stream (its `ptr`), or all. The next product makes
    new ones. Recorded steps (graph.py) keep theirs for as long as they live."""
    for key in [key for key in _handles if stream in (None, key[2])]:
        del _handles[key]


def load_library():
    """cuBLAS, found by the same package as CuPy finds it."""
    from cuda.pathfinder import load_nvidia_dynamic_lib
    return ctypes.CDLL(load_nvidia_dynamic_lib("cublas").abs_path)
