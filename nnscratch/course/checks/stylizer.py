"""Exercises of notebook 16: conditional instance normalisation, AdaIN, and the backward pass of AdaIN.

Shapes: x and f (N, H, W, C), s (N, H', W', C), gammas and betas (S, C) for S styles, which (N,); epsilon is a number.
"""
import numpy as np

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.neurons import normal

__all__ = ["adain", "adain_backward", "conditional_norm"]

PIXELS = (1, 2)
FOUR = np.array([3.0, 9, 11, 17]).reshape(1, 2, 2, 1)  # the image of the notebook: mean 10, standard deviation 5
TWO = np.array([-1.0, 3]).reshape(1, 1, 2, 1)          # its style: mean 1, standard deviation 2


def mean(x, axes=PIXELS):
    """The mean over some axes, which stay."""
    return x.mean(axis=axes, keepdims=True)


def std(x, epsilon, axes=PIXELS):
    """The standard deviation over some axes, which stay."""
    return (mean((x - mean(x, axes))**2, axes) + epsilon)**0.5


def normalized(x, epsilon, axes=PIXELS, std=std):
    """x with mean 0 and standard deviation 1."""
    return (x - mean(x, axes)) / std(x, epsilon, axes)


def outside(x, epsilon, axes=PIXELS):
    """A standard deviation with epsilon outside the root."""
    return std(x, 0, axes) + epsilon


def without(x, epsilon, axes=PIXELS):
    """A standard deviation without epsilon."""
    return std(x, 0, axes)


ROOT = "epsilon belongs under the root, with the variance"
MISSING = "epsilon is missing under the root"


def conditional(rows=lambda table, which: table[which], swap=False, **how):
    """Conditional instance normalisation from its parts; a wrong answer changes one of them."""
    def norm(x, gammas, betas, which, epsilon):
        if swap:
            gammas, betas = betas, gammas
        scale, shift = (rows(table, which)[:, None, None] for table in (gammas, betas))
        return scale * normalized(x, epsilon, **how) + shift
    return norm


@exercise("16", "Mean and variance over the pixels of each image: x.mean(axis=(1, 2), keepdims=True) has shape (N, 1, 1, C).",
          "gammas[which] has shape (N, C): a row for each image. It has to become (N, 1, 1, C).",
          "gammas[which][:, None, None] * (x - mean) / np.sqrt(variance + epsilon) + betas[which][:, None, None]")
def conditional_norm(attempt: Attempt) -> None:
    """y of the shape of x: each image normalised by itself, then scaled and shifted by the row of its style."""
    cases = [{"x": FOUR, "gammas": np.array([[2.0]]), "betas": np.array([[1.0]]), "which": np.array([0]), "epsilon": 0.0},
             {"x": np.array([1.0, 3, 10, 50]).reshape(2, 1, 2, 1), "gammas": np.array([[2.0], [3.0]]),
              "betas": np.array([[0.0], [1.0]]), "which": np.array([1, 0]), "epsilon": 0.5},
             {"x": np.array([1.0, 10, 3, 50]).reshape(1, 1, 2, 2), "gammas": np.array([[2.0, 1.0]]),
              "betas": np.array([[1.0, 0.0]]), "which": np.array([0]), "epsilon": 0.0},
             {"x": normal(3, 4, 5, 2), "gammas": normal(4, 2), "betas": normal(4, 2, seed=1), "which": np.array([2, 0, 2]),
              "epsilon": 0.5}]
    compare(attempt, conditional(), cases, "y", {
        "mean and variance are taken over all images: that is batch normalisation; here each image has its own":
            conditional(axes=(0, 1, 2)),
        "mean and variance are taken over the channels, too: each channel has its own": conditional(axes=(1, 2, 3)),
        "every image gets the first style: `which` says the row of each": conditional(lambda t, which: t[which * 0]),
        "image n gets row n: `which` says the row of each": conditional(lambda t, which: t[np.arange(len(which))]),
        "gammas and betas are exchanged": conditional(swap=True),
        ROOT: conditional(std=outside), MISSING: conditional(std=without)})


def adapted(f_axes=PIXELS, s_axes=PIXELS, std=std):
    """AdaIN from its parts; a wrong answer changes one of them."""
    def adain(f, s, epsilon):
        return normalized(f, epsilon, f_axes, std) * std(s, epsilon, s_axes) + mean(s, s_axes)
    return adain


@exercise("16", "First make f have mean 0 and deviation 1 in each channel of each image.",
          "Then multiply by the deviation of s, and add the mean of s: shapes (N, 1, 1, C).",
          "A deviation is np.sqrt(variance + epsilon), of f and of s alike.")
