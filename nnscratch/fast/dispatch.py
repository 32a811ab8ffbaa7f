"""Which code computes an op: the only place that chooses. It looks at the device, dtype and shapes, and never times anything.

    device    dtype                       room
    GPU       float32                     fast/cuda, our own kernels
    CPU       float32, float64, complex   fast/cpu
    any       anything else               ops, the formula

If a room lacks an op, or returns NotImplemented for these arguments, ops computes it. `python -m nnscratch.fast` prints
which room has which op. Convolutions have several algorithms on the CPU: the conditions in `CONVOLUTIONS` were read off the
times of `python -m benchmarks algorithms`.
"""
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from nnscratch.backend import Array, array_module
from nnscratch.fast.cpu.col2im import adjoint_window
from nnscratch.fast.cpu.folded import supports_folding
from nnscratch.fast.cpu.subpixel import waste
from nnscratch.fast.cpu.winograd_tiles import supports_winograd
from nnscratch.fast.cuda.launcher import supported
from nnscratch.ops.window import Window

__all__ = ["CONVOLUTIONS", "Problem", "choose_convolution", "choose_room", "disabled"]

KEPT_BYTES = 18 * 2**20  # of columns kept for the backward pass: those of 128 images of 16x16 pixels and 32 channels

_enabled: ContextVar[bool] = ContextVar("whether the engine is enabled", default=True)  # for each thread by itself


@contextmanager
def disabled() -> Iterator[None]:
    """Compute everything inside this block by the formulas of ops alone.

    Yields
    ------
    None
        For a `with` statement.

    Examples
    --------
    >>> from nnscratch import fast
    >>> with fast.disabled():
    ...     fast.choose_room([])
    'ops'
    """
    before = _enabled.set(False)
    try:
        yield
    finally:
        _enabled.reset(before)


def choose_room(arguments: Iterable[Any]) -> str:
    """Choose where an op with these arguments is computed.

    Parameters
    ----------
    arguments : iterable
        The op's arguments; only the arrays among them count.

    Returns
    -------
    {"cuda", "cpu", "ops"}
        A key of `fast.rooms.ROOMS`.

    Examples
    --------
    >>> choose_room([np.ones(3, np.float32)]), choose_room([np.ones(3, np.float16)])
    ('cpu', 'ops')
    """
    arrays = [a for a in arguments if hasattr(a, "dtype") and getattr(a, "shape", ()) != ()]
    if not _enabled.get() or not arrays:
        return "ops"
    if supported(*arrays):
        return "cuda"
    on_cpu = all(type(a) is np.ndarray and a.dtype.kind in "fc" and a.dtype.itemsize >= 4 and a.dtype.isnative and a.size
                 for a in arrays)
    return "cpu" if on_cpu else "ops"


def choose_update(changed: Iterable[Array], read: Iterable[Array]) -> str:
    """Where an optimizer's update is computed: "cuda" if a kernel can change these arrays in place, else "ops", the formula."""
    changed = [*changed]
    in_place = supported(*changed, *read) and all(array.flags.c_contiguous for array in changed)
    return "cuda" if _enabled.get() and in_place else "ops"


class Problem(NamedTuple):
    """One product of a convolution: what decides which algorithm is fastest.

    Parameters
    ----------
    window : Window
        Where the kernel stands on the image.
    images : int
        N.
    channels, outputs : int
        The channels of x and of y, in one group.
    groups : int
        The number of groups.
    """

    window: Window
    images: int
    channels: int
    outputs: int
    groups: int = 1

    @property
    def unit_stride(self) -> bool:
        """Stride and dilation 1, and less padding than taps: dx is then a convolution of dy."""
        return self.window.strides == self.window.dilation == (1, 1) and min(map(min, adjoint_window(self.window).pads)) >= 0

    @property
    def few_windows(self) -> bool:
        """Fewer than 512 windows: then rearranging the kernel costs more than it saves."""
        return self.images * self.window.output[0] * self.window.output[1] < 512

    @property
    def winograd_pays(self) -> bool:
        """Whether Winograd pays: few windows are not worth transforming the kernel, few channels not the rows."""
        return supports_winograd(self.window) and not self.few_windows and self.channels >= 8 and self.outputs >= 2

    @property
    def strided_winograd(self) -> bool:
        """Whether Winograd pays for a strided product, which becomes one of stride 1 with ceil(KH / SH) rows of taps."""
        strided = self.window.strides != (1, 1) and supports_folding(self.window)
        return strided and not self.few_windows and min(self.channels, self.outputs) >= 128

    @property
    def whole_cells(self) -> bool:
        """Whether the taps are a multiple of the stride: then a folded kernel has no taps that are always 0."""
        return all(taps % stride == 0 for taps, stride in zip(self.window.taps, self.window.strides))


