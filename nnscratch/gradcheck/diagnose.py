"""What kind of mistake is it? The pattern of a wrong gradient often names it.

Each pattern is a function that takes an Evidence and returns a sentence, or None if it does not fit. They are tried in order,
the most specific first.
"""
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from nnscratch.backend import Array

__all__ = ["Evidence", "diagnose"]

UNKNOWN = "no known pattern: compare the formula line by line, starting at the worst element"


class Evidence(NamedTuple):
    """A wrong gradient, the right one, and how both came about.

    Parameters
    ----------
    name : str, the input that the gradient belongs to
    wrong : array, what the backward pass returned
    right : array, what was measured, of the same shape
    upstream : array, dy
    inputs : dict, every input of the forward pass by its name
    measure : callable, inputs -> the true gradient of `name` for other inputs
    shown : Evidence, optional
        The same mistake on a smaller input, which the reader sees; its numbers are quoted.
    """
    name: str
    wrong: Array
    right: Array
    upstream: Array
    inputs: dict[str, Array]
    measure: Callable[[dict[str, Array]], Array]
    shown: Any = None


def diagnose(evidence: Evidence) -> str:
    """Name the likely mistake.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    sentence : str
        The first pattern that fits.

    Examples
    --------
    >>> dx = np.array([1.0, -2.0])
    >>> diagnose(Evidence("x", -dx, dx, dx, {"x": dx}, lambda inputs: dx))
    'it is right but for the sign'
    """
    for pattern in (zero, one_ratio, ratio_per_channel, flipped, transposed, reordered, shifted, mean_missing,
                    variance_missing, kernel_flipped, partly_right):
        sentence = pattern(evidence)
        if sentence:
            return sentence
    return UNKNOWN


def close(a: Array, b: Array) -> bool:
    """Whether two arrays agree to 5 digits."""
    return bool(np.linalg.norm(a - b) <= 1e-5 * max(float(np.linalg.norm(a)), float(np.linalg.norm(b)), 1e-300))


def projection(a: Array, b: Array, axes: tuple[int, ...] | None = None) -> Array:
    """The r for which r * b is closest to a; one for each channel if `axes` are all the other axes."""
    return (a * b).sum(axes) / ((b * b).sum(axes) + 1e-300)


def zero(e: Evidence) -> str | None:
    """wrong = 0."""
    if not e.wrong.any():
        return "it is zero everywhere: no gradient was passed on"
    return None


def one_ratio(e: Evidence) -> str | None:
    """wrong = r * right, with one r for all elements."""
    shown = e.shown or e
    r, quoted = projection(e.wrong, e.right), projection(shown.wrong, shown.right)
    if not (close(e.wrong, r * e.right) and close(shown.wrong, quoted * shown.right)):
        return None
    if np.isclose(r, -1):
        return "it is right but for the sign"

    def named(power: int) -> str:
        """The sizes whose power is r, both here and in the evidence that is shown."""
        return " or ".join(text for (text, size), (_, other) in zip(sizes(e), sizes(shown))
                           if size > 1 and np.allclose((r, quoted), (size**power, other**power)))

    if named(1):
        return (f"it is too large by exactly {quoted:g} = {named(1)}: a sum is taken where a mean belongs, or a division is "
                f"missing")
    if named(-1):
        return (f"it is too small by exactly {1 / quoted:g} = {named(-1)}: a mean is taken where a sum belongs, or a term is "
                f"counted only once")
    if not np.isclose(r, quoted):
        return f"it is right but for one factor, here {quoted:.6g}, which changes with the sizes"
    return f"it is right but for one factor, {quoted:.6g}: a constant is missing or appears twice"


def sizes(e: Evidence) -> Iterator[tuple[str, int]]:
    """Numbers that are often a wrong factor."""
    x = next(iter(e.inputs.values()))
    if x.ndim in (2, 4):
        yield "N, the batch size", x.shape[0]
    if x.ndim == 4:
        n, h, w, _ = x.shape
        yield "H*W, the pixels of an image", h * w
        yield "N*H*W, the values of a channel", n * h * w
    if e.upstream.ndim == 4:
        n, oh, ow, _ = e.upstream.shape
        yield "OH*OW, the pixels of an output", oh * ow
        yield "N*OH*OW, the outputs of a channel", n * oh * ow
    yield "the number of values", x.size
    yield "the 2 of a square or a symmetric product", 2


def ratio_per_channel(e: Evidence) -> str | None:
    """wrong = r[c] * right, with an r for each channel."""
    if e.right.ndim < 2:
        return None
    r = projection(e.wrong, e.right, tuple(range(e.right.ndim - 1)))
    if not close(e.wrong, r * e.right):
        return None
    for other, values in e.inputs.items():
        if values.shape == r.shape and np.allclose(r * values, 1, rtol=1e-5):
            return f"each channel is off by its {other}: a factor {other} is missing"
        if values.shape == r.shape and np.allclose(r, values, rtol=1e-5):
            return f"each channel is off by its {other}: the factor {other} appears twice"
    return ("each channel is off by a different factor: look at what belongs to a channel (gamma, the standard deviation, "
            "epsilon)")


