"""Exercises of notebook 16: matched colours, what AdaIN keeps of a style, AdaIN, and its backward pass.

Shapes: colours as rows, x (M, C) and y (K, C); f, t and dt (H, W, C), s (H', W', C): the features of one image and of one
style; epsilon is a number.
"""
from typing import Any

import numpy as np

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.prediction import predicted
from nnscratch.style.colour import matrix_power

__all__ = ["adain", "adain_backward", "adain_keeps", "matched_colours"]


def covariance(x, less=0):
    """The covariance of the columns; less=1 divides by M - 1."""
    centred = x - x.mean(axis=0)
    return centred.T @ centred / (len(x) - less)


ALL_RISE = np.array([[3.0, 1, 1], [1, 2, 1], [2, 1, 4]])  # mixed by it, all channels rise together: no covariance is negative


def matched_with(factor=lambda cx, cy: matrix_power(cy, 0.5) @ matrix_power(cx, -0.5), of=covariance,
                 mean=lambda x, y: y.mean(axis=0), ridge=lambda epsilon: (epsilon, 0.0)):
    """Colour matching from its parts; a wrong answer changes one of them."""
    def match(x, y, epsilon):
        cx, cy = (of(rows) + e * np.eye(rows.shape[1]) for rows, e in zip((x, y), ridge(epsilon)))
        return (x - x.mean(axis=0)) @ factor(cx, cy).T + mean(x, y)
    return match


@exercise("16", "Centre x, multiply each row by A, and add the mean of y. Colours lie in rows: A comes from the right, as A.T.",
          "The covariance of x is centred.T @ centred / len(x); epsilon * np.eye(C) is added to that of x alone.",
          "values, vectors = np.linalg.eigh(C_x + epsilon * np.eye(len(C_x))); its power -1/2 is (vectors / np.sqrt(values)) @ "
          "vectors.T. Likewise the power 1/2 of C_y; A is the second times the first.", library=matched_with())
def matched_colours(attempt: Attempt) -> None:
    """One array of the shape of x."""
    first = np.array([[0.0, 0], [2, 0], [0, 4], [2, 4]]), np.array([[0.0, 0], [6, 0], [0, 2], [6, 2]])
    cases = [{"x": first[0], "y": first[1], "epsilon": 0.0}, {"x": first[0], "y": first[1], "epsilon": 3.0},
             {"x": np.array([[0.0, 0], [4, 0], [0, 2], [4, 2]]), "y": np.array([[-2.0, -2], [2, 0], [0, 2], [4, 4]]),
              "epsilon": 0.0},
             {"x": normal(9, 3) @ ALL_RISE, "y": 2 + normal(7, 3, seed=1) @ ALL_RISE.T, "epsilon": 0.5}]
    compare(attempt, matched_with(), cases, "colours", {
        "only the mean is moved: A is missing": matched_with(factor=lambda cx, cy: np.eye(len(cx))),
        "each channel is scaled for itself: the covariance of different channels is lost": matched_with(
            factor=lambda cx, cy: np.diag((np.diag(cy) / np.diag(cx))**0.5)),
        "the mean of x stays: that of y is to be added": matched_with(mean=lambda x, y: x.mean(axis=0)),
        "x is not centred: subtract its mean first": lambda x, y, epsilon: (
            matched_with()(x, y, epsilon) + x.mean(axis=0) @ (matrix_power(covariance(y), 0.5) @ matrix_power(
                covariance(x) + epsilon * np.eye(x.shape[1]), -0.5)).T),
        "x has covariance 1, but does not get that of y": matched_with(factor=lambda cx, cy: matrix_power(cx, -0.5)),
        "x is multiplied by the root of the covariance of y, but not by its own before": matched_with(
            factor=lambda cx, cy: matrix_power(cy, 0.5)),
        "the covariances are sums: divide each by its number of rows": matched_with(of=lambda x: len(x) * covariance(x)),
        "the mean of y is missing": matched_with(mean=lambda x, y: 0),
        "A is applied from the wrong side: colours are rows, so @ A.T": matched_with(
            factor=lambda cx, cy: (matrix_power(cy, 0.5) @ matrix_power(cx, -0.5)).T),
        "the root is that of the matrix, and not that of each of its elements": matched_with(
            factor=lambda cx, cy: cy**0.5 @ np.linalg.inv(cx**0.5)),
        "the powers are exchanged: x gets the power -1/2 of its own covariance, and 1/2 of that of y": matched_with(
            factor=lambda cx, cy: matrix_power(cy, -0.5) @ matrix_power(cx, 0.5)),
        "the roots are missing: covariances are squares": matched_with(factor=lambda cx, cy: cy @ matrix_power(cx, -1)),
        "the factors are exchanged: the power -1/2 of the covariance of x is applied first":
            matched_with(factor=lambda cx, cy: matrix_power(cx, -0.5) @ matrix_power(cy, 0.5)),
        "the covariances are divided by M - 1, as np.cov does: expected is the plain mean, bias=True": matched_with(
            of=lambda x: covariance(x, 1)),
        "epsilon is missing: it is added to the diagonal of the covariance of x": matched_with(ridge=lambda e: (0.0, 0.0)),
        "epsilon is added to both covariances, expected to that of x alone": matched_with(ridge=lambda e: (e, e)),
        "mean and covariance are met, but by another A of the many that do: expected is the one with the two roots":
            matched_with(factor=lambda cx, cy: np.linalg.cholesky(cy) @ np.linalg.inv(np.linalg.cholesky(cx)))})


