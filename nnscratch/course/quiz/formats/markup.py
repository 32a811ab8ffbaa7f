"""Texts of a quiz as HTML: $formulas$ and `code` become elements, everything else is escaped."""
import re
from collections.abc import Callable
from html import escape

__all__: list[str] = []  # for the formats

MARKED = re.compile(r"(`[^`\n]+`|\$[^$\n]+\$)")


def mathjax(formula: str) -> str:
    r"""A formula between \( and \), which Moodle and Canvas hand to MathJax."""
    return rf"\({escape(formula, quote=False)}\)"


def markup(text: str, formula: Callable[[str], str] = mathjax) -> str:
    """A text as well-formed HTML; `formula` makes that of a formula."""
    parts = MARKED.split(text)  # plain and marked in turn
    return "".join(marked(part, formula) if k % 2 else plain(part) for k, part in enumerate(parts))


def marked(part: str, formula: Callable[[str], str]) -> str:
    """Code, or a formula."""
    return f"<code>{escape(part[1:-1], quote=False)}</code>" if part[0] == "`" else formula(part[1:-1])


def plain(part: str) -> str:
    """Text without marks."""
    return escape(part, quote=False).replace("\n", "<br/>")
