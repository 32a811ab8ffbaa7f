"""Quiz of notebooks 10 to 12: the Gram matrix, style transfer by optimisation, and in one pass.

Shapes: features F (M, C), a row for each pixel; Gram matrices (C, C).
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.quiz.question import pick, question, whole


def gram(random):
    m = pick(random, 2, 4)
    F = whole(random, m, 2)
    centred = F - F.mean(axis=0)
    return question(
        "{m} pixels with two channels are the rows of $F = {F}$. What is the Gram matrix $G$?",
        {"m": m, "F": F}, ops.gram_matrix(F[None, None])[0][0], {
            "not divided by the number of pixels": F.T @ F,
            "divided by the number of numbers, not of pixels": F.T @ F / (2 * m),
            "the means of the channels were taken away: that is the covariance": centred.T @ centred / m})


def gram_backward(random):
    m, f, dG = pick(random, 2, 4, 10), whole(random, 2), whole(random, 2, 2)
    F = np.zeros((m, 2))
    F[0] = f
    _, cache = ops.gram_matrix(F[None, None])
    return question(
        "One of {m} pixels has the features ${f}$, and $dG = {dG}$ comes back. What is $dF$ of this pixel?",
        {"m": m, "f": f, "dG": dG}, ops.gram_matrix_backward(dG[None], cache)[0, 0, 0], {
            "one factor of the product only: F is in G twice, so the transpose is added": f @ dG / m,
            "doubled, as if dG were symmetric": 2 * f @ dG / m,
            "not divided by the number of pixels": f @ (dG + dG.T)})


def louder(random):
    g, times = whole(random, low=2, high=9), pick(random, 2, 3, 5, 0.5)
    return question(
        "An entry of a Gram matrix is {g}. All features become {times} times as large. What is the entry then?",
        {"g": g, "times": times}, g * times**2, {
            "each entry is a product of two features, and both grew": g * times,
            "unchanged: that would be so for a correlation": g})


def mean_splits(random):
    mean_a, mean_b, together = whole(random, 3, low=2, high=8)
    return question(
        "Two channels have the means {mean_a} and {mean_b} and the covariance {together}. What is their entry in the Gram "
        "matrix?",
        {"mean_a": mean_a, "mean_b": mean_b, "together": together}, mean_a * mean_b + together, {
            "this is left if the means are taken away first": together,
            "the means alone: what varies together is missing": mean_a * mean_b,
            "the means were added, not multiplied": mean_a + mean_b + together})


def pull(random):
    c, g, a = pick(random, 2, 4, 5), whole(random, low=1, high=20), whole(random, low=1, high=20)
    return question(
        "$L$ is the mean of $(G_{{ab}} - A_{{ab}})^2$ over all entries of Gram matrices of {c} channels. One entry has $G = "
        "{g}$ and $A = {a}$. What is $dG$ there?",
        {"c": c, "g": g, "a": a}, 2 * (g - a) / c**2, {
            "divided by the channels, but there are channels times channels entries": 2 * (g - a) / c,
            "the 2 of the square was forgotten": (g - a) / c**2,
            "the sign: G above A is to fall, and so its slope is positive": 2 * (a - g) / c**2})
