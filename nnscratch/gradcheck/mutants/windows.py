"""Wrong backward passes of dense, convolution and pooling."""
from functools import partial
from typing import Any

from nnscratch import ops
from nnscratch.backend import Array, array_module
from nnscratch.fast.cpu import winograd
from nnscratch.fast.cpu.col2im import adjoint_window
from nnscratch.gradcheck import cpu_algorithms
from nnscratch.gradcheck.mutants.registry import change, mutant
from nnscratch.ops.patches import gather
from nnscratch.ops.pool import pixels_counted
from nnscratch.ops.window import Window, crop, each_tap, pad, padded_zeros

__all__: list[str] = []  # importing this module registers its mutants

# --- dense and convolution ----------------------------------------------------------------------------------------

change("dense", "bias gradient averaged over the batch", ops.dense_backward, dbias=lambda g: g / 4)
change("dense", "weight gradient divided by the batch size", ops.dense_backward, dparameter=lambda g: g / 4)
change("dense", "sign of dx", ops.dense_backward, dx=lambda g: -g)
change("dense", "dx forgotten", ops.dense_backward, dx=lambda g: 0 * g)


@mutant("dense", "weight gradient reshaped instead of transposed")
def _(dy, cache):
    dx, dweights, dbias = ops.dense_backward(dy, cache)
    return dx, dweights.T.reshape(dweights.shape), dbias


change("dot", "gradient averaged over the batch", ops.dot_backward, dx=lambda g: g / 4)


@mutant("dot", "the two gradients exchanged")
def _(dy, cache):
    da, db = ops.dot_backward(dy, cache)
    return db, da


STRIDED, GROUPED, DILATED = "conv2d stride 2x1, same", "conv2d 2 groups", "conv2d dilation 2x1, uneven padding"
change("conv2d", "kernel gradient too large by the batch size", ops.conv2d_backward, dparameter=lambda g: g * 2)
change("conv2d", "bias gradient averaged", ops.conv2d_backward, dbias=lambda g: g / 40)
change("conv2d", "kernel gradient flipped", ops.conv2d_backward, dparameter=lambda g: g[::-1, ::-1])
change("conv2d", "columns read as (j, i, c) instead of (i, j, c)", ops.conv2d_backward,
       dparameter=lambda g: g.swapaxes(0, 1).reshape(g.shape))
change("conv2d", "columns read as (c, i, j) instead of (i, j, c)", ops.conv2d_backward,
       dparameter=lambda g: g.reshape(3, 3, 2, 4).transpose(1, 2, 0, 3))
change("conv2d 4x4 stride 2, same", "kernel gradient transposed", ops.conv2d_backward, dparameter=lambda g: g.swapaxes(0, 1))


@mutant("conv2d", "kernel flipped in dx")
def _(dy, cache):
    columns, matrix, *rest = cache
    return (ops.conv2d_backward(dy, (columns, flipped(matrix, rest[0]), *rest))[0], *ops.conv2d_backward(dy, cache)[1:])


def flipped(matrix: Array, kernel_shape: tuple[int, ...]) -> Array:
    """The matrix (1, KH*KW*C, OC) of the kernel rotated by 180 degrees."""
    return matrix.reshape(kernel_shape)[::-1, ::-1].reshape(matrix.shape)


def scatter_without_adding(columns: Array, padded: Array, window: Window) -> None:
    """col2im with = in place of +=."""
    columns = columns.reshape(*columns.shape[:3], *window.taps, -1)
    for i, j, tap in each_tap(padded, window):
        tap[...] = columns[:, :, :, i, j]


@mutant("conv2d", "= for += in col2im")
def _(dy, cache):
    _, matrix, kernel_shape, _, window = cache
    padded = padded_zeros(array_module(dy), dy.shape[0], window, kernel_shape[2], dy.dtype)
    scatter_without_adding(dy @ matrix[0].T, padded, window)
    return (crop(padded, window), *ops.conv2d_backward(dy, cache)[1:])


