"""Exercises of notebook 04: the loss of a guess, softmax cross-entropy, accuracy, a linear classifier.

Shapes: logits and one-hot t (N, classes); labels (N,), integers; x (N, inputs), W (inputs, classes), b (classes,).
"""
from typing import Any

import numpy as np

from nnscratch import losses
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, Wrong, exercise
from nnscratch.course.checks.fresh import whole
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.prediction import predicted

__all__ = ["accuracy", "first_losses", "softmax_cross_entropy", "train_linear"]


@exercise("04", "Equal probabilities of ten classes: how large is each one?",
          "The loss of a sample is -ln p of its true class, whatever the other probabilities are.",
          "-ln p is ln(1 / p). If p is the same for all ten classes, 1 / p is their number.")
def first_losses(attempt: Any) -> None:
    """Three numbers: the losses of a guess, of a classifier that is right, and of one that is wrong."""
    guess, right, wrong = "equal probabilities", "p = 1 for the true class", "p = 0.001 for the true class"
    predicted(attempt, {guess: np.log(10), right: 0.0, wrong: np.log(1000)}, {
        "the base is e, not 10: use np.log": (guess, 1.0), "this is the probability: the loss is -ln of it": (guess, 0.1),
        "ln p is negative, the loss is -ln p": (guess, -np.log(10)), "it is the probability of being wrong": (guess, 0.9),
        "-ln 1 is 0: nothing is left to learn": (right, 1.0), "the base is e, not 10": (wrong, 3.0),
        "this is 1 - p, which hardly tells p = 0.001 from p = 0.1": (wrong, 0.999)})


def softmax(logits, axis=-1):
    """Probabilities along an axis."""
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def library_cross_entropy(logits, t):
    """The library's, with the learner's arguments."""
    return losses.softmax_cross_entropy(logits, t)


def loss_with(loss=lambda p, t: -(t * np.log(p)).sum() / len(t), slope=lambda p, t: (p - t) / len(t), axis=-1):
    """A wrong answer: another loss or gradient, from probabilities p."""
    def cross_entropy(logits, t):
        p = softmax(logits, axis)
        return loss(p, t), slope(p, t)
    return cross_entropy


SMALL = [{"logits": np.array([[0.0, np.log(3.0)]]), "t": np.array([[1.0, 0.0]])},
         {"logits": np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]]), "t": np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])},
         {"logits": normal(4, 5), "t": np.eye(5)[[2, 0, 4, 0]]}]
LARGE = [{"logits": np.array([[1000.0, 0.0, 0.0]]), "t": np.array([[0.0, 1.0, 0.0]])},
         {"logits": np.array([[1000.0, 0.0, 0.0], [0.0, -2000.0, -1000.0]]),
          "t": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])}]


def of_all_rows(logits, t):
    """One softmax over the whole batch."""
    p = softmax(logits.reshape(-1)).reshape(logits.shape)
    return -(t * np.log(p)).sum() / len(t), (p - t) / len(t)


@exercise("04", "Write L as a function of the logits first: ln p = a - ln of a sum. Then no large power is needed.",
          "The gradient: by the chain rule, ∂L/∂a of unit u is the sum over all u' of ∂L/∂p times ∂p/∂a, but t is 0 for all "
          "classes but one. What is left is short. Do not forget that L is a mean.",
          "shifted = logits - logits.max(axis=1, keepdims=True); "
          "log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))", library=library_cross_entropy)
def softmax_cross_entropy(attempt: Attempt) -> None:
    """L, a number, and dlogits, an array in the shape of the logits."""
    compare(attempt, library_cross_entropy, SMALL, "L dlogits", {
        "L is a sum over the samples, expected their mean": loss_with(lambda p, t: -(t * np.log(p)).sum()),
        "L is a mean over all N x classes values, expected a mean over the N samples":
            loss_with(lambda p, t: -(t * np.log(p)).mean()),
        "the sign of L is wrong: ln p is negative": loss_with(lambda p, t: (t * np.log(p)).sum() / len(t)),
        "L sums over all classes, but only the true class counts": loss_with(lambda p, t: -np.log(p).sum() / len(t)),
        "the logarithm has another base: ln is np.log": loss_with(lambda p, t: -(t * np.log10(p)).sum() / len(t)),
        "the logarithm has another base: ln is np.log ": loss_with(lambda p, t: -(t * np.log2(p)).sum() / len(t)),
        "the sum runs down the samples, but the probabilities of one sample sum to 1": loss_with(axis=0),
        "one softmax goes over the whole batch, but the probabilities of each sample sum to 1": of_all_rows,
        "this is 1 - p of the true class, expected -ln p": loss_with(lambda p, t: 1 - (t * p).sum() / len(t)),
        "dlogits is not divided by N, but L is a mean": loss_with(slope=lambda p, t: p - t),
        "dlogits is divided by all N x classes values, but L is a mean over N":
            loss_with(slope=lambda p, t: (p - t) / p.size),
        "the sign of dlogits is wrong: it is the direction of steepest descent":
            loss_with(slope=lambda p, t: (t - p) / len(t)),
        "this is p / N: the target is missing in dlogits": loss_with(slope=lambda p, t: p / len(t)),
        "only the true class gets a gradient, but each logit is part of the sum under the fraction bar":
            loss_with(slope=lambda p, t: t * (p - 1) / len(t)),
        "this is the gradient with respect to p: the derivatives of softmax are missing":
            loss_with(slope=lambda p, t: -t / p / len(t))})
    try:
        compare(attempt, library_cross_entropy, LARGE, "L dlogits")
    except Wrong as wrong:
        raise Wrong(f"{wrong}\n{why_not_stable(str(wrong))}") from wrong


