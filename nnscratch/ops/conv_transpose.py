"""Transposed convolution: the adjoint of a convolution, used to make pictures larger.

Shapes: x (N, H, W, C), kernel (KH, KW, OC/groups, C), bias (OC,), y (N, OH, OW, OC).

    y[n, h*SH + i*DH - top, w*SW + j*DW - left, o]  +=  x[n, h, w, c] * kernel[i, j, o, c]      then  y += b

Every input pixel paints the kernel, times its own value, onto the output; where brush strokes overlap they add up.
Take a convolution that turns y's shape into x's: its dx *is* this forward, its forward is this dx. So nothing here is
new: the three products of im2col.py change places.
"""
from nnscratch.errors import InputError
from nnscratch.ops.algorithms import check_algorithm, run
from nnscratch.ops.conv import check_arguments, check_bias
from nnscratch.ops.normalize import channel_sum
from nnscratch.ops.validation import as_pair, check_dy, check_shape
from nnscratch.ops.window import Window, extent, read_padding


def conv2d_transpose(x, kernel, bias=None, *, strides=1, padding="valid", output_padding=None, dilation=1, groups=1,
                     algorithm="auto"):
    """Transposed convolution of pictures with a kernel.

    Parameters
    ----------
    x : array (N, H, W, C)
    kernel : array (KH, KW, OC/groups, C): the kernel of the convolution it is the adjoint of
    bias : array (OC,), optional
    strides, dilation : int or pair (rows, columns)
    padding : what is cropped from the painted picture of (H - 1) * SH + KH rows (KH dilated):
        "valid" nothing (and rows of zeros are added up to H * SH where the stride exceeds the kernel) |
        "same" so much that H * SH rows remain, the odd row off the bottom | int | ((top, bottom), (left, right))
    output_padding : None, int or pair, below the stride: rows added at the bottom, columns at the right. With "same"
        the output then has (H - 1) * SH + KH % 2 + output_padding rows, as in Keras.
    groups, algorithm : as in `conv2d`

    Returns
    -------
    y : array (N, OH, OW, OC)
    cache : for `conv2d_transpose_backward`

    Raises
    ------
    InputError : a wrong shape, dtype or option.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), section 4.
    """
    check_arguments("conv2d_transpose", x, kernel, groups)
    check_shape("conv2d_transpose", "kernel", kernel, (*kernel.shape[:3], x.shape[3]),
                f"(KH, KW, OC/groups, C) for {x.shape[3]} input channels")
    check_bias("conv2d_transpose", bias, kernel.shape[2] * groups)
    window = transposed_window(x.shape[1:3], kernel.shape[:2], strides, padding, output_padding, dilation)
    check_algorithm("conv2d_transpose", algorithm, window)
    y = run("convolve_dx", algorithm, groups, x, kernel, window, bias)
    return y, (x, kernel, bias is not None, window, groups, algorithm)


def conv2d_transpose_backward(dy, cache, wrt="all"):
    """Gradients of `conv2d_transpose`: the convolution it is the adjoint of, applied to dy.

        dL/dx[n, h, w, c]      = Σ_i Σ_j Σ_o  dy[n, h*SH + i*DH - top, w*SW + j*DW - left, o] * kernel[i, j, o, c]
        dL/dkernel[i, j, o, c] = Σ_n Σ_h Σ_w  dy[n, h*SH + i*DH - top, w*SW + j*DW - left, o] * x[n, h, w, c]
        dL/dbias[o]            = Σ_n Σ_h Σ_w  dy[n, h, w, o]

    Parameters and returns as in `conv2d_backward`.
    """
    x, kernel, has_bias, window, groups, algorithm = cache
    check_dy("conv2d_transpose_backward", dy, (len(x), *window.input, kernel.shape[2] * groups))
    dx = dkernel = dbias = None
    if wrt != "parameters":
        dx = run("convolve", algorithm, groups, dy, kernel, window)
    if wrt != "input":
        dkernel = run("convolve_dkernel", algorithm, groups, dy, x, window)
        dbias = channel_sum(dy) if has_bias else None
    return dx, dkernel, dbias


def transposed_window(size, kernel_size, strides, padding, output_padding, dilation):
    """The window of the convolution that turns the (larger) output back into pictures of `size`."""
    op = "conv2d_transpose"
    strides, dilation = as_pair(strides, f"{op}: strides"), as_pair(dilation, f"{op}: dilation")
    extra = (None, None) if output_padding is None else as_pair(output_padding, f"{op}: output_padding", minimum=0)
    if any(e is not None and e >= s for e, s in zip(extra, strides)):
        raise InputError(f"{op}: output_padding is {output_padding!r}, expected less than the strides {strides}: "
                         f"a whole stride more is one more input row")
    padding = read_padding(op, padding)
    explicit = (None, None) if isinstance(padding, str) else padding
    reach = tuple(map(extent, kernel_size, dilation))
    axes = [transposed_axis(n, r, s, padding, e, p) for n, r, s, e, p in zip(size, reach, strides, extra, explicit)]
    output, pads = tuple(length for length, _ in axes), tuple(pad for _, pad in axes)
    if min(output) < 1:
        raise InputError(f"{op}: padding {padding!r} crops a picture of {size[0]}x{size[1]} to {output[0]}x{output[1]}; "
                         f"use less padding")
    return Window(output, tuple(kernel_size), strides, dilation, pads, tuple(size))


def transposed_axis(n, reach, stride, padding, extra, explicit):
    """Output length and crop (before, after) along one axis."""
    painted = (n - 1) * stride + reach
    if explicit is not None:
        before, after = explicit
        length = painted - before - after + (extra or 0)
    else:
        if padding == "valid":
            length = max(painted, n * stride) if extra is None else painted + extra
        else:
            length = n * stride if extra is None else painted - 2 * (reach // 2) + extra
        before = max(0, painted - length) // 2
    # Below zero there is nothing to crop: the last rows of y are then never painted, and stay 0.
    return length, (before, max(0, painted - length - before))