def other_window(dy: Array, cache: tuple, **changes: Any) -> tuple[Array, Array, Array]:
    """The backward pass of a convolution with another window than the forward pass."""
    columns, matrix, kernel_shape, has_bias, window = cache
    columns, wrong = columns.reshape(len(dy), *window.output, -1), window._replace(**changes)
    copies = ops.col2im(array_module(dy).ones(columns.shape, dtype=dy.dtype), window)
    x = ops.col2im(columns, window) / array_module(dy).maximum(copies, 1)  # every pixel is the mean of its copies
    columns = gather(pad(x, wrong), wrong).reshape(1, -1, matrix.shape[1])
    return ops.conv2d_backward(dy, (columns, matrix, kernel_shape, has_bias, wrong))


mutant(STRIDED, "stride ignored")(partial(other_window, strides=(1, 1)))
# With the strides swapped, the windows reach 4 columns beyond the padding; the padding is widened, or it would not run.
mutant(STRIDED, "strides of rows and columns swapped")(partial(other_window, strides=(1, 2), pads=((1, 1), (0, 5))))
mutant(STRIDED, "odd pixel of padding on the wrong side")(partial(other_window, pads=((1, 1), (1, 0))))
mutant(DILATED, "dilation ignored")(partial(other_window, dilation=(1, 1)))
mutant(DILATED, "padding of top and bottom swapped")(partial(other_window, pads=((1, 2), (0, 1))))


@mutant(GROUPED, "groups in the wrong order")
def _(dy, cache):
    dx, dkernel, dbias = ops.conv2d_backward(dy, cache)
    return dx, array_module(dy).concatenate([dkernel[..., 3:], dkernel[..., :3]], axis=-1), dbias


@mutant("conv2d depthwise, two filters each", "only the first output channel of each group")
def _(dy, cache):
    dy_first = dy.copy()
    dy_first[..., 1::2] = 0
    return (ops.conv2d_backward(dy_first, cache)[0], *ops.conv2d_backward(dy, cache)[1:])


change("conv2d depthwise", "filters of the channels in reverse order", ops.conv2d_backward, dparameter=lambda g: g[..., ::-1])

# The algorithms of fast/cpu.
WINOGRAD, SUBPIXEL = "fast/cpu winograd_3x3", "fast/cpu subpixel_4x4"


@mutant(WINOGRAD, "kernel not flipped in dx")
def _(dy, cache):
    x, kernel = cache
    dx = winograd.convolve(dy, kernel.swapaxes(2, 3), adjoint_window(cpu_algorithms.SAME))
    return dx, cpu_algorithms.winograd_3x3_backward(dy, cache)[1]


@mutant(WINOGRAD, "last tile of rows, which is not full, forgotten")
def _(dy, cache):
    dx, *rest = cpu_algorithms.winograd_3x3_backward(dy, cache)
    dx[:, 4:] = 0
    return dx, *rest


change(WINOGRAD, "lanes in the wrong order", cpu_algorithms.winograd_3x3_backward, dx=lambda g: g[:, :, [0, 2, 1, 3, 4]])
change(WINOGRAD, "kernel gradient by the wrong end of the filter", cpu_algorithms.winograd_3x3_backward,
       dparameter=lambda g: g[[1, 2, 0]])
change(SUBPIXEL, "phases of the columns exchanged", cpu_algorithms.subpixel_4x4_backward, dx=lambda g: g[:, :, [1, 0, 3, 2, 4]])
change(SUBPIXEL, "phases of the kernel's rows exchanged", cpu_algorithms.subpixel_4x4_backward,
       dparameter=lambda g: g[[1, 0, 3, 2]])
change("fast/cpu wide_8x3", "rows of the kernel in reverse order", cpu_algorithms.wide_8x3_backward,
       dparameter=lambda g: g[::-1])
change("fast/cpu transposed_4x4", "phases of the rows exchanged", cpu_algorithms.transposed_4x4_backward,
       dparameter=lambda g: g[[1, 0, 3, 2]])


UP, UP_EXTRA = "conv2d_transpose 4x4 stride 2, same", "conv2d_transpose stride 2, output padding"
change("conv2d_transpose", "kernel gradient averaged over the batch", ops.conv2d_transpose_backward, dparameter=lambda g: g / 2)
change(UP, "kernel gradient flipped", ops.conv2d_transpose_backward, dparameter=lambda g: g[::-1, ::-1])
change(UP, "channels of the kernel swapped", ops.conv2d_transpose_backward,
       dparameter=lambda g: g.swapaxes(2, 3).reshape(g.shape))
