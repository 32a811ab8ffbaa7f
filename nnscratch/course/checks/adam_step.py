"""The exercise of notebook 14 on Adam: one step from its two moments.

Shapes: w, m, v and dw of one shape.
"""
import numpy as np

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.fresh import whole
from nnscratch.course.checks.inputs import normal

__all__ = ["adam"]


def adam_with(correct=lambda beta, step: 1 - beta**step, correct_first=None, correct_second=None, new=lambda beta: 1 - beta,
              square=lambda dw: dw * dw, root=np.sqrt, order=lambda a, b: (a, b), sign=1,
              below=lambda root, second, epsilon, decay: root(second) + epsilon):
    """A step of Adam from its parts; a wrong answer changes one of them."""
    def adam(w, m, v, dw, step, lr, beta1, beta2, epsilon):
        beta1, beta2 = order(beta1, beta2)
        m, v = beta1 * m + new(beta1) * dw, beta2 * v + new(beta2) * square(dw)
        first, second = m / (correct_first or correct)(beta1, step), v / (correct_second or correct)(beta2, step)
        return w - sign * lr * first / below(root, second, epsilon, 1 - beta2**step), m, v
    return adam


def moved_by(moments):
    """The right m and v, but the step is made from other ones: moments(dw, old m, old v, new m, new v)."""
    def adam(w, m, v, dw, step, lr, beta1, beta2, epsilon):
        _, new_m, new_v = right_adam(w, m, v, dw, step, lr, beta1, beta2, epsilon)
        a, b = 1 - beta1**step, 1 - beta2**step
        first, second = moments(dw, m / a, v / b, new_m / a, new_v / b)
        return w - lr * first / (np.sqrt(second) + epsilon), new_m, new_v
    return adam


def right_adam(w, m, v, dw, step, lr, beta1, beta2, epsilon):
    """The solution; in the precision of w."""
    return adam_with()(w, m, v, dw, step, lr, beta1, beta2, epsilon)


def root_first(w, m, v, dw, step, lr, beta1, beta2, epsilon):
    """The root of v alone, before the bias correction."""
    _, m, v = right_adam(w, m, v, dw, step, lr, beta1, beta2, epsilon)
    return w - lr * m / (1 - beta1**step) / (np.sqrt(v) / (1 - beta2**step) + epsilon), m, v


def corrected_moments(w, m, v, dw, step, lr, beta1, beta2, epsilon):
    """m and v are returned with their correction."""
    w, m, v = right_adam(w, m, v, dw, step, lr, beta1, beta2, epsilon)
    return w, m / (1 - beta1**step), v / (1 - beta2**step)


@exercise("14",
          "Four lines, in the order of the formulas: both moments, both corrections, the step. Which of them are returned?",
          "m and v are returned as they are before the correction: the next step corrects anew, with its own number.",
          "m = beta1 * m + (1 - beta1) * dw", library=right_adam)
def adam(attempt: Attempt) -> None:
    """The new w, m and v, in the shape of w."""
    names = "w", "m", "v", "dw", "step", "lr", "beta1", "beta2", "epsilon"
    cases = [dict(zip(names, case)) for case in (  # the root of 0.04 is 0.2: with 0.25 or 0.5 mistakes would cancel
        (np.array([1.0]), np.zeros(1), np.zeros(1), np.array([4.0]), 1, 0.1, 0.75, 0.96, 1e-8),
        (np.array([0.9]), np.array([1.0]), np.array([0.64]), np.array([-4.0]), 2, 0.1, 0.75, 0.96, 1e-8),
        (np.array([1.0]), np.zeros(1), np.zeros(1), np.array([2.0]), 1, 0.1, 0.75, 0.96, 0.1),
        (np.array([1.0, 2.0]), np.zeros(2), np.zeros(2), np.array([0.0, 3.0]), 1, 0.1, 0.75, 0.96, 1e-7),
        (normal(3, 4), normal(3, 4, seed=2), normal(3, 4, seed=3)**2, abs(normal(3, 4, seed=1)), 5, 0.01, 0.9, 0.95, 0.1))]
    compare(attempt, right_adam, cases, "w m v", {
        "the bias correction is missing: m and v start at 0": adam_with(correct=lambda b, k: 1),
        "the bias correction of m is missing": adam_with(correct_first=lambda b, k: 1),
        "the bias correction of v is missing": adam_with(correct_second=lambda b, k: 1),
        "the bias correction of v has beta1": lambda w, m, v, dw, step, lr, a, b, epsilon: adam_with(
            correct_second=lambda beta, k: 1 - a**k)(w, m, v, dw, step, lr, a, b, epsilon),
        "the correction divides by 1 - beta, expected 1 - beta**step": adam_with(correct=lambda b, k: 1 - b),
        "the correction multiplies: divide m and v by 1 - beta**step": adam_with(correct=lambda b, k: 1 / (1 - b**k)),
        "steps are counted from 1: step is that number already": adam_with(correct=lambda b, k: 1 - b**(k + 1)),
        "v is made of dw, expected of its square": adam_with(square=lambda dw: dw),
        "the gradient and its square enter with the factor 1, expected 1 - beta": adam_with(new=lambda beta: 1),
        "epsilon is inside the root: Algorithm 1 adds it to the root": adam_with(
            below=lambda root, second, epsilon, decay: root(second + epsilon)),
        "this is Keras' form, with epsilon-hat: asked is Algorithm 1, where epsilon is added to the corrected root": adam_with(
            below=lambda root, second, epsilon, decay: root(second) + epsilon / root(decay)),
        "epsilon is missing, or a constant stands in its place: it is an argument": adam_with(
            below=lambda root, second, epsilon, decay: root(second) + 1e-8),
        "the root of v is missing": adam_with(root=lambda v: v),
        "the root is that of v / (1 - beta2**step), and not of v alone": root_first,
        "w is moved by the old m and v: make the new ones first": moved_by(lambda dw, m, v, new_m, new_v: (m, v)),
        "w is moved by dw, expected by m": moved_by(lambda dw, m, v, new_m, new_v: (dw, new_v)),
        "beta1 stands in the place of beta2": adam_with(order=lambda a, b: (a, a)),
        "beta1 and beta2 are exchanged": adam_with(order=lambda a, b: (b, a)),
        "beta is the factor of the old value, and 1 - beta of the new one: they are exchanged": adam_with(
            order=lambda a, b: (1 - a, 1 - b)),
        "the step goes along the gradient: subtract it": adam_with(sign=-1),
        "the learning rate is missing": lambda w, m, v, dw, step, lr, *rest: right_adam(w, m, v, dw, step, 1.0, *rest),
        "m and v are returned with their correction, expected as they are before it": corrected_moments},
        draw=whole(step=(1, 9)))
