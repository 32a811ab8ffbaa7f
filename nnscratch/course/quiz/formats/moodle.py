"""Moodle XML, the format in which Moodle keeps everything. Source: https://docs.moodle.org/en/Moodle_XML_format."""
from nnscratch.course.quiz.formats.choices import Choice, MultipleChoice, Quiz
from nnscratch.course.quiz.formats.markup import markup
from nnscratch.course.quiz.formats.xml import Node, document, node

__all__: list[str] = []  # for formats/__init__.py


def as_moodle(quiz: Quiz) -> str:
    """A quiz in Moodle XML."""
    return document(node("quiz", *map(question, quiz.questions)))


def question(asked: MultipleChoice) -> Node:
    """A multiple-choice question with one right answer, in the order given."""
    kept = {"defaultgrade": "1", "single": "true", "shuffleanswers": "false", "answernumbering": "abc"}
    return node("question", node("name", node("text", asked.title)), html("questiontext", asked.text),
                *(node(key, value) for key, value in kept.items()), *map(answer, asked.choices), type="multichoice")


def answer(one: Choice) -> Node:
    """A choice: it gives all or nothing."""
    element = html("answer", one.text)
    element.set("fraction", "100" if one.right else "0")
    element.append(html("feedback", one.feedback))
    return element


def html(tag: str, text: str) -> Node:
    """A text in HTML, which is escaped once more as the content of an element."""
    return node(tag, node("text", markup(text)), format="html")
