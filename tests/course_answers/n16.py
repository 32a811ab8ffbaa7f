"""Notebook 16: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, spoiled
from nnscratch.style.colour import matrix_power

AXES = {"axis": (1, 2), "keepdims": True}


def norm_over(axis):
    def norm(x, gammas, betas, which, epsilon):
        n = (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + epsilon)
        return gammas[which][:, None, None] * n + betas[which][:, None, None]
    return norm


def adapted(f, s, scale_f, scale_s):
    return (f - f.mean(**AXES)) / scale_f * scale_s + s.mean(**AXES)


def parts(dt, f, s, epsilon):
    """n, std(f), std(s), mean(dt), mean(dt n)."""
    of_f, of_s = (np.sqrt(a.var(**AXES) + epsilon) for a in (f, s))
    n = (f - f.mean(**AXES)) / of_f
    return n, of_f, of_s, dt.mean(**AXES), (dt * n).mean(**AXES)


def with_df(change):
    return lambda dt, f, s, epsilon: (change(dt, *parts(dt, f, s, epsilon)), S["adain_backward"](dt, f, s, epsilon)[1])


def with_ds(change):
    return lambda dt, f, s, epsilon: (S["adain_backward"](dt, f, s, epsilon)[0],
                                      change(dt, f, s, *parts(dt, f, s, epsilon)) + np.zeros_like(s))


def matched(stretch):
    return lambda x, y: (x - x.mean(axis=0)) @ stretch(x, y).T + y.mean(axis=0)


def plain(x):
    return np.cov(x.T, bias=True)


def stretch(x, y):
    return matrix_power(plain(y), 0.5) @ matrix_power(plain(x), -0.5)


WRONG = [
    ("conditional_norm", norm_over((0, 1, 2)), "that is batch normalisation"),
    ("conditional_norm", norm_over((1, 2, 3)), "each channel has its own"),
    ("conditional_norm", lambda x, g, b, which, e: S["conditional_norm"](x, g, b, 0 * which, e), "gets the first style"),
    ("conditional_norm", lambda x, g, b, which, e: S["conditional_norm"](x, g, b, np.arange(len(x)), e), "image n gets"),
    ("conditional_norm", lambda x, g, b, which, e: S["conditional_norm"](x, b, g, which, e), "are exchanged"),
    ("conditional_norm", lambda x, g, b, which, e: S["conditional_norm"](x, g, b, which, 0), "epsilon is missing"),
    ("conditional_norm", lambda x, g, b, which, e: g[which][:, None, None] * (x - x.mean(**AXES)) / (
        x.std(**AXES) + e) + b[which][:, None, None], "under the root, with the variance"),
    ("adain", lambda f, s, e: S["adain"](f, s, e) - s.mean(**AXES), "the style's mean is missing"),
    ("adain", lambda f, s, e: adapted(f, s, np.sqrt(f.var(**AXES) + e), 1), "the style's deviation is missing"),
    ("adain", lambda f, s, e: adapted(f, s, 1, np.sqrt(s.var(**AXES) + e)), "f keeps its own deviation"),
    ("adain", lambda f, s, e: adapted(f, s, f.var(**AXES) + e, s.var(**AXES) + e), "take the root"),
    ("adain", lambda f, s, e: adapted(f, s, f.std(**AXES), s.std(**AXES)), "epsilon is missing"),
    ("adain", lambda f, s, e: adapted(f, s, f.std(**AXES) + e, s.std(**AXES) + e), "under the root, with the variance"),
    ("adain", lambda f, s, e: S["adain"](s, f, e), "t has shape"),
    ("adain_backward", with_df(lambda dt, n, of_f, of_s, m, mn: of_s / of_f * (dt - n * mn)), "mean(dt) is to be subtracted"),
    ("adain_backward", with_df(lambda dt, n, of_f, of_s, m, mn: of_s / of_f * (dt - m)), "n mean(dt n) is to be subtracted"),
    ("adain_backward", with_df(lambda dt, n, of_f, of_s, m, mn: of_s / of_f * dt), "two parts are to be subtracted"),
    ("adain_backward", with_df(lambda dt, n, of_f, of_s, m, mn: (dt - m - n * mn) / of_f), "which stands before n, is missing"),
    ("adain_backward", with_ds(lambda dt, f, s, n, of_f, of_s, m, mn: dt.sum(**AXES) / s[0, ..., 0].size), "in its deviation"),
    ("adain_backward", with_ds(lambda dt, f, s, n, of_f, of_s, m, mn: (dt * n).sum(**AXES) * (s - s.mean(**AXES)) / (
        s[0, ..., 0].size * of_s)), "s is in its mean, too"),
    ("adain_backward", with_ds(lambda dt, f, s, n, of_f, of_s, m, mn: dt.sum(**AXES) + (dt * n).sum(**AXES) * (
        s - s.mean(**AXES)) / of_s), "division by the number of pixels of s"),
    ("adain_backward", with_ds(lambda dt, f, s, n, of_f, of_s, m, mn: m + mn * (s - s.mean(**AXES)) / of_s), "the pixels of f"),
    ("adain_backward", spoiled("adain_backward", 0, lambda df: -df), "right but for the sign"),
    ("matched_colours", lambda x, y: x - x.mean(axis=0) + y.mean(axis=0), "the stretching is missing"),
    ("matched_colours", lambda x, y: (x - x.mean(axis=0)) / x.std(axis=0) * y.std(axis=0) + y.mean(axis=0), "each channel"),
    ("matched_colours", lambda x, y: S["matched_colours"](x, y) - y.mean(axis=0), "the mean of y is missing"),
    ("matched_colours", lambda x, y: S["matched_colours"](x, y) + x.mean(axis=0) @ stretch(x, y).T, "x is not centred"),
    ("matched_colours", lambda x, y: S["matched_colours"](y, x), "x and y are exchanged"),
    ("matched_colours", matched(lambda x, y: matrix_power(plain(x), -0.5)), "does not get the shape of y"),
    ("matched_colours", matched(lambda x, y: matrix_power(plain(y), 0.5)), "is not made round before"),
    ("matched_colours", matched(lambda x, y: stretch(x, y) * (len(y) / len(x))**0.5), "divide each by its number of rows"),
    ("matched_colours", matched(lambda x, y: plain(y)**0.5 @ np.linalg.inv(plain(x)**0.5)), "not that of each of its numbers"),
    ("matched_colours", matched(lambda x, y: matrix_power(np.cov(y.T), 0.5) @ matrix_power(np.cov(x.T), -0.5)),
     "divided by M - 1"),
    ("matched_colours", matched(lambda x, y: (matrix_power(plain(y), 0.5) @ matrix_power(plain(x), -0.5)).T),
     "from the wrong side"),
    ("matched_colours", matched(lambda x, y: np.linalg.cholesky(plain(y)) @ np.linalg.inv(np.linalg.cholesky(plain(x)))),
     "by another A of the many that do"),
]
SHAPES_SHOWN = ["divided by M - 1", "divide each by its number of rows"]
