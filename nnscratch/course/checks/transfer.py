"""Exercises of notebook 15: the content loss, total variation, and colour matching.

Shapes: features F, P and images x (H, W, C); colours as rows, x (M, C) and y (K, C).
"""
import numpy as np

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.neurons import normal
from nnscratch.losses import total_variation as variation
from nnscratch.style.colour import matrix_power

__all__ = ["content_gradient", "matched_colours", "total_variation"]


def loss_with(factor=2, whole=lambda F, P: (P * P).sum(), gradient_whole=None):
    """The content loss from its parts; a wrong answer changes one of them."""
    def loss(F, P):
        return ((F - P)**2).sum() / whole(F, P), factor * (F - P) / (gradient_whole or whole)(F, P)
    return loss


@exercise("15", "Two sums: of (F - P)², and of P². L is the first divided by the second.",
          "Only F can change, so the second sum is a constant: dF = 2 (F - P) / Σ P².")
def content_gradient(attempt: Attempt) -> None:
    """L = Σ (F - P)² / Σ P², and dF."""
    cases = [{"F": np.array([[[2.0, 4.0]]]), "P": np.array([[[2.0, 2.0]]])},
             {"F": np.array([[[0.0], [3.0]]]), "P": np.array([[[1.0], [-1.0]]])},
             {"F": normal(4, 5, 3), "P": 2 * normal(4, 5, 3, seed=1)}]
    compare(attempt, loss_with(), cases, "loss dF", {
        "L is right, but dF = 2 (F - P) / Σ P²: the 2 of the square is missing": loss_with(1),
        "L is right, but the sign of dF is wrong: F - P, not P - F": loss_with(-2),
        "L is right, but dF is not divided by Σ P²": loss_with(gradient_whole=lambda F, P: 1),
        "L is right, but dF is divided by the number of values, expected by Σ P²": loss_with(
            gradient_whole=lambda F, P: F.size),
        "it is a plain mean: as a share of the photograph it is divided by Σ P², not by the number of values": loss_with(
            whole=lambda F, P: F.size),
        "it is divided by Σ F², which changes with the image: expected is Σ P²": loss_with(whole=lambda F, P: (F * F).sum()),
        "a sum is divided by a mean: take both sums, or both means": loss_with(whole=lambda F, P: (P * P).mean()),
        "Σ P² is one number, of all places and channels: here it is that of each channel": loss_with(
            gradient_whole=lambda F, P: (P * P).sum(axis=(0, 1))),
        "Σ P² is one number, of all places and channels: here it is that of each place": loss_with(
            gradient_whole=lambda F, P: (P * P).sum(axis=2, keepdims=True)),
        "there is no 1/2: L is the whole share": loss_with(1, whole=lambda F, P: 2 * (P * P).sum(),
                                                           gradient_whole=lambda F, P: (P * P).sum()),
        "Σ P² is missing: L is a share of it": loss_with(whole=lambda F, P: 1)})


def right_variation(x):
    """The solution."""
    loss, gradient = variation(x[None])
    return loss, gradient[0]


def variation_with(along=(0, 1), sides=(1, -1), factor=2, count=lambda x: x.size):
    """Total variation from its parts; a wrong answer changes one of them."""
    def total(x):
        loss, gradient = 0.0, np.zeros_like(x)
        for axis in along:
            d = np.diff(x, axis=axis)
            loss += (d * d).sum() / count(x)
            after, before = np.moveaxis(gradient, axis, 0)[1:], np.moveaxis(gradient, axis, 0)[:-1]
            after += sides[0] * factor * np.moveaxis(d, axis, 0) / count(x)
            before += sides[1] * factor * np.moveaxis(d, axis, 0) / count(x)
        return loss, gradient
    return total


def around_the_border(x):
    """With np.roll, where the last pixel is a neighbour of the first."""
    down, across = np.roll(x, -1, axis=0) - x, np.roll(x, -1, axis=1) - x
    ends = np.roll(down, 1, axis=0) - down + np.roll(across, 1, axis=1) - across
    return ((down**2).sum() + (across**2).sum()) / x.size, 2 * ends / x.size


def overwritten(x):
    """Each difference overwrites the previous one."""
    down, across, gradient = np.diff(x, axis=0), np.diff(x, axis=1), np.zeros_like(x)
    gradient[1:], gradient[:-1] = down, -down
    gradient[:, 1:] = across
    gradient[:, :-1] = -across
    return right_variation(x)[0], 2 * gradient / x.size


def differences(x):
    """The number of differences."""
    return np.diff(x, axis=0).size + np.diff(x, axis=1).size


@exercise("15", "down = x[1:] - x[:-1] and across = x[:, 1:] - x[:, :-1]. L is both sums of squares, divided by x.size.",
          "Each d = x[h+1] - x[h] adds 2 d / x.size to dx at h + 1, and takes as much away at h.",
          "dx = np.zeros_like(x); dx[1:] += down; dx[:-1] -= down; likewise across; at last times 2 / x.size.")
