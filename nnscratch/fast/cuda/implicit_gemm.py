"""A convolution, its bias and a (leaky) ReLU by one kernel on tensor cores, without columns (implicit_gemm.cu).

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), bias (OC,), y (N, OH, OW, OC).

"auto" does not take it: which is faster, this or columns and cuBLAS, can only be measured on a GPU; and older ones lack it.
"""
import numpy as np

from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.fast.cuda.capability import need_tensor_cores
from nnscratch.fast.cuda.launcher import launch

TILE_M, TILE_N = 128, 64  # rows and columns of y that a block makes


def implicit_gemm_conv2d(x, kernel, window, bias=None, slope=1.0):
    """y = f(im2col(x) @ K + b) in TF32, f(u) = u where u > 0, else slope * u: 1 for no activation, 0 for relu.

    Raises InputError for shapes that do not belong together: the kernel itself would read beyond them; and on a GPU without
    such tensor cores.
    """
    given = x.shape[1:3], kernel.shape[:3], kernel.shape[3:] if bias is None else bias.shape
    if given != (window.input, (*window.taps, x.shape[3]), kernel.shape[3:]):
        raise InputError(f"implicit_gemm: x {x.shape}, kernel {kernel.shape} and bias {given[2]} do not fit the window of "
                         f"{window.taps} pixels on images {window.input}; expected (N, H, W, C), (KH, KW, C, OC) and (OC,)")
    xp, (n, _, _, c), oc = array_module(x), x.shape, kernel.shape[3]
    need_tensor_cores(xp, "implicit_gemm", "use fast.conv2d")
    x = xp.ascontiguousarray(x)
    if x.data.ptr % 16:  # a view that begins inside an array; the kernel reads 16 bytes at once
        x = x.copy()
    bias = xp.zeros(oc, dtype=np.float32) if bias is None else bias
    y = xp.empty((n, *window.output, oc), dtype=np.float32)
    rows = y.size // oc
    launch("implicit_gemm", (-(-rows // TILE_M), -(-oc // TILE_N)), x, xp.ascontiguousarray(kernel), bias, y, window, c,
           oc, rows, slope)
    return y
