"""Quiz of notebook 01: a neuron, a layer, and why the activation must not be linear.

Shapes: x (inputs,), weights (inputs, units), bias (units,).
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.quiz.question import Question, choice, integers, question

__all__: list[str] = []  # quiz.ITEMS has the items


def neuron(rng: np.random.Generator) -> Question:
    """y of a neuron."""
    x, w, b = integers(rng, 3), integers(rng, 3), integers(rng)
    y, _ = ops.relu(ops.dense(x[None], w[:, None], np.array([b]))[0])
    active = {"the bias was forgotten": max(0, x @ w), "ReLU was turned around: positive sums stay as they are": 0}
    wrong = active if y > 0 else {
        "ReLU was forgotten: a negative sum becomes 0": x @ w + b, "ReLU is no absolute value": -(x @ w + b)}
    return question(
        "A neuron with ReLU has the inputs $x = {x}$, the weights $w = {w}$ and the bias $b = {b}$. What is its output $y$?",
        {"x": x, "w": w, "b": b}, y[0, 0], wrong | {
            "the sums were multiplied, but each input has a weight of its own": x.sum() * w.sum() + b})


def threshold(rng: np.random.Generator) -> Question:
    """The bias from which a neuron is active."""
    x, w = integers(rng, 3), integers(rng, 3)
    return question(
        "A neuron with ReLU has the weights $w = {w}$. Above which bias is its output for $x = {x}$ more than 0?",
        {"w": w, "x": x}, -x @ w, {
            "the sign: the bias must make up for the sum, not repeat it": x @ w,
            "the inputs were forgotten": -w.sum()})


def layer(rng: np.random.Generator) -> Question:
    """y of a dense layer."""
    x, weights, bias = integers(rng, 2), integers(rng, 2, 2), integers(rng, 2)
    return question(
        "A layer without activation has $x = {x}$, $W = {weights}$ (a column for each unit) and $b = {bias}$. What is $y$?",
        {"x": x, "weights": weights, "bias": bias}, ops.dense(x[None], weights, bias)[0][0], {
            "rows were taken for columns: each unit has its weights in a column": weights @ x + bias,
            "the bias was forgotten": x @ weights,
            "the bias of a unit was multiplied, not added": (x @ weights) * bias})


def two_layers(rng: np.random.Generator) -> Question:
    """The one neuron that two without activation make."""
    (w, v), (b, c) = integers(rng, 2, low=-4, high=5), integers(rng, 2, low=1, high=6)
    return question(
        "Two neurons without activation follow each other: the first gives $y = {w} x + {b}$, the second ${v} y + {c}$. "
        "Which weight and which bias has a single neuron that computes the same?",
        {"w": w, "b": b, "v": v, "c": c}, (v * w, v * b + c), {
            "the biases were added: the first one passes the second weight": (v * w, b + c),
            "the weights were added, but they follow each other": (v + w, v * b + c),
            "the second bias was forgotten": (v * w, v * b)})


def sum_of_relus(rng: np.random.Generator) -> Question:
    """A sum of two ReLUs at one point."""
    first, slope, corner = (integers(rng, low=low, high=high) for low, high in ((2, 5), (2, 9), (2, 4)))
    x = corner + choice(rng, -1, 1, 2, 3)
    y = first * ops.relu(np.array(x))[0] - slope * ops.relu(np.array(x - corner))[0]
    return question(
        r"$y = {first} \max(0, x) - {slope} \max(0, x - {corner})$. What is the derivative of $y$ with respect to $x$ at "
        "$x = {x}$?",
        {"first": first, "slope": slope, "corner": corner, "x": x}, first - slope * (x > corner), {
            "this is y itself, not its slope": y,
            "the second ReLU was treated the wrong way: is x above its corner?": first - slope * (x <= corner),
            "the second ReLU alone": -slope})
