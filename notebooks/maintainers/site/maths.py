"""Formulas for Sphinx as MathML, made while the site is built: browsers draw it without a script.

A formula that cannot be read is a warning with its place, and a warning stops the build.
"""
from html import escape
from typing import Any

from docutils.nodes import SkipNode
from math_core import LatexError, LatexToMathML
from sphinx.util import logging

__all__ = ["setup"]

CONVERTER = LatexToMathML()


def mathml(node: Any, display: bool) -> str:
    """The MathML of a node with LaTeX."""
    try:
        return CONVERTER.convert_with_local_state(node.astext(), displaystyle=display)
    except LatexError as error:
        logging.getLogger(__name__).warning("no LaTeX: %s (%s)", node.astext(), error.args[0], location=node)
        return f"<code>{escape(node.astext())}</code>"


def inline(writer: Any, node: Any) -> None:
    """Write a formula within a line."""
    writer.body.append(mathml(node, display=False))
    raise SkipNode


def block(writer: Any, node: Any) -> None:
    """Write a formula on lines of its own."""
    writer.body.append(f'<div class="math">{mathml(node, display=True)}</div>')
    raise SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer; Sphinx calls this."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True}
