"""Convolution: y = im2col(x) @ K + b, the dense formula on the patches of an image.

Shapes: x (N, H, W, C), kernel (KH, KW, C/groups, OC), bias (OC,), y (N, OH, OW, OC), columns (N, OH, OW, KH*KW*C).
Inside, the M = N*OH*OW windows are rows, and each group has its own matrix: (groups, M, KH*KW*C/groups).
"""
from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.ops.patches import col2im, gather
from nnscratch.ops.validation import ARRAY, FLAG, check_array, check_cache, check_dy, check_int, check_shape
from nnscratch.ops.window import Padding, Pair, Window, make_window, pad

__all__ = ["conv2d", "conv2d_backward"]


def conv2d(x: Array, kernel: Array, bias: Array | None = None, *, strides: Pair = 1, padding: Padding = "valid",
           dilation: Pair = 1, groups: int = 1) -> tuple[Array, tuple]:
    """Cross-correlate images with a bank of filters.

        y[n, oh, ow, o] = b[o] + Σ_i Σ_j Σ_c  x[n, oh*SH + i*DH - top, ow*SW + j*DW - left, c] * kernel[i, j, c, o]

    Pixels outside the image count as 0. As everywhere in deep learning, the kernel is not flipped.

    Parameters
    ----------
    x : array (N, H, W, C)
    kernel : array (KH, KW, C/groups, OC)
    bias : array (OC,), optional
    strides : int or (rows, columns)
    padding : "valid" (none) | "same" (output = ceil(input / stride), as in Keras) | int | ((top, bottom), (left, right))
    dilation : int or (rows, columns)
    groups : int
        Input and output channels are split into so many groups; an output channel sees the input channels of its own
        group only. groups = C is the depthwise convolution.

    Returns
    -------
    y : array (N, OH, OW, OC)
        OH = (H + top + bottom - (KH - 1) * DH - 1) // SH + 1, and OW likewise.
    cache : tuple
        What `conv2d_backward` needs.

    Raises
    ------
    InputError
        A wrong shape, dtype or option.

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, sections 2 and 5.1.

    Examples
    --------
    >>> import numpy as np
    >>> x, kernel = np.arange(9.0).reshape(1, 3, 3, 1), np.ones((2, 2, 1, 1))
    >>> conv2d(x, kernel)[0][0, :, :, 0].tolist()
    [[8.0, 12.0], [20.0, 24.0]]
    """
    window = conv2d_window(x, kernel, bias, strides, padding, dilation, groups)
    columns = gather(pad(x, window), window)                                    # im2col: (N, OH, OW, KH*KW*C)
    columns = split_groups(columns, groups, kernel.shape[0] * kernel.shape[1])  # (groups, M, KH*KW*C/groups)
    matrix = split_groups(kernel, groups)                                       # (groups, KH*KW*C/groups, OC/groups)
    y = merge_groups(columns @ matrix).reshape(len(x), *window.output, -1)      # (M, OC) -> (N, OH, OW, OC)
    return y if bias is None else y + bias, (columns, matrix, kernel.shape, bias is not None, window)


def conv2d_backward(dy: Array, cache: tuple, wrt: str = "all") -> tuple[Array, Array, Array]:
    """Gradients of the loss with respect to x, kernel and bias, given dy = dL/dy.

    y is the dense layer on the columns, so its gradients are the dense layer's. `col2im` then adds the gradients of the
    columns back to the pixels: a pixel that was copied into several columns receives the sum of their gradients.

        dL/dx = col2im(dy @ Kᵀ)        dL/dK = columnsᵀ @ dy        dL/db = Σ dy

    Parameters
    ----------
    dy : array (N, OH, OW, OC)
    cache : tuple, from `conv2d`
    wrt : "all" | "input" | "parameters", the gradients to compute

    Returns
    -------
    dx, dkernel, dbias : arrays in the shapes of x, kernel and bias
        None for what `wrt` leaves out, and for a missing bias.

    Raises
    ------
    InputError
        dy has another shape than y.
    """
    check_cache("conv2d_backward", cache, ARRAY, ARRAY, tuple, FLAG, Window)
    columns, matrix, kernel_shape, has_bias, window = cache
    groups, taps = len(matrix), kernel_shape[0] * kernel_shape[1]
    images = columns.shape[1] // (window.output[0] * window.output[1])
    check_dy("conv2d_backward", dy, (images, *window.output, kernel_shape[3]), wrt)
    rows = split_groups(dy, groups)
    dx = dkernel = dbias = None
    if wrt != "parameters":
        dx = col2im(merge_groups(rows @ matrix.swapaxes(1, 2), taps).reshape(images, *window.output, -1), window)
    if wrt != "input":
        dkernel = merge_groups(columns.swapaxes(1, 2) @ rows).reshape(kernel_shape)
        dbias = dy.sum(axis=(0, 1, 2)) if has_bias else None
    return dx, dkernel, dbias


def split_groups(array: Array, groups: int, taps: int = 1) -> Array:
    """A matrix for each group: (..., taps * groups * c) -> (groups, rows, taps * c)."""
    parts = array.reshape(-1, taps, groups, array.shape[-1] // (taps * groups))
    return parts.transpose(2, 0, 1, 3).reshape(groups, len(parts), -1)


def merge_groups(parts: Array, taps: int = 1) -> Array:
    """The inverse of `split_groups`: (groups, rows, taps * c) -> (rows, taps * groups * c)."""
    groups, rows, columns = parts.shape
    return parts.reshape(groups, rows, taps, columns // taps).transpose(1, 2, 0, 3).reshape(rows, -1)


def conv2d_window(x: Array, kernel: Array, bias: Array | None, strides: Pair, padding: Padding, dilation: Pair,
                  groups: int) -> Window:
    """Check the arguments of `conv2d`, and return its window."""
    check_images_and_kernel("conv2d", x, kernel, groups)
    check_shape("conv2d", "kernel", kernel, (*kernel.shape[:2], x.shape[3] // groups, kernel.shape[3]),
                f"(KH, KW, C/groups, OC) for {x.shape[3]} input channels in {groups} group(s)")
    check_bias("conv2d", bias, kernel.shape[3])
    return make_window("conv2d", x.shape[1:3], kernel.shape[:2], strides, padding, dilation)


def check_images_and_kernel(op: str, x: Array, kernel: Array, groups: int) -> None:
    """The checks that conv2d and conv2d_transpose share."""
    check_array(op, "x", x, 4)
    check_array(op, "kernel", kernel, 4, "(KH, KW, input channels, output channels)")
    check_groups(op, groups, x.shape[3], kernel.shape[3])


def check_groups(op: str, groups: int, inputs: int, outputs: int) -> None:
    """Raise InputError unless the groups divide the input and the output channels."""
    groups = check_int(groups, f"{op}: groups", 1)
    if inputs % groups or outputs % groups:
        raise InputError(f"{op}: groups is {groups}, expected a whole number that divides both {inputs} and {outputs} channels")


def check_bias(op: str, bias: Array | None, channels: int) -> None:
    """Raise InputError unless the bias is None or has one number for each output channel."""
    if bias is not None:
        check_array(op, "bias", bias, 1, "(OC,)")
        check_shape(op, "bias", bias, (channels,), "(OC,), one number for each output channel")
