"""The formulas of notebook 13 against measurements on networks."""
import numpy as np
import pytest
from course_answers.solutions import S
from helpers import normal

from nnscratch.course.checks.generator_design import build_generator, example_generator, rows_of, weights_of
from nnscratch.networks.article import article_stack, image_sides, live_taps


@pytest.mark.parametrize("side", [1, 2, 3, 4, 7, 16])
def test_sides_and_taps_equal_the_networks(side):
    """Measured on the article's stack with few filters and two blocks."""
    model = article_stack((side, side, 3), blocks=2, filters=4)
    assert image_sides(model) == [S["side_after"](side, 1), S["side_after"](side, 2)]
    fractions = [S["live_taps"](side, 4) / 16, S["live_taps"](S["side_after"](side, 1), 4) / 16]
    assert live_taps(model, normal(5, side, side, 3).astype(np.float32)) == fractions


def test_a_listing_becomes_the_model_that_it_describes():
    """Shapes and the number of weights."""
    model = build_generator(example_generator())
    assert model.forward(normal(2, 32).astype(np.float32)).shape == (2, 16, 16, 1)
    shapes = [(32,), (512,), *[(4, 4, 32)] * 3, *[(8, 8, 16)] * 3, (16, 16, 1)]
    counted = [weights_of(name, numbers, shape) for (name, numbers), shape in zip(rows_of(example_generator()), shapes)]
    assert sum(counted) == sum(array.size for array in model.trainable_params.values())
