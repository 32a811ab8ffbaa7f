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
REFUSED = {"open", "exec", "eval", "compile", "input", "__import__", "globals", "breakpoint", "exit", "quit"}
GIVEN = {"np", "math", "own"}
MAX_BYTES = 2**16


def folder() -> Path:
    """The folder of the stored functions: own/ beside the notebooks, or what the variable NNSCRATCH_OWN names."""
    return Path(os.environ.get("NNSCRATCH_OWN") or "own")


def keep(name: str, function: Callable[..., Any], known: Iterable[str], find: Callable[[str], Any],
         is_right: Callable[[Callable[..., Any]], bool]) -> str:
    """Store the source of a function; return a sentence: where it is, or why it could not be stored.

    known, find : as for `load`; is_right : judges the function that was made of the source alone.
    """
    path = folder() / f"{name}.py"
    try:
        source = source_of(function)
        if not is_right(make(name, source, known, find)):
            raise InputError("it is right here, but not by itself: write into it what it needs of the notebook")
        if os.path.lexists(path) and not replaceable(path):
            raise InputError(f"{path} is not one of its files: rename it")
        if not path.parent.is_dir() and os.path.lexists(path.parent):
            raise InputError(f"{path.parent} is not a folder: rename it")
        path.parent.mkdir(exist_ok=True)
        replace_file(path, (MARK + source).encode())
    except Exception as error:  # of the file, or whatever the default of an argument raises
        return f"not kept for later notebooks: {said(error)}"
    return f"kept in {path.parent.name}/{path.name}"


def replaceable(path: Path) -> bool:
    """Whether nothing is lost if a file is replaced: it was stored here, or it is empty. A link may lead anywhere."""
    try:
        source = stored_source(path.stem) or ""
    except InputError:  # a folder, a pipe, a long file, or no text
        return False
    return not path.is_symlink() and (not source.strip() or source.startswith(MARK.strip()))


def said(error: Exception) -> str:
    """What an exception says; Python says nothing about source that is nested too deeply."""
    return "it is nested too deeply" if isinstance(error, (MemoryError, RecursionError)) else str(error)


def source_of(function: Callable[..., Any]) -> str:
    """The source of a function, from the left margin."""
    if (module := getattr(function, "__module__", None)) != "__main__":
        raise InputError(f"it comes from {module or type(function).__name__}, expected a function that begins with `def` in "
                         f"this notebook")
    try:
        source = textwrap.dedent(inspect.getsource(function))
        ast.parse(source)
    except (OSError, TypeError, SyntaxError) as error:
        raise InputError("its source was not found: expected a function that begins with `def`, at the left margin of a cell "
                         "without %%") from error
    return source


def check_source(source: str, known: Iterable[str]) -> set[str]:
    """Refuse what is not one plain function; return the exercises that it calls."""
    parsed = ast.parse(source).body
    if len(parsed) != 1 or not isinstance(parsed[0], ast.FunctionDef) or parsed[0].decorator_list:
        raise InputError("expected a function that begins with `def`, without a decorator")
    if any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.walk(parsed[0])):
        raise InputError("a kept function may use np, math and own, and no other import")
    table = symtable.symtable(source, "own", "exec")
    used = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}  # by defaults and annotations
    used = used.union(*map(global_names, table.get_children()))
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
        return read_file(path, "a stored function", MAX_BYTES).decode("utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not text, expected the source of a function: delete it") from error


def load(name: str, source: str, known: Iterable[str], find: Callable[[str], Any]) -> Callable[..., Any]:
    """Make a function of stored source: this runs the `def`, and nothing else. InputError if it is not one plain function.

    known : the exercises whose functions it may call; find : gives such a function, when it is called.
    """
    try:
        return make(name, source, known, find)
    except Exception as error:  # a zero byte in the source, or whatever the default of an argument raises
        raise InputError(f"own/{name}.py cannot be used ({said(error)}): correct it, or run its check again") from error


def make(name: str, source: str, known: Iterable[str], find: Callable[[str], Any]) -> Callable[..., Any]:
    """Run the `def` of checked source."""
    called, parsed = check_source(source, known), ast.parse(source)
    if name in called or any(isinstance(node, ast.Attribute) and ast.unparse(node) == f"own.{name}"
                             for node in ast.walk(parsed)):
        raise InputError(f"it calls own.{name}, which would be itself: write out what it does")
    names: dict[str, Any] = {"np": np, "math": math} | {other: later(find, other) for other in called}
    names["own"] = sys.modules["nnscratch.course.own"]
    exec(compile(source, f"own/{name}.py", "exec"), names)  # the only place that runs stored source
    return names[parsed.body[0].name]  # type: ignore[attr-defined]  # check_source: it is a def


def later(find: Callable[[str], Any], name: str) -> Callable[..., Any]:
    """The function of another exercise, looked up when it is called: it may have been written after this one."""
    return lambda *arguments, **named: find(name)(*arguments, **named)