def total_variation(attempt: Attempt) -> None:
    """L = (Σ down² + Σ across²) / number of values, and dx."""
    cases = [{"x": np.array([[[1.0], [3.0], [2.0]]])}, {"x": np.array([[[1.0]], [[5.0]]])},
             {"x": np.array([[[1.0], [2.0]], [[4.0], [0.0]]])}, {"x": np.array([[[1.0, 0.0], [3.0, 5.0]]])},
             {"x": normal(4, 5, 3)}]
    compare(attempt, right_variation, cases, "loss dx", {
        "L is right, but a pixel has a neighbour on either side: what d adds at one end it takes away at the other":
            variation_with(sides=(1, 0)),
        "L is right, but a pixel has neighbours on both sides: only the one before gets its part":
            variation_with(sides=(0, -1)),
        "L is right, but both ends of a difference get the same sign": variation_with(sides=(1, 1)),
        "L is right, but the sign of dx is wrong": variation_with(factor=-2),
        "L is right, but the 2 of the square is missing in dx": variation_with(factor=1),
        "L is right, but dx is not divided by the number of values": lambda x: (
            right_variation(x)[0], right_variation(x)[1] * x.size),
        "it is divided by the number of differences, expected by that of values, x.size": variation_with(count=differences),
        "it is divided by the number of pixels, expected by that of values, x.size: each channel counts": variation_with(
            count=lambda x: x.size / x.shape[2]),
        "channels are no neighbours: only differences down and across count": variation_with(along=(0, 1, 2)),
        "the last pixel is no neighbour of the first: np.roll goes around the border": around_the_border,
        "L is right, but in dx = stands where += belongs: a pixel has up to four neighbours": overwritten,
        "the differences are not squared": lambda x: (sum(abs(np.diff(x, axis=axis)).sum() for axis in (0, 1)) / x.size,
                                                      right_variation(x)[1]),
        "it is a sum: divide by the number of values, x.size": variation_with(count=lambda x: 1),
        "only differences down count: those across are missing": variation_with(along=(0,)),
        "only differences across count: those down are missing": variation_with(along=(1,))})


def covariance(x, less=0):
    """The covariance of the columns; less=1 divides by M - 1."""
    centred = x - x.mean(axis=0)
    return centred.T @ centred / (len(x) - less)


ALL_RISE = np.array([[3.0, 1, 1], [1, 2, 1], [2, 1, 4]])  # mixed by it, all channels rise together: no covariance is negative


def matched_with(factor=lambda cx, cy: matrix_power(cy, 0.5) @ matrix_power(cx, -0.5), of=covariance,
                 mean=lambda x, y: y.mean(axis=0)):
    """Colour matching from its parts; a wrong answer changes one of them."""
    def match(x, y):
        return (x - x.mean(axis=0)) @ factor(of(x), of(y)).T + mean(x, y)
    return match


@exercise("16",
          "Centre x, stretch it by A, and add the mean of y. Colours lie in rows, so A acts from the right, transposed: @ A.T.",
          "The covariance of x: centred.T @ centred / len(x), with centred = x - x.mean(axis=0).",
          "A = matrix_power(covariance of y, 0.5) @ matrix_power(covariance of x, -0.5).")
def matched_colours(attempt: Attempt) -> None:
    """The rows x with the mean and the covariance of the rows y."""
    cases = [{"x": np.array([[0.0, 0], [2, 0], [0, 4], [2, 4]]), "y": np.array([[0.0, 0], [6, 0], [0, 2], [6, 2]])},
             {"x": np.array([[0.0, 0], [4, 0], [0, 2], [4, 2]]), "y": np.array([[-2.0, -2], [2, 0], [0, 2], [4, 4]])},
             {"x": normal(9, 3) @ ALL_RISE, "y": 2 + normal(7, 3, seed=1) @ ALL_RISE.T}]
    compare(attempt, matched_with(), cases, "colours", {
        "only the mean is moved: the stretching is missing": matched_with(factor=lambda cx, cy: np.eye(len(cx))),
        "each channel is stretched for itself: what channels have in common is lost": matched_with(
            factor=lambda cx, cy: np.diag((np.diag(cy) / np.diag(cx))**0.5)),
        "the mean of x stays: that of y is to be added": matched_with(mean=lambda x, y: x.mean(axis=0)),
        "x is not centred: subtract its mean before stretching": lambda x, y: x @ (
            matrix_power(covariance(y), 0.5) @ matrix_power(covariance(x), -0.5)).T + y.mean(axis=0),
        "x and y are exchanged": lambda x, y: matched_with()(y, x),
        "x is made round, but does not get the shape of y": matched_with(factor=lambda cx, cy: matrix_power(cx, -0.5)),
        "x gets the shape of y, but is not made round before": matched_with(factor=lambda cx, cy: matrix_power(cy, 0.5)),
        "the covariances are sums: divide each by its number of rows": matched_with(of=lambda x: len(x) * covariance(x)),
        "the mean of y is missing": matched_with(mean=lambda x, y: 0),
        "A is applied from the wrong side: colours are rows, so @ A.T": lambda x, y: (
            x - x.mean(axis=0)) @ (matrix_power(covariance(y), 0.5) @ matrix_power(covariance(x), -0.5)) + y.mean(axis=0),
        "the root is that of the matrix, matrix_power(C, 0.5), and not that of each of its numbers": matched_with(
            factor=lambda cx, cy: cy**0.5 @ np.linalg.inv(cx**0.5)),
        "the powers are exchanged: x is divided by its own width, and multiplied by that of y": matched_with(
            factor=lambda cx, cy: matrix_power(cy, -0.5) @ matrix_power(cx, 0.5)),
        "the roots are missing: covariances are squares": matched_with(factor=lambda cx, cy: cy @ matrix_power(cx, -1)),
        "the factors are exchanged: first x is made round, by its own root, and then it gets the shape of y":
            matched_with(factor=lambda cx, cy: matrix_power(cx, -0.5) @ matrix_power(cy, 0.5)),
        "the covariances are divided by M - 1, as np.cov does: expected is the plain mean, bias=True": matched_with(
            of=lambda x: covariance(x, 1)),
        "mean and covariance are met, but by another A of the many that do: expected is the one with the two roots":
            matched_with(factor=lambda cx, cy: np.linalg.cholesky(cy) @ np.linalg.inv(np.linalg.cholesky(cx)))})
