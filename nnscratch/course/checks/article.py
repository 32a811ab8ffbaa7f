"""Exercises of notebook 13: the sides of a stack, the taps that ever meet a pixel, and the backward pass through a graph.

The stack is the seed article's: convolutions of 4 x 4, stride 2, "same". A graph is a tuple of Steps in forward order.
"""
from collections.abc import Callable
from typing import NamedTuple

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise

__all__ = ["SMALL_GRAPH", "backward_pass", "live_fraction", "side_after"]


def right_side(side, blocks):
    """The solution."""
    for _ in range(blocks):
        side = -(-side // 2)
    return side


def halved_down(side, blocks):
    """Each half rounded down."""
    return max(side >> blocks, 0)


@exercise("13", "One block makes 64 to 32 and 5 to 3: half, rounded up. Do that `blocks` times.",
          "Rounded up is (side + 1) // 2.")
def side_after(attempt: Attempt) -> None:
    """The side of the image after so many blocks."""
    cases = [{"side": 64, "blocks": 1}, {"side": 64, "blocks": 3}, {"side": 5, "blocks": 1}, {"side": 64, "blocks": 64},
             {"side": 7, "blocks": 1}, {"side": 100, "blocks": 4}, {"side": 7, "blocks": 0}]
    down = "a half is rounded down, but 'same' keeps the last odd pixel: 5 gives 3, and 1 gives 1"
    compare(attempt, right_side, cases, "side", {
        down: halved_down, f"{down} ": lambda side, blocks: max(side >> blocks, 1),
        "it is made whole once, at the end, and rounded to the nearest: each block rounds up":
            lambda side, blocks: max(round(side / 2**blocks), 1),
        "it is one block only": lambda side, blocks: right_side(side, 1),
        "the side is not made whole: there are no half pixels": lambda side, blocks: side / 2**blocks,
        "each block takes two pixels away, but stride 2 halves": lambda side, blocks: side - 2 * blocks})


def live_taps(side, size=4):
    """How many of `size` taps along an axis meet a pixel at any place of the window."""
    places = -(-side // 2)
    before = max(2 * (places - 1) + size - side, 0) // 2
    return len({i for o in range(places) for i in range(size) if 0 <= 2 * o + i - before < side})


def right_fraction(side):
    """The solution."""
    return (live_taps(side) / 4)**2


@exercise("13",
          "Think of one axis first. The window has (side + 1) // 2 places, two pixels apart; the padding says where it begins.",
          "places = (side + 1) // 2; the padding is max(2 * (places - 1) + 4 - side, 0) in all, half of it, rounded down, "
          "before.",
          "Tap i at place o meets pixel 2 * o + i - before. Collect the i for which that is >= 0 and < side; the share along "
          "both axes is its square.")
def live_fraction(attempt: Attempt) -> None:
    """The share of the 16 taps that meet a pixel somewhere, for an image of side x side."""
    cases = [{"side": 1}, {"side": 2}, {"side": 3}, {"side": 4}, {"side": 5}, {"side": 7}, {"side": 64}]
    compare(attempt, right_fraction, cases, "share", {
        "this is the share along one axis: a kernel has two": lambda side: live_taps(side) / 4,
        "these are taps, not a share: divide by 16": lambda side: live_taps(side)**2,
        "these are percent: a share is at most 1": lambda side: 100 * right_fraction(side),
        "this is the share that is idle": lambda side: 1 - right_fraction(side),
        "at a side of 3 the window has two places, and p = 1: look at both places, with p zeros before the image":
            lambda side: (min(side, 4) / 4)**2,
        "this counts the taps of one place of the window alone: from a side of 3 on it has several places": lambda side: (
            len([i for i in range(4) if 0 <= i - max(2 * (-(-side // 2) - 1) + 4 - side, 0) // 2 < side]) / 4)**2,
        "no tap is ever idle here: the padding, which holds no pixels, is counted as if it did": lambda side: 1.0})


class Step(NamedTuple):
    """A step of a computation: the names it reads, and its backward pass, which returns a list: a gradient for each input."""
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

    def __repr__(self) -> str:
        return f"({self.text})"


SMALL_GRAPH = Graph("u = 3 x; y = x + u", Step("u", ("x",), lambda dy: [3 * dy]), Step("y", ("x", "u"), lambda dy: [dy, dy]))
LARGE_GRAPH = Graph("u = 3 x; v = -4 u; w = u + v; y = x + 5 w + u", Step("u", ("x",), lambda dy: [3 * dy]),
              Step("v", ("u",), lambda dy: [-4 * dy]), Step("w", ("u", "v"), lambda dy: [dy, dy]),
              Step("y", ("x", "w", "u"), lambda dy: [dy, 5 * dy, dy]))
CHAIN_GRAPH = Graph("u = 3 x; y = 2 u", Step("u", ("x",), lambda dy: [3 * dy]), Step("y", ("u",), lambda dy: [2 * dy]))


def reverse_pass(add=lambda old, new: old + new, keep=lambda parts: parts):
    """The pass through the steps in reverse; wrong answers change `add` or `keep`."""
    def back(steps, dy):
        gradients = {steps[-1].name: dy}
        for step in reversed(steps):
            for name, part in keep(list(zip(step.inputs, step.backward(gradients.get(step.name, 0.0))))):
                gradients[name] = add(gradients[name], part) if name in gradients else part
        return gradients.get("x", 0.0)
    return back


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


@exercise("03", "Keep a dictionary {name: gradient}; at the start it holds dy under the name of the last step.",
          "For step in reversed(steps): parts = step.backward(gradients[step.name]), a part for each name in step.inputs.",
          "Where paths meet, gradients add: gradients[name] = gradients.get(name, 0) + part.")
def backward_pass(attempt: Attempt) -> None:
    """The gradient of x, by a walk through the steps in reverse."""
    cases = [{"steps": CHAIN_GRAPH, "dy": 1.0}, {"steps": SMALL_GRAPH, "dy": 1.0}, {"steps": LARGE_GRAPH, "dy": 10.0}]
    compare(attempt, reverse_pass(), cases, "dx", {
        "what came back last replaces what came before: where paths meet, gradients add":
            reverse_pass(add=lambda old, new: new),
        "only the first that came back counts: where paths meet, gradients add": reverse_pass(add=lambda old, new: old),
        "only the first input of each step gets a gradient": reverse_pass(keep=lambda parts: parts[:1]),
        "the walk goes forward: begin with the last step": lambda steps, dy: sum(
            part for name, part in zip(steps[-1].inputs, steps[-1].backward(dy)) if name == "x"),
        "a step hands on its gradient more than once, or before all that read it have sent theirs": at_once,
        "it starts from 1 instead of dy": lambda steps, dy: reverse_pass()(steps, 1.0)})
