"""Notebook 16: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, spoiled
from nnscratch.style.colour import matrix_power

AXES = {"axis": (0, 1), "keepdims": True}


def adapted(f, s, scale_f, scale_s):
    return (f - f.mean(**AXES)) / scale_f * scale_s + s.mean(**AXES)


def parts(dt, f, s, epsilon):
    """x_hat, std(f), std(s), mean(dt), mean(dt x_hat)."""
    of_f, of_s = (np.sqrt(a.var(**AXES) + epsilon) for a in (f, s))
    x_hat = (f - f.mean(**AXES)) / of_f
    return x_hat, of_f, of_s, dt.mean(**AXES), (dt * x_hat).mean(**AXES)


def replaced(k, change):
    """The right results of adain_backward with result k from `change`."""
    def backward(dt, f, s, epsilon):
        results = list(S["adain_backward"](dt, f, s, epsilon))
        results[k] = change(dt, f, s, *parts(dt, f, s, epsilon)) + np.zeros_like(results[k])
        return results
    return backward


def with_df(change):
    return replaced(0, lambda dt, f, s, *others: change(dt, *others))


def with_ds(change):
    return replaced(3, change)


def matched(stretch):
    return lambda x, y, e: (x - x.mean(axis=0)) @ stretch(x, y, e).T + y.mean(axis=0)


def plain(x, e=0.0):
    return np.cov(x.T, bias=True) + e * np.eye(x.shape[1])


def stretch(x, y, e):
    return matrix_power(plain(y), 0.5) @ matrix_power(plain(x, e), -0.5)


def by_singular_values(x, y, e):
    """The roots from singular value decompositions."""
    def power(C, exponent):
        u, values, _ = np.linalg.svd(C)
        return u @ np.diag(values**exponent) @ u.T
    return (x - x.mean(0)) @ power(plain(x, e), -0.5) @ power(plain(y), 0.5) + y.mean(0)


def pixel_by_pixel(f, s, e):
    t = np.zeros_like(f)
    for c in range(f.shape[2]):
        of_f, of_s = f[:, :, c], s[:, :, c]
        t[:, :, c] = (of_f - of_f.mean()) * np.sqrt((of_s.var() + e) / (of_f.var() + e)) + of_s.mean()
    return t


def backward_by_formula(dt, f, s, e):
    x_hat, of_f, of_s, mean, along = parts(dt, f, s, e)
    dstd, dmean = (dt * x_hat).sum((0, 1)), dt.sum((0, 1))
    ds = (dmean + dstd * (s - s.mean((0, 1))) / of_s) / s[..., 0].size
    return of_s / of_f * (dt - mean - x_hat * along), dstd, dmean, ds


WRONG = [
    ("adain_keeps", ["changed", "same", "doubled", 256], "order of the pixels"),
    ("adain_keeps", ["same", "doubled", "doubled", 256], "which is doubled, too"),
    ("adain_keeps", ["same", "same", "same", 256], "are both doubled"),
    ("adain_keeps", ["same", "same", "doubled", 128], "two numbers"),
    ("adain", lambda f, s, e: S["adain"](f, s, e) - s.mean(**AXES), "the mean of the style is missing"),
    ("adain", lambda f, s, e: adapted(f, s, np.sqrt(f.var(**AXES) + e), 1), "the standard deviation of the style is missing"),
    ("adain", lambda f, s, e: adapted(f, s, 1, np.sqrt(s.var(**AXES) + e)), "f keeps its own standard deviation"),
    ("adain", lambda f, s, e: S["adain"](f, s, e) + f.mean(**AXES) * np.sqrt((s.var(**AXES) + e) / (f.var(**AXES) + e)),
     "f keeps its own mean"),
    ("adain", lambda f, s, e: adapted(f, s, f.var(**AXES) + e, s.var(**AXES) + e), "take the root"),
    ("adain", lambda f, s, e: adapted(f, s, f.std(**AXES), s.std(**AXES)), "epsilon is missing"),
    ("adain", lambda f, s, e: adapted(f, s, f.std(**AXES) + e, s.std(**AXES) + e), "under the root, with the variance"),
    ("adain", lambda f, s, e: adapted(f, s, np.sqrt(f.var(axis=(0, 1), ddof=1) + e), np.sqrt(s.var(axis=(0, 1), ddof=1) + e)),
     "divided by M - 1"),
    ("adain", lambda f, s, e: (f - f.mean()) / np.sqrt(f.var() + e) * np.sqrt(s.var() + e) + s.mean(), "each channel has"),
    ("adain", lambda f, s, e: (f - s.mean(**AXES)) / np.sqrt(s.var(**AXES) + e) * np.sqrt(f.var(**AXES) + e) + f.mean(**AXES),
     "f and s are exchanged"),
    ("adain", lambda f, s, e: S["adain"](s, f, e), "t has shape"),
    ("adain_backward", with_df(lambda dt, n, of_f, of_s, m, mn: of_s / of_f * (dt - n * mn)), "the mean of dt is to be"),
    ("adain_backward", with_df(lambda dt, n, of_f, of_s, m, mn: of_s / of_f * (dt - m)), "a part along the normalised f"),
    ("adain_backward", with_df(lambda dt, n, of_f, of_s, m, mn: of_s / of_f * dt), "two parts are to be subtracted"),
    ("adain_backward", with_df(lambda dt, n, of_f, of_s, m, mn: (dt - m - n * mn) / of_f), "the factor sigma_s is missing"),
    ("adain_backward", replaced(1, lambda dt, f, s, *others: (dt * f).sum((0, 1))), "and not times f"),
    ("adain_backward", replaced(1, lambda dt, f, s, *others: (dt * (f - f.mean((0, 1)))).sum((0, 1))), "times f - mean"),
    ("adain_backward", lambda *given: [S["adain_backward"](*given)[k] for k in (0, 2, 1, 3)],
     "another order: expected df, dstd, dmean, ds"),
    ("adain_backward", with_ds(lambda dt, f, s, n, of_f, of_s, m, mn: dt.sum(**AXES) / s[..., 0].size), "deviation, too"),
    ("adain_backward", with_ds(lambda dt, f, s, n, of_f, of_s, m, mn: (dt * n).sum(**AXES) * (s - s.mean(**AXES)) / (
        s[..., 0].size * of_s)), "s is in its mean, too"),
    ("adain_backward", with_ds(lambda dt, f, s, n, of_f, of_s, m, mn: dt.sum(**AXES) + (dt * n).sum(**AXES) * (
        s - s.mean(**AXES)) / of_s), "division by the number of pixels of s"),
    ("adain_backward", with_ds(lambda dt, f, s, n, of_f, of_s, m, mn: (dt.sum(**AXES) + (dt * n).sum(**AXES) * (
        s - s.mean(**AXES))) / s[..., 0].size), "divided by sigma_s"),
    ("adain_backward", with_ds(lambda dt, f, s, n, of_f, of_s, m, mn: m + mn * (s - s.mean(**AXES)) / of_s), "pixels of f"),
    ("adain_backward", spoiled("adain_backward", 0, lambda df: -df), "right but for the sign"),
    ("adain_backward", lambda *given: S["adain_backward"](*given)[::3], "2 results, expected 4"),
    ("matched_colours", lambda x, y, e: x - x.mean(axis=0) + y.mean(axis=0), "A is missing"),
    ("matched_colours", lambda x, y, e: (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + e) * y.std(axis=0) + y.mean(axis=0),
     "each channel is scaled for itself"),
    ("matched_colours", lambda x, y, e: S["matched_colours"](x, y, e) - y.mean(axis=0), "the mean of y is missing"),
    ("matched_colours", lambda x, y, e: S["matched_colours"](x, y, e) + x.mean(axis=0) @ stretch(x, y, e).T, "is not centred"),
    ("matched_colours", matched(lambda x, y, e: matrix_power(plain(x, e), -0.5)), "does not get that of y"),
    ("matched_colours", matched(lambda x, y, e: matrix_power(plain(y), 0.5)), "not by its own before"),
    ("matched_colours", matched(lambda x, y, e: matrix_power(len(y) * plain(y), 0.5) @ matrix_power(
        len(x) * plain(x) + e * np.eye(x.shape[1]), -0.5)), "divide each by its number of rows"),
    ("matched_colours", matched(lambda x, y, e: plain(y)**0.5 @ np.linalg.inv(plain(x, e)**0.5)), "each of its elements"),
    ("matched_colours", matched(lambda x, y, e: matrix_power(np.cov(y.T), 0.5) @ matrix_power(
        np.cov(x.T) + e * np.eye(x.shape[1]), -0.5)), "divided by M - 1"),
    ("matched_colours", matched(lambda x, y, e: stretch(x, y, e).T), "from the wrong side"),
    ("matched_colours", lambda x, y, e: S["matched_colours"](x, y, 0.0), "epsilon is missing"),
    ("matched_colours", matched(lambda x, y, e: matrix_power(plain(y, e), 0.5) @ matrix_power(plain(x, e), -0.5)),
     "added to both covariances"),
    ("matched_colours", matched(lambda x, y, e: np.linalg.cholesky(plain(y)) @ np.linalg.inv(np.linalg.cholesky(plain(x, e)))),
     "by another A of the many that do"),
]
RIGHT = [("matched_colours", by_singular_values), ("adain", pixel_by_pixel), ("adain_backward", backward_by_formula),
         ("adain_keeps", ("Same", "same", "doubled", 256.0))]
SHAPES_SHOWN = ["divided by M - 1", "divide each by its number of rows"]
