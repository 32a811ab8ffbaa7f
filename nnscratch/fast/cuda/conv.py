"""Convolution on a GPU: a kernel writes the columns, and cuBLAS multiplies them, block by block.

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC), columns (windows of a block, KH*KW*C).

    y = columns @ K        dx = col2im(dy @ Kᵀ)        dK = columnsᵀ @ dy

Why blocks: the N*OH*OW windows of the batch are numbered one after the other, and a block is a range of them, as many as fit in
COLUMN_BYTES. So its columns stay in the GPU's cache (50 MB on an H100) between being written and being read, and need little
memory. A block's part of y is contiguous, so cuBLAS writes the product directly into y.
"""
import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.fast.cuda.cublas import gemm, precision
from nnscratch.fast.cuda.launcher import launch
from nnscratch.ops.window import Window

__all__: list[str] = []

COLUMN_BYTES = 32 * 2**20


def blocks(images: int, window: Window, channels: int) -> list[slice]:
    """Cut all windows into blocks: slices of range(N*OH*OW)."""
    windows = images * window.output[0] * window.output[1]
    fit = max(1, COLUMN_BYTES // (4 * row_length(window, channels)))
    return [slice(first, min(first + fit, windows)) for first in range(0, windows, fit)]


def row_length(window: Window, channels: int) -> int:
    """KH*KW*C."""
    return window.taps[0] * window.taps[1] * channels


def im2col(x: Array, window: Window, block: slice, half: bool = False) -> Array:
    """The columns of a block, as bits of bfloat16 if `half`; of a 1x1 kernel with stride 1 they are a view of x."""
    if window.taps == window.strides == (1, 1) and window.output == window.input and not half:
        return x.reshape(-1, x.shape[3])[block]
    windows, length = block.stop - block.start, row_length(window, x.shape[3])
    columns = array_module(x).empty((windows, length), dtype=np.uint16 if half else np.float32)
    launch("im2col_bf16" if half else "im2col", columns.size, x, columns, window, x.shape[3], block.start, columns.size)
    return columns


def col2im(columns: Array, dx: Array, window: Window, block: slice) -> None:
    """Add the columns of a block to dx (N, H, W, C), the adjoint of `im2col`."""
    _, h, w, c = dx.shape
    first, last = (row_of_first_tap(window, place) for place in (block.start, block.stop - 1))
    reach = (window.taps[0] - 1) * window.dilation[0] + 1
    start, stop = clip_to_image(first, h), clip_to_image((last[0], last[1] + reach), h)
    if stop > start:
        count = (stop - start) * w * c
        launch("col2im", count, columns, dx, window, c, block.start, block.stop - block.start, start, count)


def row_of_first_tap(window: Window, place: int) -> tuple[int, int]:
    """(image, row in it) under the first tap of a window; the row may lie in the padding."""
    image, rest = divmod(place, window.output[0] * window.output[1])
    return image, rest // window.output[1] * window.strides[0] - window.pads[0][0]


def clip_to_image(place: tuple[int, int], height: int) -> int:
    """(image, row) as a row of all images stacked below each other."""
    image, row = place
    return image * height + min(max(row, 0), height)


def factors(*matrices: Array) -> tuple[Array, ...]:
    """The factors of a product in the chosen precision: as they are, or as bits of bfloat16."""
    if precision() != "bf16":
        return matrices
    return tuple(to_bf16(matrix) if matrix.dtype == np.float32 else matrix for matrix in matrices)


def to_bf16(x: Array) -> Array:
    """The bits of x (any shape), rounded to bfloat16."""
    bits = array_module(x).empty(x.shape, dtype=np.uint16)
    launch("round_to_bf16", x.size, x, bits, x.size)
    return bits


def convolve(x: Array, kernel: Array, window: Window, bias: Array | None = None) -> Array:
    """y = im2col(x) @ K + b: (N, H, W, C) and (KH, KW, C, OC) -> (N, OH, OW, OC)."""
    xp, oc = array_module(x), kernel.shape[3]
    x, half = xp.ascontiguousarray(x, dtype=np.float32), precision() == "bf16"
    matrix, = factors(xp.ascontiguousarray(kernel).reshape(-1, oc))
    y = xp.empty((len(x), *window.output, oc), dtype=np.float32)
    rows = y.reshape(-1, oc)
    for block in blocks(len(x), window, x.shape[3]):
        gemm(im2col(x, window, block, half), matrix, rows[block])
    if bias is not None:
        y += bias
    return y


def convolve_dx(dy: Array, kernel: Array, window: Window, bias: Array | None = None) -> Array:
    """dx = col2im(dy @ Kᵀ) + b: (N, OH, OW, OC) and (KH, KW, C, OC) -> (N, H, W, C)."""
    xp, (_, _, c, oc) = array_module(dy), kernel.shape
    dy = xp.ascontiguousarray(dy, dtype=np.float32)
    rows, matrix = factors(dy.reshape(-1, oc), xp.ascontiguousarray(kernel).reshape(-1, oc))
    dx = xp.empty((len(dy), *window.input, c), dtype=np.float32)
    dx[...] = 0 if bias is None else bias
    for block in blocks(len(dy), window, c):
        columns = xp.empty((block.stop - block.start, len(matrix)), dtype=np.float32)
        col2im(gemm(rows[block], matrix.T, columns), dx, window, block)
    return dx


def convolve_dkernel(x: Array, dy: Array, window: Window) -> Array:
    """dK = im2col(x)ᵀ @ dy: (N, H, W, C) and (N, OH, OW, OC) -> (KH, KW, C, OC)."""
    xp, c, oc = array_module(x), x.shape[3], dy.shape[3]
    x, half = xp.ascontiguousarray(x, dtype=np.float32), precision() == "bf16"
    rows, = factors(xp.ascontiguousarray(dy, dtype=np.float32).reshape(-1, oc))
    total = xp.empty((row_length(window, c), oc), dtype=np.float32)
    for block in blocks(len(x), window, c):
        gemm(im2col(x, window, block, half).T, rows[block], total, beta=float(block.start > 0))
    return total.reshape(*window.taps, c, oc)
