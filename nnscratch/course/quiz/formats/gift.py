"""GIFT, Moodle's text format: a title between colons, a text, and the choices between braces, the right one after =.

    ::Notebook 02, seed 7, question 1::[html]What is the mean of 2 and 4?{
    =[html]3
    ~[html]6#[html]this is the sum
    }

Every text names its format, so that none is taken for a weight (%50%) or for another format. A text has no line breaks: a blank
line would end the question. Source: https://docs.moodle.org/en/GIFT_format.
"""
import re

from nnscratch.course.quiz.formats.choices import Choice, MultipleChoice, Quiz
from nnscratch.course.quiz.formats.markup import markup

__all__: list[str] = []  # for formats/__init__.py


def as_gift(quiz: Quiz) -> str:
    """A quiz in GIFT."""
    return "\n".join(map(question, quiz.questions))


def question(asked: MultipleChoice) -> str:
    """A question, up to the end of its last line."""
    lines = [f"::{escaped(asked.title)}::{html(asked.text)}{{", *map(choice, asked.choices), "}"]
    return "\n".join(lines) + "\n"


def choice(one: Choice) -> str:
    """The line of a choice."""
    return ("=" if one.right else "~") + html(one.text) + (f"#{html(one.feedback)}" if one.feedback else "")


def html(text: str) -> str:
    """A text as HTML, escaped."""
    return f"[html]{escaped(markup(text))}"


def escaped(text: str) -> str:
    """A backslash before each character that GIFT reserves, itself included: LaTeX is full of them."""
    return re.sub(r"[~=#{}:\\]", r"\\\g<0>", text)
