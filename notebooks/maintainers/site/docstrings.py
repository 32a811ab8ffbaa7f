"""Docstrings for Sphinx: ours are plain text with numpydoc sections, autodoc wants reStructuredText.

Formulas and small tables, which docstrings set off by four spaces, become literal blocks; `names` become code; characters
that mean something else in reStructuredText are escaped. Sphinx's napoleon then reads the numpydoc sections.
"""
import re
from typing import Any

from sphinx.util import inspect

__all__ = ["setup"]

FREE = {"", "Notes", "References", "Warnings", "See Also"}  # sections of text; "" is what stands above the first section
SPECIAL = re.compile(r"""(?<!\\)([*|\\"']|(?<=\w)_(?!\w))""")


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx: connect the functions below; the docstrings are changed before napoleon reads them."""
    app.connect("autodoc-process-docstring", rewrite, priority=400)
    app.connect("autodoc-process-signature", class_signature)
    app.connect("autodoc-skip-member", skip_field)
    return {"parallel_read_safe": True}


def rewrite(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Turn the lines of a docstring into reStructuredText, in place."""
    lines[:] = restructure(original(thing) or lines)


def original(thing: Any) -> list[str]:
    """The lines of a docstring less the indentation of its closing quotes.

    Sphinx removes what all lines but the first have in common, and a formula that is all there is would lose its four spaces.
    """
    first, *lines = (thing.__doc__ or "").split("\n") if isinstance(getattr(thing, "__doc__", None), str) else [""]
    if not lines or lines[-1].strip():
        return []
    return [first, *(line.removeprefix(lines[-1]) for line in lines)]


def class_signature(app: Any, what: str, name: str, thing: Any, options: Any, signature: str, result: str) -> Any:
    """The arguments of a class are those of its `__init__`, also where a base class has a `__new__` that takes anything."""
    if what != "class" or thing.__init__ is object.__init__ or hasattr(thing, "_fields"):
        return None
    arguments = inspect.signature(thing.__init__, bound_method=True)
    return inspect.stringify_signature(arguments, show_annotation=False, show_return_annotation=False), None


def skip_field(app: Any, what: str, name: str, thing: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the fields of a NamedTuple, which its docstring describes; Python's own text says "Alias for field 0"."""
    return True if type(thing).__name__ == "_tuplegetter" else None


def restructure(lines: list[str]) -> list[str]:
    """The lines of a docstring as reStructuredText."""
    section, literal = "", False
    made: list[str] = []
    for k, line in enumerate(lines):
        following = lines[k + 1] if k + 1 < len(lines) else ""
        if line and set(following) == {"-"}:
            section = line
        if section == "Examples" or set(line) == {"-"} or line == section:
            made.append(line)
            continue
        if section in FREE:
            begins = line.startswith("    ") and not literal and not in_list(made)
            if begins:
                made += ["", ".. code-block:: none", ""]
            elif literal and line and not line.startswith("    "):
                made.append("")
            literal = (literal or begins) and (not line or line.startswith("    "))
        made.append(line if literal and section in FREE else inline(line))
    return made


def in_list(made: list[str]) -> bool:
    """Whether the text above is an item of a list, whose further lines are indented."""
    above = [line for line in made if line and not line.startswith("  ")]
    return bool(above) and bool(re.match(r"(-|\d+\.) ", above[-1]))


def inline(line: str) -> str:
    """One line of text: `name` as code, and everything that is not code escaped."""
    parts = re.split(r"(``[^`]*``|`[^`]*`(?!_))", line)
    parts[::2] = [SPECIAL.sub(r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [f"``{code.strip('`')}``" for code in parts[1::2]]
    return "".join(parts)
