"""Wrong answers for notebook 15, given to its checks by test_course_checks.py; its formulas against measurements."""
import numpy as np
from helpers import normal

from nnscratch.course import checks
from nnscratch.course.checks.gram_matrix import right_loss


def rows(x):
    return x.reshape(-1, x.shape[2])


def test_the_gradient_of_gram_loss_is_right():
    """By central differences, whose error for a polynomial of degree four is of order h²."""
    x, A, h = normal(3, 2, 4), normal(4, 4), 1e-5
    A = A + A.T
    _, dx = right_loss(x, A)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = h
        slope = (right_loss(x + step, A)[0] - right_loss(x - step, A)[0]) / (2 * h)
        assert np.isclose(dx[place], slope, rtol=1e-6, atol=1e-8)


def test_shuffled_pixels_have_the_same_gram_matrix():
    """So the check accepts a Gram matrix of shuffled features."""
    def shuffled(x):
        F = np.random.default_rng(0).permutation(rows(x))
        return F.T @ F / len(F)
    assert checks.gram(shuffled).state == "right"
