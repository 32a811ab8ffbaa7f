"""What kind of mistake is it? The pattern of a wrong gradient often names it.

Each pattern is a function that gets an Evidence and returns a sentence, or None if it does not fit. They are tried in
order, the sharpest first.
"""
from typing import NamedTuple

import numpy as np


class Evidence(NamedTuple):
    name: str             # whose gradient it is
    wrong: np.ndarray     # what the backward returned
    right: np.ndarray     # what was measured, of the same shape
    upstream: np.ndarray  # dy
    inputs: dict          # every input of the forward, by name
    measure: object       # measure(inputs) -> the true gradient of `name` for other inputs
    shown: object = None  # Evidence of the same mistake on a smaller input, which the reader sees: its numbers are quoted


def diagnose(evidence):
    """One sentence on the likely mistake."""
    for pattern in (zero, one_ratio, ratio_per_channel, flipped, transposed, reordered, shifted, mean_missing,
                    variance_missing, kernel_flipped, partly_right):
        sentence = pattern(evidence)
        if sentence:
            return sentence
    return "no known pattern: compare the formula line by line, beginning at the worst element"


def close(a, b):
    return np.linalg.norm(a - b) <= 1e-5 * max(np.linalg.norm(a), np.linalg.norm(b), 1e-300)


def projection(a, b, axes=None):
    """The r for which a = r * b fits best; one for each channel if `axes` are the others."""
    return (a * b).sum(axes) / ((b * b).sum(axes) + 1e-300)


def zero(e):
    if not e.wrong.any():
        return "it is zero everywhere: nothing was sent back"


def one_ratio(e):
    """wrong = r * right, one r for all."""
    shown = e.shown or e
    r, quoted = projection(e.wrong, e.right), projection(shown.wrong, shown.right)
    if not (close(e.wrong, r * e.right) and close(shown.wrong, quoted * shown.right)):
        return None
    if np.isclose(r, -1):
        return "it is right but for the sign"

    def named(power):
        """The sizes that are r to this power, here and where it is quoted from."""
        return " or ".join(text for (text, size), (_, other) in zip(sizes(e), sizes(shown))
                           if size > 1 and np.allclose((r, quoted), (size**power, other**power)))

    if named(1):
        return f"it is too large by exactly {quoted:g} = {named(1)}: a sum stands for a mean, or a division is missing"
    if named(-1):
        return (f"it is too small by exactly {1 / quoted:g} = {named(-1)}: a mean stands for a sum, or something is counted "
                f"once only")
    if not np.isclose(r, quoted):
        return f"it is right but for one factor, here {quoted:.6g}, and another one for other sizes"
    return f"it is right but for one factor, {quoted:.6g}: a constant is missing or stands there twice"


def sizes(e):
    """Numbers that often turn up as a wrong factor."""
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


def ratio_per_channel(e):
    """wrong = r[c] * right, another r for each channel."""
    if e.right.ndim < 2:
        return None
    r = projection(e.wrong, e.right, tuple(range(e.right.ndim - 1)))
    if not close(e.wrong, r * e.right):
        return None
    for other, values in e.inputs.items():
        if values.shape == r.shape and np.allclose(r * values, 1, rtol=1e-5):
            return f"each channel is off by its {other}: a factor {other} is missing"
        if values.shape == r.shape and np.allclose(r, values, rtol=1e-5):
            return f"each channel is off by its {other}: {other} is multiplied in twice"
    return "each channel is off by a factor of its own: look at what belongs to a channel (gamma, the deviation, epsilon)"


def flipped(e):
    for axes in ((0, 1), (1, 2), (0,), (1,), (2,)):
        if e.right.ndim == 4 and close(e.wrong, np.flip(e.right, axes)):
            return f"it is mirrored along axes {axes}: flipped once too often, or not often enough"


def transposed(e):
    for a in range(e.right.ndim):
        for b in range(a + 1, e.right.ndim):
            if e.right.shape[a] == e.right.shape[b] and close(e.wrong, e.right.swapaxes(a, b)):
                return f"axes {a} and {b} are swapped: transposed, or KH taken for KW"


def reordered(e):
    if e.right.size > 1 and close(np.sort(e.wrong, axis=None), np.sort(e.right, axis=None)):
        return "the numbers are right but stand in the wrong places: a reshape or transpose along the wrong axes"


def shifted(e):
    """The right image, one pixel off."""
    for axis, word in ((1, "rows"), (2, "columns")) if e.right.ndim == 4 else ():
        body = tuple(slice(1, -1) if k == axis else slice(None) for k in range(4))
        for step in (1, -1):
            if e.right.shape[axis] > 3 and close(np.roll(e.right, step, axis)[body], e.wrong[body]):
                return f"it is shifted by one pixel along {word}: padding or cropping on the wrong side"


def averaging_axes(array):
    """The axes a mean may have been taken over: the batch and the pixels, or the pixels of each image."""
    yield tuple(range(array.ndim - 1)), "over the batch"
    if array.ndim == 4:
        yield (1, 2), "over each image"


def mean_missing(e):
    """wrong - right is one constant for each channel."""
    for axes, over in averaging_axes(e.right) if e.right.ndim > 1 else ():
        difference = e.wrong - e.right
        if close(difference, np.broadcast_to(difference.mean(axes, keepdims=True), e.right.shape)):
            return f"it is off by a constant in each channel: a mean {over} was not subtracted"


def variance_missing(e):
    """wrong - right is, in each channel, a multiple of the normalised input."""
    x = e.inputs[e.name]
    for axes, over in averaging_axes(x) if x.ndim > 1 else ():
        centred, difference = x - x.mean(axes, keepdims=True), e.wrong - e.right
        r = (difference * centred).sum(axes, keepdims=True) / (centred * centred).sum(axes, keepdims=True)
        if close(difference, r * centred):
            return f"it is off by a multiple of the normalised {e.name}: the variance {over} depends on {e.name} too"


def kernel_flipped(e):
    """It would be right if another input were mirrored."""
    for other, values in e.inputs.items():
        if other != e.name and values.ndim == 4:
            for axes in ((0, 1), (0,), (1,)):
                if close(e.wrong, e.measure({**e.inputs, other: np.flip(values, axes)})):
                    return f"it would be right for a mirrored {other}: flipped once too often, or not often enough"


def partly_right(e):
    """Some elements right, others not: a mask, borders, overlaps."""
    good = np.isclose(e.wrong, e.right, rtol=1e-6, atol=1e-9 * np.abs(e.right).max())
    if not good.any() or good.all():
        return None
    text = "some elements are right" if e.shown else f"{good.sum()} of {good.size} elements are right"
    if not e.wrong[~good].any():
        return f"{text}, the others are zero: some places or taps are left out"
    if e.right.shape == e.upstream.shape:
        return f"{text}: look at the mask or condition that tells the elements apart"
    if e.right.ndim == 4 and good[:, 1:-1, 1:-1].all():
        return f"{text}, the wrong ones all at the border: look at padding"
    if e.right.ndim == 4:
        return f"{text}: where windows overlap or are padded their gradients must be added, so look for '=' where '+=' belongs"
    return text
