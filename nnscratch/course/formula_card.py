"""A formula card: an op with its shapes, its formulas forward and backward, numbers to follow by hand, the library's lines.

    card("conv2d")      shows itself in a notebook; print(card("conv2d")) gives it as text
    cards()             the names of all cards

The op computes the numbers when the card is shown. What is on each card is in card_data.py and card_training.py.
"""
import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from nnscratch.course.formulas import backward_formula, forward_formula
from nnscratch.course.language import said
from nnscratch.course.notation import as_latex, as_text, symbol

__all__ = ["Card"]


class Card(NamedTuple):
    """One op on one card.

    Parameters
    ----------
    name, title, idea : str
        The name to call it by, the heading, and the op in one sentence.
    shapes : dict of str to str
        The shape of every input and of the output, by its letter in the formulas.
    inputs : dict of str to array
        In the op's order.
    options : dict of str to number
        Numbers that the formulas use.
    dy : array
        The upstream gradient; empty for an optimiser.
    run, run_backward : callable
        The op as a function of inputs and options, -> (y, cache); and (dy, cache) -> the gradients of the inputs. An optimiser
        has no backward pass, and a dict of its other results in the place of the cache.
    forward, backward : list of str
        Lines in the notation of notation.py, in the order of computation.
    by_hand : dict of str to str
        How numbers of the example, such as "y[0, 0]", are computed.
    code : list of function
        Functions of the library that compute the same.
    layer : Layer or None
        The layer whose line in formulas.py is the short form.
    training : bool
        Whether that line is the one of training.
    output : str
        The letter of the output.
    """
    name: str
    title: str
    idea: str
    shapes: dict[str, str]
    inputs: dict[str, np.ndarray]
    options: dict[str, Any]
    dy: np.ndarray
    run: Callable[..., tuple[Any, Any]]
    run_backward: Callable[..., tuple]
    forward: list[str]
    backward: list[str]
    by_hand: dict[str, str]
    code: list[Callable]
    layer: Any = None
    training: bool = False
    output: str = "y"

    def example(self) -> dict[str, np.ndarray]:
        """Compute the numbers of the card.

        Returns
        -------
        arrays : dict of str to array
            The inputs and y, then dy and the gradients.
        """
        y, cache = self.run(*self.inputs.values(), **self.options)
        if not self.backward:
            return self.inputs | cache | {self.output: y}
        gradients = self.run_backward(self.dy, cache)
        names = [self.output, f"d{self.output}", *(f"d{letter}" for letter in self.inputs)]
        arrays = [np.asarray(y), self.dy, *gradients]
        return self.inputs | {letter: array for letter, array in zip(names, arrays) if array is not None}

    def short_formulas(self) -> list[str]:
        """Both formulas without indices, if formulas.py has them.

        Returns
        -------
        lines : list of str
            Two, or none.
        """
        return [formula(self.layer, self.training) for formula in (forward_formula, backward_formula)] if self.layer else []

    def _repr_markdown_(self) -> str:
        example = self.example()
        rows = [f"| ${symbol(letter)}$ | {said(shape)} | {example[letter].shape} |"
                for letter, shape in self.shapes.items()]
        options = ", ".join(f"${symbol(letter)} = {value}$" for letter, value in self.options.items())
        numbers = [f"${symbol(letter)} = {matrix(array)}$" for letter, array in example.items()]
        return "\n\n".join([
            f"**{said(self.title)}.** {said(self.idea)}",
            "\n".join([f"| | {said('shape')} | {said('below')} |", "|---|---|---|", *rows]),
            *(f"$${as_latex(line)}$$" for line in self.forward), *([f"*{said('Backward:')}*"] if self.backward else []),
            *(f"$${as_latex(line)}$$" for line in self.backward),
            *([f"{said('In short:')} " + ", ".join(f"`{line}`" for line in self.short_formulas())] if self.layer else []),
            f"*{said('In numbers')}" + (f", {options}" if options else "") + f"{said(':')}*",
            " &emsp; ".join(numbers),
            "\n".join(f"- `{place} = {sum_} = {number(value_at(example, place))}`" for place, sum_ in self.by_hand.items()),
            *([f"*{said('In the library:')}*", f"```python\n{self.source()}\n```"] if self.code else [])])

    def __str__(self) -> str:
        example = self.example()
        shapes = [f"  {letter:14}{shape:28}{example[letter].shape}" for letter, shape in self.shapes.items()]
        options = [f"  {letter} = {value}" for letter, value in self.options.items()]
        numbers = [f"  {letter} =\n{textwrap.indent(table(array), '    ')}" for letter, array in example.items()]
        by_hand = [f"  {place} = {sum_} = {number(value_at(example, place))}" for place, sum_ in self.by_hand.items()]
        return "\n".join([f"{self.title}. {self.idea}", *shapes, "forward", *(f"  {as_text(line)}" for line in self.forward),
                          *(["backward"] if self.backward else []), *(f"  {as_text(line)}" for line in self.backward),
                          *(f"  in short: {line}" for line in self.short_formulas()), "in numbers", *options, *numbers,
                          *by_hand])

    def __repr__(self) -> str:
        return str(self)

    def source(self) -> str:
        """The library's functions without docstrings and checks of arguments.

        Returns
        -------
        text : str
            Their code.
        """
        return "\n\n".join(formula_lines(function) for function in self.code)


def formula_lines(function: Callable) -> str:
    """The source of a function without its docstring and the checks of its arguments."""
    text = textwrap.dedent(inspect.getsource(function))
    lines = text.splitlines()
    statements = [node for node in ast.walk(ast.parse(text).body[0]) if isinstance(node, ast.Expr)]
    for statement in sorted(statements, key=lambda node: -node.lineno):
        called = getattr(statement.value, "func", None)
        name = getattr(called, "id", getattr(called, "attr", ""))
        if name.startswith("check_") or isinstance(statement.value, ast.Constant):
            del lines[statement.lineno - 1:statement.end_lineno]
    return "\n".join(lines)


def numbers(rows: Any, *shape: int) -> np.ndarray:
    """Integers as float64, in a shape."""
    return np.array(rows, dtype=float).reshape(shape or np.shape(rows))


def number(value: float) -> str:
    """The number with at most three decimals."""
    return f"{round(float(value), 3) + 0:g}"


def rows_of(array: np.ndarray) -> np.ndarray:
    """Any array as a matrix: an image of one channel as it is, else a row for each pixel and a column for each channel."""
    small = np.squeeze(array)
    return np.atleast_2d(small.reshape(-1, small.shape[-1]) if small.ndim > 2 else small)


def matrix(array: np.ndarray) -> str:
    """An array as LaTeX."""
    if array.size == 1:
        return number(array.item())
    return (r"\begin{pmatrix} " + r" \\ ".join(" & ".join(map(number, row)) for row in rows_of(array)) + r" \end{pmatrix}")


def table(array: np.ndarray) -> str:
    """An array as text in columns."""
    cells = [[number(value) for value in row] for row in rows_of(array)]
    width = max(len(cell) for row in cells for cell in row)
    return "\n".join(" ".join(cell.rjust(width) for cell in row) for row in cells)


def value_at(example: Mapping[str, np.ndarray], place: str) -> float:
    """The number of the example that "y[0, 0]" names, with the row and column that the card shows."""
    letter, _, indices = place.partition("[")
    return rows_of(example[letter])[tuple(int(index) for index in indices.rstrip("]").split(","))].item()
