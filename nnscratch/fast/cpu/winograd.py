"""Winograd's convolution: fewer multiplications, and hardly any copying, for stride 1 and kernels of 2 to 7 rows.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC). m outputs of r = KH taps by k = m + r - 1 multiplications.

1. Fewer multiplications: F(m, r) of winograd_matrices.py filters the rows, m rows of y from k rows of x. A whole row takes the
   place of one sample, so the transform Bᵀ is a (k, k) by (k, row) matrix product, on rows as they lie in memory: nothing is
   gathered. F(6, 3) takes 8 multiplications where the plain sum takes 18. (Lavin and Gray transform columns too and save more,
   but then tiles of 6x6 pixels have to be gathered and scattered, which costs NumPy more than the multiplications it saves.)

2. No copies: along a row, the KW pixels under a window are neighbours in memory, KW * C values in one piece. Every KW-th window
   begins where the one before ends, so those windows *are* a matrix, as a view. KW such matrices, called lanes here, each one
   pixel further on, are all windows.

Rounding: rows up to 8 apart are mixed and separated again. So errors are relative to the largest of those rows, and where one
pixel is infinite or NaN, so are the outputs of the neighbouring rows.

References: Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016.
"""

import numpy as np

from nnscratch.backend import Array, common_dtype
from nnscratch.fast.cpu.winograd_matrices import winograd_matrices
from nnscratch.fast.cpu.winograd_tiles import Plan, contiguous_pixels, cut, lanes, make_plan, padded_rows, transform_rows
from nnscratch.fast.workspace import BESIDE, scratch
from nnscratch.ops.window import Window

__all__ = ["convolve", "convolve_dkernel"]


def convolve(x: Array, kernel: Array, window: Window, bias: Array | None = None) -> Array:
    """Compute y = Aᵀ[(G kernel) * (Bᵀ x)] down the rows, where * is the sum over the window's columns and channels.

    Parameters
    ----------
    x : array (N, H, W, C)
        The images.
    kernel : array (KH, KW, C, OC)
        The kernel.
    window : Window
        Where the kernel stands on x; `winograd_tiles.supports_winograd` holds for it.
    bias : array (OC,), optional
        The bias.

    Returns
    -------
    array (N, OH, OW, OC)
        y.
    """
    (_, kw, _, oc), dtype, plan = kernel.shape, common_dtype(x, kernel, bias), make_plan(window)
    y = np.empty((len(x), *window.output, oc), dtype)
    at, g, bt = matrices(plan.outputs, plan.taps, dtype)
    filters, x = transform_kernel(g, kernel, plan), contiguous_pixels(x, dtype)
    for block in cut(x.shape, window, plan, oc, y.itemsize):
        rows = transform_rows(bt, padded_rows(x, block, window, plan), window, plan)
        products = scratch(BESIDE, (plan.products, block.places(window), oc), dtype)
        for lane, windows in lanes(rows, block, window, kw):
            np.matmul(windows, filters, out=products[:, lane])
        if bias is not None:
            products[0] += bias  # Aᵀ's column for the point 1 is all ones: what is added here is added to every output
        for target, source, few in block.tiles_of(y, products, window, plan):
            np.matmul(at[:few], source, out=target)
    return y


def convolve_dkernel(x: Array, dy: Array, window: Window) -> Array:
    """Compute dK: down the rows, dK[i] = Σ_h x[h + i] dy[h] is a filter too, with m taps dy and r outputs: F(r, m).

    Parameters
    ----------
    x : array (N, H, W, C)
        The images.
    dy : array (N, OH, OW, OC)
        Gradient of the loss with respect to y.
    window : Window
        Where the kernel stands on x; `winograd_tiles.supports_winograd` holds for it.

    Returns
    -------
    array (KH, KW, C, OC)
        Gradient of the loss with respect to the kernel.
    """
    (c, oc), kw, dtype, plan = (x.shape[3], dy.shape[3]), window.taps[1], common_dtype(x, dy), make_plan(window)
    at, g, bt = matrices(plan.taps, plan.outputs, dtype)
    x, total = contiguous_pixels(x, dtype), np.zeros((plan.products, kw, c, oc), dtype)
    # Lanes add KW results of the kernel's size. Where that is large, one product for each tap is cheaper.
    together = kw if c < 256 else 1
    for block in cut(x.shape, window, plan, oc, total.itemsize):
        rows = transform_rows(bt, padded_rows(x, block, window, plan), window, plan)
        products = scratch(BESIDE, (plan.products, block.places(window), oc), dtype)
        block.overhang(products, window)[...] = 0  # they would be multiplied by windows past the end of a row
        for source, target, few in block.tiles_of(dy, products, window, plan):
            np.matmul(g[:, :few], source, out=target)
        for tap in range(0, kw, together):
            target = total[:, tap:tap + together].reshape(plan.products, together * c, oc)  # a view
            for lane, windows in lanes(rows, block, window, together, tap):
                target += np.matmul(windows.swapaxes(1, 2), products[:, lane])
    return (at @ total.reshape(plan.products, -1)).reshape(plan.taps, kw, c, oc)


def matrices(outputs: int, taps: int, dtype: np.dtype) -> list[Array]:
    """Aᵀ, G and Bᵀ of F(outputs, taps) in the precision of dtype, real also where it is complex."""
    return [np.asarray(matrix, dtype=np.empty(0, dtype).real.dtype) for matrix in winograd_matrices(outputs, taps)]


def transform_kernel(g: Array, kernel: Array, plan: Plan) -> Array:
    """G times the kernel's rows: (k, KW * C, OC)."""
    kh, kw, c, oc = kernel.shape
    if not kernel.flags.c_contiguous:
        strided, kernel = kernel, np.empty(kernel.shape, kernel.dtype)
        for o in range(0, oc, 16):  # in strips: read across, a large kernel would miss the cache at every value
            kernel[..., o:o + 16] = strided[..., o:o + 16]
    return (g @ kernel.reshape(kh, -1)).reshape(plan.products, kw * c, oc)