def flipped(e: Evidence) -> str | None:
    """wrong is right, mirrored."""
    for axes in ((0, 1), (1, 2), (0,), (1,), (2,)):
        if e.right.ndim == 4 and close(e.wrong, np.flip(e.right, axes)):
            return f"it is mirrored along axes {axes}: a flip is missing, or one too many"
    return None


def transposed(e: Evidence) -> str | None:
    """wrong is right with two axes swapped."""
    for a in range(e.right.ndim):
        for b in range(a + 1, e.right.ndim):
            if e.right.shape[a] == e.right.shape[b] and close(e.wrong, e.right.swapaxes(a, b)):
                return f"axes {a} and {b} are swapped: transposed, or KH and KW confused"
    return None


def reordered(e: Evidence) -> str | None:
    """wrong holds the numbers of right in another order."""
    if e.right.size > 1 and close(np.sort(e.wrong, axis=None), np.sort(e.right, axis=None)):
        return "the numbers are right but stand in the wrong places: a reshape or transpose along the wrong axes"
    return None


def shifted(e: Evidence) -> str | None:
    """wrong is right, shifted by one pixel."""
    for axis, word in ((1, "rows"), (2, "columns")) if e.right.ndim == 4 else ():
        body = tuple(slice(1, -1) if k == axis else slice(None) for k in range(4))
        for step in (1, -1):
            if e.right.shape[axis] > 3 and close(np.roll(e.right, step, axis)[body], e.wrong[body]):
                return f"it is shifted by one pixel along {word}: padding or cropping on the wrong side"
    return None


def averaging_axes(array: Array) -> Iterator[tuple[tuple[int, ...], str]]:
    """The axes that a mean may be taken over: the batch and the pixels, or the pixels of each image."""
    yield tuple(range(array.ndim - 1)), "over the batch"
    if array.ndim == 4:
        yield (1, 2), "over each image"


def mean_missing(e: Evidence) -> str | None:
    """wrong - right is one constant for each channel."""
    for axes, over in averaging_axes(e.right) if e.right.ndim > 1 else ():
        difference = e.wrong - e.right
        if close(difference, np.broadcast_to(difference.mean(axes, keepdims=True), e.right.shape)):
            return f"it is off by a constant in each channel: a mean {over} was not subtracted"
    return None


def variance_missing(e: Evidence) -> str | None:
    """In each channel, wrong - right is a multiple of the normalized input."""
    x = e.inputs[e.name]
    for axes, over in averaging_axes(x) if x.ndim > 1 else ():
        centered, difference = x - x.mean(axes, keepdims=True), e.wrong - e.right
        r = (difference * centered).sum(axes, keepdims=True) / ((centered * centered).sum(axes, keepdims=True) + 1e-300)
        if close(difference, r * centered):
            return f"it is off by a multiple of the normalized {e.name}: the variance {over} depends on {e.name} too"
    return None


def kernel_flipped(e: Evidence) -> str | None:
    """wrong is right for a mirrored kernel, or another mirrored input."""
    for other, values in e.inputs.items():
        if other != e.name and values.ndim == 4:
            for axes in ((0, 1), (0,), (1,)):
                if close(e.wrong, e.measure({**e.inputs, other: np.flip(values, axes)})):
                    return f"it would be right for a mirrored {other}: a flip is missing, or one too many"
    return None


def partly_right(e: Evidence) -> str | None:
    """Some elements are right, others are not: a mask, borders, overlaps."""
    good: Array = np.isclose(e.wrong, e.right, rtol=1e-6, atol=1e-9 * np.abs(e.right).max())
    if not good.any() or good.all():
        return None
    text = "some elements are right" if e.shown else f"{good.sum()} of {good.size} elements are right"
    if not e.wrong[~good].any():
        return f"{text}, the others are zero: some positions or taps are left out"
    if e.right.shape == e.upstream.shape:
        return f"{text}: look at the mask or condition that tells the elements apart"
    if e.right.ndim == 4 and good[:, 1:-1, 1:-1].all():
        return f"{text}, the wrong ones are all at the border: look at padding"
    if e.right.ndim == e.upstream.ndim == 4 and overlapping(e):
        return f"{text}: where windows overlap, their gradients must be added, so look for '=' where '+=' belongs"
    return text


def overlapping(e: Evidence) -> bool:
    """Whether the windows of an image overlap: the kernel is larger than the stride, or those of a pooling do not divide it."""
    kernels = [value.shape for name, value in e.inputs.items() if name != e.name and value.ndim == 4]
    strides = [side // out for side, out in zip(e.right.shape[1:3], e.upstream.shape[1:3])]
    if e.right.shape[0] != e.upstream.shape[0] or 0 in strides:  # a gradient of a kernel; images that became larger
        return False
    if kernels:
        return any(size > stride for size, stride in zip(kernels[0], strides))
    ends = [stride * out for stride, out in zip(strides, e.upstream.shape[1:3])]
    return bool(e.right[:, ends[0]:].any() or e.right[:, :, ends[1]:].any())  # what no window reads has no gradient
