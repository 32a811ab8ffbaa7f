"""Exercises of notebook 08: the sides of a stack, the taps that ever meet a pixel, and the reverse walk through a graph.

The stack is the seed article's: convolutions of 4 x 4, stride 2, "same". A graph is a tuple of Steps in forward order.
"""
from typing import NamedTuple

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import exercise


def right_side(side, blocks):
    for _ in range(blocks):
        side = -(-side // 2)
    return side


def halved_down(side, blocks):
    return max(side >> blocks, 0)


@exercise("One block makes 64 to 32 and 5 to 3: half, rounded up. Do that `blocks` times.",
          "Rounded up is (side + 1) // 2.")
def side_after(attempt):
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


def alive(side, size=4):
    """How many of `size` taps along an axis meet a pixel at any place of the window."""
    places = -(-side // 2)
    before = max(2 * (places - 1) + size - side, 0) // 2
    return len({i for o in range(places) for i in range(size) if 0 <= 2 * o + i - before < side})


def right_share(side):
    return (alive(side) / 4)**2


@exercise("Think of one axis first. The window has (side + 1) // 2 places, two pixels apart; the padding says where it begins.",
          "places = (side + 1) // 2; the padding is max(2 * (places - 1) + 4 - side, 0) in all, half of it, rounded down, "
          "before.",
          "Tap i at place o meets pixel 2 * o + i - before. Collect the i for which that is >= 0 and < side; the share along "
          "both axes is its square.")
def live_share(attempt):
    """The share of the 16 taps that meet a pixel somewhere, for an image of side x side."""
    cases = [{"side": 1}, {"side": 2}, {"side": 3}, {"side": 4}, {"side": 5}, {"side": 7}, {"side": 64}]
    compare(attempt, right_share, cases, "share", {
        "this is the share along one axis: a kernel has two": lambda side: alive(side) / 4,
        "these are taps, not a share: divide by 16": lambda side: alive(side)**2,
        "these are percent: a share is at most 1": lambda side: 100 * right_share(side),
        "this is the share that is idle": lambda side: 1 - right_share(side),
        "at a side of 3 the window has two places, and p = 1: look at both places, with p zeros before the image":
            lambda side: (min(side, 4) / 4)**2,
        "this counts the taps of one place of the window alone: from a side of 3 on it has several places": lambda side: (
            len([i for i in range(4) if 0 <= i - max(2 * (-(-side // 2) - 1) + 4 - side, 0) // 2 < side]) / 4)**2,
        "no tap is ever idle here: the padding, which holds no pixels, is counted as if it did": lambda side: 1.0})


class Step(NamedTuple):
    """A step of a computation: what it reads, and its backward, which gives a list: a gradient for each input."""
    name: str
    inputs: tuple
    backward: object


class Graph(tuple):
    """Steps in forward order, and a text that says what they compute."""

    def __new__(cls, text, *steps):
        graph = super().__new__(cls, steps)
        graph.text = text
        return graph

    def __repr__(self):
        return f"({self.text})"


SMALL = Graph("u = 3 x; y = x + u", Step("u", ("x",), lambda dy: [3 * dy]), Step("y", ("x", "u"), lambda dy: [dy, dy]))
LARGE = Graph("u = 3 x; v = -4 u; w = u + v; y = x + 5 w + u", Step("u", ("x",), lambda dy: [3 * dy]),
              Step("v", ("u",), lambda dy: [-4 * dy]), Step("w", ("u", "v"), lambda dy: [dy, dy]),
              Step("y", ("x", "w", "u"), lambda dy: [dy, 5 * dy, dy]))
CHAIN = Graph("u = 3 x; y = 2 u", Step("u", ("x",), lambda dy: [3 * dy]), Step("y", ("u",), lambda dy: [2 * dy]))


def walk(add=lambda old, new: old + new, keep=lambda parts: parts):
    def back(steps, dy):
        gradients = {steps[-1].name: dy}
        for step in reversed(steps):
            for name, part in keep(list(zip(step.inputs, step.backward(gradients.get(step.name, 0.0))))):
                gradients[name] = add(gradients[name], part) if name in gradients else part
        return gradients.get("x", 0.0)
    return back


def at_once(steps, dy):
    """Whatever arrives at a step is handed on at once, with all that has arrived there before."""
    by_name, gradients = {step.name: step for step in steps}, {}

    def arrive(name, part):
        gradients[name] = gradients.get(name, 0) + part
        if name in by_name:
            for source, its_part in zip(by_name[name].inputs, by_name[name].backward(gradients[name])):
                arrive(source, its_part)
    arrive(steps[-1].name, dy)
    return gradients["x"]


@exercise("Keep a dictionary {name: gradient}; at the start it holds dy under the name of the last step.",
          "For step in reversed(steps): parts = step.backward(gradients[step.name]), a part for each name in step.inputs.",
          "Where paths meet, gradients add: gradients[name] = gradients.get(name, 0) + part.")
def walk_back(attempt):
    """The gradient of x, by a walk through the steps in reverse."""
    cases = [{"steps": CHAIN, "dy": 1.0}, {"steps": SMALL, "dy": 1.0}, {"steps": LARGE, "dy": 10.0}]
    compare(attempt, walk(), cases, "dx", {
        "what came back last replaces what came before: where paths meet, gradients add": walk(add=lambda old, new: new),
        "only the first that came back counts: where paths meet, gradients add": walk(add=lambda old, new: old),
        "only the first input of each step gets a gradient": walk(keep=lambda parts: parts[:1]),
        "the walk goes forward: begin with the last step": lambda steps, dy: sum(
            part for name, part in zip(steps[-1].inputs, steps[-1].backward(dy)) if name == "x"),
        "a step hands on its gradient more than once, or before all that read it have sent theirs": at_once,
        "it starts from 1 instead of dy": lambda steps, dy: walk()(steps, 1.0)})
