"""Store the source of a learner's function, own/dense.py, and make a function of it again.

A stored file holds one function of plain source, which a learner can read and change. It is run when the function is asked for,
never before. It may use `np`, `math`, `own`, Python's built-in functions and other exercises' functions; not imports or
variables of the notebook, which the next notebook does not have.
"""
import ast
import builtins
import inspect
import math
import os
import symtable
import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from nnscratch.errors import InputError
from nnscratch.files import read_file, replace_file

__all__: list[str] = []  # for `own` and the checks

MARK = "# Your function, kept by nnscratch when its check said \"right\".\n"  # a file without it is not ours: never replaced
REFUSED = {"open", "exec", "eval", "compile", "input", "__import__", "globals", "breakpoint"}
GIVEN = {"np", "math", "own"}
MAX_BYTES = 2**16


def folder() -> Path:
    """The folder of the stored functions: own/ beside the notebooks, or what the variable NNSCRATCH_OWN names."""
    return Path(os.environ.get("NNSCRATCH_OWN") or "own")


def keep(name: str, function: Callable[..., Any], known: Iterable[str] = ()) -> str:
    """Store the source of a function; return a sentence: where it is, or why it could not be stored.

    known : the exercises whose functions it may call.
    """
    path = folder() / f"{name}.py"
    try:
        source = textwrap.dedent(inspect.getsource(function))
        check_source(source, known)
        if path.exists() and not path.read_bytes().startswith(MARK.encode()):
            raise InputError(f"{path} is not one of its files: rename it")
        path.parent.mkdir(exist_ok=True)
        replace_file(path, (MARK + source).encode())
    except (OSError, TypeError, SyntaxError, InputError) as error:
        return f"not kept for later notebooks: {error}"
    return f"kept in {path.parent.name}/{path.name}"


def check_source(source: str, known: Iterable[str]) -> set[str]:
    """Refuse what is not one plain function; return the exercises that it calls."""
    parsed = ast.parse(source).body
    if len(parsed) != 1 or not isinstance(parsed[0], ast.FunctionDef) or parsed[0].decorator_list:
        raise InputError("expected a function that begins with `def`, without a decorator")
    if any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.walk(parsed[0])):
        raise InputError("a kept function may use np, math and own, and no other import")
    used = global_names(symtable.symtable(source, "own", "exec").get_children()[0])
    if forbidden := sorted(used & REFUSED):
        raise InputError(f"a kept function cannot call {', '.join(forbidden)}")
    others = used - GIVEN - set(dir(builtins)) - {parsed[0].name}
    if foreign := sorted(others - set(known)):
        raise InputError(f"it uses {', '.join(foreign)}, which later notebooks do not have: write it into the function")
    return others


def global_names(table: symtable.SymbolTable) -> set[str]:
    """The names that a function, or a function within it, reads from outside."""
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    return names.union(*(global_names(child) for child in table.get_children()))


def stored_source(name: str) -> str | None:
    """The stored source of an exercise's function; None if there is none. InputError if it cannot be read."""
    path = folder() / f"{name}.py"
    if not path.exists():
        return None
    try:
        return read_file(path, "a stored function", MAX_BYTES).decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text, expected the source of a function: delete it") from error


def load(name: str, source: str, known: Iterable[str], find: Callable[[str], Any]) -> Callable[..., Any]:
    """Make a function of stored source: this runs the `def`, and nothing else. InputError if it is not one plain function.

    known : the exercises whose functions it may call; find : gives such a function, when it is called.
    """
    try:
        called = check_source(source, known)
        names: dict[str, Any] = {"np": np, "math": math} | {other: later(find, other) for other in called}
        names["own"] = sys.modules["nnscratch.course.own"]
        before = set(names)
        exec(compile(source, f"own/{name}.py", "exec"), names)  # the only place that runs stored source
    except (SyntaxError, ValueError, InputError) as error:  # ValueError: a zero byte in the source
        raise InputError(f"own/{name}.py cannot be used ({error}): correct it, or run its check again") from error
    return names[next(key for key in names if key not in before | {"__builtins__"})]


def later(find: Callable[[str], Any], name: str) -> Callable[..., Any]:
    """The function of another exercise, looked up when it is called: it may have been written after this one."""
    return lambda *arguments, **named: find(name)(*arguments, **named)