FOUR = np.array([3.0, 9, 11, 17]).reshape(2, 2, 1)  # the features of notebook 11: mean 10, standard deviation 5
TWO = np.array([-1.0, 3]).reshape(1, 2, 1)          # a style: mean 1, standard deviation 2


@exercise("16", "AdaIN reads two numbers of each channel of s, its mean and its standard deviation. Which changes touch them?",
          "If all f are doubled, f - mean is doubled, and so is its standard deviation.",
          "With 2f in place of f: (2f - 2 mean_f) / (2 sigma_f) * sigma_s + mean_s. Do the same with s.")
def adain_keeps(attempt: Any) -> None:
    """Three times "same" or "doubled", and a count."""
    predicted(attempt, {"s shuffled": "same", "f doubled": "same", "s doubled": "doubled", "numbers": 256}, {
        "mean and standard deviation do not depend on the order of the pixels": ("s shuffled", "changed"),
        "f is divided by its own standard deviation, which is doubled, too": ("f doubled", "doubled"),
        "mean and standard deviation of s are both doubled": ("s doubled", "same"),
        "each channel has a mean and a standard deviation: two numbers": ("numbers", 128),
        "the pixels of s are averaged: their number does not matter": ("numbers", 128 * 40 * 40)})


def mean(x, axes=(0, 1)):
    """The mean over some axes, which stay."""
    return x.mean(axis=axes, keepdims=True)


def std(x, epsilon, axes=(0, 1)):
    """The standard deviation over some axes, which stay."""
    return (mean((x - mean(x, axes))**2, axes) + epsilon)**0.5


def normalized(x, epsilon, axes=(0, 1), std=std):
    """x with mean 0 and standard deviation 1."""
    return (x - mean(x, axes)) / std(x, epsilon, axes)


def outside(x, epsilon, axes=(0, 1)):
    """A standard deviation with epsilon outside the root."""
    return std(x, 0, axes) + epsilon


def without(x, epsilon, axes=(0, 1)):
    """A standard deviation without epsilon."""
    return std(x, 0, axes)


def unbiased(x, epsilon, axes=(0, 1)):
    """With the variance divided by M - 1."""
    M = x.size // std(x, 0, axes).size
    return (std(x, 0, axes)**2 * M / (M - 1) + epsilon)**0.5


def adapted(axes=(0, 1), std=std):
    """AdaIN from its parts; a wrong answer changes one of them."""
    def adain(f, s, epsilon):
        return normalized(f, epsilon, axes, std) * std(s, epsilon, axes) + mean(s, axes)
    return adain


@exercise("16", "Mean and variance of a channel are taken over the axes (0, 1): one number for each channel.",
          "First give f mean 0 and standard deviation 1; then multiply by the standard deviation of s, and add the mean of s.",
          "sigma_f = np.sqrt(f.var(axis=(0, 1)) + epsilon); likewise sigma_s.", library=adapted())
def adain(attempt: Attempt) -> None:
    """One array of the shape of f."""
    cases = [{"f": FOUR, "s": TWO, "epsilon": 0.0}, {"f": FOUR, "s": TWO, "epsilon": 11.0},
             {"f": np.array([[[1.0, 10], [3, 50]]]), "s": np.array([[[0.0, 2], [4, 8]]]), "epsilon": 0.0},
             {"f": normal(4, 5, 3), "s": 2 + 3 * normal(6, 3, 3), "epsilon": 0.5}]
    compare(attempt, adapted(), cases, "t", {
        "the mean of the style is missing": lambda f, s, epsilon: adapted()(f, s, epsilon) - mean(s),
        "the standard deviation of the style is missing": lambda f, s, epsilon: normalized(f, epsilon) + mean(s),
        "f keeps its own standard deviation: divide by it first": lambda f, s, epsilon: (
            (f - mean(f)) * std(s, epsilon) + mean(s)),
        "f keeps its own mean: subtract it first": lambda f, s, epsilon: f / std(f, epsilon) * std(s, epsilon) + mean(s),
        "f and s are exchanged in the statistics": lambda f, s, epsilon: (
            (f - mean(s)) / std(s, epsilon) * std(f, epsilon) + mean(f)),
        "variances stand where standard deviations belong: take the root": adapted(
            std=lambda x, epsilon, axes=(0, 1): std(x, epsilon, axes)**2),
        "mean and standard deviation are taken over the channels, too: each channel has its own": adapted((0, 1, 2)),
        "the variance is divided by M - 1: expected is the plain mean of the squares": adapted(std=unbiased),
        "epsilon belongs under the root, with the variance": adapted(std=outside),
        "epsilon is missing under the root": adapted(std=without)})


