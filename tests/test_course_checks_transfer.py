"""Wrong answers for notebook 11, given to its checks by test_course_checks.py; its formulas against measurements."""
import numpy as np
from exercise_answers import S, spoiled
from helpers import normal

from nnscratch.losses import content_loss
from nnscratch.losses import total_variation as librarys
from nnscratch.style.colour import EPSILON, match_colours, matrix_power


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


def matched(stretch):
    return lambda x, y: (x - x.mean(axis=0)) @ stretch(x, y).T + y.mean(axis=0)


def plain(x):
    return np.cov(x.T, bias=True)


def stretch(x, y):
    return matrix_power(plain(y), 0.5) @ matrix_power(plain(x), -0.5)


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

NOT_ON_PAPER = [answer for answer in WRONG if answer[2] in ("divided by M - 1", "divide each by its number of rows")]


def slope(loss, x, place, h=1e-5):
    step = np.zeros_like(x)
    step[place] = h
    return (loss(x + step) - loss(x - step)) / (2 * h)


def test_the_gradients_are_right_and_the_losses_equal_the_librarys():
    """Central differences are exact for squares, up to rounding."""
    F, P = normal(2, 3, 2), normal(2, 3, 2, seed=1)
    _, dF = S["content_gradient"](F, P)
    _, dx = S["total_variation"](F)
    for place in np.ndindex(F.shape):
        assert np.isclose(dF[place], slope(lambda a: S["content_gradient"](a, P)[0], F, place))
        assert np.isclose(dx[place], slope(lambda a: S["total_variation"](a)[0], F, place))
    assert np.isclose(S["content_gradient"](F, P)[0], content_loss(F, P)[0])
    assert np.isclose(S["total_variation"](F)[0], librarys(F[None])[0])


def test_matched_colours_have_the_targets_mean_and_covariance():
    """They equal the library's if nothing is clipped and the colours vary much more than its EPSILON."""
    x, y = 5 * normal(40, 3), 2 + normal(50, 3, seed=1) @ normal(3, 3)
    z = S["matched_colours"](x, y)
    assert np.allclose(z.mean(axis=0), y.mean(axis=0)) and np.allclose(plain(z), plain(y))
    x, y = (0.5 + 0.05 * normal(1, 100, 40, 3, seed=k).clip(-3, 3) for k in (0, 1))
    theirs, ours = match_colours(x, y), S["matched_colours"](x.reshape(-1, 3), y.reshape(-1, 3))
    assert np.abs(theirs.reshape(-1, 3) - ours).max() < 0.2 * EPSILON / 0.05**2


def test_answers_to_the_questions():
    """In a checkerboard of 0 and 1 every difference is 1: two per pixel; four neighbours contribute to the gradient at a 1."""
    board = np.indices((64, 64)).sum(axis=0)[:, :, None] % 2.0
    loss, dx = S["total_variation"](board)
    assert np.isclose(loss, 2 * 63 / 64) and np.allclose(dx[2:-2, 2:-2] * board.size, 8 * (2 * board[2:-2, 2:-2] - 1))
