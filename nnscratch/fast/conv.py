"""conv2d and conv2d_transpose, made of three products, on the CPU and on the GPU.

Shapes: x (N, H, W, C), kernel (KH, KW, C/groups, OC), y (N, OH, OW, OC); transposed (KH, KW, OC/groups, C).

    convolve(x, K) = y        convolve_dx(dy, K) = dx        convolve_dkernel(x, dy) = dK

conv2d is the first, and its backward the other two. conv2d_transpose is the second, and its backward the first and the third.
The columns wait for the backward pass only where they are small: they are up to KH*KW times as large as x.
"""
from math import prod
from typing import Any

from nnscratch.backend import Array, array_module, concatenate
from nnscratch.fast.cpu import conv as cpu
from nnscratch.fast.cpu.normalize import channel_sum as cpu_sum
from nnscratch.fast.cuda import conv as cuda
from nnscratch.fast.cuda.activations import channel_sum as cuda_sum
from nnscratch.fast.dispatch import device_room
from nnscratch.ops.conv import conv2d_window
from nnscratch.ops.conv_transpose import conv2d_transpose_window
from nnscratch.ops.validation import check_dy
from nnscratch.ops.window import Window

__all__: list[str] = []

OPS = ["conv2d", "conv2d_backward", "conv2d_transpose", "conv2d_transpose_backward"]


def conv2d(x: Array, kernel: Array, bias: Array | None = None, *, strides: Any = 1, padding: Any = "valid", dilation: Any = 1,
           groups: int = 1) -> tuple[Array, Any]:
    """As ops.conv2d."""
    window = conv2d_window(x, kernel, bias, strides, padding, dilation, groups)
    if groups == 1 and device_room(x) == "cpu":
        y, columns = cpu.convolve_keeping(x, kernel, window, bias)
    else:
        y, columns = product("convolve", x, kernel, window, groups, bias), None
    return y, (x if columns is None else None, columns, kernel, bias is not None, window, groups)  # x is not needed beside them


def conv2d_backward(dy: Array, cache: Any, wrt: str = "all") -> tuple[Array, Array, Array]:
    """As ops.conv2d_backward."""
    x, columns, kernel, has_bias, window, groups = cache
    images = len(x) if columns is None else len(columns) // prod(window.output)
    check_dy("conv2d_backward", dy, (images, *window.output, kernel.shape[3]), wrt)
    dx = dkernel = dbias = None
    if wrt != "parameters":
        dx = product("convolve_dx", dy, kernel, window, groups)
    if wrt != "input":
        if columns is None:
            dkernel = product("convolve_dkernel", x, dy, window, groups)
        else:
            dkernel = (columns.T @ dy.reshape(len(columns), -1)).reshape(kernel.shape)
        dbias = channel_sum(dy) if has_bias else None
    return dx, dkernel, dbias


def conv2d_transpose(x: Array, kernel: Array, bias: Array | None = None, *, strides: Any = 1, padding: Any = "valid",
                     output_padding: Any = None, dilation: Any = 1, groups: int = 1) -> tuple[Array, Any]:
    """As ops.conv2d_transpose."""
    window = conv2d_transpose_window(x, kernel, bias, strides, padding, output_padding, dilation, groups)
    return product("convolve_dx", x, kernel, window, groups, bias), (x, kernel, bias is not None, window, groups)


def conv2d_transpose_backward(dy: Array, cache: Any, wrt: str = "all") -> tuple[Array, Array, Array]:
    """As ops.conv2d_transpose_backward."""
    x, kernel, has_bias, window, groups = cache
    check_dy("conv2d_transpose_backward", dy, (len(x), *window.input, kernel.shape[2] * groups), wrt)
    dx = dkernel = None
    if wrt == "all" and groups == 1 and device_room(dy) == "cpu":
        dx, dkernel = cpu.convolve_and_dkernel(dy, kernel, x, window)
    else:
        if wrt != "parameters":
            dx = product("convolve", dy, kernel, window, groups)
        if wrt != "input":
            dkernel = product("convolve_dkernel", dy, x, window, groups)
    return dx, dkernel, channel_sum(dy) if has_bias and wrt != "input" else None


def product(name: str, a: Array, b: Array, window: Window, groups: int, bias: Array | None = None) -> Array:
    """One of the three products; group by group, each array cut along its last axis."""
    room = {"cpu": cpu, "cuda": cuda}[device_room(a)]
    function, options = getattr(room, name), {} if bias is None else {"bias": bias}
    inputs = a.shape[3] if name == "convolve_dkernel" else b.shape[2] * groups
    if room is cpu and groups > 1 and inputs == groups == b.shape[3]:  # fast/cpu/depthwise.py computes all groups at once
        return function(a, b, window, groups=groups, **options)
    if groups == 1:
        return function(a, b, window, **options)
    xp = array_module(a)
    parts = zip(*(xp.split(array, groups, axis=-1) for array in (a, b)))
    result = concatenate([function(p, q, window) for p, q in parts], axis=-1)
    return result if bias is None else result + bias


def channel_sum(x: Array) -> Array:
    """The sum over all axes but the last."""
    return {"cpu": cpu_sum, "cuda": cuda_sum}[device_room(x)](x)
