"""Quiz of notebook 02: mean squared error, its gradient, and gradient descent.

Shapes: y and t (N,).
"""
import numpy as np

from nnscratch import losses, ops
from nnscratch.course.quiz.question import Question, choice, integers, question
from nnscratch.optimizers import SGD

__all__: list[str] = []  # quiz.ITEMS has the items


def mean_squared_error(rng: np.random.Generator) -> Question:
    """L of some outputs."""
    y = integers(rng, choice(rng, 2, 4))
    t = integers(rng, len(y))
    return question(
        "The outputs are $y = {y}$, the targets $t = {t}$. What is the mean squared error?",
        {"y": y, "t": t}, losses.mse(y, t)[0], {
            "not divided by the number of samples: this is the sum": ((y - t)**2).sum(),
            "the errors were not squared": abs(y - t).mean(),
            "the sum was squared: each error is, before they are added": (y - t).sum()**2 / len(y)})


def mse_gradient(rng: np.random.Generator) -> Question:
    """dy of the mean squared error."""
    y = integers(rng, choice(rng, 2, 4, 5))
    t = integers(rng, len(y))
    return question(
        "The outputs are $y = {y}$, the targets $t = {t}$, and $L$ is the mean squared error. What is $dy$?",
        {"y": y, "t": t}, losses.mse(y, t)[1], {
            "not divided by the number of samples": 2 * (y - t),
            "the 2 of the square was forgotten": (y - t) / len(y),
            "the sign: where y is above t, a larger y makes the loss larger": 2 * (t - y) / len(y)})


def training_step(rng: np.random.Generator) -> Question:
    """One step of gradient descent."""
    x, w, t, lr = integers(rng), integers(rng), integers(rng), 0.1
    dw = ops.dense_backward(np.array([[2 * (w * x - t)]]), ops.dense(np.array([[x]]), np.array([[w]]), np.zeros(1))[1])[1]
    return question(
        r"$y = w x$ with $x = {x}$ and $w = {w}$, the target is $t = {t}$, and $L = (y - t)^2$. What is $w$ after one step "
        r"with the learning rate $\eta = {lr}$?",
        {"x": x, "w": w, "t": t, "lr": lr}, w - lr * dw[0, 0], {
            "the sign: the step goes against the gradient": w + lr * 2 * (w * x - t) * x,
            "the 2 of the square was forgotten": w - lr * (w * x - t) * x,
            "the factor x was forgotten: dy is not yet dw": w - lr * 2 * (w * x - t)})


def rate_bound(rng: np.random.Generator) -> Question:
    """The learning rate above which gradient descent diverges."""
    c, m = choice(rng, 0.2, 0.25, 0.8, 2, 4, 5, 8, 10), integers(rng, low=1, high=9)
    curvature = 2 * c
    return question(
        r"$L = {c} (w - {m})^2$. Above which learning rate $\eta$ does gradient descent diverge?",
        {"c": c, "m": m}, 2 / curvature, {
            "with this rate one step reaches the minimum: it diverges above twice as much": 1 / curvature,
            "the curvature is the second derivative: the 2 of the square is a factor of it": 2 / c,
            "upside down: the larger the curvature, the smaller the rate": curvature / 2})


def some_steps(rng: np.random.Generator) -> Question:
    """w after some steps on a parabola."""
    m, start, lr, steps = integers(rng, low=1, high=9), integers(rng), choice(rng, 0.1, 0.25, 0.4, 0.75, 1), choice(rng, 2, 3)
    w, optimizer = np.array([start]), SGD(lr)
    for _ in range(steps):
        optimizer.step({"w": w}, {"w": 2 * (w - m)})
    return question(
        r"$L = (w - {m})^2$, and $w = {start}$ at the start. What is $w$ after {steps} steps of gradient descent with "
        r"$\eta = {lr}$?",
        {"m": m, "start": start, "lr": lr, "steps": steps}, w[0], {
            "one step only": start - lr * 2 * (start - m),
            "the first gradient was used in every step, but it changes with w": start - steps * lr * 2 * (start - m),
            "the 2 of the derivative was forgotten": m + (1 - lr)**steps * (start - m)})
