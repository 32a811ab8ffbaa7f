"""Exercises of notebook 03: the chain rule by hand, fan-out, a numeric gradient, the backward pass through a graph.

Shapes: all of `chain` and of the graphs are numbers; `numeric_gradient` takes x of any shape. A graph is a tuple of Steps in
forward order.
"""
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.fresh import renewed
from nnscratch.course.checks.inputs import normal
from nnscratch.course.checks.prediction import predicted

__all__ = ["SMALL_GRAPH", "chain", "fan_out", "numeric_gradient", "walk_back"]


def right_chain(x, w, b, t):
    """The solution."""
    y = math.tanh(w * x + b)
    da = 2 * (y - t) * (1 - y * y)
    return da * w, da * x, da


def chain_with(dy=lambda y, t: 2 * (y - t), slope=lambda y, a: 1 - y * y):
    """The chain from its factors; a wrong answer changes one of them."""
    def chain(x, w, b, t):
        a = w * x + b
        da = dy(math.tanh(a), t) * slope(math.tanh(a), a)
        return da * w, da * x, da
    return chain


def constant_db(x, w, b, t):
    """Without the upstream gradient at b."""
    return *right_chain(x, w, b, t)[:2], 1.0


@exercise("03",
          "Forward first: compute a and y and keep them. Backward: begin with dy, the derivative of (y - t)² for y.",
          "One node further: da = dy times the local derivative of tanh, which you can compute from y.",
          "da = 2 * (y - t) * (1 - y * y); x enters a with the factor w, so dx = da * w. What are the factors of w and b?",
          library=right_chain)
def chain(attempt: Attempt) -> None:
    """dx, dw, db: three numbers."""
    cases = [{"x": 1.0, "w": 0.0, "b": 0.0, "t": 1.0}, {"x": 2.0, "w": 0.5, "b": -0.75, "t": 1.5},
             {"x": 0.7, "w": -0.4, "b": 0.9, "t": -0.3}]
    compare(attempt, right_chain, cases, "dx dw db", {
        "the 2 of the square is missing": chain_with(dy=lambda y, t: y - t),
        "the factor tanh'(a) = 1 - y² is missing: a node is left out of the chain": chain_with(slope=lambda y, a: 1),
        "tanh'(a) is 1 - y² with y = tanh(a), not with a": chain_with(slope=lambda y, a: 1 - a * a),
        "tanh'(a) is 1 - y², with the square": chain_with(slope=lambda y, a: 1 - y),
        "it is the gradient of y alone: the factor 2 (y - t) is missing": chain_with(dy=lambda y, t: 1),
        "the sign is wrong: the derivative of (y - t)² is 2 (y - t)": chain_with(dy=lambda y, t: 2 * (t - y)),
        "the local derivative of + is 1, but the gradient that arrives at b is not: multiply by it": constant_db})


@exercise("03", "In the last two lines dx is set twice. Which value is left?",
          "x is used by u and by v. A change of x changes y through both.",
          "The chain rule has a term for each use of x: dy/dx = dy/du · du/dx + dy/dv · dv/dx.")
def fan_out(attempt: Any) -> None:
    """Two numbers: what the code prints, and the right gradient."""
    printed, right = "what the code prints", "the right gradient"
    predicted(attempt, {printed: 5.0, right: 8.0}, {
        "the second assignment replaces the first": (printed, 8.0), "this is the first part, which is replaced": (printed, 3.0),
        "this is the path through v alone": (right, 5.0), "this is the path through u alone": (right, 3.0),
        "the two parts add, they are not multiplied": (right, 15.0)})


def measured(numerator, divisor):
    """A numeric gradient from what is done above and below the fraction bar."""
    def gradient(f, x, delta):
        result = np.zeros_like(x, dtype=float)
        for k in np.ndindex(x.shape):
            step = np.zeros_like(result)
            step[k] = delta
            result[k] = numerator(f, x, step) / divisor(delta)
        return result
    return gradient


def central(f, x, step):
    """f(x + step) - f(x - step)."""
    return f(x + step) - f(x - step)


right_numeric_gradient = measured(central, lambda delta: 2 * delta)


def left_where_it_was_moved(f, x, delta):
    """Each element stays moved."""
    x, result = x.copy(), np.zeros_like(x)
    for k in np.ndindex(x.shape):
        result[k] = right_numeric_gradient(f, x, delta)[k]
        x[k] -= delta
    return result


def cut_off(f, x, delta):
    """In the whole numbers of x."""
    result = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        plus, minus = x.copy(), x.copy()
        plus[k] += delta
        minus[k] -= delta
        result[k] = (f(plus) - f(minus)) / (2 * delta)
    return result


@exercise("03", "`for k in np.ndindex(x.shape)` visits each element of an array of any shape.",
          "Work on copies: plus = x.astype(float) is changed at k alone, minus likewise; x itself stays as it was.",
          "plus[k] += delta and minus[k] -= delta; the element k of the result is (f(plus) - f(minus)) / (2 * delta).",
          library=right_numeric_gradient)
