"""Transposed convolution: y = col2im(x @ Kᵀ) + b, the adjoint of a convolution. It enlarges images.

Shapes: x (N, H, W, C), kernel (KH, KW, OC/groups, C), bias (OC,), y (N, OH, OW, OC), columns (N, H, W, KH*KW*OC).

Every input pixel adds the kernel, times its own value, to the output; where the copies overlap they add up. Take the
convolution that maps images of y's shape to x's: its gradient dx is this forward pass, and its forward pass is this dx.
"""
from nnscratch.backend import Array
from nnscratch.errors import InputError
from nnscratch.ops.conv import check_bias, check_images_and_kernel, merge_groups, split_groups
from nnscratch.ops.patches import col2im, gather
from nnscratch.ops.validation import ARRAY, FLAG, as_pair, check_cache, check_dy, check_shape
from nnscratch.ops.window import Padding, Pair, Size, Window, extent, pad, read_padding

__all__ = ["conv2d_transpose", "conv2d_transpose_backward"]


def conv2d_transpose(x: Array, kernel: Array, bias: Array | None = None, *, strides: Pair = 1, padding: Padding = "valid",
                     output_padding: Pair | None = None, dilation: Pair = 1, groups: int = 1) -> tuple[Array, tuple]:
    """Enlarge images by a learned kernel: the adjoint of `conv2d`.

        y[n, h*SH + i*DH - top, w*SW + j*DW - left, o]  +=  x[n, h, w, c] * kernel[i, j, o, c]      then  y += b

    Parameters
    ----------
    x : array (N, H, W, C)
    kernel : array (KH, KW, OC/groups, C), the kernel of the convolution that this op is the adjoint of
    bias : array (OC,), optional
    strides : int or (rows, columns)
    padding : "valid" | "same" | int | ((top, bottom), (left, right))
        How much is cropped from the full output of (H - 1) * SH + KH rows (KH with its dilation). "valid": nothing; where
        the stride exceeds the kernel, rows of zeros are added up to H * SH. "same": so much that H * SH rows remain; an
        odd row is cropped at the bottom.
    output_padding : None, int or (rows, columns), less than the strides
        Rows added at the bottom and columns at the right. With "same" the output then has
        (H - 1) * SH + KH % 2 + output_padding rows, as in Keras.
    dilation : int or (rows, columns)
    groups : int, as in `conv2d`

    Returns
    -------
    y : array (N, OH, OW, OC)
        The enlarged images.
    cache : tuple
        What `conv2d_transpose_backward` needs.

    Raises
    ------
    InputError
        A wrong shape, dtype or option.

    References
    ----------
    Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> x, kernel = np.array([1.0, 10.0]).reshape(1, 1, 2, 1), np.ones((1, 3, 1, 1))
    >>> conv2d_transpose(x, kernel)[0][0, 0, :, 0].tolist()
    [1.0, 11.0, 11.0, 10.0]
    """
    window = conv2d_transpose_window(x, kernel, bias, strides, padding, output_padding, dilation, groups)
    rows, matrix = split_groups(x, groups), split_groups(kernel, groups)
    columns = merge_groups(rows @ matrix.swapaxes(1, 2), taps=kernel.shape[0] * kernel.shape[1])
    y = col2im(columns.reshape(*x.shape[:3], -1), window)
    return y if bias is None else y + bias, (rows, matrix, x.shape, kernel.shape, bias is not None, window)


