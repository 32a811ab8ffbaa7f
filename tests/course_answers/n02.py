"""Notebook 02: wrong answers, with what their diagnosis must say; right answers in other styles."""
import numpy as np

from course_answers.solutions import S


def guess(place, value):
    """The right learning rates, but for one."""
    rates = list(S["which_rate"])
    rates[place] = value
    return rates


def mse_with(loss=lambda L, y, t: L, dy=lambda dy, y: dy):
    """The mean squared error with another loss or gradient."""
    def changed(y, t):
        L, right = S["mse"](y, t)
        return loss(L, y, t), dy(right, y)
    return changed


def line_with(change):
    """The gradient of the line with the results of change(dy, dw, db, x, y)."""
    def changed(x, t, w, b):
        dy = 2 * (w * x + b - t) / x.size
        return change(dy, (dy * x).sum(), dy.sum(), x, w * x + b)
    return changed


def fit_with(step):
    """Gradient descent whose step is step(x, t, w, b, lr) -> w, b."""
    def fit(x, t, lr, steps):
        w, b = 0.0, 0.0
        for _ in range(steps):
            w, b = step(x, t, w, b, lr)
        return w, b
    return fit


def gradients(x, t, w, b):
    dy = 2 * (w * x + b - t) / x.size
    return (dy * x).sum(), dy.sum()


def step(x, t, w, b, lr):
    dw, db = gradients(x, t, w, b)
    return w - lr * dw, b - lr * db


def step_up(x, t, w, b, lr):
    return step(x, t, w, b, -lr)


def late_step(x, t, w, b, lr):
    w = w - lr * gradients(x, t, w, b)[0]
    return w, b - lr * gradients(x, t, w, b)[1]


def from_one(x, t, lr, steps):
    w, b = 1.0, 1.0
    for _ in range(steps):
        w, b = step(x, t, w, b, lr)
    return w, b


def returned_too_early(x, t, lr, steps):
    w, b = 0.0, 0.0
    for _ in range(steps):
        w, b = step(x, t, w, b, lr)
        return w, b


def in_place(w, dw, lr):
    w -= lr * dw
    return w


def value_by_value(y, t):
    L, dy = 0.0, np.zeros(y.shape)
    for k in np.ndindex(y.shape):
        L += (y[k] - t[k])**2 / y.size
        dy[k] = 2 * (y[k] - t[k]) / y.size
    return L, dy


def sample_by_sample(x, t, w, b):
    dw, db, dy = 0.0, 0.0, []
    for one, target in zip(x, t):
        dy.append(2 * (w * one + b - target) / len(x))
        dw, db = dw + dy[-1] * one, db + dy[-1]
    return dy, dw, db


def as_dense(x, t, lr, steps):
    """With columns and matrix products."""
    X, parameters = np.stack([x, np.ones_like(x)], axis=1), np.zeros(2)
    for _ in range(steps):
        parameters = parameters - lr * 2 / len(x) * X.T @ (X @ parameters - t)
    return parameters


