"""Exercises of notebook 15: the Gram matrix, its backward, and the style loss of a layer with its gradient.

Shapes: features F and dF (M, C), a row for each pixel; Gram matrices G, G_s and dG (C, C).
"""
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.course import own
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.prediction import predicted
from nnscratch.losses import mse

__all__ = ["gram", "gram_backward", "gram_changes", "style_loss"]

FOUR = np.array([[2.0, 0], [2, 4], [0, -2], [0, 0]])  # the four pixels of the notebook
SIGNS = np.array([[1.0, -2], [3, 0.5]])  # two channels of opposite signs


@exercise("15", "An entry is a mean over all pixels of a product of two features. Which of the four changes touches that mean?",
          "Twice as many pixels: twice as many terms, and the mean divides by twice as many.",
          "If all features double, entry (0, 1) is np.mean((2 * F[:, 0]) * (2 * F[:, 1])): take the factors out of the mean.")
def gram_changes(attempt: Any) -> None:
    """Three factors and a count."""
    predicted(attempt, {"pixels shuffled": 1, "features doubled": 4, "image beside its copy": 1, "entries": 1024}, {
        "the mean does not depend on the order of its terms": ("pixels shuffled", 0),
        "each entry is a mean of products, and both factors are doubled": ("features doubled", 2),
        "it is a mean and not a sum: twice as many terms, divided by twice as many pixels": ("image beside its copy", 2),
        "one entry for each pair of channels, 32 times 32, and not of pixels": ("entries", 4800**2),
        "one entry for each pair of channels: the number of pixels does not matter": ("entries", 4800 * 32)})


def right_gram(F):
    """The solution."""
    return ops.gram_matrix(F[None, None])[0][0]


@exercise("15", "Entry (0, 1) is np.mean(F[:, 0] * F[:, 1]). First write it for all pairs of channels with two loops.",
          "The sum over pixels of F[n, c] * F[n, o], for all c and o at once, is a product of two matrices.",
          "return F.T @ F / len(F)", library=right_gram)
def gram(attempt: Attempt) -> None:
    """One array of shape (C, C)."""
    cases = [{"F": np.array([[2.0], [4.0]])}, {"F": FOUR}, {"F": SIGNS}, {"F": normal(20, 3)}]
    compare(attempt, right_gram, cases, "G", {
        "it is a sum over pixels: divide by their number M": lambda F: right_gram(F) * len(F),
        "it is divided by the number of channels: the mean is over the M pixels":
            lambda F: right_gram(F) * len(F) / F.shape[1],
        "it is divided by the number of all values: the mean is over the M pixels": lambda F: right_gram(F) / F.shape[1],
        "the mean is subtracted first: that is the covariance, which comes in notebook 16":
            lambda F: right_gram(F - F.mean(axis=0)),
        "it is the correlation: the Gram matrix is not divided by the size of the channels":
            lambda F: right_gram(F / np.sqrt((F * F).mean(axis=0))),
        "each channel is read from the wrong elements: F has one row for each pixel, so no reshape is needed":
            lambda F: right_gram(F.reshape(F.shape[1], -1).T)})


def right_backward(dG, F):
    """The solution."""
    return ops.gram_matrix_backward(dG[None], ops.gram_matrix(F[None, None])[1])[0, 0]


@exercise("15", "F[n, c] is a factor of every entry in row c of G, and of every entry in column c. Each gives a sum.",
          "Row c: the sum over o of dG[c, o] F[n, o] / M. Column c: the sum over o of dG[o, c] F[n, o] / M.",
          "return F @ (dG + dG.T) / len(F)", library=right_backward)