def conv2d_transpose_backward(dy: Array, cache: tuple, wrt: str = "all") -> tuple[Array, Array, Array]:
    """Gradients of the loss with respect to x, kernel and bias, given dy = dL/dy.

    y = col2im(x @ Kᵀ) + b, and the adjoint of col2im is im2col. So with columns = im2col(dy)

        dL/dx = columns @ K        dL/dK = columnsᵀ @ x        dL/db = Σ dy

    The first is the convolution that this op is the adjoint of, applied to dy.

    Parameters
    ----------
    dy : array (N, OH, OW, OC)
    cache : tuple, from `conv2d_transpose`
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
    check_cache("conv2d_transpose_backward", cache, ARRAY, ARRAY, tuple, tuple, FLAG, Window)
    rows, matrix, x_shape, kernel_shape, has_bias, window = cache
    groups, taps = len(matrix), kernel_shape[0] * kernel_shape[1]
    check_dy("conv2d_transpose_backward", dy, (x_shape[0], *window.input, kernel_shape[2] * groups), wrt)
    columns = split_groups(gather(pad(dy, window), window), groups, taps)
    dx = dkernel = dbias = None
    if wrt != "parameters":
        dx = merge_groups(columns @ matrix).reshape(x_shape)
    if wrt != "input":
        dkernel = merge_groups(columns.swapaxes(1, 2) @ rows).reshape(kernel_shape)
        dbias = dy.sum(axis=(0, 1, 2)) if has_bias else None
    return dx, dkernel, dbias


def conv2d_transpose_window(x: Array, kernel: Array, bias: Array | None, strides: Pair, padding: Padding,
                            output_padding: Pair | None, dilation: Pair, groups: int) -> Window:
    """Check the arguments of `conv2d_transpose`, and return the window of the convolution from y to x."""
    op = "conv2d_transpose"
    check_images_and_kernel(op, x, kernel, groups)
    check_shape(op, "kernel", kernel, (*kernel.shape[:3], x.shape[3]),
                f"(KH, KW, OC/groups, C) for {x.shape[3]} input channels")
    check_bias(op, bias, kernel.shape[2] * groups)
    return transposed_window(x.shape[1:3], kernel.shape[:2], strides, padding, output_padding, dilation)


def transposed_window(size: Size, kernel_size: Size, strides: Pair, padding: Padding, output_padding: Pair | None,
                      dilation: Pair) -> Window:
    """The window of the convolution that maps the (larger) output to images of this size."""
    op = "conv2d_transpose"
    strides, dilation = as_pair(strides, f"{op}: strides"), as_pair(dilation, f"{op}: dilation")
    extra = (None, None) if output_padding is None else as_pair(output_padding, f"{op}: output_padding", minimum=0)
    if any(e is not None and e >= s for e, s in zip(extra, strides)):
        raise InputError(f"{op}: output_padding is {output_padding!r}, expected less than the strides {strides}: "
                         f"a whole stride more is one more input row")
    pads = read_padding(op, padding)
    crops = (None, None) if isinstance(pads, str) else pads
    (h, w), (kh, kw) = size, kernel_size
    oh, rows = transposed_axis(h, extent(kh, dilation[0]), strides[0], padding, extra[0], crops[0])
    ow, columns = transposed_axis(w, extent(kw, dilation[1]), strides[1], padding, extra[1], crops[1])
    if min(oh, ow) < 1:
        raise InputError(f"{op}: padding {padding!r} crops an image of {h}x{w} to {oh}x{ow}; use less padding")
    return Window((oh, ow), (kh, kw), strides, dilation, (rows, columns), (h, w))


def transposed_axis(n: int, reach: int, stride: int, padding: Padding, extra: int | None,
                    crop: Size | None) -> tuple[int, Size]:
    """Output length and crop (before, after) along one axis, on which the kernel extends over `reach` pixels."""
    full = (n - 1) * stride + reach
    if crop is not None:
        before, after = crop
        length = full - before - after + (extra or 0)
    else:
        if padding == "valid":
            length = max(full, n * stride) if extra is None else full + extra
        else:
            length = n * stride if extra is None else full - 2 * (reach // 2) + extra
        before = max(0, full - length) // 2
    # `after` may not be below zero. Where the output is longer than `full`, its last rows receive nothing and stay 0.
    return length, (before, max(0, full - length - before))
