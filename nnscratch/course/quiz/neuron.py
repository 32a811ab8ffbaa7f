"""Quiz of notebooks 01 and 03: a neuron, a layer, their gradients, and how gradients are measured.

Shapes: x (inputs,) or (N, inputs), weights (inputs, units), bias and dy (units,) or (N, units).
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.quiz.question import Question, choice, integers, question

__all__: list[str] = []  # quiz.ITEMS has the items


def neuron(rng: np.random.Generator) -> Question:
    """y of a neuron."""
    x, w, b = integers(rng, 3), integers(rng, 3), integers(rng)
    y, _ = ops.relu(ops.dense(x[None], w[:, None], np.array([b]))[0])
    wrong = {"the bias was forgotten": max(0, x @ w), "relu was turned around: it lets positive sums pass": 0} if y > 0 else {
        "relu was forgotten: a negative sum becomes 0": x @ w + b, "relu takes no absolute value": -(x @ w + b)}
    return question(
        "A neuron with relu: inputs $x = {x}$, weights $w = {w}$, bias $b = {b}$. What comes out?",
        {"x": x, "w": w, "b": b}, y[0, 0], wrong | {
            "the sums were multiplied, but each input has a weight of its own": x.sum() * w.sum() + b})


def threshold(rng: np.random.Generator) -> Question:
    """The bias from which a neuron is active."""
    x, w = integers(rng, 3), integers(rng, 3)
    return question(
        "A neuron with relu has the weights $w = {w}$. Above which bias does it answer to $x = {x}$ with more than 0?",
        {"w": w, "x": x}, -x @ w, {
            "the sign: the bias must make up for the sum, not repeat it": x @ w,
            "the inputs were forgotten": -w.sum()})


def layer(rng: np.random.Generator) -> Question:
    """y of a dense layer."""
    x, weights, bias = integers(rng, 2), integers(rng, 2, 2), integers(rng, 2)
    return question(
        "A layer without activation: $x = {x}$, $W = {weights}$ (a column for each unit), $b = {bias}$. What is $y$?",
        {"x": x, "weights": weights, "bias": bias}, ops.dense(x[None], weights, bias)[0][0], {
            "rows were taken for columns: each unit has its weights in a column": weights @ x + bias,
            "the bias was forgotten": x @ weights,
            "the bias of a unit was multiplied, not added": (x @ weights) * bias})


def weights_gradient(rng: np.random.Generator) -> Question:
    """dW of one unit."""
    x, dy = integers(rng, 2, 2), integers(rng, 2)
    _, cache = ops.dense(x, np.ones((2, 1)), np.zeros(1))
    return question(
        "Two samples, the rows of $x = {x}$, went through one unit. The slopes $dy = {dy}$ come back, one for each sample. "
        "What is $dW$?",
        {"x": x, "dy": dy}, ops.dense_backward(dy[:, None], cache)[1][:, 0], {
            "divided by the number of samples: a mean stands for the sum": x.T @ dy / 2,
            "the first sample alone: a weight collects from all": x[0] * dy[0],
            "x and dy were added up before they were multiplied": x.sum(axis=0) * dy.sum()})


def training_step(rng: np.random.Generator) -> Question:
    """One step of gradient descent."""
    x, w, t, rate = integers(rng), integers(rng), integers(rng), 0.1
    slope = ops.dense_backward(np.array([[2 * (w * x - t)]]), ops.dense(np.array([[x]]), np.array([[w]]), np.zeros(1))[1])[1]
    return question(
        "$y = x w$ with $x = {x}$ and $w = {w}$ shall become $t = {t}$; the loss is $L = (y - t)^2$. What is $w$ after one "
        "step with the learning rate ${rate}$?",
        {"x": x, "w": w, "t": t, "rate": rate}, w - rate * slope[0, 0], {
            "uphill: the step goes against the slope": w + rate * 2 * (w * x - t) * x,
            "the 2 of the square was forgotten": w - rate * (w * x - t) * x,
            "the factor x was forgotten: dy is not yet dw": w - rate * 2 * (w * x - t)})


def chain(rng: np.random.Generator) -> Question:
    """dw by the chain rule."""
    x, y, t = integers(rng), choice(rng, 0.5, -0.5, 0.6, 0.8), integers(rng, low=-2, high=2)
    dw = ops.tanh_backward(np.array(2 * (y - t)), np.array(y)) * x
    return question(
        r"$z = w x + b$, $y = \tanh(z)$, $L = (y - t)^2$. With $x = {x}$ and $t = {t}$ forward gave $y = {y}$. What is $dw$?",
        {"x": x, "t": t, "y": y}, dw, {
            "the slope of tanh was forgotten": 2 * (y - t) * x,
            "the 2 of the square was forgotten": (y - t) * (1 - y**2) * x,
            "the slope of tanh is 1 - y^2, not (1 - y)^2": 2 * (y - t) * (1 - y)**2 * x,
            "this is dz: the last factor is x": 2 * (y - t) * (1 - y**2)})


def central(rng: np.random.Generator) -> Question:
    """A central difference."""
    x, h = integers(rng, low=1, high=6), choice(rng, 0.1, 0.2, 0.5, 1)
    return question(
        "What does the central difference with $h = {h}$ say for the slope of $f(x) = x^3$ at $x = {x}$?",
        {"x": x, "h": h}, ((x + h)**3 - (x - h)**3) / (2 * h), {
            "this is the true slope; the measurement errs by h^2": 3 * x**2,
            "divided by h, but the two points are 2h apart": ((x + h)**3 - (x - h)**3) / h,
            "this is the one-sided difference, (f(x + h) - f(x)) / h": ((x + h)**3 - x**3) / h})


def smaller_step(rng: np.random.Generator) -> Question:
    """The error of a central difference with a smaller step."""
    error, times = choice(rng, 0.04, 0.08, 0.1, 0.2, 0.3, 0.4, 0.5, 0.9), choice(rng, 2, 5, 10)
    return question(
        "A central difference errs by {error}, and rounding plays no part yet. By about how much does it err if $h$ is made "
        "{times} times smaller?",
        {"error": error, "times": times}, error / times**2, {
            "this would be the one-sided difference; the central one errs by h^2": error / times,
            "the error grows: that is so only where rounding has taken over": error * times,
            "the error stays: only the complex step has none to lose": error})


def complex_step(rng: np.random.Generator) -> Question:
    """A complex step."""
    x, h = integers(rng, low=2, high=12), choice(rng, 0.1, 0.01)
    return question(
        r"$f(x) = x^2$. What is $\mathrm{{Im}}\, f(x + ih) / h$ for $x = {x}$ and $h = {h}$?",
        {"x": x, "h": h}, ((x + 1j * h)**2).imag / h, {
            "the one-sided difference; here no error of h is left": 2 * x + h,
            "not divided by h": 2 * x * h,
            "the real part was taken": x**2 - h**2})


def sum_hides(rng: np.random.Generator) -> Question:
    """The gradient of a normalised sum."""
    total, u = choice(rng, 2, 4, 5, 10), integers(rng, 2)
    first = integers(rng, low=1, high=total - 1)
    x = np.array([first, total - first])
    return question(
        "$y = x / (x_1 + x_2)$, so that $y_1 + y_2 = 1$. Let $x = {x}$ and $L = u_1 y_1 + u_2 y_2$ with $u = {u}$. What is "
        r"$\partial L / \partial x$?",
        {"x": x, "u": u}, (u - u @ x / total) / total, {
            "the sum was taken for a constant, but it moves with x": u / total,
            "this is the answer for equal u, where the sum of y hides everything": np.zeros(2),
            "x came in as a factor: this is x times the slope": x * (u - u @ x / total) / total})
