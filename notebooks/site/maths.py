"""Formulas for Sphinx as MathML, made while the site is built: browsers draw it by themselves, no script is needed.

A formula that cannot be read is a warning with its place, and `build` takes no warnings.
"""
from html import escape

from docutils.nodes import SkipNode
from math_core import LatexError, LatexToMathML
from sphinx.util import logging

CONVERTER = LatexToMathML()


def mathml(node, display):
    try:
        return CONVERTER.convert_with_local_state(node.astext(), displaystyle=display)
    except LatexError as error:
        logging.getLogger(__name__).warning("no LaTeX: %s (%s)", node.astext(), error.args[0], location=node)
        return f"<code>{escape(node.astext())}</code>"


def inline(writer, node):
    writer.body.append(mathml(node, display=False))
    raise SkipNode


def block(writer, node):
    writer.body.append(f'<div class="math">{mathml(node, display=True)}</div>')
    raise SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True}
