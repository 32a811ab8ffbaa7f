"""Wrong answers for notebook 10, given to its checks by test_course_checks.py; its formulas against measurements."""
import numpy as np
from helpers import normal

from nnscratch import ops
from nnscratch.course import checks
from nnscratch.course.checks.gram_matrix import right_backward, right_gram, right_loss


def rows(x):
    return x.reshape(-1, x.shape[2])


def there_and_back(factor, divide=lambda d: d.size):
    """The solution of gram_loss with another dG."""
    def changed_loss(x, A):
        F = rows(x)
        d = F.T @ F / len(F) - A
        return (d * d).mean(), (F @ (2 * factor * d / divide(d)) * 2 / len(F)).reshape(x.shape)
    return changed_loss


WRONG = [
    ("gram", lambda x: rows(x).T @ rows(x), "divide by their number M = H W"),
    ("gram", lambda x: rows(x).T @ rows(x) / x.shape[2], "divided by the number of channels"),
    ("gram", lambda x: rows(x).T @ rows(x) / x.size, "divided by the number of all values"),
    ("gram", lambda x: np.cov(rows(x).T, bias=True).reshape(x.shape[2], -1), "that is the covariance"),
    ("gram", lambda x: x.reshape(x.shape[2], -1) @ x.reshape(x.shape[2], -1).T / (x.size / x.shape[2]), "without a transpose"),
    ("gram", lambda x: rows(x) @ rows(x).T / len(rows(x)), "G has shape"),
    ("gram", lambda x: abs(right_gram(x)), "expected [[5, -0.25], [-0.25"),
    ("gram", lambda x: abs(rows(x)).T @ abs(rows(x)) / len(rows(x)), "for x = [[[1, -2], [3, 0.5]]]"),
    ("gram", lambda x: ops.gram_matrix(x[None])[0], "G has shape (1, 1, 1)"),
    ("gram_backward", lambda dG, x: right_backward(abs(dG), x), "for dG = [[-1, 10], [0, 2]]"),
    ("gram_backward", lambda dG, x: x @ (dG + dG.T) / x.size, "divided by the number of all values"),
    ("gram_backward", lambda dG, x: x @ dG / (x.size / x.shape[2]), "one of the two sums is missing"),
    ("gram_backward", lambda dG, x: x @ dG.T / (x.size / x.shape[2]), "one of the two sums is missing"),
    ("gram_backward", lambda dG, x: 2 * x @ dG / (x.size / x.shape[2]), "one sum is taken twice"),
    ("gram_backward", lambda dG, x: x @ (dG + dG.T), "not divided by M = H W"),
    ("gram_backward", lambda dG, x: rows(x) @ (dG + dG.T) / len(rows(x)), "dx has shape"),
    ("gram_loss", lambda x, A: (right_loss(x, A)[0], right_loss(x, A)[1] * len(rows(x))), "dx is not divided by M"),
    ("gram_loss", lambda x, A: (right_loss(x, A)[0] / 2, right_loss(x, A)[1] / 2), "without a 1/2"),
    ("gram_loss", lambda x, A: (right_loss(x, A)[0]**0.5, right_loss(x, A)[1]), "a root is taken"),
    ("gram_loss", there_and_back(0.5), "the 2 of the square is missing"),
    ("gram_loss", there_and_back(-1), "the sign of dG is wrong"),
    ("gram_loss", there_and_back(1, lambda d: 1), "the number of values is missing"),
    ("gram_loss", lambda x, A: (right_loss(x, A)[0] * A.size, right_loss(x, A)[1] * A.size), "L is their mean"),
    ("gram_loss", lambda x, A: right_loss(x, A)[0], "one result, expected 2"),
]


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
