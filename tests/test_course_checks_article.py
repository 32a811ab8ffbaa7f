"""Wrong answers for notebook 13, given to its checks by test_course_checks.py; its formulas against measurements."""
import numpy as np
import pytest
from helpers import normal

from nnscratch.course.checks.article import right_fraction, right_side
from nnscratch.networks.article import article_stack, image_sides, live_taps


@pytest.mark.parametrize("side", [1, 2, 3, 4, 7, 16])
def test_sides_and_taps_equal_the_networks(side):
    """Measured on the article's stack with few filters and two blocks."""
    model = article_stack((side, side, 3), blocks=2, filters=4)
    assert image_sides(model) == [right_side(side, 1), right_side(side, 2)]
    fractions = [right_fraction(side), right_fraction(right_side(side, 1))]
    assert live_taps(model, normal(5, side, side, 3).astype(np.float32)) == fractions