def adain(attempt: Attempt) -> None:
    """t = deviation(s) (f - mean(f)) / deviation(f) + mean(s), of the shape of f."""
    cases = [{"f": FOUR, "s": TWO, "epsilon": 0.0}, {"f": FOUR, "s": TWO, "epsilon": 11.0},
             {"f": normal(2, 4, 5, 3), "s": 2 + 3 * normal(2, 6, 3, 3), "epsilon": 0.5}]
    compare(attempt, adapted(), cases, "t", {
        "the style's mean is missing": lambda f, s, epsilon: adapted()(f, s, epsilon) - mean(s),
        "the style's deviation is missing": lambda f, s, epsilon: normalized(f, epsilon) + mean(s),
        "f keeps its own deviation: divide by it first": lambda f, s, epsilon: (f - mean(f)) * std(s, epsilon) + mean(s),
        "f keeps its own mean: take it away first": lambda f, s, epsilon: (
            f / std(f, epsilon) * std(s, epsilon) + mean(s)),
        "variances stand where deviations belong: take the root": adapted(
            std=lambda x, epsilon, axes: std(x, epsilon, axes)**2),
        "mean and deviation are taken over all images: each image has its own": adapted((0, 1, 2), (0, 1, 2)),
        "mean and deviation are taken over the channels, too: each channel has its own": adapted((1, 2, 3), (1, 2, 3)),
        ROOT: adapted(std=outside), MISSING: adapted(std=without)})


def right_backward(dt, f, s, epsilon, mean_part=True, variance_part=True, gamma=True, to_mean=1, to_std=1):
    """The solution; the switches leave parts out or scale them."""
    n, pixels = normalized(f, epsilon), s.shape[1] * s.shape[2]
    df = dt - mean_part * mean(dt) - variance_part * n * mean(dt * n)
    df = df * (std(s, epsilon) if gamma else 1) / std(f, epsilon)
    dmean, dstd = (part.sum(axis=PIXELS, keepdims=True) for part in (dt, dt * n))
    ds = to_mean * dmean / pixels + to_std * dstd * (s - mean(s)) / (pixels * std(s, epsilon))
    return df, ds + np.zeros_like(s)


def changed(**switches):
    """The backward pass with some parts left out or scaled."""
    return lambda dt, f, s, epsilon: right_backward(dt, f, s, epsilon, **switches)


@exercise("16", "df is the backward of notebook 11, with means over (1, 2), and the style's deviation as gamma.",
          "The style's mean got sum(dt), its deviation sum(dt * n). Now ask what each pixel of s does to these two.",
          "ds = sum(dt) / M + sum(dt * n) (s - mean) / (M deviation), with M the pixels of s and keepdims=True in the sums.")
def adain_backward(attempt: Attempt) -> None:
    """df and ds, of the shapes of f and s."""
    cases = [{"dt": np.array([1.0, 0, 0, 4]).reshape(FOUR.shape), "f": FOUR, "s": TWO, "epsilon": 0.0},
             {"dt": normal(2, 4, 5, 3, seed=1), "f": normal(2, 4, 5, 3), "s": 2 + 3 * normal(2, 6, 3, 3), "epsilon": 0.5}]
    compare(attempt, right_backward, cases, "df ds", {
        "df: the mean of f depends on f, too, so mean(dt) is to be subtracted": changed(mean_part=False),
        "df: the deviation of f depends on f, too, so n mean(dt n) is to be subtracted": changed(variance_part=False),
        "df: mean and deviation of f are no constants, so two parts are to be subtracted": changed(
            mean_part=False, variance_part=False),
        "df: the factor deviation(s), which stands before n, is missing": changed(gamma=False),
        "ds has only what goes through the mean: s is in its deviation, too": changed(to_std=0),
        "ds has only what goes through the deviation: s is in its mean, too": changed(to_mean=0),
        "ds: the division by the number of pixels of s is missing": lambda dt, f, s, epsilon: right_backward(
            dt, f, s, epsilon, to_mean=s.shape[1] * s.shape[2], to_std=s.shape[1] * s.shape[2]),
        "ds: the sums are divided by the pixels of f, but it is s that was averaged": lambda dt, f, s, epsilon: right_backward(
            dt, f, s, epsilon, to_mean=s[0, ..., 0].size / f[0, ..., 0].size,
            to_std=s[0, ..., 0].size / f[0, ..., 0].size)})
