"""An exercise: it judges an attempt in one of three ways, and has hints and a solution for whoever asks.

    checks.dense(my_dense)       not attempted | wrong, and why | right
    checks.dense.hint()          the next hint
    checks.dense.solution()      the text of a solution

A judge is a function of the attempt that returns when it is right, and raises Wrong or NotAttempted when it is not. An
exercise itself never raises for what the attempt does: a notebook with nothing solved runs to its end.
"""
import ast
import dis
import traceback
from pathlib import Path
from typing import NamedTuple

import numpy as np

PRODUCT = "in a product a @ b the columns of a must be as many as the rows of b, (n, k) @ (k, m); is one to be transposed?"
NOTHING = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "LOAD_COMMON_CONSTANT"}  # an empty body


class NotAttempted(Exception):
    """The body is still `...`."""


class Wrong(Exception):
    """The text says what is wrong: first where it shows, then what it probably is."""


class Answer(NamedTuple):
    """What is said about an attempt; a notebook shows it as its text."""
    state: str  # "not attempted", "wrong" or "right"
    text: str

    def __repr__(self):
        return self.text


class Exercise:
    def __init__(self, judge, hints):
        self.name, self.judge, self.hints, self.hints_given = judge.__name__, judge, hints, 0
        self.__doc__ = judge.__doc__

    def __call__(self, attempt):
        try:
            self.judge(attempt)
        except NotAttempted:
            return Answer("not attempted", f"{self.name}: not attempted yet. Put your lines in the place of the ... and run\n"
                                           f"  both cells again. A hint: checks.{self.name}.hint()")
        except Wrong as wrong:
            return Answer("wrong", f"{self.name}: wrong\n  " + str(wrong).replace("\n", "\n  "))
        except Exception as error:  # numbers were expected, and a word came, or the like
            return Answer("wrong", f"{self.name}: wrong\n  your code returns something of another kind; expected is: "
                                   f"{self.__doc__}\n  ({type(error).__name__}: {error})")
        return Answer("right", f"{self.name}: right")

    def hint(self):
        """The first hint, the next time the second, and so on; after the last the first again."""
        hint = self.hints[self.hints_given % len(self.hints)]
        self.hints_given += 1
        print(f"hint {(self.hints_given - 1) % len(self.hints) + 1} of {len(self.hints)}: {hint}")

    def solution(self, folder="solutions"):
        """Print a solution. They lie beside the notebooks, which run in their own folder."""
        for path in sorted(Path(folder).glob("*.py")):
            text = path.read_text(encoding="utf-8")
            for node in ast.parse(text).body:
                if isinstance(node, ast.FunctionDef) and node.name == self.name:
                    print(ast.get_source_segment(text, node))
                    return
        print(f"the solution of {self.name} is in the folder notebooks/solutions of nnscratch, which is not at hand here")


def exercise(*hints):
    """A decorator that makes a judge an exercise of the same name."""
    return lambda judge: Exercise(judge, hints)


def run(attempt, inputs):
    """Call the attempt on copies of the inputs, in their order; raises Wrong if it fails or changes them."""
    copies = {name: value.copy() if hasattr(value, "copy") else value for name, value in inputs.items()}
    try:
        result = attempt(*copies.values())
    except NotImplementedError as error:
        raise NotAttempted from error
    except Exception as error:
        where = place_of(error, attempt)
        text = PRODUCT if "matmul" in str(error) else error
        raise Wrong(f"your code raised {type(error).__name__}: {text}{where}\n{given(inputs)}") from error
    if result is Ellipsis or (result is None and is_empty(attempt)):
        raise NotAttempted
    if result is None:
        raise Wrong(f"your code returns nothing: is a `return` missing?\n{given(inputs)}")
    for name, value in inputs.items():
        if hasattr(value, "copy") and not np.array_equal(value, copies[name]):
            raise Wrong(f"your code changes {name}, which others still need: work on a new array\n{given(inputs)}")
    return result


def is_empty(attempt):
    """Whether the attempt does nothing at all, as a function whose body is `...`: it takes a constant and returns it."""
    code = getattr(attempt, "__code__", None)
    return code is None or all(step.opname in NOTHING for step in dis.get_instructions(code))


def place_of(error, attempt):
    """The line of the attempt that raised the error, even if that was deep in what it calls."""
    file = getattr(getattr(attempt, "__code__", None), "co_filename", None)
    lines = [frame.line for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file and frame.line]
    return f"\nat `{lines[-1]}`" if lines else ""


def given(inputs):
    """The inputs as text: numbers where they are few, else shapes."""
    return "for " * bool(inputs) + ", ".join(f"{name} {in_words(value)}" for name, value in inputs.items())


def in_words(value):
    if callable(value):
        return f"= {value.__name__}"
    if not hasattr(value, "shape") or value.ndim == 0:
        value = value.item() if hasattr(value, "shape") else value
        return f"= {value + 0:g}" if isinstance(value, float) else f"= {value}"
    if value.size <= 9:
        value = value.astype(float) if value.dtype == np.float16 else value  # which overflows when it is rounded
        numbers = str((value.round(4) + 0).tolist()).replace(".0,", ",").replace(".0]", "]")
        return f"= {numbers}"
    return f"of shape {value.shape}"
