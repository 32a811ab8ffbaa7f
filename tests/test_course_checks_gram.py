"""Notebook 15: its formulas against measurements, and right answers in other forms."""
import numpy as np
from helpers import normal

from nnscratch.course import checks
from nnscratch.course.checks.gram_matrix import right_gram, right_loss


def test_the_gradient_of_the_style_loss_is_right():
    """By central differences, whose error for a polynomial of degree four is of order h²."""
    F, G_s, h = normal(6, 4), normal(4, 4), 1e-5
    G_s = G_s + G_s.T
    _, dF = right_loss(F, G_s)
    for place in np.ndindex(F.shape):
        step = np.zeros_like(F)
        step[place] = h
        slope = (right_loss(F + step, G_s)[0] - right_loss(F - step, G_s)[0]) / (2 * h)
        assert np.isclose(dF[place], slope, rtol=1e-6, atol=1e-8)


def test_shuffled_pixels_have_the_same_gram_matrix():
    """So the check accepts a Gram matrix of shuffled features."""
    def shuffled(F):
        F = np.random.default_rng(0).permutation(F)
        return F.T @ F / len(F)
    assert checks.gram(shuffled).state == "right"


def test_the_prediction_agrees_with_the_gram_matrix():
    """Shuffled, doubled, beside its copy."""
    F = normal(30, 4)
    others = np.random.default_rng(0).permutation(F), 2 * F, np.concatenate([F, F])
    assert all(np.allclose(right_gram(other), factor * right_gram(F)) for other, factor in zip(others, (1, 4, 1)))
