"""Exercises of notebook 13: the sides of a stack, and the taps that ever meet a pixel.

The stack is the seed article's: convolutions of 4 x 4, stride 2, "same".
"""
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise

__all__ = ["live_fraction", "side_after"]


def right_side(side, blocks):
    """The solution."""
    for _ in range(blocks):
        side = -(-side // 2)
    return side


def halved_down(side, blocks):
    """Each half rounded down."""
    return max(side >> blocks, 0)


@exercise("13", "One block makes 64 to 32 and 5 to 3: half, rounded up. Do that `blocks` times.",
          "Rounded up is (side + 1) // 2.")
def side_after(attempt: Attempt) -> None:
    """The side of the image after so many blocks."""
    cases = [{"side": 64, "blocks": 1}, {"side": 64, "blocks": 3}, {"side": 5, "blocks": 1}, {"side": 64, "blocks": 64},
             {"side": 7, "blocks": 1}, {"side": 100, "blocks": 4}, {"side": 7, "blocks": 0}]
    down = "a half is rounded down, but 'same' keeps the last odd pixel: 5 gives 3, and 1 gives 1"
    compare(attempt, right_side, cases, "side", {
        down: halved_down, f"{down} ": lambda side, blocks: max(side >> blocks, 1),
        "it is made whole once, at the end, and rounded to the nearest: each block rounds up":
            lambda side, blocks: max(round(side / 2**blocks), 1),
        "it is one block only": lambda side, blocks: right_side(side, 1),
        "the side is not made whole: there are no half pixels": lambda side, blocks: side / 2**blocks,
        "each block takes two pixels away, but stride 2 halves": lambda side, blocks: side - 2 * blocks})


def live_taps(side, size=4):
    """How many of `size` taps along an axis meet a pixel at any place of the window."""
    places = -(-side // 2)
    before = max(2 * (places - 1) + size - side, 0) // 2
    return len({i for o in range(places) for i in range(size) if 0 <= 2 * o + i - before < side})


def right_fraction(side):
    """The solution."""
    return (live_taps(side) / 4)**2


@exercise("13",
          "Think of one axis first. The window has (side + 1) // 2 places, two pixels apart; the padding says where it begins.",
          "places = (side + 1) // 2; the padding is max(2 * (places - 1) + 4 - side, 0) in all, half of it, rounded down, "
          "before.",
          "Tap i at place o meets pixel 2 * o + i - before. Collect the i for which that is >= 0 and < side; the share along "
          "both axes is its square.")
def live_fraction(attempt: Attempt) -> None:
    """The share of the 16 taps that meet a pixel somewhere, for an image of side x side."""
    cases = [{"side": 1}, {"side": 2}, {"side": 3}, {"side": 4}, {"side": 5}, {"side": 7}, {"side": 64}]
    compare(attempt, right_fraction, cases, "share", {
        "this is the share along one axis: a kernel has two": lambda side: live_taps(side) / 4,
        "these are taps, not a share: divide by 16": lambda side: live_taps(side)**2,
        "these are percent: a share is at most 1": lambda side: 100 * right_fraction(side),
        "this is the share that is idle": lambda side: 1 - right_fraction(side),
        "at a side of 3 the window has two places, and p = 1: look at both places, with p zeros before the image":
            lambda side: (min(side, 4) / 4)**2,
        "this counts the taps of one place of the window alone: from a side of 3 on it has several places": lambda side: (
            len([i for i in range(4) if 0 <= i - max(2 * (-(-side // 2) - 1) + 4 - side, 0) // 2 < side]) / 4)**2,
        "no tap is ever idle here: the padding, which holds no pixels, is counted as if it did": lambda side: 1.0})