def why_not_stable(text: str) -> str:
    """What to do if only large logits fail."""
    if "NaN" in text or "inf" in text:
        return ("exp(a) is infinite from a = 710 on, and 0 below a = -745: subtract from each row its own largest logit, and "
                "take the logarithm of the sum alone")
    if "L = " in text:
        return "L stops growing: is a small number added to p, or p clipped? Compute ln p from the logits instead"
    return "smaller logits are right"


def library_accuracy(logits, labels):
    """The solution."""
    return float((logits.argmax(axis=1) == labels).mean())


@exercise("04", "The predicted class of a row is the one with the largest logit.",
          "np.argmax over the right axis gives N class numbers; compare them with the labels.",
          "np.mean of an array of True and False is the fraction of True: np.mean(predicted == labels)",
          library=library_accuracy)
def accuracy(attempt: Attempt) -> None:
    """A number from 0 to 1."""
    cases = [{"logits": np.array([[1.0, 3.0]]), "labels": np.array([1])},
             {"logits": np.array([[1.0, 4.0], [2.0, 3.0]]), "labels": np.array([1, 1])},
             {"logits": np.array([[1.0, 3.0], [2.0, 1.0], [0.5, 0.25]]), "labels": np.array([1, 1, 0])},
             {"logits": np.array([[-1.0, -3.0, -2.0], [-1.0, -2.0, -0.5]]), "labels": np.array([0, 2])},
             {"logits": normal(9, 4), "labels": np.arange(9) % 4}]
    compare(attempt, library_accuracy, cases, "accuracy", {
        "these are percent, expected a fraction": lambda logits, labels: 100 * library_accuracy(logits, labels),
        "this is a count, expected a fraction": lambda logits, labels: len(labels) * library_accuracy(logits, labels),
        "this is the error rate, expected the fraction that is right":
            lambda logits, labels: 1 - library_accuracy(logits, labels),
        "the smallest logit is taken for the predicted class": lambda logits, labels: library_accuracy(-logits, labels),
        "the class is taken along the wrong axis: each row has one, axis=1":
            lambda logits, labels: np.mean(np.resize(logits.argmax(axis=0), len(labels)) == labels),
        "the size of the logits decides, not their sign: -3 is smaller than -1":
            lambda logits, labels: library_accuracy(np.abs(logits), labels)})


def library_train_linear(x, labels, classes, lr, steps):
    """The solution."""
    return descent()(x, labels, classes, lr, steps)


def descent(sign=-1, db=lambda dlogits: dlogits.sum(axis=0), times=lambda x: 1, start=0.0, count=lambda steps: steps,
            fresh=True, late=False):
    """Full-batch gradient descent of a linear classifier; wrong answers change one of its parts."""
    def train(x, labels, classes, lr, steps):
        W, b, t = np.full((x.shape[1], classes), start), np.full(classes, start), np.eye(classes)[labels]
        losses = []
        _, dlogits = library_cross_entropy(x @ W + b, t)
        for _ in range(count(steps)):
            L, slope = library_cross_entropy(x @ W + b, t)
            dlogits = slope if fresh else dlogits
            W = W + sign * lr * times(x) * x.T @ dlogits
            b = b + sign * lr * times(x) * db(dlogits)
            losses.append(library_cross_entropy(x @ W + b, t)[0] if late else L)
        return W, b, np.array(losses)
    return train


@exercise("04", "Before the loop: W and b full of zeros, one-hot targets, and an empty list of losses.",
          "A step: logits, loss with its gradient, gradients of W and b, a step for W, a step for b. All of it stands inside "
          "the loop, the return does not.",
          "dx, dW, db = own.dense_backward(dlogits, x, W), then W = own.sgd_step(W, dW, lr)", library=library_train_linear)
def train_linear(attempt: Attempt) -> None:
    """W (inputs, classes) and b (classes,) after the steps, and the losses (steps,)."""
    cases = [{"x": np.array([[1.0, 0.0], [0.0, 2.0]]), "labels": np.array([1, 1]), "classes": 2, "lr": 0.5, "steps": 1},
             {"x": np.array([[1.0, 3.0]]), "labels": np.array([2]), "classes": 3, "lr": 0.5, "steps": 2},
             {"x": normal(5, 2), "labels": np.array([0, 1, 2, 1, 1]), "classes": 3, "lr": 0.25, "steps": 4}]
    compare(attempt, library_train_linear, cases, "W b losses", {
        "the steps go along the gradient: subtract it": descent(sign=1),
        "b never changes: it has a gradient and a step, too": descent(db=lambda dlogits: 0),
        "db is a mean over the samples, but dlogits has the 1/N already: it is their sum":
            descent(db=lambda dlogits: dlogits.mean(axis=0)),
        "the gradients are N times too large: is N divided out?": descent(times=len),
        "W and b do not start from zeros": descent(start=1.0),
        "one step is missing": descent(count=lambda steps: steps - 1),
        "one step is too many": descent(count=lambda steps: steps + 1),
        "it is one step only: is the return inside the loop?": descent(count=lambda steps: 1),
        "these are the losses after each step, expected those before it": descent(late=True),
        "the gradient is that of the first step throughout: logits and loss belong inside the loop": descent(fresh=False)},
        draw=whole(classes=(3, 6), steps=(1, 5)))