def numeric_gradient(attempt: Attempt) -> None:
    """An array in the shape of x."""
    def cube(x):
        return (x**3).sum()

    def product(x):
        return x.prod()

    weights = renewed({"weights": np.arange(1.0, 7).reshape(2, 3)})["weights"]

    def weighted_cubes(x):
        return (x**3 * weights).sum()

    cases = [{"f": cube, "x": np.array([2.0]), "delta": 0.5}, {"f": cube, "x": np.array([1.0, -2.0]), "delta": 0.5},
             {"f": product, "x": np.array([1.0, -2.0, 3.0]), "delta": 0.5},
             {"f": weighted_cubes, "x": normal(2, 3), "delta": 0.25}]
    compare(attempt, right_numeric_gradient, cases, "dx", {
        "it is divided by delta, but the two points lie 2 delta apart": measured(central, lambda delta: delta),
        "the two points lie delta apart: each is a whole delta away from x":
            measured(lambda f, x, step: central(f, x, step / 2), lambda delta: delta),
        "it is a one-sided difference: f(x) stands for f(x - delta)":
            measured(lambda f, x, step: f(x + step) - f(x), lambda delta: delta),
        "it is the one-sided difference to the left: f(x) stands for f(x + delta)":
            measured(lambda f, x, step: f(x) - f(x - step), lambda delta: delta),
        "it is not divided by 2 delta": measured(central, lambda delta: 1),
        "the sign is wrong: f(x + delta) comes first":
            measured(lambda f, x, step: -central(f, x, step), lambda delta: 2 * delta),
        "an element that was moved stays there: restore it before the next one": left_where_it_was_moved,
        "all elements move at once, but each partial derivative moves one alone":
            lambda f, x, delta: np.full_like(x, (f(x + delta) - f(x - delta)) / (2 * delta))})
    whole = "x holds whole numbers here, and so do its copies: what delta adds is cut off; begin with x = np.asarray(x, float)"
    compare(attempt, right_numeric_gradient, [{"f": cube, "x": np.array([2, -3]), "delta": 0.5}], "dx", {
        whole: cut_off, f"{whole} ": lambda f, x, delta: right_numeric_gradient(f, x, delta).astype(int)})


# --- the backward pass through a graph ----------------------------------------------------------------------------

class Step(NamedTuple):
    """A node of a graph: the names it reads, and its backward pass, which returns a list: a gradient for each input."""
    name: str
    inputs: tuple[str, ...]
    backward: Callable[[float], list[float]]


class Graph(tuple):
    """Steps in forward order, and a text that says what they compute."""
    text: str

    def __new__(cls, text: str, *steps: Step) -> "Graph":
        graph = super().__new__(cls, steps)
        graph.text = text
        return graph

    def __getnewargs__(self) -> tuple:
        return (self.text, *self)  # for copies

    def __repr__(self) -> str:
        return f"({self.text})"


def graphs(a: float = 3, b: float = -4, c: float = 5, d: float = 2) -> list[Graph]:
    """Three graphs, from the smallest, with these factors."""
    first = Step("u", ("x",), lambda dy: [a * dy])
    return [Graph(f"u = {a:g} x; y = {d:g} u", first, Step("y", ("u",), lambda dy: [d * dy])),
            Graph(f"u = {a:g} x; y = x + u", first, Step("y", ("x", "u"), lambda dy: [dy, dy])),
            Graph(f"u = {a:g} x; v = {b:g} u; w = u + v; y = u + {c:g} w + x", first, Step("v", ("u",), lambda dy: [b * dy]),
                  Step("w", ("u", "v"), lambda dy: [dy, dy]), Step("y", ("u", "w", "x"), lambda dy: [dy, c * dy, dy]))]


SMALL_GRAPH = graphs()[1]


def reverse_pass(add=lambda old, new: old + new, keep=lambda parts: parts):
    """The pass through the steps in reverse; wrong answers change `add` or `keep`."""
    def back(steps, dy):
        gradients = {steps[-1].name: dy}
        for step in reversed(steps):
            for name, part in keep(list(zip(step.inputs, step.backward(gradients.get(step.name, 0.0))))):
                gradients[name] = add(gradients[name], part) if name in gradients else part
        return gradients.get("x", 0.0)
    return back


right_walk_back = reverse_pass()


def at_once(steps, dy):
    """Each step passes its gradient on whenever a part arrives, not once at the end."""
    by_name = {step.name: step for step in steps}
    gradients: dict[str, float] = {}

    def arrive(name: str, part: float) -> None:
        gradients[name] = gradients.get(name, 0) + part
        if name in by_name:
            for source, its_part in zip(by_name[name].inputs, by_name[name].backward(gradients[name])):
                arrive(source, its_part)
    arrive(steps[-1].name, dy)
    return gradients["x"]


def from_dy_alone(steps, dy):
    """Every step is called with the upstream gradient of the last."""
    return sum(part for step in steps for name, part in zip(step.inputs, step.backward(dy)) if name == "x")


@exercise("03", "Keep a dictionary {name: gradient}. At the start it holds dy under the name of the last step.",
          "Visit the steps in reverse; step.backward(gradients[step.name]) gives a part for each name in step.inputs.",
          "A part is added to what is already there: gradients[name] = gradients.get(name, 0) + part.", library=right_walk_back)
def walk_back(attempt: Attempt) -> None:
    """dx, a number: the gradient of the value called "x"."""
    factors = renewed({"a": 3.0, "b": -4.0, "c": 5.0, "d": 2.0})
    cases = [{"steps": graph, "dy": dy} for graph, dy in zip(graphs(**factors), (1.0, 1.0, 10.0))]
    compare(attempt, right_walk_back, cases, "dx", {
        "the last part replaces those before it: where a value is used twice, gradients add":
            reverse_pass(add=lambda old, new: new),
        "only the first part counts: where a value is used twice, gradients add": reverse_pass(add=lambda old, new: old),
        "only the first input of each step gets a gradient": reverse_pass(keep=lambda parts: parts[:1]),
        "the steps are visited in forward order: begin with the last step": lambda steps, dy: sum(
            part for name, part in zip(steps[-1].inputs, steps[-1].backward(dy)) if name == "x"),
        "a step passes its gradient on more than once, or before all parts have arrived": at_once,
        "each step gets dy, expected the gradient of its own output": from_dy_alone,
        "it starts from 1 instead of dy": lambda steps, dy: reverse_pass()(steps, 1.0)})
