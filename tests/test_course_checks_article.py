"""Wrong answers to the exercises of notebook 08, which test_course_checks.py puts to their checks; the formulas measured."""
import numpy as np
import pytest
from helpers import normal

from nnscratch.course.checks.article import right_share, right_side
from nnscratch.networks.article import article_stack, live_taps, sides


def back_by(setting):
    """A reverse walk that puts gradients down in another way: setting(gradients, name, part)."""
    def back(steps, dy):
        gradients = {steps[-1].name: dy}
        for step in reversed(steps):
            for name, part in zip(step.inputs, step.backward(gradients[step.name])):
                setting(gradients, name, part)
        return gradients["x"]
    return back


def added(gradients, name, part):
    gradients[name] = gradients.get(name, 0) + part


WRONG = [
    ("side_after", lambda side, blocks: side // 2**blocks, "rounded down"),
    ("side_after", lambda side, blocks: (side + 1) // 2, "one block only"),
    ("side_after", lambda side, blocks: side / 2**blocks, "no half pixels"),
    ("side_after", lambda side, blocks: side - 2 * blocks, "two pixels away"),
    ("live_share", lambda side: right_share(side)**0.5, "share along one axis"),
    ("live_share", lambda side: 16 * right_share(side), "divide by 16"),
    ("live_share", lambda side: 1.0, "no tap is ever idle"),
    ("live_share", lambda side: (min(side, 3) / 4)**2, "the taps of one place"),
    ("walk_back", back_by(lambda gradients, name, part: gradients.update({name: part})), "replaces what came before"),
    ("walk_back", back_by(lambda gradients, name, part: gradients.setdefault(name, part)), "only the first that came back"),
    ("walk_back", lambda steps, dy: back_by(added)(steps, 1.0), "starts from 1"),
    ("walk_back", lambda steps, dy: back_by(added)(steps[::-1], dy), "raised KeyError"),
]


@pytest.mark.parametrize("side", [1, 2, 3, 4, 7, 16])
def test_sides_and_taps_are_the_networks(side):
    """Measured on the article's stack itself, narrow and two blocks deep."""
    model = article_stack((side, side, 3), blocks=2, filters=4)
    assert sides(model) == [right_side(side, 1), right_side(side, 2)]
    shares = [right_share(side), right_share(right_side(side, 1))]
    assert live_taps(model, normal(5, side, side, 3).astype(np.float32)) == shares
