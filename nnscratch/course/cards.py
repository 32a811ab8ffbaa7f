"""Formula cards: each op with its shapes, its formulas forward and backward, numbers to follow by hand, the library's lines.

    card("conv2d")      shows itself in a notebook; print(card("conv2d")) gives it as text
    cards()             their names

The numbers are made by the op when the card is shown. What stands on the cards is in card_data.py.
"""
import ast
import inspect
import textwrap
from typing import NamedTuple

import numpy as np

from nnscratch.course.formulas import backward_formula, forward_formula
from nnscratch.course.notation import as_latex, as_text, name
from nnscratch.ops.validation import check_choice


class Card(NamedTuple):
    """One op on one card.

    shapes : {letter of the formulas: its shape as text}, for everything that is put in, and for y
    inputs : {letter: array}, in the op's order; options : {letter: number} that the formulas use
    run : the op as a function of inputs and options, -> (y, cache); run_back : (dy, cache) -> the gradients of the inputs
    forward, backward : lines in the notation of notation.py, from the first to the last
    by_hand : {number of the example, such as "y[0, 0]": how it comes about}
    code : functions of the library that say the same
    layer : the class whose line in formulas.py is the same in short
    """
    name: str
    title: str
    says: str
    shapes: dict
    inputs: dict
    options: dict
    dy: np.ndarray
    run: object
    run_back: object
    forward: list
    backward: list
    by_hand: dict
    code: list
    layer: object = None
    training: bool = False
    output: str = "y"

    def example(self):
        """{letter: array}: what goes in and y, then dy and the gradients, made by the op."""
        y, cache = self.run(*self.inputs.values(), **self.options)
        gradients = self.run_back(self.dy, cache)
        names = [self.output, f"d{self.output}", *(f"d{letter}" for letter in self.inputs)]
        arrays = [np.asarray(y), self.dy, *gradients]
        return self.inputs | {letter: array for letter, array in zip(names, arrays) if array is not None}

    def in_short(self):
        """Both formulas without indices, where formulas.py has them."""
        return [formula(self.layer, self.training) for formula in (forward_formula, backward_formula)] if self.layer else []

    def _repr_markdown_(self):
        example = self.example()
        rows = [f"| ${name(letter)}$ | {shape} | {example[letter].shape} |"
                for letter, shape in self.shapes.items()]
        options = ", ".join(f"${name(letter)} = {value}$" for letter, value in self.options.items())
        numbers = [f"${name(letter)} = {matrix(array)}$" for letter, array in example.items()]
        return "\n\n".join([
            f"**{self.title}.** {self.says}",
            "\n".join(["| | shape | below |", "|---|---|---|", *rows]),
            *(f"$${as_latex(line)}$$" for line in self.forward), "*Backward:*",
            *(f"$${as_latex(line)}$$" for line in self.backward),
            *(["In short: " + " and ".join(f"`{line}`" for line in self.in_short())] if self.layer else []),
            "*In numbers" + (f", with {options}" if options else "") + ":*",
            " &emsp; ".join(numbers), "\n".join(f"- `{place} = {sum_} = {number(at(example, place))}`"
                                         for place, sum_ in self.by_hand.items()),
            *(["*In the library:*", f"```python\n{self.source()}\n```"] if self.code else [])])

    def __str__(self):
        example = self.example()
        shapes = [f"  {letter:8}{shape:28}{example[letter].shape}" for letter, shape in self.shapes.items()]
        options = [f"  {letter} = {value}" for letter, value in self.options.items()]
        numbers = [f"  {letter} =\n{textwrap.indent(table(array), '    ')}" for letter, array in example.items()]
        by_hand = [f"  {place} = {sum_} = {number(at(example, place))}" for place, sum_ in self.by_hand.items()]
        return "\n".join([f"{self.title}. {self.says}", *shapes, "forward", *(f"  {as_text(line)}" for line in self.forward),
                          "backward", *(f"  {as_text(line)}" for line in self.backward),
                          *(f"  in short: {line}" for line in self.in_short()), "in numbers", *options, *numbers, *by_hand])

    __repr__ = __str__

    def source(self):
        """The lines of the library, without docstrings and checks of arguments."""
        return "\n\n".join(bare(function) for function in self.code)


def card(name):
    """The card of an op. Raises InputError for a name that no card has."""
    from nnscratch.course.card_data import CARDS
    return {card.name: card for card in CARDS}[check_choice(name, "card", cards())]


def cards():
    """The names of all cards, in the order of the course."""
    from nnscratch.course.card_data import CARDS
    return [card.name for card in CARDS]


def bare(function):
    """The source of a function less its docstring, the checks of its arguments, and the way to the GPU's kernels."""
    text = textwrap.dedent(inspect.getsource(function))
    lines = text.splitlines()
    statements = [node for node in ast.walk(ast.parse(text).body[0]) if isinstance(node, (ast.Expr, ast.If))]
    for statement in sorted(statements, key=lambda node: -node.lineno):
        part = statement.test if isinstance(statement, ast.If) else statement.value
        called = getattr(part, "func", None)
        called = getattr(called, "id", getattr(called, "attr", ""))
        if called.startswith("check_") or called == "able" or (isinstance(part, ast.Constant) and isinstance(part.value, str)):
            del lines[statement.lineno - 1:statement.end_lineno]
    return "\n".join(lines)


def number(value):
    """Up to three decimals."""
    return f"{round(float(value), 3) + 0:g}"


def rows_of(array):
    """Any array as rows: an image of one channel as it is, else a row for each pixel and a column for each channel."""
    small = np.squeeze(array)
    return np.atleast_2d(small.reshape(-1, small.shape[-1]) if small.ndim > 2 else small)


def matrix(array):
    """As LaTeX."""
    if array.size == 1:
        return number(array.item())
    return (r"\begin{pmatrix} " + r" \\ ".join(" & ".join(map(number, row)) for row in rows_of(array)) + r" \end{pmatrix}")


def table(array):
    """As text, in columns."""
    cells = [[number(value) for value in row] for row in rows_of(array)]
    width = max(len(cell) for row in cells for cell in row)
    return "\n".join(" ".join(cell.rjust(width) for cell in row) for row in cells)


def at(example, place):
    """The number of the example that "y[0, 0]" names, in the rows as they are shown."""
    letter, _, indices = place.partition("[")
    return rows_of(example[letter])[tuple(int(index) for index in indices.rstrip("]").split(","))].item()
