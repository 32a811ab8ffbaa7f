"""Convolution: y = im2col(x) @ K + b, the dense formula on the patches of a picture.

Shapes: x (N, H, W, C), kernel (KH, KW, C/groups, OC), bias (OC,), y (N, OH, OW, OC).

    y[n, oh, ow, o] = b[o] + Σ_i Σ_j Σ_c  x[n, oh*SH + i*DH - top, ow*SW + j*DW - left, c] * kernel[i, j, c, o]

Pixels outside the picture count as 0. As everywhere in this field the kernel is not flipped (mathematicians call this
a correlation).
"""
from typing import NamedTuple

from nnscratch.backend import array_module
from nnscratch.errors import InputError
from nnscratch.ops import loops
from nnscratch.ops.checks import check_array, check_dy, check_shape, choice, whole
from nnscratch.ops.im2col import convolve, convolve_dkernel, convolve_dx
from nnscratch.ops.window import make_window


class Products(NamedTuple):
    """The three products of a convolution, which every algorithm computes in its own way. See im2col.py."""
    convolve: object          # (x, kernel, window) -> y
    convolve_dx: object       # (dy, kernel, window) -> dx
    convolve_dkernel: object  # (x, dy, window) -> dkernel


IM2COL = Products(convolve, convolve_dx, convolve_dkernel)
LOOPS = Products(loops.convolve, loops.convolve_dx, loops.convolve_dkernel)
ALGORITHMS = {"auto": IM2COL, "im2col": IM2COL, "loops": LOOPS}


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
    algorithm : "auto" | "im2col" | "loops"; changes the time, not the result beyond rounding.

    Returns
    -------
    y : array (N, OH, OW, OC)
    cache : for `conv2d_backward`

    Raises
    ------
    InputError : a wrong shape, dtype or option.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning" (2016), sections 2 and 5.1.
    """
    check_arguments("conv2d", x, kernel, groups, algorithm)
    check_shape("conv2d", "kernel", kernel, (*kernel.shape[:2], x.shape[3] // groups, kernel.shape[3]),
                f"(KH, KW, C/groups, OC) for {x.shape[3]} input channels in {groups} group(s)")
    check_bias("conv2d", bias, kernel.shape[3])
    window = make_window("conv2d", x.shape[1:3], kernel.shape[:2], strides, padding, dilation)
    y = by_group(ALGORITHMS[algorithm].convolve, groups, x, kernel, window)
    if bias is not None:
        y = y + bias
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
    product = ALGORITHMS[algorithm]
    dx = dkernel = dbias = None
    if wrt != "parameters":
        dx = by_group(product.convolve_dx, groups, dy, kernel, window)
    if wrt != "input":
        dkernel = by_group(product.convolve_dkernel, groups, x, dy, window)
        dbias = dy.sum(axis=(0, 1, 2)) if has_bias else None
    return dx, dkernel, dbias


def by_group(product, groups, a, b, window):
    """A product of a convolution, group by group: every tensor in it is cut along its last axis."""
    if groups == 1:
        return product(a, b, window)
    xp = array_module(a)
    parts = zip(xp.split(a, groups, axis=-1), xp.split(b, groups, axis=-1))
    return xp.concatenate([product(p, q, window) for p, q in parts], axis=-1)


def check_arguments(op, x, kernel, groups, algorithm):
    """What conv2d and conv2d_transpose ask of their arguments alike."""
    check_array(op, "x", x, 4)
    check_array(op, "kernel", kernel, 4, "(KH, KW, input channels, output channels)")
    choice(algorithm, f"{op}: algorithm", ALGORITHMS)
    check_groups(op, groups, x.shape[3], kernel.shape[3])


def check_groups(op, groups, inputs, outputs):
    """Each group gets an equal share of the input and of the output channels."""
    groups = whole(groups, f"{op}: groups", 1)
    if inputs % groups or outputs % groups:
        raise InputError(f"{op}: groups is {groups}, expected a whole number that divides both {inputs} and {outputs} channels")


def check_bias(op, bias, channels):
    if bias is not None:
        check_array(op, "bias", bias, 1, "(OC,)")
        check_shape(op, "bias", bias, (channels,), "(OC,), one number for each output channel")
