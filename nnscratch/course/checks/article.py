"""Exercises of notebook 13: the sides of a stack, the taps that ever meet a pixel, and the backward pass through a graph.

The stack is the seed article's: convolutions with stride 2 and padding "same". A graph is a tuple of Steps in forward order.
"""
from collections.abc import Callable
from typing import NamedTuple

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise

__all__ = ["SMALL_GRAPH", "backward_pass", "live_taps", "side_after"]


def right_side_after(size, blocks):
    """The solution."""
    for _ in range(blocks):
        size = -(-size // 2)
    return size


@exercise("13", "One block makes 32 of 64, and 3 of 5. What does it make of 1?",
          "The window begins at pixels two apart, and \"same\" adds padding so that it begins at every second pixel, an odd "
          "last one included.",
          "size = (size + 1) // 2, `blocks` times", library=right_side_after)
def side_after(attempt: Attempt) -> None:
    """A whole number of pixels."""
    cases = [{"size": 64, "blocks": 1}, {"size": 64, "blocks": 3}, {"size": 5, "blocks": 1}, {"size": 64, "blocks": 64},
             {"size": 7, "blocks": 1}, {"size": 100, "blocks": 4}, {"size": 7, "blocks": 0}]
    down = "a half is rounded down, but 'same' keeps the last odd pixel: 5 gives 3, and 1 gives 1"
    compare(attempt, right_side_after, cases, "side", {
        down: lambda size, blocks: max(size >> blocks, 0), f"{down} ": lambda size, blocks: max(size >> blocks, 1),
        "it is rounded once, at the end, and to the nearest: each block rounds up":
            lambda size, blocks: max(round(size / 2**blocks), 1),
        "it is one block only": lambda size, blocks: right_side_after(size, 1),
        "the side is not rounded: there are no half pixels": lambda size, blocks: size / 2**blocks,
        "each block takes two pixels away, but stride 2 halves": lambda size, blocks: size - 2 * blocks,
        "this is without padding: 'same' adds as much as every second pixel needs":
            lambda size, blocks: without_padding(size, blocks)})


def without_padding(size, blocks):
    """Convolutions of 4, stride 2, without padding."""
    for _ in range(blocks):
        size = max((size - 4) // 2 + 1, 0)
    return size


def along_one_axis(side, kernel, outputs=None):
    """How many kernel elements of one axis meet a pixel at some output position, or at the first `outputs` of them."""
    positions = -(-side // 2)
    before = max(2 * (positions - 1) + kernel - side, 0) // 2
    return len({i for position in range(outputs or positions) for i in range(kernel) if 0 <= 2 * position + i - before < side})


def right_live_taps(side, kernel):
    """The solution."""
    return along_one_axis(side, kernel)**2


@exercise("13", "Begin with one axis. How many output positions are there, how far do they reach, and so how many zeros stand "
          "before the first pixel?",
          "Below element i of the kernel, at output position h, lies pixel 2 * h + i - before. For which i is there a pixel, "
          "at some h? Along the other axis it is the same.",
          "outputs = (side + 1) // 2; before = max(2 * (outputs - 1) + kernel - side, 0) // 2", library=right_live_taps)
def live_taps(attempt: Attempt) -> None:
    """A whole number, at most kernel * kernel."""
    cases = [{"side": side, "kernel": kernel} for side, kernel in
             [(1, 3), (1, 4), (2, 4), (3, 4), (4, 4), (2, 5), (3, 7), (4, 7), (5, 8), (64, 4)]]
    compare(attempt, right_live_taps, cases, "taps", {
        "this is along one axis: a kernel has two": along_one_axis,
        "this is a fraction: count the taps": lambda side, kernel: right_live_taps(side, kernel) / kernel**2,
        "these are the dead taps, which meet padding alone": lambda side, kernel: kernel**2 - right_live_taps(side, kernel),
        "no tap is ever dead here: the padding is counted, but it holds no pixels": lambda side, kernel: kernel**2,
        "this is min(side, kernel) along each axis: look at every output position, with half of the padding before the image":
            lambda side, kernel: min(side, kernel)**2,
        "this counts one output position alone: a wider image has several": lambda side, kernel: along_one_axis(
            side, kernel, outputs=1)**2})


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
