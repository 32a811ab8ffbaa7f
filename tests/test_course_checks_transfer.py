"""Notebooks 15 and 16: smoothness, a step of style transfer and matched colours, against measurements and the library."""
import numpy as np
from course_answers.solutions import S
from helpers import normal

from nnscratch.course.checks.transfer import pixels_and_squares
from nnscratch.losses import total_variation
from nnscratch.style.colour import match_colours


def plain(x):
    return np.cov(x.T, bias=True)


def slope(loss, x, place, h=1e-5):
    step = np.zeros_like(x)
    step[place] = h
    return (loss(x + step) - loss(x - step)) / (2 * h)


def test_the_gradient_of_smoothness_is_right_and_the_loss_equals_the_librarys():
    """Central differences are exact for squares, up to rounding."""
    x = normal(2, 3, 2)
    loss, dx = S["smoothness"](x)
    for place in np.ndindex(x.shape):
        assert np.isclose(dx[place], slope(lambda a: S["smoothness"](a)[0], x, place))
    assert np.isclose(loss, total_variation(x[None])[0])


def test_a_step_of_style_transfer_uses_the_gradient_of_its_loss():
    """m after the first step is a tenth of the gradient."""
    x = 0.5 + 0.1 * normal(3, 2, 2)
    targets = [normal(6, 2), normal(6, 2, seed=1)], [np.eye(2), np.ones((2, 2))]
    given = 0 * x, 0 * x, 1, 0.02, pixels_and_squares, targets, ([0.5, 2.0], [3.0, 1.0], 0.7)
    _, new, m, _ = S["style_step"](x, *given)
    for place in np.ndindex(x.shape):
        assert np.isclose(10 * m[place], slope(lambda a: S["style_step"](a, *given)[0], x, place), rtol=1e-6, atol=1e-8)
    assert np.allclose(new, x - 0.02 * np.sign(m), atol=1e-6)


def test_matched_colours_have_the_targets_mean_and_covariance():
    """They equal the library's if nothing is clipped, but for its M - 1 and its smaller epsilon."""
    x, y = 5 * normal(40, 3), 2 + normal(50, 3, seed=1) @ normal(3, 3)
    z = S["matched_colours"](x, y, 0.0)
    assert np.allclose(z.mean(axis=0), y.mean(axis=0)) and np.allclose(plain(z), plain(y))
    x, y = (0.5 + 0.05 * normal(1, 100, 40, 3, seed=k).clip(-3, 3) for k in (0, 1))
    theirs, ours = match_colours(x, y), S["matched_colours"](x.reshape(-1, 3), y.reshape(-1, 3), 1e-4)
    assert np.abs(theirs.reshape(-1, 3) - ours).max() < 1e-4


def test_a_grey_image_needs_epsilon():
    """Its colours vary along one direction only."""
    grey = np.repeat(normal(40, 1), 3, axis=1)
    assert np.isfinite(S["matched_colours"](grey, normal(30, 3), 1e-4)).all()
