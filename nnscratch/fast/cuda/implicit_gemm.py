"""Convolution, bias and (leaky) ReLU by one kernel on tensor cores, without columns (implicit_gemm.cu).

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), bias (OC,), y (N, OH, OW, OC).

Why it can be faster: the columns are never written to memory; each block of threads reads its part of them from the image
straight into the fast memory of its multiprocessor. fast.conv2d does not choose it: whether it beats columns and cuBLAS depends
on the GPU, and older ones lack such tensor cores.
"""
import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.errors import InputError
from nnscratch.fast.cuda.capability import need_tensor_cores
from nnscratch.fast.cuda.launcher import launch
from nnscratch.ops.window import Window

__all__ = ["implicit_gemm_conv2d"]

TILE_M, TILE_N = 128, 64  # rows and columns of y that a block makes


def implicit_gemm_conv2d(x: Array, kernel: Array, window: Window, bias: Array | None = None, slope: float = 1.0) -> Array:
    """Compute y = f(im2col(x) @ K + b) in TF32, with f(u) = u where u > 0, else slope * u.

    Parameters
    ----------
    x : array (N, H, W, C)
        The images, float32 on the GPU.
    kernel : array (KH, KW, C, OC)
        The kernel.
    window : Window
        Where the kernel stands on x.
    bias : array (OC,), optional
        The bias.
    slope : float
        Of f below 0: 1 for no activation, 0 for ReLU.

    Returns
    -------
    array (N, OH, OW, OC)
        y.

    Raises
    ------
    InputError
        If the shapes do not fit together (the kernel would read past the arrays), or the GPU has no such tensor cores.
    """
    given = x.shape[1:3], kernel.shape[:3], kernel.shape[3:] if bias is None else bias.shape
    if given != (window.input, (*window.taps, x.shape[3]), kernel.shape[3:]):
        raise InputError(f"implicit_gemm: x {x.shape}, kernel {kernel.shape} and bias {given[2]} do not fit the window of "
                         f"{window.taps} pixels on images {window.input}; expected (N, H, W, C), (KH, KW, C, OC) and (OC,)")
    xp, (n, _, _, c), oc = array_module(x), x.shape, kernel.shape[3]
    need_tensor_cores(xp, "implicit_gemm", "use fast.conv2d")
    x = xp.ascontiguousarray(x)
    if x.data.ptr % 16:  # a view that begins inside an array; the kernel reads 16 aligned bytes at once
        x = x.copy()
    bias = xp.zeros(oc, dtype=np.float32) if bias is None else bias
    y = xp.empty((n, *window.output, oc), dtype=np.float32)
    rows = y.size // oc
    launch("implicit_gemm", (-(-rows // TILE_M), -(-oc // TILE_N)), x, xp.ascontiguousarray(kernel), bias, y, window, c,
           oc, rows, slope)
    return y
