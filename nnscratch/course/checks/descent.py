"""Exercises of notebook 02: the mean squared error, the gradient of a line's loss, steps of gradient descent.

Shapes: y and t of one shape, which may be any. The line: x and t (N,), w and b numbers.
"""
import numpy as np

from nnscratch import losses
from nnscratch.course.checks.compare import Case, compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.fresh import whole
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.prediction import predicted

__all__ = ["fit_line", "line_gradient", "mse", "sgd_step", "which_rate"]

RATES = {"curve A": 0.95, "curve B": 0.05, "curve C": 1.02, "curve D": 0.3}


@exercise("02", "One step changes w by lr times the derivative. Compute the first step of each rate: w = 0, derivative -6.",
          "The first steps are 0.3, 1.8, 5.7 and 6.12. From a minimum at 3 the last two are on the other side.",
          "5.7 is 2.7 beyond 3, nearer than 0 was; 6.12 is 3.12 beyond, farther than 0 was.")
def which_rate(attempt: list) -> None:
    """Four learning rates, of the curves A to D."""
    predicted(attempt, RATES, {
        "it alternates around the minimum and comes nearer, which 1.02 does not": ("curve A", 1.02),
        "it alternates: its steps go beyond the minimum, which those of a small rate never do": ("curve A", 0.05),
        "after one step it is still far from the minimum; 0.3 takes more than half of the distance at once": ("curve B", 0.3),
        "it moves away: the distance to the minimum grows from step to step": ("curve C", 0.95),
        "it is at the minimum after some steps; 0.05 takes only a tenth of the distance in each": ("curve D", 0.05)})


def library_mse(y, t):
    """The library's, with the learner's arguments."""
    return losses.mse(y, t)


def with_changed(loss=1.0, dy=1.0):
    """An mse whose results are wrong by a factor, which may depend on y."""
    def wrong(y, t):
        right = losses.mse(y, t)
        return right[0] * (loss(y) if callable(loss) else loss), right[1] * (dy(y) if callable(dy) else dy)
    return wrong


@exercise("02", "L first: the difference, its square, and the mean over all values.",
          "One value y[k] occurs in one term of the sum. Differentiate this square with respect to y[k]; 1 / y.size stays.",
          "dy = 2 * (y - t) / y.size", library=library_mse)
def mse(attempt: Attempt) -> None:
    """y and t of one shape -> L, a number, and dy of their shape."""
    cases = [{"y": np.array([4.0]), "t": np.array([1.0])}, {"y": np.array([1.0, 5.0]), "t": np.array([3.0, 4.0])},
             {"y": np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]]), "t": np.array([[0.5, 4.0, 2.0], [1.0, 1.0, 1.0]])},
             {"y": normal(4, 3), "t": normal(4, 3, seed=1)}]
    compare(attempt, library_mse, cases, "L dy", {
        "dy is not divided by the number of values: it is the derivative of the mean": with_changed(dy=lambda y: y.size),
        "the 2 of the square is missing in dy": with_changed(dy=0.5),
        "the sign of dy is wrong: where y is above t, L grows with y": with_changed(dy=-1),
        "dy is divided by the rows alone: the mean is over all y.size values": with_changed(dy=lambda y: y.size / len(y)),
        "the sum stands for the mean: divide by the number of values": with_changed(lambda y: y.size, lambda y: y.size),
        "divided by the rows alone: the mean is over all y.size values":
            with_changed(lambda y: y.size / len(y), lambda y: y.size / len(y)),
        "L is half of it: the mean of the squares has no factor 1/2": with_changed(loss=0.5),
        "L is the root of it: no root here": lambda y, t: (np.sqrt(losses.mse(y, t)[0]), losses.mse(y, t)[1]),
        "L is the mean of the absolute differences: square them": lambda y, t: (np.abs(y - t).mean(), losses.mse(y, t)[1])})


def library_line(x, t, w, b):
    """The library's, with the learner's arguments."""
    _, dy = losses.mse(w * x + b, t)
    return dy, (dy * x).sum(), dy.sum()


def spoiled_line(dy=1.0, dw=None, db=None):
    """A gradient of the line with another factor in dy, or another dw or db made of dy and the inputs."""
    def wrong(x, t, w, b):
        d = library_line(x, t, w, b)[0] * dy
        return d, (dw or (lambda d, x, y: (d * x).sum()))(d, x, w * x + b), (db or (lambda d, x: d.sum()))(d, x)
    return wrong


@exercise("02", "y = w x + b for every sample, and dy from own.mse: return it first.",
          "If w grows by a little, y[n] grows by x[n] times as much; b moves every y[n] by the same. Add up over the samples.",
          "dw = (dy * x).sum()", library=library_line)