def gram_backward(attempt: Attempt) -> None:
    """One array of the shape of F."""
    cases = [{"dG": np.array([[3.0]]), "F": np.array([[2.0], [4.0]])}, {"dG": np.array([[1.0, 10], [100, 1000]]), "F": FOUR},
             {"dG": np.array([[-1.0, 10], [0, 2]]), "F": SIGNS}, {"dG": normal(3, 3), "F": normal(20, 3)}]

    def one_side(dG, F):
        return F @ dG / len(F)

    both = "F[n, c] is in row c and in column c of G: one of the two sums is missing"
    compare(attempt, right_backward, cases, "dF", {
        both: one_side, f"{both} ": lambda dG, F: one_side(dG.T, F),
        "the sum over row c is taken twice: that is right for a symmetric dG alone": lambda dG, F: one_side(2 * dG.T, F),
        "the sum over column c is taken twice: that is right for a symmetric dG alone": lambda dG, F: one_side(2 * dG, F),
        "it is divided by the number of all values: G was divided by the M pixels":
            lambda dG, F: right_backward(dG, F) / F.shape[1],
        "it is not divided by M, as G was": lambda dG, F: right_backward(dG, F) * len(F),
        "the two sums are averaged: gradients of several uses add up": lambda dG, F: right_backward(dG, F) / 2})


def right_loss(F, G_s):
    """The solution."""
    loss, dG = mse(right_gram(F), G_s)
    return loss, right_backward(dG, F)


def library_loss(F, G_s):
    """The library's, with the learner's arguments, from the parts of the course: each the learner's where there is one."""
    loss, dG = own.mse(own.gram(F), G_s)
    return loss, own.gram_backward(dG, F)


def loss_with(dG, loss=lambda difference: (difference**2).mean()):
    """The loss and its gradient from parts; a wrong answer changes one of them."""
    return lambda F, G_s: (loss(right_gram(F) - G_s), right_backward(dG(right_gram(F) - G_s), F))


@exercise("15", "Three steps: G by own.gram, then L and dG from G - G_s, then dF by own.gram_backward.",
          "L is a mean over the C² entries of G, so dG has the factor 2 / C²: it is the mse of notebook 02.",
          "dF = own.gram_backward(2 * (G - G_s) / G.size, F)", library=library_loss)
def style_loss(attempt: Attempt) -> None:
    """A number, and an array of the shape of F."""
    cases = [{"F": np.array([[2.0], [4.0]]), "G_s": np.array([[9.0]])}, {"F": FOUR, "G_s": np.array([[1.0, 0], [0, 4]])},
             {"F": SIGNS, "G_s": np.array([[4.0, 1], [1, 0]])}, {"F": normal(20, 3), "G_s": right_gram(normal(12, 3))}]
    compare(attempt, right_loss, cases, "L dF", {
        "L is right, but a factor 2 is missing in dF: one comes from the square, one from the two places of F in G":
            loss_with(lambda d: d / d.size),
        "L is right, but two factors 2 are missing in dF: one from the square, one from the two places of F in G":
            loss_with(lambda d: d / 2 / d.size),
        "L is right, but the number of entries of G is missing in dF: L is their mean": loss_with(lambda d: 2 * d),
        "L is right, but dF is divided by the number of channels: L is a mean over all entries of G, C of them in each row":
            loss_with(lambda d: 2 * d / len(d)),
        "L is right, but the sign of dF is wrong: it is G - G_s": loss_with(lambda d: -2 * d / d.size),
        "L is right, but dF is not divided by M, as G was": lambda F, G_s: (
            right_loss(F, G_s)[0], right_loss(F, G_s)[1] * len(F)),
        "it is half: L is the mean of the squares, without 1/2": lambda F, G_s: [part / 2 for part in right_loss(F, G_s)],
        "it is a quarter, as in Gatys et al.: L is the mean of the squares here":
            lambda F, G_s: [part / 4 for part in right_loss(F, G_s)],
        "a root is taken: L is the mean of the squares itself": lambda F, G_s: (right_loss(F, G_s)[0]**0.5,
                                                                                 right_loss(F, G_s)[1]),
        "the square is missing in L": loss_with(lambda d: 2 * d / d.size, lambda d: d.mean()),
        "it is a sum over the entries of G: L is their mean": loss_with(lambda d: 2 * d, lambda d: (d**2).sum())},
        draw=lambda case, rng: {"G_s": (case["G_s"] + case["G_s"].T) / 2})