change("conv2d_transpose 2 groups", "bias gradient of one group", ops.conv2d_transpose_backward,
       dbias=lambda g: array_module(g).concatenate([g[:3], g[:3]]))


@mutant(UP, "cropped at the bottom and right alone")
def _(dy, cache):
    *rest, window = cache
    return ops.conv2d_transpose_backward(dy, (*rest, window._replace(pads=((0, 2), (0, 2)))))


@mutant(UP_EXTRA, "output padding dropped")
def _(dy, cache):
    dy = dy.copy()
    dy[:, -1], dy[:, :, -1] = 0, 0
    return ops.conv2d_transpose_backward(dy, cache)


@mutant(UP, "kernel flipped in dx")
def _(dy, cache):
    rows, matrix, x_shape, kernel_shape, *rest = cache
    wrong = rows, flipped(matrix, kernel_shape), x_shape, kernel_shape, *rest
    return (ops.conv2d_transpose_backward(dy, wrong)[0], *ops.conv2d_transpose_backward(dy, cache)[1:])


@mutant("im2col", "= for += in col2im")
def _(dy, window):
    padded = padded_zeros(array_module(dy), dy.shape[0], window, 3, dy.dtype)
    scatter_without_adding(dy, padded, window)
    return crop(padded, window)


@mutant("im2col", "col2im as an inverse: the sum divided by the number of copies")
def _(dy, window):
    xp = array_module(dy)
    copies = ops.col2im(xp.ones(dy.shape, dtype=dy.dtype), window)
    return ops.col2im(dy, window) / xp.maximum(copies, 1)


# --- pooling ------------------------------------------------------------------------------------------------------

POOLED, AVERAGED, COUNTED = "max_pool2d overlapping, padded", "avg_pool2d overlapping, padded", "avg_pool2d counting padding"


@mutant(POOLED, "= for += where windows overlap")
def _(dy, cache):
    x, y, window = cache
    xp = array_module(x)
    dpadded = padded_zeros(xp, x.shape[0], window, x.shape[3], dy.dtype)
    for (_, _, tap), (_, _, dtap) in zip(each_tap(pad(x, window, value=-float("inf")), window), each_tap(dpadded, window)):
        dtap[...] = xp.where(tap == y, dy, dtap)
    return crop(dpadded, window)


@mutant(POOLED, "gradient spread over the whole window")
def _(dy, cache):
    x, _, window = cache
    return ops.avg_pool2d_backward(dy, (x.shape, window, True))


@mutant("max_pool2d", "winner's row and column swapped")
def _(dy, cache):
    x, y, window = cache
    xp, dx = array_module(x), array_module(x).zeros_like(x)
    places = {(i, j): dtap for i, j, dtap in each_tap(dx, window)}
    for i, j, tap in each_tap(x, window):
        places[j, i] += xp.where(tap == y, dy, 0)
    return dx


@mutant(AVERAGED, "padding counted at the border")
def _(dy, cache):
    shape, window, _ = cache
    return ops.avg_pool2d_backward(dy, (shape, window, True))


mutant(COUNTED, "not divided")(lambda dy, cache: ops.avg_pool2d_backward(dy, cache) * 6)


@mutant(AVERAGED, "= for += where windows overlap")
def _(dy, cache):
    (n, _, _, c), window, count_include_pad = cache
    counted = pixels_counted(dy, window, count_include_pad)
    dpadded = padded_zeros(array_module(dy), n, window, c, dy.dtype)
    for _, _, dtap in each_tap(dpadded, window):
        dtap[...] = dy / counted
    return crop(dpadded, window)


change("global_avg_pool2d", "not divided by H*W", ops.global_avg_pool2d_backward, dx=lambda g: g * 35)
change("global_avg_pool2d", "divided by the batch size too", ops.global_avg_pool2d_backward, dx=lambda g: g / 2)
