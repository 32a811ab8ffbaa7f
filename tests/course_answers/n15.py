"""Notebook 15: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, spoiled
from nnscratch import ops
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


def one_side(x):
    down, across, dx = x[1:] - x[:-1], x[:, 1:] - x[:, :-1], np.zeros_like(x)
    dx[1:] += 2 * down / x.size
    dx[:, 1:] += 2 * across / x.size
    return ((down**2).sum() + (across**2).sum()) / x.size, dx


def mean_of_each(x):
    down, across = x[1:] - x[:-1], x[:, 1:] - x[:, :-1]
    count = down.size + across.size
    loss, dx = S["total_variation"](x)
    return loss * x.size / count, dx * x.size / count


def of_channels_too(x):
    (loss, dx), between = S["total_variation"](x), np.diff(x, axis=2)
    return loss + (between**2).sum() / x.size, dx - 2 * np.diff(between, axis=2, prepend=0, append=0) / x.size


def rolled(x):
    loss, dx = 0.0, np.zeros_like(x)
    for axis in (0, 1):
        d = np.roll(x, -1, axis) - x
        loss, dx = loss + (d**2).sum() / x.size, dx + 2 * (np.roll(d, 1, axis) - d) / x.size
    return loss, dx


def overwritten(x):
    down, across, dx = x[1:] - x[:-1], x[:, 1:] - x[:, :-1], np.zeros_like(x)
    dx[1:] = down
    dx[:-1] = -down
    dx[:, 1:] = across
    dx[:, :-1] = -across
    return S["total_variation"](x)[0], 2 * dx / x.size


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
    ("content_gradient", spoiled("content_gradient", 1, lambda g: g / 2), "the 2 of the square is missing"),
    ("content_gradient", spoiled("content_gradient", 1, lambda g: -g), "the sign of dF is wrong"),
    ("content_gradient", lambda F, P: (((F - P)**2).mean(), 2 * (F - P) / F.size), "it is a plain mean"),
    ("content_gradient", lambda F, P: (((F - P)**2).sum() / (F**2).sum(), 2 * (F - P) / (F**2).sum()),
     "changes with the image"),
    ("content_gradient", lambda F, P: (((F - P)**2).sum(), 2 * (F - P)), "Σ P² is missing"),
    ("content_gradient", lambda F, P: S["content_gradient"](F, P)[0], "one result, expected 2"),
    ("content_gradient", lambda F, P: (S["content_gradient"](F, P)[0] * P.size, S["content_gradient"](F, P)[1] * P.size),
     "take both sums"),
    ("content_gradient", lambda F, P: (S["content_gradient"](F, P)[0], 2 * (F - P) / (P**2).sum(axis=(0, 1))),
     "that of each channel"),
    ("content_gradient", lambda F, P: (S["content_gradient"](F, P)[0], 2 * (F - P) / (P**2).sum(axis=2)[..., None]),
     "that of each place"),
    ("content_gradient", lambda F, P: tuple(part / 2 for part in S["content_gradient"](F, P)), "there is no 1/2"),
    ("total_variation", lambda x: tuple(part * x.shape[2] for part in S["total_variation"](x)), "each channel counts"),
    ("total_variation", of_channels_too, "channels are no neighbours"),
    ("total_variation", rolled, "np.roll goes around the border"),
    ("total_variation", overwritten, "= stands where += belongs"),
    ("total_variation", lambda x: ((abs(x[1:] - x[:-1]).sum() + abs(x[:, 1:] - x[:, :-1]).sum()) / x.size,
                                   S["total_variation"](x)[1]), "the differences are not squared"),
    ("total_variation", one_side, "what d adds at one end it takes away at the other"),
    ("total_variation", spoiled("total_variation", 1, lambda g: g / 2), "the 2 of the square is missing"),
    ("total_variation", spoiled("total_variation", 1, lambda g: -g), "the sign of dx is wrong"),
    ("total_variation", lambda x: tuple(x.size * part for part in S["total_variation"](x)), "it is a sum"),
    ("total_variation", mean_of_each, "divided by the number of differences"),
    ("total_variation", lambda x: (S["total_variation"](x)[0], x[1:] - x[:-1]), "dx has shape"),
]
