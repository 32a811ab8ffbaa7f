"""A printable page, self-contained HTML: each question with squared paper below it, or with its answers, folded."""
import re
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from nnscratch.course.language import language, said
from nnscratch.course.quiz.formats.choices import Choice, MultipleChoice, Quiz
from nnscratch.course.quiz.formats.markup import markup
from nnscratch.errors import InputError

__all__: list[str] = []  # for formats/__init__.py


def as_page(quiz: Quiz, answers: bool, unfolded: bool = False) -> str:
    """A quiz as a page; with answers, they are folded unless they are to be printed."""
    fields = "" if answers else f"<span>{said('Name')}</span><span>{said('Date')}</span>"
    return Template(text_of("page.html")).substitute(
        language=language(), title=escape(quiz.title), style=text_of("page.css"), fields=fields,
        questions="\n".join(question(asked, answers, unfolded) for asked in quiz.questions))


def text_of(name: str) -> str:
    """A file beside this one."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def question(asked: MultipleChoice, answers: bool, unfolded: bool) -> str:
    """A question, and what is below it."""
    below = solution(asked.choices, unfolded) if answers else '<div class="paper"></div>'
    return f'<li class="question"><p>{markup(asked.text, mathml)}</p>\n{below}</li>'


def solution(choices: list[Choice], unfolded: bool) -> str:
    """The right answer, then the wrong ones with the mistake behind each."""
    rows = "\n".join(row(one) for one in sorted(choices, key=lambda one: not one.right))
    unfolding = ' open=""' if unfolded else ""
    return f'<details{unfolding}><summary>{said("Answer")}</summary>\n<table>\n{rows}\n</table></details>'


def row(one: Choice) -> str:
    """An answer and its mistake."""
    kind, said_of_it = (' class="right"', said("right")) if one.right else ("", one.feedback)
    return f"<tr{kind}><td>{mathml(one.text)}</td><td>{markup(said_of_it, mathml)}</td></tr>"


def mathml(formula: str) -> str:
    """A formula as MathML, which browsers draw without a script; single letters are marked for the style."""
    whole = str(converter().convert_with_local_state(formula, displaystyle=False))
    return re.sub(r"<mi>(.)</mi>", r'<mi class="letter">\1</mi>', whole)


@cache
def converter() -> Any:
    """The converter of LaTeX."""
    try:
        from math_core import LatexToMathML
    except ImportError as error:
        raise InputError("the page needs math-core, which makes its formulas: pip install math-core") from error
    return LatexToMathML()