WRONG = [
    ("which_rate", guess(0, 1.02), "comes nearer"),
    ("which_rate", guess(0, 0.05), "go beyond the minimum"),
    ("which_rate", guess(1, 0.3), "still far from the minimum"),
    ("which_rate", guess(2, 0.95), "grows from step to step"),
    ("which_rate", guess(3, 0.05), "after some steps"),
    ("mse", mse_with(lambda L, y, t: L * y.size, lambda dy, y: dy * y.size), "the sum stands for the mean"),
    ("mse", mse_with(dy=lambda dy, y: dy * y.size), "dy is not divided by the number of values"),
    ("mse", mse_with(dy=lambda dy, y: dy / 2), "the 2 of the square is missing"),
    ("mse", mse_with(dy=lambda dy, y: -dy), "the sign of dy is wrong"),
    ("mse", lambda y, t: (((y - t)**2).sum() / len(y), 2 * (y - t) / len(y)), "divided by the rows alone"),
    ("mse", mse_with(dy=lambda dy, y: dy * y.size / len(y)), "dy is divided by the rows alone"),
    ("mse", mse_with(lambda L, y, t: L / 2), "no factor 1/2"),
    ("mse", mse_with(lambda L, y, t: L**0.5), "no root here"),
    ("mse", mse_with(lambda L, y, t: abs(y - t).mean()), "square them"),
    ("mse", lambda y, t: ((y - t)**2).mean(), "expected 2: L, dy"),
    ("mse", lambda y, t: ((y - t)**2, 2 * (y - t) / y.size), "is an axis left over"),
    ("mse", lambda y, t: S["mse"](y, t)[::-1], "another order: expected L, dy"),
    ("line_gradient", line_with(lambda dy, dw, db, x, y: (dy / 2, dw / 2, db / 2)), "the 2 of the square is missing"),
    ("line_gradient", line_with(lambda dy, dw, db, x, y: (-dy, -dw, -db)), "the sign of dy is wrong"),
    ("line_gradient", lambda x, t, w, b: S["line_gradient"](x, t, w, 0.0), "b is missing in y"),
    ("line_gradient", line_with(lambda dy, dw, db, x, y: (dy, dw / x.size, db / x.size)), "dw is a mean over the samples"),
    ("line_gradient", line_with(lambda dy, dw, db, x, y: (dy, dw, db / x.size)), "db is a mean over the samples"),
    ("line_gradient", line_with(lambda dy, dw, db, x, y: (dy, db, db)), "dw has no factor x"),
    ("line_gradient", line_with(lambda dy, dw, db, x, y: (dy, (dy * y).sum(), db)), "dw has y as a factor"),
    ("line_gradient", line_with(lambda dy, dw, db, x, y: (dy, dw, dw)), "b is not multiplied by x"),
    ("line_gradient", line_with(lambda dy, dw, db, x, y: (dy, db, dw)), "or are dw and db exchanged?"),
    ("line_gradient", line_with(lambda dy, dw, db, x, y: (dy, dy * x, db)), "is an axis left over"),
    ("line_gradient", line_with(lambda dy, dw, db, x, y: (dw, db)), "2 results, expected 3: dy, dw, db"),
    ("sgd_step", lambda w, dw, lr: w + lr * dw, "the loss grows"),
    ("sgd_step", lambda w, dw, lr: w - dw, "the learning rate is missing"),
    ("sgd_step", lambda w, dw, lr: lr * (w - dw), "w is multiplied by the learning rate"),
    ("sgd_step", lambda w, dw, lr: w - dw / lr, "divided by the learning rate"),
    ("sgd_step", lambda w, dw, lr: -lr * dw, "the step alone"),
    ("sgd_step", lambda w, dw, lr: (1 - lr) * w, "w shrinks whatever the gradient is"),
    ("sgd_step", in_place, "changes w"),
    ("fit_line", fit_with(step_up), "the loss grows"),
    ("fit_line", lambda x, t, lr, steps: S["fit_line"](x, t, lr, steps + 1), "one step too many"),
    ("fit_line", lambda x, t, lr, steps: S["fit_line"](x, t, lr, steps - 1), "one step too few"),
    ("fit_line", returned_too_early, "is `return` inside the loop?"),
    ("fit_line", fit_with(late_step), "db is computed after w has moved"),
    ("fit_line", fit_with(lambda x, t, w, b, lr: (step(x, t, w, b, lr)[0], b)), "b does not move"),
    ("fit_line", from_one, "should begin at 0"),
    ("fit_line", lambda x, t, lr, steps: S["fit_line"](x, t, lr * len(x), steps), "that of a sum"),
    ("fit_line", lambda x, t, lr, steps: S["fit_line"](x, t, lr / 2, steps), "the 2 of the square is missing"),
    ("fit_line", lambda x, t, lr, steps: S["fit_line"](x, t, lr, steps)[0], "one result, expected 2: w, b"),
]

RIGHT = [
    ("mse", value_by_value),
    ("mse", lambda y, t: (np.square(t - y).sum() / t.size, (y - t) * (2 / t.size))),
    ("line_gradient", sample_by_sample),
    ("line_gradient", lambda x, t, w, b: (dy := 2 * (w * x + b - t) / len(x), x @ dy, sum(dy))),
    ("sgd_step", lambda w, dw, lr: w + -lr * dw),
    ("sgd_step", lambda w, dw, lr: np.subtract(w, np.multiply(lr, dw))),
    ("fit_line", fit_with(step)),
    ("fit_line", as_dense),
]
