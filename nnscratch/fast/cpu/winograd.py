"""Convolution with fewer multiplications and next to no copying, for kernels of 2 to 7 rows (counted in strides).

Shapes: x (N, H, W, C), kernel (KH, KW, C, OC), y (N, OH, OW, OC). m outputs of r taps for k = m + r - 1 products.

Three ideas, each of which takes a good part of im2col's time away.

1. Filter the rows with F(m, r) of minimal_filter.py: m rows of y from k rows of x. A row counts as one sample here, so
   the transform B is a (k, k) by (k, row) matrix product, on rows as they lie in memory: nothing is gathered.
   F(6, 3) takes 8 multiplications where the plain sum takes 18. (Lavin and Gray transform columns too and save more, but
   then tiles of 6x6 pixels have to be collected and put back, which costs NumPy more than the multiplications it saves.)

2. Along a row, the KW pixels under a window are neighbours in memory: KW * C numbers in a piece. Every KW-th window
   begins where the one before ends, so those windows *are* a matrix, without a copy. KW such matrices, each a pixel
   further on, are all windows; they are called lanes here.

3. With stride SH, rows that stand SH apart are filtered together: SH rows are woven, pixel by pixel, into one "super row"
   of SH * C channels, on which the rows of the window move by 1. It takes r = ceil(KH / SH) taps.

All is done for a few rows at a time, in bounded memory: row_blocks.py says how they are cut, woven and read.
"""
from typing import NamedTuple

from nnscratch.backend import array_module, common_dtype
from nnscratch.fast.cpu.winograd_matrices import minimal_filter
from nnscratch.fast.cpu.winograd_tiles import cut, lanes, super_rows, transform_rows, whole_pixels, winograd_plan
from nnscratch.memory import BESIDE, scratch
from nnscratch.ops.window import Window


class Part(NamedTuple):
    """A kernel, and how far left of a place its first column stands (less than 0: to the right)."""
    kernel: object  # (KH, KW, C, OC)
    left: int


def convolve(x, kernel, window, bias=None, plan_for=winograd_plan):
    """y = A[(G kernel) * (B x)] down the rows, where * is the sum over the window's columns and channels."""
    y = array_module(x).empty((len(x), *window.output, kernel.shape[3]), dtype=common_dtype(x, kernel, bias))
    filter_rows(x, [Part(kernel, window.pads[1][0])], window, bias, y, plan_for)
    return y


def filter_rows(x, parts, window, bias, y, plan_for=winograd_plan):
    """Fill y (N, OH, OW * parts, OC): at each place along a row, every part gives one pixel, and they take turns."""
    xp, oc, most_left = array_module(x), y.shape[3], max(part.left for part in parts)
    plan = plan_for(window, x.shape[3])
    a, g, b = matrices(xp, plan.outputs, plan.taps, y.dtype)
    filters, x = [transform_kernel(g, part.kernel, plan) for part in parts], whole_pixels(x, y.dtype)
    for block in cut(len(x), window, plan, len(parts) * oc, y.itemsize):
        rows = transform_rows(b, super_rows(x, block, window, plan), window, plan)
        shape = plan.products, block.places(window), len(parts), oc
        products = scratch(xp, BESIDE, shape, y.dtype)
        for q, part in enumerate(parts):
            for lane, windows in lanes(rows, block, window, plan, part.kernel.shape[1], most_left - part.left):
                xp.matmul(windows, filters[q], out=products[:, lane, q])
        if bias is not None:
            products[0] += bias  # A's column for the point 1 is all ones: what is added here is added to every output
        for target, source, few in block.tiles_of(y, products, window, plan, len(parts)):
            xp.matmul(a[:few], source, out=target)


