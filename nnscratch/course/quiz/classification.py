"""Quiz of notebook 04: softmax, cross-entropy and its gradient, accuracy.

Shapes: logits and one-hot t (N, classes), labels (N,).
"""
import numpy as np

from nnscratch import losses, ops
from nnscratch.course.quiz.question import Question, choice, integers, question

__all__: list[str] = []  # quiz.ITEMS has the items


def softmax(rng: np.random.Generator) -> Question:
    """Probabilities from the exponentials of the logits."""
    powers = integers(rng, 3, low=2, high=9)
    return question(
        "The exponentials of three logits are $e^a = {powers}$. Which probabilities does softmax give?",
        {"powers": powers}, ops.softmax(np.log(powers)[None])[0][0], {
            "divided by the largest one: then the sum is not 1": powers / powers.max(),
            "this is the one-hot row of the largest logit: softmax gives every class more than 0": np.eye(3)[powers.argmax()],
            "the logits were divided by their sum, not their exponentials": np.log(powers) / np.log(powers).sum()})


def cross_entropy(rng: np.random.Generator) -> Question:
    """The loss of one sample from its logits."""
    a, k = integers(rng, 3, low=-2, high=3), int(rng.integers(3))
    loss, _ = losses.softmax_cross_entropy(a[None], np.eye(3)[[k]])
    p = np.exp(-loss)
    return question(
        "The logits of a sample are $a = {a}$, and its class is {k}, counted from 0. What is its cross-entropy? (Four "
        "decimals.)",
        {"a": a, "k": k}, loss, {
            "the logarithm has the base e, not 10": -np.log10(p),
            "this is the probability of the class: the loss is -ln of it": p,
            "the probability of being wrong": 1 - p,
            "the logit of the class was not subtracted from the logarithm of the sum": np.log(np.exp(a).sum())})


def loss_of_a_guess(rng: np.random.Generator) -> Question:
    """The loss of equal probabilities."""
    classes, n = int(integers(rng, low=3, high=40)), choice(rng, 10, 50, 64, 100)
    loss, _ = losses.softmax_cross_entropy(np.zeros((n, classes)), np.eye(classes)[np.zeros(n, int)])
    return question(
        "{classes} classes, {n} samples, and all logits are 0. What is the cross-entropy? (Four decimals.)",
        {"classes": classes, "n": n}, loss, {
            "the loss is a mean over the samples, not their sum": n * loss,
            "the logarithm has the base e, not 10": np.log10(classes),
            "this is the probability of each class": 1 / classes})


def logits_gradient(rng: np.random.Generator) -> Question:
    """dlogits of one sample of a batch."""
    p = rng.permutation(choice(rng, (0.5, 0.3, 0.2), (0.7, 0.2, 0.1), (0.6, 0.3, 0.1), (0.8, 0.15, 0.05)))
    k, n = int(rng.integers(3)), choice(rng, 2, 4, 5, 10)
    t = np.eye(3)[k]
    _, dlogits = losses.softmax_cross_entropy(np.tile(np.log(p), (n, 1)), np.tile(t, (n, 1)))
    return question(
        "In a batch of {n} samples one has the probabilities $p = {p}$, and its class is {k}, counted from 0. $L$ is the mean "
        "cross-entropy. What is the gradient of $L$ with respect to the logits of this sample?",
        {"n": n, "p": p, "k": k}, dlogits[0], {
            "not divided by the number of samples, though L is a mean": p - t,
            "the sign: a larger logit of the true class makes the loss smaller": (t - p) / n,
            "the target was forgotten": p / n,
            "this is the gradient with respect to p, not to the logits": -t / p / n})


def accuracy(rng: np.random.Generator) -> Question:
    """The fraction of samples that are read rightly."""
    logits = np.array([rng.permutation([-1.0, 0, 2]) for _ in range(5)])
    labels = np.where(rng.random(5) < 0.5, logits.argmax(axis=1), rng.integers(3, size=5))
    right = logits.argmax(axis=1) == labels
    return question(
        "Five samples have the logits {logits}, a row each, and the labels {labels}, counted from 0. What is the accuracy?",
        {"logits": logits, "labels": labels}, right.mean(), {
            "the number of samples, not their fraction": right.sum(),
            "this is the fraction of mistakes": 1 - right.mean(),
            "the smallest logit was taken: the largest one wins": (logits.argmin(axis=1) == labels).mean()})