def needs_col2im(p: Problem) -> bool:
    """Whether a strided dx is fastest by adding products, or has to be, because of dilation."""
    disjoint = any(taps <= stride for taps, stride in zip(p.window.taps, p.window.strides))
    return p.window.dilation != (1, 1) or p.channels == 1 or disjoint or waste(p.window) > 1.5


def always(p: Problem) -> bool:
    """The condition of the last algorithm of each list."""
    return True


DEPTHWISE = "depthwise", "one filter for each channel", lambda p: p.channels == p.outputs == 1 < p.groups
WINOGRAD = "winograd", "stride 1, 2 to 7 rows, 512 windows, 8 input and 2 output channels or more", lambda p: p.winograd_pays
IM2COL = "im2col", "everything else", always

# For each product the algorithms of fast/cpu: (name, its condition in words, the condition). The first that holds is taken.
CONVOLUTIONS: dict[str, list[tuple[str, str, Callable[[Problem], bool]]]] = {
    "convolve": [
        DEPTHWISE,
        ("adjoint", "stride 1, one output channel, 8 inputs or more",
         lambda p: p.unit_stride and p.outputs == 1 and p.channels >= 8),
        ("wide", "stride 1, 2 or 3 output channels, 4 times as many inputs",
         lambda p: p.unit_stride and p.window.taps != (1, 1) and p.outputs <= 3 and p.channels >= 4 * p.outputs),
        WINOGRAD, IM2COL],
    "convolve_dx": [
        DEPTHWISE,
        ("as convolve", "stride 1, 512 windows or more: the flipped kernel", lambda p: p.unit_stride and not p.few_windows),
        ("subpixel winograd", "strides; 512 windows, 128 channels or more, more rows of taps than the stride",
         lambda p: p.strided_winograd and waste(p.window) < 1.6),
        ("col2im", "fewer than 512 windows; dilation, one channel, windows that do not overlap, images of few columns",
         lambda p: p.unit_stride or needs_col2im(p)),
        ("subpixel", "everything else", always)],
    "convolve_dkernel": [
        DEPTHWISE,
        ("swapped", "stride 1, 5 times as many inputs as outputs", lambda p: p.unit_stride and p.channels >= 5 * p.outputs),
        WINOGRAD,
        ("folded winograd", "the same, and a multiple of the stride",
         lambda p: p.strided_winograd and p.whole_cells),
        IM2COL],
}


@lru_cache(4096)
def choose_convolution(product: str, problem: Problem) -> str:
    """Choose the algorithm of fast/cpu for one product of a convolution.

    Parameters
    ----------
    product : {"convolve", "convolve_dx", "convolve_dkernel"}
        Which product.
    problem : Problem
        The window and the sizes.

    Returns
    -------
    str
        The name of the first algorithm in `CONVOLUTIONS` whose condition holds.

    Examples
    --------
    >>> from nnscratch.ops.window import make_window
    >>> window = make_window("an example", (32, 32), (3, 3), 1, "same")
    >>> choose_convolution("convolve", Problem(window, images=1, channels=64, outputs=64))
    'winograd'
    """
    return next(name for name, _, holds in CONVOLUTIONS[product] if holds(problem))


def shares_columns(problem: Problem) -> bool:
    """Whether y and dK are products of the same columns, those of row im2col."""
    return {choose_convolution(product, problem) for product in ("convolve", "convolve_dkernel")} == {"im2col"}


def keeps_columns(problem: Problem, itemsize: int) -> bool:
    """Whether the columns of a convolution wait for the backward pass: both passes need them, and they are small."""
    values, pixels = prod(problem.window.output) * prod(problem.window.taps), prod(problem.window.input)
    small = values <= 4 * pixels and problem.images * values * problem.channels * itemsize <= KEPT_BYTES
    return small and shares_columns(problem) and problem.window.taps != (1, 1)


def device_room(array: Array) -> str:
    """Where a convolution's products are computed, once `choose_room` has not chosen ops."""
    return "cpu" if array_module(array) is np else "cuda"
