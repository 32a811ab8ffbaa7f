"""An exercise: it answers an attempt in one of three ways, and has hints and a solution.

    checks.dense(my_dense)       not attempted | wrong, and why | right; then it is kept for later notebooks (course.own)
    checks.dense.hint()          the next hint
    checks.dense.solution()      the text of a solution

A judge is a function of the attempt, which is a function or the values of a prediction. It returns if the attempt is right, and
raises Wrong or NotAttempted if not. The exercise itself raises nothing, whatever the attempt does: a notebook without solutions
runs to its end.
"""
import ast
import dis
import inspect
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnscratch.course.checks.guard import exit_raises
from nnscratch.course.language import said
from nnscratch.errors import InputError
from nnscratch.files import read_file
from nnscratch.hints import checked

__all__ = ["Answer", "Exercise"]

Attempt = Callable[..., Any]  # a learner's function

PRODUCT = "in a product a @ b the columns of a must be as many as the rows of b, (n, k) @ (k, m); is one to be transposed?"
TUPLE = ("a tuple stands where one array belongs: functions with several results return one, and the library's ops return a "
         "result and a cache: take one part, [0]")
EMPTY_BODY = {"RESUME", "NOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "LOAD_COMMON_CONSTANT"}  # an empty body's


class NotAttempted(Exception):
    """The body is still `...`."""


class Wrong(Exception):
    """The attempt is wrong; the text says for which input, and what the mistake probably is."""


class Answer(NamedTuple):
    """The answer to an attempt; a notebook shows its text.

    Parameters
    ----------
    state : "not attempted" | "wrong" | "right"
    text : str
    """
    state: str
    text: str

    def __repr__(self) -> str:
        return said(self.text)


class Exercise:
    """An exercise, to be called with an attempt; it returns an Answer.

    Parameters
    ----------
    judge : callable
        Its name is that of the exercise, its docstring says what is expected.
    notebook : str
        Where it is set, such as "01".
    hints : tuple of str
    library : callable, optional
        The library's function with the learner's arguments; then later notebooks use what the learner wrote (course.own).
    cost : callable, optional
        Judges time, memory or products of an attempt whose values are right. Not those of a stored function: it is right.
    """

    @checked
    def __init__(self, judge: Callable[[Any], None], notebook: str, hints: tuple[str, ...],
                 library: Callable[..., Any] | None = None, cost: Callable[[Any], None] | None = None) -> None:
        self.name, self.judge, self.notebook, self.hints, self.hints_given = judge.__name__, judge, notebook, hints, 0
        self.library, self.cost = library, cost
        self.__doc__ = judge.__doc__

    def __call__(self, *attempts: Any) -> Answer:
        if len(attempts) != 1:
            return Answer("wrong", f"{self.name}: wrong\n  expected one value in the parentheses, got {len(attempts)}: write "
                                   f"checks.{self.name}({self.name})")
        answer = self.answer(*attempts, self.cost)
        if answer.state == "right" and self.library:
            return Answer("right", "; ".join([answer.text, *(keep(self.name, *attempts) for keep in KEEPERS)]))
        return answer

    def answer(self, attempt: Any, cost: Callable[[Any], None] | None = None) -> Answer:
        """Judge an attempt by its values.

        Parameters
        ----------
        attempt : callable, or for a prediction its values
        cost : callable, optional
            Judges what it costs, if its values are right.

        Returns
        -------
        answer : Answer
            Nothing is stored.
        """
        try:
            if attempt is Ellipsis:  # `name = ...`
                raise NotAttempted
            if self.library and not callable(attempt):
                self._refuse_value(attempt)
            with exit_raises(), np.errstate():  # what an attempt does to NumPy's warnings ends with it
                self.judge(attempt)
                if cost:
                    cost(attempt)
        except NotAttempted:
            return Answer("not attempted", f"{self.name}: not attempted yet. Put your lines in the place of the ... and run\n"
                                           f"  both cells again. A hint: checks.{self.name}.hint()")
        except Wrong as wrong:
            return Answer("wrong", f"{self.name}: wrong\n  " + str(wrong).replace("\n", "\n  "))
        except (Exception, SystemExit) as error:  # for example text in place of numbers
            return Answer("wrong", f"{self.name}: wrong\n  your code returns something of another kind; expected is: "
                                   f"{self.__doc__}\n  ({type(error).__name__}: {error})")
        return Answer("right", f"{self.name}: right")

    def _refuse_value(self, attempt: Any) -> None:
        """The attempt is not a function, but perhaps the result of a call."""
        raise Wrong(f"this is a value of type {type(attempt).__name__}, expected a function: write checks.{self.name}("
                    f"{self.name}), without calling it")

    def hint(self) -> None:
        """Print the next hint; after the last comes the first again."""
        hint = self.hints[self.hints_given % len(self.hints)]
        self.hints_given += 1
        print(said(f"hint {(self.hints_given - 1) % len(self.hints) + 1} of {len(self.hints)}: {hint}"))

    @checked
    def solution(self, folder: str | Path = "solutions") -> None:
        """Print a solution.

        Parameters
        ----------
        folder : str or Path
            Notebooks run in their own folder, and the solutions are beside them.
        """
        why = f"the solution of {self.name} is in the folder notebooks/solutions of nnscratch, which is not found here"
        for path in sorted([*Path(folder).glob("*.py"), *Path("..", folder).glob("*.py")]):  # .. from notebooks/zh
            try:
                nodes = ast.parse(text := read_file(path, "a solution").decode()).body
            except (SyntaxError, ValueError) as error:  # an InputError says itself why a file is not read
                why = str(error) if isinstance(error, InputError) else (
                    f"the solution of {self.name} is not found, and {path} is not Python: take this file from nnscratch again")
                continue
            for node in nodes:
                if name_of(node) == self.name:
                    print(ast.get_source_segment(text, node))
                    return
        print(said(why))


EXERCISES: dict[str, Exercise] = {}  # by name
KEEPERS: list[Callable[[str, Attempt], str]] = []  # each stores a right function: `own`, which needs the exercises


def name_of(node: ast.stmt) -> str:
    """The name that a statement gives to a function or a value: `def name(...)` or `name = ...`; else ""."""
    if isinstance(node, ast.Assign):
        return getattr(node.targets[0], "id", "")
    return node.name if isinstance(node, ast.FunctionDef) else ""


def exercise(notebook: str, *hints: str, library: Callable[..., Any] | None = None,
             cost: Callable[[Any], None] | None = None) -> Callable[[Callable[[Any], None]], Exercise]:
    """A decorator that turns a judge into an exercise of the same name."""
    def named(judge: Callable[[Any], None]) -> Exercise:
        EXERCISES[judge.__name__] = Exercise(judge, notebook, hints, library, cost)
        return EXERCISES[judge.__name__]
    return named


def run(attempt: Attempt, inputs: Mapping[str, Any]) -> Any:
    """Call the attempt on copies of the inputs, in their order; raise Wrong if it fails or changes them."""
    if not callable(attempt):
        raise Wrong(f"this is a value of type {type(attempt).__name__}, expected a function that returns it")
    copies = {name: value.copy() if hasattr(value, "copy") else value for name, value in inputs.items()}
    try:
        with np.errstate():
            result = attempt(*copies.values())
    except NotImplementedError as error:
        raise NotAttempted from error
    except Wrong:  # of a judge that unpacks dicts
        raise
    except SystemExit as error:
        raise Wrong(f"your code calls exit(), which ends Python: a function ends with `return`{failing_line(error, attempt)}\n"
                    f"{describe_inputs(inputs)}") from error
    except Exception as error:
        where = failing_line(error, attempt)
        text = PRODUCT if "matmul" in str(error) else error
        hint = f"\n{TUPLE}" * any(words in str(error) for words in ("'tuple' object", "inhomogeneous shape"))
        raise Wrong(f"your code raised {type(error).__name__}: {text}{where}{hint}\n{describe_inputs(inputs)}") from error
    refuse_kind(result)
    if result is Ellipsis or (result is None and is_stub(attempt)):
        raise NotAttempted
    if result is None:
        raise Wrong(f"your code returns nothing: is a `return` missing?\n{describe_inputs(inputs)}")
    for name, value in inputs.items():
        if hasattr(value, "copy") and not np.array_equal(value, copies[name]):
            raise Wrong(f"your code changes {name}, which others still need: work on a new array\n{describe_inputs(inputs)}")
    return result


def refuse_kind(result: Any) -> None:
    """Raise Wrong for a result that NumPy reads as numbers, or that looks like a call, but that later notebooks cannot use."""
    if inspect.iscoroutine(result):
        result.close()  # Python warns of one that nobody waited for
        raise Wrong("your code is an `async def`, expected a function that begins with `def`")
    for one in result if isinstance(result, (tuple, list)) else [result]:
        if isinstance(one, (np.ma.MaskedArray, np.matrix)):
            raise Wrong(f"your code returns a {type(one).__name__}, expected a plain array: np.asarray(...) makes one")


def is_stub(attempt: Attempt) -> bool:
    """Whether the body of the attempt is empty or `...`: all it does is to return a constant."""
    code = getattr(attempt, "__code__", None)
    return code is None or all(step.opname in EMPTY_BODY for step in dis.get_instructions(code))


def failing_line(error: BaseException, attempt: Attempt) -> str:
    """The line of the attempt that raised the error, also if a function that it calls raised it."""
    file = getattr(getattr(attempt, "__code__", None), "co_filename", None)
    lines = [frame.line for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file and frame.line]
    return f"\nat `{lines[-1]}`" if lines else ""


def describe_inputs(inputs: Mapping[str, Any]) -> str:
    """The inputs as text: small arrays as numbers, others as shapes."""
    return "for " * bool(inputs) + ", ".join(f"{name} {describe_value(value)}" for name, value in inputs.items())


def describe_value(value: Any) -> str:
    """One input as text."""
    if callable(value):
        return f"= {value.__name__}"
    if not hasattr(value, "shape") or value.ndim == 0:
        value = value.item() if hasattr(value, "shape") else value
        return f"= {value + 0:g}" if isinstance(value, float) else f"= {value}"
    if value.size <= 9:
        value = value.astype(float) if value.dtype == np.float16 else value  # float16 overflows when it is rounded
        numbers = str((value.round(4) + 0).tolist()).replace(".0,", ",").replace(".0]", "]")
        return f"= {numbers}"
    return f"of shape {value.shape}"
