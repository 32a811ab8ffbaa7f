"""Convolution: y = im2col(x) @ K + b, the dense formula on the patches of an image.

Shapes: x (N, H, W, C), kernel (KH, KW, C/groups, OC), bias (OC,), y (N, OH, OW, OC), columns (N, OH, OW, KH*KW*C).
Inside, M = N*OH*OW windows are rows, and each group has a matrix of its own: (groups, M, KH*KW*C/groups).
"""
from typing import Any

from nnscratch.errors import InputError
from nnscratch.ops.patches import col2im, gather
from nnscratch.ops.validation import check_array, check_dy, check_int, check_shape
from nnscratch.ops.window import Padding, Pair, Window, make_window, pad

__all__ = ["conv2d", "conv2d_backward"]


def conv2d(x: Any, kernel: Any, bias: Any = None, *, strides: Pair = 1, padding: Padding = "valid", dilation: Pair = 1,
           groups: int = 1) -> tuple[Any, Any]:
    """Cross-correlate images with a bank of filters.

        y[n, oh, ow, o] = b[o] + Σ_i Σ_j Σ_c  x[n, oh*SH + i*DH - top, ow*SW + j*DW - left, c] * kernel[i, j, c, o]

    Pixels outside the image count as 0. As everywhere in deep learning the kernel is not flipped.

    Parameters
    ----------
    x : array (N, H, W, C)
    kernel : array (KH, KW, C/groups, OC)
    bias : array (OC,), optional
    strides, dilation : int or (rows, columns)
    padding : "valid" | "same" (Keras: output = ceil(input / stride), odd pixel at the bottom and right) | int |
        ((top, bottom), (left, right))
    groups : int; input and output channels are cut into that many groups that do not see each other.
        groups = C is the depthwise convolution.

    Returns
    -------
    y : array (N, OH, OW, OC)
    cache : what `conv2d_backward` needs

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
    columns = split_groups(gather(pad(x, window), window), groups, taps=kernel.shape[0] * kernel.shape[1])
    matrix = split_groups(kernel, groups)
    y = merge_groups(columns @ matrix).reshape(len(x), *window.output, -1)
    return y if bias is None else y + bias, (columns, matrix, kernel.shape, bias is not None, window)


def conv2d_backward(dy: Any, cache: Any, wrt: str = "all") -> tuple[Any, Any, Any]:
    """Gradients of the loss with respect to x, kernel and bias, given dy = dL/dy.

    y is the dense layer on the columns, so its gradients are the dense layer's. `col2im` then takes the gradient of the
    columns back to the pixels: a pixel that stands in several columns receives the sum of their gradients.

        dL/dx = col2im(dy @ Kᵀ)        dL/dK = columnsᵀ @ dy        dL/db = Σ dy

    Parameters
    ----------
    dy : array (N, OH, OW, OC)
    cache : from `conv2d`
    wrt : "all" | "input" | "parameters"; what is not asked for is not computed, and comes back as None.

    Returns
    -------
    dx, dkernel, dbias : arrays in the shapes of x, kernel and bias (None without a bias)

    Raises
    ------
    InputError
        dy of another shape than y.
    """
    columns, matrix, kernel_shape, has_bias, window = cache
    groups, taps = len(matrix), kernel_shape[0] * kernel_shape[1]
    images = columns.shape[1] // (window.output[0] * window.output[1])
    check_dy("conv2d_backward", dy, (images, *window.output, kernel_shape[3]))
    rows = split_groups(dy, groups)
    dx = dkernel = dbias = None
    if wrt != "parameters":
        dx = col2im(merge_groups(rows @ matrix.swapaxes(1, 2), taps).reshape(images, *window.output, -1), window)
    if wrt != "input":
        dkernel = merge_groups(columns.swapaxes(1, 2) @ rows).reshape(kernel_shape)
        dbias = dy.sum(axis=(0, 1, 2)) if has_bias else None
    return dx, dkernel, dbias


def split_groups(array: Any, groups: int, taps: int = 1) -> Any:
    """A matrix for each group: (..., taps * groups * c) -> (groups, rows, taps * c)."""
    parts = array.reshape(-1, taps, groups, array.shape[-1] // (taps * groups))
    return parts.transpose(2, 0, 1, 3).reshape(groups, len(parts), -1)


def merge_groups(parts: Any, taps: int = 1) -> Any:
    """The inverse: (groups, rows, taps * c) -> (rows, taps * groups * c)."""
    groups, rows, columns = parts.shape
    return parts.reshape(groups, rows, taps, columns // taps).transpose(1, 2, 0, 3).reshape(rows, -1)


def conv2d_window(x: Any, kernel: Any, bias: Any, strides: Pair, padding: Padding, dilation: Pair, groups: int) -> Window:
    """Check the arguments of `conv2d`, and return its window."""
    check_images_and_kernel("conv2d", x, kernel, groups)
    check_shape("conv2d", "kernel", kernel, (*kernel.shape[:2], x.shape[3] // groups, kernel.shape[3]),
                f"(KH, KW, C/groups, OC) for {x.shape[3]} input channels in {groups} group(s)")
    check_bias("conv2d", bias, kernel.shape[3])
    return make_window("conv2d", x.shape[1:3], kernel.shape[:2], strides, padding, dilation)


def check_images_and_kernel(op: str, x: Any, kernel: Any, groups: int) -> None:
    """What conv2d and conv2d_transpose ask of x, kernel and groups alike."""
    check_array(op, "x", x, 4)
    check_array(op, "kernel", kernel, 4, "(KH, KW, input channels, output channels)")
    check_groups(op, groups, x.shape[3], kernel.shape[3])


def check_groups(op: str, groups: int, inputs: int, outputs: int) -> None:
    """Raise InputError unless the groups divide the input and the output channels."""
    groups = check_int(groups, f"{op}: groups", 1)
    if inputs % groups or outputs % groups:
        raise InputError(f"{op}: groups is {groups}, expected a whole number that divides both {inputs} and {outputs} channels")


def check_bias(op: str, bias: Any, channels: int) -> None:
    """Raise InputError unless the bias is None or has one number for each output channel."""
    if bias is not None:
        check_array(op, "bias", bias, 1, "(OC,)")
        check_shape(op, "bias", bias, (channels,), "(OC,), one number for each output channel")