def line_gradient(attempt: Attempt) -> None:
    """(N,), (N,), and numbers w and b -> dy (N,), and numbers dw and db."""
    cases = [{"x": np.array([2.0]), "t": np.array([3.0]), "w": 1.0, "b": 2.0},
             {"x": np.array([1.0, 3.0]), "t": np.array([5.0, 6.0]), "w": 2.0, "b": 1.0},
             {"x": normal(7), "t": normal(7, seed=1), "w": -0.5, "b": 0.8}]
    compare(attempt, library_line, cases, "dy dw db", {
        "the 2 of the square is missing in dy": spoiled_line(0.5),
        "the sign of dy is wrong: it is y - t": spoiled_line(-1),
        "b is missing in y": lambda x, t, w, b: library_line(x, t, w, 0.0),
        "db is a mean over the samples, but dy already has the 1/N: add up": spoiled_line(db=lambda d, x: d.mean()),
        "dw is a mean over the samples, but dy already has the 1/N: add up":
            spoiled_line(dw=lambda d, x, y: (d * x).mean(), db=lambda d, x: d.mean()),
        "db has a factor x, but b is not multiplied by x": spoiled_line(db=lambda d, x: (d * x).sum()),
        "dw has no factor x, but w is multiplied by x (or are dw and db exchanged?)":
            spoiled_line(dw=lambda d, x, y: d.sum(), db=lambda d, x: (d * x).sum()),
        "dw has y as a factor, but w is multiplied by x": spoiled_line(dw=lambda d, x, y: (d * y).sum())})


def library_step(w, dw, lr):
    """The library's, with the learner's arguments."""
    return w - lr * dw


@exercise("02", "The gradient says where the loss grows. The step goes the other way.",
          "Learning rate times gradient: that is how far. Make a new array; w itself stays.",
          "return w - lr * dw", library=library_step)
def sgd_step(attempt: Attempt) -> None:
    """w, and dw of its shape, and a number -> the new w."""
    cases: list[Case] = [{"w": 2.0, "dw": 3.0, "lr": 0.25}, {"w": np.array([2.0]), "dw": np.array([-3.0]), "lr": 0.25},
             {"w": np.array([1.0, 5.0]), "dw": np.array([4.0, -2.0]), "lr": 0.5},
             {"w": normal(3, 4), "dw": normal(3, 4, seed=1), "lr": 0.1}]
    compare(attempt, library_step, cases, "w", {
        "the step goes with the gradient, and the loss grows: the sign is wrong": lambda w, dw, lr: w + lr * dw,
        "the learning rate is missing": lambda w, dw, lr: w - dw,
        "w is multiplied by the learning rate, too": lambda w, dw, lr: lr * (w - dw),
        "the gradient is divided by the learning rate: a smaller rate makes smaller steps": lambda w, dw, lr: w - dw / lr,
        "this is the step alone: add it to w": lambda w, dw, lr: -lr * dw,
        "w shrinks whatever the gradient is: the step is lr * dw": lambda w, dw, lr: w - lr * w})


def line_steps(start=(0.0, 0.0), factor=1.0, more=0, only=None, late=False, freeze_b=False):
    """Gradient descent on a line, with something changed."""
    def fit(x, t, lr, steps):
        w, b = start
        for _ in range(steps + more if only is None else only):
            _, dw, db = library_line(x, t, w, b)
            w_new = w - factor * lr * dw
            if late:
                db = library_line(x, t, w_new, b)[2]
            w, b = w_new, b if freeze_b else b - factor * lr * db
        return w, b
    return fit


library_fit = line_steps()


def by_sum(x, t, lr, steps):
    """The gradient of a sum."""
    return library_fit(x, t, lr * len(x), steps)


@exercise("02", "w and b begin at 0. A loop over the steps: the gradients of the line, then one step for w and one for b.",
          "Both gradients belong to the same w and b: compute them before either moves.",
          "_, dw, db = own.line_gradient(x, t, w, b)", library=library_fit)
def fit_line(attempt: Attempt) -> None:
    """(N,), (N,), a number and a count -> the numbers w and b."""
    cases = [{"x": np.array([1.0]), "t": np.array([2.0]), "lr": 0.25, "steps": 1},
             {"x": np.array([1.0, 3.0]), "t": np.array([2.0, 1.0]), "lr": 0.125, "steps": 1},
             {"x": np.array([1.0, 3.0]), "t": np.array([2.0, 1.0]), "lr": 0.125, "steps": 2},
             {"x": normal(7), "t": normal(7, seed=1), "lr": 0.1, "steps": 5},
             {"x": normal(4) + 1, "t": normal(4, seed=1), "lr": 0.05, "steps": 9}]
    compare(attempt, library_fit, cases, "w b", {
        "the steps go with the gradient: the loss grows": line_steps(factor=-1),
        "one step too many": line_steps(more=1),
        "one step too few": line_steps(more=-1),
        "only one step is made: is `return` inside the loop?": line_steps(only=1),
        "db is computed after w has moved: compute both gradients first": line_steps(late=True),
        "b does not move": line_steps(freeze_b=True),
        "w and b begin at 1: they should begin at 0": line_steps(start=(1.0, 1.0)),
        "the gradient is that of a sum: the loss is a mean": by_sum,
        "the 2 of the square is missing in the gradients": line_steps(factor=0.5)},
        draw=whole(steps=(1, 9)))
