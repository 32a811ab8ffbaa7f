"""Convolution: y = im2col(x) @ K + b, the dense formula on the patches of a picture.

Shapes: x (N, H, W, C), kernel (KH, KW, C/groups, OC), bias (OC,), y (N, OH, OW, OC).

    y[n, oh, ow, o] = b[o] + Σ_i Σ_j Σ_c  x[n, oh*SH + i*DH - top, ow*SW + j*DW - left, c] * kernel[i, j, c, o]

Pixels outside the picture count as 0. As everywhere in this field the kernel is not flipped (mathematicians call this
a correlation).
"""
from nnscratch.errors import InputError
from nnscratch.ops.algorithms import check_algorithm, run
from nnscratch.ops.normalize import channel_sum
from nnscratch.ops.validation import check_array, check_dy, check_int, check_shape
from nnscratch.ops.window import make_window


def conv2d(x, kernel, bias=None, *, strides=1, padding="valid", dilation=1, groups=1, algorithm="auto"):
    """Convolve pictures with a kernel.

    Parameters
    ----------
    x : array (N, H, W, C)
    kernel : array (KH, KW, C/groups, OC)
    bias : array (OC,), optional
    strides, dilation : int or pair (rows, columns)
    padding : "valid" | "same" (Keras: output = ceil(input / stride), odd pixel at the bottom and right) | int |
        ((top, bottom), (left, right))
    groups : int; input and output channels are cut into that many groups that do not see each other.
        groups = C is the depthwise convolution.
    algorithm : "auto" | "loops" | "im2col" | "woven" | "winograd"; the time differs, the result only by rounding
        (algorithms.py).

    Returns
    -------
    y : array (N, OH, OW, OC)
    cache : for `conv2d_backward`

    Raises
    ------
    InputError : a wrong shape, dtype or option.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), sections 2 and 5.1.
    """
    check_arguments("conv2d", x, kernel, groups)
    check_shape("conv2d", "kernel", kernel, (*kernel.shape[:2], x.shape[3] // groups, kernel.shape[3]),
                f"(KH, KW, C/groups, OC) for {x.shape[3]} input channels in {groups} group(s)")
    check_bias("conv2d", bias, kernel.shape[3])
    window = make_window("conv2d", x.shape[1:3], kernel.shape[:2], strides, padding, dilation)
    check_algorithm("conv2d", algorithm, window)
    y = run("convolve", algorithm, groups, x, kernel, window, bias)
    return y, (x, kernel, bias is not None, window, groups, algorithm)


def conv2d_backward(dy, cache, wrt="all"):
    """Gradients of `conv2d`.

    y depends linearly on x, on the kernel and on the bias, so each gradient is dy sent back through that linear map:

        dL/dkernel[i, j, c, o] = Σ_n Σ_oh Σ_ow  dy[n, oh, ow, o] * x[n, oh*SH + i*DH - top, ow*SW + j*DW - left, c]
        dL/dx[n, h, w, c]      = Σ over all (oh, i) with oh*SH + i*DH - top = h, and (ow, j) likewise,
                                 Σ_o  dy[n, oh, ow, o] * kernel[i, j, c, o]
        dL/dbias[o]            = Σ_n Σ_oh Σ_ow  dy[n, oh, ow, o]

    The second line is the transposed convolution (conv_transpose.py).

    Parameters
    ----------
    dy : array (N, OH, OW, OC), dL/dy
    cache : from `conv2d`
    wrt : "all" | "input" | "parameters"; what is not asked for is not computed, and comes back as None.

    Returns
    -------
    dx, dkernel, dbias : in the shapes of x, kernel and bias (None without a bias)
    """
    x, kernel, has_bias, window, groups, algorithm = cache
    check_dy("conv2d_backward", dy, (len(x), *window.output, kernel.shape[3]))
    dx = dkernel = dbias = None
    if wrt != "parameters":
        dx = run("convolve_dx", algorithm, groups, dy, kernel, window)
    if wrt != "input":
        dkernel = run("convolve_dkernel", algorithm, groups, x, dy, window)
        dbias = channel_sum(dy) if has_bias else None
    return dx, dkernel, dbias


def check_arguments(op, x, kernel, groups):
    """What conv2d and conv2d_transpose ask of their arguments alike."""
    check_array(op, "x", x, 4)
    check_array(op, "kernel", kernel, 4, "(KH, KW, input channels, output channels)")
    check_groups(op, groups, x.shape[3], kernel.shape[3])


def check_groups(op, groups, inputs, outputs):
    """Each group gets an equal share of the input and of the output channels."""
    groups = check_int(groups, f"{op}: groups", 1)
    if inputs % groups or outputs % groups:
        raise InputError(f"{op}: groups is {groups}, expected a whole number that divides both {inputs} and {outputs} channels")


def check_bias(op, bias, channels):
    if bias is not None:
        check_array(op, "bias", bias, 1, "(OC,)")
        check_shape(op, "bias", bias, (channels,), "(OC,), one number for each output channel")
