"""Notebook 13: wrong answers, with what their diagnosis must say."""
import numpy as np

from nnscratch.course.checks.article import right_fraction, right_side


def padded(before):
    """The fraction of live taps with other padding before the image: before(total padding)."""
    def fraction(side):
        places = (side + 1) // 2
        p = before(max(2 * (places - 1) + 4 - side, 0))
        pixels = 2 * np.arange(places)[:, None] + np.arange(4) - p
        return (((pixels >= 0) & (pixels < side)).any(axis=0).sum() / 4)**2
    return fraction


WRONG = [
    ("side_after", lambda side, blocks: side // 2**blocks, "rounded down"),
    ("side_after", lambda side, blocks: (side + 1) // 2, "one block only"),
    ("side_after", lambda side, blocks: max(1, side // 2**blocks), "rounded down"),
    ("side_after", lambda side, blocks: max(1, round(side / 2**blocks)), "to the nearest"),
    ("side_after", lambda side, blocks: right_side(side, max(blocks, 1)), "side = 7, blocks = 0"),
    ("side_after", lambda side, blocks: side / 2**blocks, "no half pixels"),
    ("side_after", lambda side, blocks: side - 2 * blocks, "two pixels away"),
    ("live_fraction", lambda side: right_fraction(side)**0.5, "share along one axis"),
    ("live_fraction", lambda side: 16 * right_fraction(side), "divide by 16"),
    ("live_fraction", lambda side: 1.0, "no tap is ever idle"),
    ("live_fraction", lambda side: (min(side, 3) / 4)**2, "the taps of one place"),
    ("live_fraction", lambda side: (min(side, 4) / 4)**2, "look at both places"),
    ("live_fraction", lambda side: 100 * right_fraction(side), "a share is at most 1"),
    ("live_fraction", lambda side: 1 - right_fraction(side), "that is idle"),
    ("live_fraction", padded(lambda padding: padding), "with p zeros before"),
    ("live_fraction", padded(lambda padding: 0), "with p zeros before"),
]