def convolve_dx(dy, kernel, window, bias=None):
    """dx, phase by phase: the pixels dx[SH*r + p, SW*v + q] see the same taps of K.

    With u = r - oh, pixel h = SH*r + p is met by tap i = h + top - SH*oh = SH*u + p + top of the window at oh, so

        dx[SH*r + p] = Σ_u dy[r - u] * K[SH*u + p + top]ᵀ,

    and likewise along the columns: dy convolved, with stride 1, with every SH-th row and SW-th column of the kernel, turned
    around. The SW column phases q share the rows of dy, and take turns in the rows of dx. Along one axis, for a kernel of
    4 taps, stride 2 and one pixel of padding, the two phases are

        dx[2r] = dy[r] K[1] + dy[r - 1] K[3]        dx[2r + 1] = dy[r + 1] K[0] + dy[r] K[2].

    Source: Shi et al., "Is the deconvolution layer the same as a convolutional layer?" (2016).
    """
    (h, w), (sh, sw), ((top, _), (left, _)) = window.input, window.strides, window.pads
    dx = array_module(dy).empty((len(dy), h, w, kernel.shape[2]), dtype=common_dtype(dy, kernel, bias))
    places, columns = -(-w // sw), [phase(q, window.taps[1], sw, left) for q in range(sw)]
    reach = max(before for _, before in columns) + max(len(kernel[0, taps]) - before for taps, before in columns)
    for p in range(min(sh, h)):
        taps, above = phase(p, window.taps[0], sh, top)
        parts = [Part(kernel[taps, columns_taps].swapaxes(2, 3), before) for columns_taps, before in columns]
        pads = (above, 0), (max(before for _, before in columns), 0)
        seen = Window(dy.shape[1:3], (parts[0].kernel.shape[0], reach), (1, 1), (1, 1), pads, (-(-(h - p) // sh), places))
        filter_rows(dy, parts, seen, bias, dx[:, p::sh])
    return dx


def phase(p, taps, stride, before):
    """Along one axis: the taps that meet pixels p, p + stride, ... (a slice, last first), and the padding of dy for them,
    which is less than 0 where the first pixels do not see the first of dy."""
    first = (p + before) % stride
    last = range(first, taps, stride)[-1]  # there is one: `suits` wants the kernel no smaller than the stride
    return slice(last, None if first == 0 else first - 1, -stride), (last - p - before) // stride


def convolve_dkernel(x, dy, window, plan_for=winograd_plan):
    """dK: down the rows, dK[i] = Σ_h x[h + i] dy[h] is a filter too, with m taps dy and r outputs: F(r, m) on the same x."""
    xp, (c, oc) = array_module(x), (x.shape[3], dy.shape[3])
    plan, dtype = plan_for(window, c), common_dtype(x, dy)
    a, g, b = matrices(xp, plan.taps, plan.outputs, dtype)
    kw, x = window.taps[1], whole_pixels(x, dtype)
    total = xp.empty((plan.products, kw, plan.chunk, oc), dtype=dtype)
    # Lanes add up KW results of the kernel's size. Where that is large, one product for each tap is cheaper.
    together = kw if plan.chunk < 256 else 1
    for block in cut(len(x), window, plan, oc, total.itemsize):
        rows = transform_rows(b, super_rows(x, block, window, plan), window, plan)
        products = scratch(xp, BESIDE, (plan.products, block.places(window), oc), dtype)
        block.overhang(products, window)[...] = 0  # meets windows that are none
        for source, target, few in block.tiles_of(dy, products, window, plan):
            xp.matmul(g[:, :few], source, out=target)
        for tap in range(0, kw, together):
            target = total[:, tap:tap + together].reshape(plan.products, together * plan.chunk, oc)  # a view
            for lane, windows in lanes(rows, block, window, plan, together, tap):
                if block.first and lane.start == 0:
                    xp.matmul(windows.swapaxes(1, 2), products[:, lane], out=target)
                else:
                    target += xp.matmul(windows.swapaxes(1, 2), products[:, lane])
    dkernel = (a @ total.reshape(plan.products, -1)).reshape(plan.taps, kw, plan.woven, c, oc)
    return dkernel.swapaxes(1, 2).reshape(-1, kw, c, oc)[:window.taps[0]]


def matrices(xp, outputs, taps, dtype):
    """A, G and B of F(outputs, taps) in the precision of dtype, real also where it is complex."""
    return [xp.asarray(matrix, dtype=xp.empty(0, dtype).real.dtype) for matrix in minimal_filter(outputs, taps)]


def transform_kernel(g, kernel, plan):
    """G times the kernel's rows, woven together like those of x: (k, KW * chunk, OC)."""
    kh, kw, c, oc = kernel.shape
    if kh < plan.taps * plan.woven:
        zeros = array_module(kernel).zeros((plan.taps * plan.woven - kh, kw, c, oc), dtype=kernel.dtype)
        kernel = array_module(kernel).concatenate([kernel, zeros])
    kernel = kernel.reshape(plan.taps, plan.woven, kw, c, oc).swapaxes(1, 2)
    if not kernel.flags.c_contiguous:
        turned, kernel = kernel, array_module(kernel).empty(kernel.shape, dtype=kernel.dtype)
        for o in range(0, oc, 16):  # in strips: read across, a large kernel would leave the cache at every number
            kernel[..., o:o + 16] = turned[..., o:o + 16]
    return (g @ kernel.reshape(plan.taps, -1)).reshape(plan.products, kw * plan.chunk, oc)
