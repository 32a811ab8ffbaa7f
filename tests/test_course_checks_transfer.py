"""Wrong answers for notebook 15, given to its checks by test_course_checks.py; its formulas against measurements."""
import numpy as np
from course_answers.solutions import S
from helpers import normal

from nnscratch.losses import content_loss
from nnscratch.losses import total_variation as librarys
from nnscratch.style.colour import EPSILON, match_colours


def plain(x):
    return np.cov(x.T, bias=True)


def slope(loss, x, place, h=1e-5):
    step = np.zeros_like(x)
    step[place] = h
    return (loss(x + step) - loss(x - step)) / (2 * h)


def test_the_gradients_are_right_and_the_losses_equal_the_librarys():
    """Central differences are exact for squares, up to rounding."""
    F, P = normal(2, 3, 2), normal(2, 3, 2, seed=1)
    _, dF = S["content_gradient"](F, P)
    _, dx = S["total_variation"](F)
    for place in np.ndindex(F.shape):
        assert np.isclose(dF[place], slope(lambda a: S["content_gradient"](a, P)[0], F, place))
        assert np.isclose(dx[place], slope(lambda a: S["total_variation"](a)[0], F, place))
    assert np.isclose(S["content_gradient"](F, P)[0], content_loss(F, P)[0])
    assert np.isclose(S["total_variation"](F)[0], librarys(F[None])[0])


def test_matched_colours_have_the_targets_mean_and_covariance():
    """They equal the library's if nothing is clipped and the colours vary much more than its EPSILON."""
    x, y = 5 * normal(40, 3), 2 + normal(50, 3, seed=1) @ normal(3, 3)
    z = S["matched_colours"](x, y)
    assert np.allclose(z.mean(axis=0), y.mean(axis=0)) and np.allclose(plain(z), plain(y))
    x, y = (0.5 + 0.05 * normal(1, 100, 40, 3, seed=k).clip(-3, 3) for k in (0, 1))
    theirs, ours = match_colours(x, y), S["matched_colours"](x.reshape(-1, 3), y.reshape(-1, 3))
    assert np.abs(theirs.reshape(-1, 3) - ours).max() < 0.2 * EPSILON / 0.05**2


def test_answers_to_the_questions():
    """In a checkerboard of 0 and 1 every difference is 1: two per pixel; four neighbours contribute to the gradient at a 1."""
    board = np.indices((64, 64)).sum(axis=0)[:, :, None] % 2.0
    loss, dx = S["total_variation"](board)
    assert np.isclose(loss, 2 * 63 / 64) and np.allclose(dx[2:-2, 2:-2] * board.size, 8 * (2 * board[2:-2, 2:-2] - 1))
