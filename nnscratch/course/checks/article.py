"""Exercises of notebook 13: the sides of a stack, and the taps that ever meet a pixel.

The stack is the seed article's: convolutions with stride 2 and padding "same".
"""
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.fresh import whole

__all__ = ["live_taps", "side_after"]


def right_side_after(size, blocks):
    """The solution."""
    for _ in range(blocks):
        size = -(-size // 2)
    return size


@exercise("13", "One block makes 32 of 64, and 3 of 5. What does it make of 1?",
          "There is one window for every second pixel: 0, 2, 4 and so on. How many of these are there in 5 pixels, and in 1?",
          "size = (size + 1) // 2, `blocks` times", library=right_side_after)
def side_after(attempt: Attempt) -> None:
    """A whole number of pixels."""
    cases = [{"size": 64, "blocks": 1}, {"size": 64, "blocks": 3}, {"size": 5, "blocks": 1}, {"size": 64, "blocks": 64},
             {"size": 7, "blocks": 1}, {"size": 100, "blocks": 4}, {"size": 7, "blocks": 0}]
    down = "a half is rounded down, but 'same' keeps the last odd pixel: 5 gives 3, and 1 gives 1"
    compare(attempt, right_side_after, cases, "side", {
        down: lambda size, blocks: max(size >> blocks, 0), f"{down} ": lambda size, blocks: max(size >> blocks, 1),
        "it is rounded once, at the end, and to the nearest: each block rounds up":
            lambda size, blocks: max(round(size / 2**blocks), 1),
        "it is one block only": lambda size, blocks: right_side_after(size, 1),
        "the side is not rounded: there are no half pixels": lambda size, blocks: size / 2**blocks,
        "each block takes two pixels away, but stride 2 halves": lambda size, blocks: size - 2 * blocks,
        "this is without padding: 'same' adds as much as every second pixel needs":
            lambda size, blocks: without_padding(size, blocks)},
        draw=whole(size=(1, 100), blocks=(0, 6)))


def without_padding(size, blocks):
    """Convolutions of 4, stride 2, without padding."""
    for _ in range(blocks):
        size = max((size - 4) // 2 + 1, 0)
    return size


def along_one_axis(side, kernel, outputs=None):
    """How many kernel elements of one axis meet a pixel at some output position, or at the first `outputs` of them."""
    positions = -(-side // 2)
    before = max(2 * (positions - 1) + kernel - side, 0) // 2
    return len({i for position in range(outputs or positions) for i in range(kernel) if 0 <= 2 * position + i - before < side})


def right_live_taps(side, kernel):
    """The solution."""
    return along_one_axis(side, kernel)**2


@exercise("13", "Begin with one axis. How many output positions are there, how far do they reach, and so how many zeros stand "
          "before the first pixel?",
          "Below element i of the kernel, at output position h, lies pixel 2 * h + i - before. For which i is there a pixel, "
          "at some h? Along the other axis it is the same.",
          "outputs = (side + 1) // 2; before = max(2 * (outputs - 1) + kernel - side, 0) // 2", library=right_live_taps)
def live_taps(attempt: Attempt) -> None:
    """A whole number, at most kernel * kernel."""
    cases = [{"side": side, "kernel": kernel} for side, kernel in
             [(1, 3), (1, 4), (2, 4), (3, 4), (4, 4), (2, 5), (3, 7), (4, 7), (5, 8), (64, 4)]]
    compare(attempt, right_live_taps, cases, "taps", {
        "this is along one axis: a kernel has two": along_one_axis,
        "this is a fraction: count the taps": lambda side, kernel: right_live_taps(side, kernel) / kernel**2,
        "these are the dead taps, which meet padding alone": lambda side, kernel: kernel**2 - right_live_taps(side, kernel),
        "no tap is ever dead here: the padding is counted, but it holds no pixels": lambda side, kernel: kernel**2,
        "this is min(side, kernel) along each axis: look at every output position, with half of the padding before the image":
            lambda side, kernel: min(side, kernel)**2,
        "this counts one output position alone: a wider image has several": lambda side, kernel: along_one_axis(
            side, kernel, outputs=1)**2},
        draw=whole(side=(1, 12), kernel=(3, 9)))