def right_backward(dt, f, s, epsilon, mean_part=1, variance_part=1, gamma=1, to_mean=1, to_std=1, of_std=normalized):
    """The solution; the switches leave parts out or scale them."""
    x_hat, M = normalized(f, epsilon), s[..., 0].size
    df = dt - mean_part * mean(dt) - variance_part * x_hat * mean(dt * x_hat)
    df = df * (std(s, epsilon) if gamma else 1) / std(f, epsilon)
    dmean, dstd = dt.sum(axis=(0, 1)), (dt * of_std(f, epsilon)).sum(axis=(0, 1))
    ds = to_mean * dmean / M + to_std * (dt * x_hat).sum(axis=(0, 1)) * (s - mean(s)) / (M * std(s, epsilon))
    return df, dstd, dmean, ds + np.zeros_like(s)


def changed(**switches):
    """The backward pass with some parts left out or scaled."""
    return lambda dt, f, s, epsilon: right_backward(dt, f, s, epsilon, **switches)


def over_pixels_of_f(dt, f, s, epsilon):
    """ds divided by the pixels of f."""
    ratio = s[..., 0].size / f[..., 0].size
    return right_backward(dt, f, s, epsilon, to_mean=ratio, to_std=ratio)


def over_variance(dt, f, s, epsilon):
    """ds through the variance, without its root."""
    df, dstd, dmean, _ = right_backward(dt, f, s, epsilon)
    return df, dstd, dmean, (dmean + dstd * (s - mean(s))) / s[..., 0].size


@exercise("16", "AdaIN is a batch normalisation of f: gamma is the standard deviation of s, and beta the mean of s.",
          "own.batch_norm_backward(dt[None], f[None], sigma_s, epsilon) gives df[None], and the gradients of gamma and beta, "
          "dstd and dmean. A pixel of s changes the mean by 1/M of its own change; how much does it change sigma_s?",
          "ds = dmean / M + dstd * (s - mean_s) / (M * sigma_s), with M the number of pixels of s.", library=right_backward)
def adain_backward(attempt: Attempt) -> None:
    """An array of the shape of f, two of shape (C,), and one of the shape of s."""
    dt = np.array([1.0, 0, 0, 4]).reshape(FOUR.shape)
    cases = [{"dt": dt, "f": FOUR, "s": TWO, "epsilon": 0.0}, {"dt": dt, "f": FOUR, "s": TWO, "epsilon": 11.0},
             {"dt": normal(4, 5, 3, seed=1), "f": normal(4, 5, 3), "s": 2 + 3 * normal(6, 3, 3), "epsilon": 0.5}]
    compare(attempt, right_backward, cases, "df dstd dmean ds", {
        "df: the mean of f depends on f, too, so the mean of dt is to be subtracted": changed(mean_part=0),
        "df: the standard deviation of f depends on f, too, so a part along the normalised f is to be subtracted":
            changed(variance_part=0),
        "df: mean and standard deviation of f are no constants, so two parts are to be subtracted": changed(
            mean_part=0, variance_part=0),
        "df: the factor sigma_s is missing": changed(gamma=0),
        "dstd: t is sigma_s times the normalised f, and not times f": changed(of_std=lambda f, epsilon: f),
        "dstd: t is sigma_s times the normalised f, and not times f - mean": changed(of_std=lambda f, epsilon: f - mean(f)),
        "ds has only the part through the mean: s is in its standard deviation, too": changed(to_std=0),
        "ds has only the part through the standard deviation: s is in its mean, too": changed(to_mean=0),
        "ds: the division by the number of pixels of s is missing": lambda dt, f, s, epsilon: right_backward(
            dt, f, s, epsilon, to_mean=s[..., 0].size, to_std=s[..., 0].size),
        "ds: the part through the standard deviation must be divided by sigma_s": over_variance,
        "ds is divided by the number of pixels of f, but the statistics are those of s": over_pixels_of_f})
