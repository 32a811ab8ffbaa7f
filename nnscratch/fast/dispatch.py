"""Which code computes an op: the only place that chooses. It looks at device, dtype and shapes, and never times anything.

    device    dtype                       room
    GPU       float32                     fast/cuda, our own kernels
    CPU       float32, float64, complex   fast/cpu
    any       anything else               ops, the formula

A room that lacks an op, or returns NotImplemented for these arguments, hands it to ops. `python -m nnscratch.fast` prints
which rooms have which op. Convolutions have several algorithms on the CPU, `CONVOLUTIONS` below.
"""
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from nnscratch.backend import array_module
from nnscratch.fast.cpu.col2im import adjoint_window
from nnscratch.fast.cpu.subpixel import waste
from nnscratch.fast.cpu.winograd_tiles import supports_winograd
from nnscratch.fast.cuda.launch import supported
from nnscratch.ops.window import Window

_enabled = True


@contextmanager
def disabled():
    """Inside this block everything is computed by the formulas of ops alone.

    Examples
    --------
    >>> from nnscratch import fast
    >>> with fast.disabled():
    ...     fast.choose_room([])
    'ops'
    """
    global _enabled
    before, _enabled = _enabled, False
    try:
        yield
    finally:
        _enabled = before


def choose_room(arguments: Any) -> str:
    """"cuda", "cpu" or "ops", for an op with these arguments."""
    arrays = [a for a in arguments if hasattr(a, "dtype") and a.shape != ()]
    if not _enabled or not arrays:
        return "ops"
    if supported(*arrays):
        return "cuda"
    on_cpu = all(type(a) is np.ndarray and a.dtype.kind in "fc" and a.dtype.itemsize >= 4 and a.size for a in arrays)
    return "cpu" if on_cpu else "ops"


class Problem(NamedTuple):
    """One product of a convolution: what decides which algorithm is quickest."""
    window: Window
    images: int
    channels: int  # of x, in one group
    outputs: int   # of y, in one group
    groups: int = 1

    @property
    def dense(self) -> bool:
        """Stride and dilation 1, and less padding than taps: dx is then a convolution of dy."""
        return self.window.strides == self.window.dilation == (1, 1) and min(map(min, adjoint_window(self.window).pads)) >= 0

    @property
    def winograd(self) -> bool:
        """Whether Winograd pays: transforming the kernel costs more than few windows save, transforming rows more than few
        channels do."""
        windows = self.images * self.window.output[0] * self.window.output[1]
        return supports_winograd(self.window) and windows >= 512 and self.channels >= 8 and self.outputs >= 2


DEPTHWISE = ("depthwise", "one filter for each channel", lambda p: p.channels == p.outputs == 1 < p.groups)
ANY = ("im2col", "everything else", lambda p: True)

# For each product the algorithms of fast/cpu, when they are taken, and that as a condition; the first that holds.
CONVOLUTIONS: dict[str, list[tuple[str, str, Callable[[Problem], bool]]]] = {
    "convolve": [
        DEPTHWISE,
        ("adjoint", "stride 1, one output channel of at least 8", lambda p: p.dense and p.outputs == 1 and p.channels >= 8),
        ("wide", "stride 1, 2 to 4 output channels, 8 times as many inputs",
         lambda p: p.dense and p.window.taps != (1, 1) and p.outputs <= 4 and p.channels >= 8 * p.outputs),
        ("winograd", "stride 1, 2 to 7 rows, 512 windows and 8 channels or more", lambda p: p.winograd),
        ANY],
    "convolve_dx": [
        DEPTHWISE,
        ("as convolve", "stride 1: the flipped kernel", lambda p: p.dense),
        ("col2im", "dilation, one channel, windows without overlap, small images", lambda p: p.window.dilation != (1, 1)
         or p.channels == 1 or any(t <= s for t, s in zip(p.window.taps, p.window.strides)) or waste(p.window) > 1.5),
        ("subpixel", "everything else", lambda p: True)],
    "convolve_dkernel": [
        DEPTHWISE,
        ("swapped", "stride 1, 8 times as many inputs as outputs", lambda p: p.dense and p.channels >= 8 * p.outputs),
        ("winograd", "stride 1, 2 to 7 rows, 512 windows and 8 channels or more", lambda p: p.winograd),
        ANY],
}


def choose_convolution(product: str, problem: Problem) -> str:
    """The algorithm of fast/cpu for "convolve", "convolve_dx" or "convolve_dkernel"."""
    return next(name for name, _, holds in CONVOLUTIONS[product] if holds(problem))


def device_room(array: Any) -> str:
    """Where a convolution's products are computed, once its arguments have led to this room."""
    return "cpu" if array_module(array) is np else "cuda"
