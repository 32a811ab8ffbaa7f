"""Wrong answers for notebook 08, given to its checks by test_course_checks.py; its formulas against measurements."""
import numpy as np
import pytest
from helpers import normal

from nnscratch.course.checks.article import right_fraction, right_side
from nnscratch.networks.article import article_stack, image_sides, live_taps


def back_by(setting):
    """A backward traversal that stores gradients in another way: setting(gradients, name, part)."""
    def back(steps, dy):
        gradients = {steps[-1].name: dy}
        for step in reversed(steps):
            for name, part in zip(step.inputs, step.backward(gradients[step.name])):
                setting(gradients, name, part)
        return gradients["x"]
    return back


def added(gradients, name, part):
    gradients[name] = gradients.get(name, 0) + part


def forward(steps, dy):
    """A traversal from the first step on, where no gradient has arrived yet."""
    gradients = dict.fromkeys(["x", *(step.name for step in steps)], 0.0) | {steps[-1].name: dy}
    for step in steps:
        for name, part in zip(step.inputs, step.backward(gradients[step.name])):
            gradients[name] += part
    return gradients["x"]


def impatient(steps, dy):
    """A queue of arrived gradients: each arrival passes on the sum so far, too early."""
    gradients, waiting = {steps[-1].name: 0}, [(steps[-1].name, dy)]
    while waiting:
        name, part = waiting.pop()
        gradients[name] = gradients.get(name, 0) + part
        for step in steps:
            if step.name == name:
                waiting += list(zip(step.inputs, step.backward(gradients[name])))[::-1]
    return gradients["x"]


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
    ("backward_pass", back_by(lambda gradients, name, part: gradients.update({name: part})), "replaces what came before"),
    ("backward_pass", back_by(lambda gradients, name, part: gradients.setdefault(name, part)), "only the first that came back"),
    ("backward_pass", lambda steps, dy: back_by(added)(steps, 1.0), "starts from 1"),
    ("backward_pass", lambda steps, dy: back_by(added)(steps[::-1], dy), "raised KeyError"),
    ("backward_pass", forward, "the walk goes forward"),
    ("backward_pass", lambda steps, dy: back_by(added)(steps, dy)**2 / dy, "dx = 36, expected 6"),
    ("backward_pass", impatient, "before all that read it have sent theirs"),
]


@pytest.mark.parametrize("side", [1, 2, 3, 4, 7, 16])
def test_sides_and_taps_equal_the_networks(side):
    """Measured on the article's stack with few filters and two blocks."""
    model = article_stack((side, side, 3), blocks=2, filters=4)
    assert image_sides(model) == [right_side(side, 1), right_side(side, 2)]
    fractions = [right_fraction(side), right_fraction(right_side(side, 1))]
    assert live_taps(model, normal(5, side, side, 3).astype(np.float32)) == fractions
