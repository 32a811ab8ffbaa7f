"""A quiz for a learning platform, or on paper.

    python -m nnscratch.course.quiz 04 --seed 7 --format gift -o quiz.gift   Moodle: Question bank, Import, GIFT format
    python -m nnscratch.course.quiz 04 --seed 7 --format moodle -o quiz.xml  Moodle: Question bank, Import, Moodle XML
    python -m nnscratch.course.quiz 04 --seed 7 --format qti -o quiz.zip     Canvas: Settings, Import Content, QTI .zip file
    python -m nnscratch.course.quiz 04 --seed 7 --format html -o quiz.html   a page to print, or with --answers folded answers
    python -m nnscratch.course.quiz 04 --seed 7 --format pdf -o quiz.pdf     the same page, on A4

For a platform each question is multiple choice: the right answer and the typical wrong ones, which have the mistake behind them
as feedback, in an order that depends on the seed alone. Formulas are written between \\( and \\), which Moodle and Canvas draw.
"""
from nnscratch.course.quiz import sheet
from nnscratch.course.quiz.formats.choices import quiz
from nnscratch.course.quiz.formats.gift import gift
from nnscratch.course.quiz.formats.moodle import moodle
from nnscratch.course.quiz.formats.page import page
from nnscratch.course.quiz.formats.pdf import pdf
from nnscratch.course.quiz.formats.qti import qti

__all__: list[str] = []  # for quiz/__main__.py

FORMATS = "markdown", "gift", "moodle", "qti", "html", "pdf"
BINARY = {"qti": "quiz.zip", "pdf": "quiz.pdf"}  # not for a terminal: format, and a name for its file


def in_format(name: str, notebook: str, seed: int, answers: bool) -> bytes:
    """The file of a quiz. For a platform, answers are always included."""
    match name:
        case "markdown":
            content: str | bytes = sheet(notebook, seed, answers) + "\n"
        case "gift":
            content = gift(quiz(notebook, seed))
        case "moodle":
            content = moodle(quiz(notebook, seed))
        case "qti":
            content = qti(quiz(notebook, seed))
        case "html":
            content = page(quiz(notebook, seed), answers)
        case _:
            content = pdf(page(quiz(notebook, seed), answers, unfolded=True))
    return content.encode() if isinstance(content, str) else content
