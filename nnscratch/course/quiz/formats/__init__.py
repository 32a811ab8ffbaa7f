"""A quiz for a learning platform, or on paper.

    python -m nnscratch.course.quiz 04 --seed 7 --format gift -o quiz.gift   Moodle: Question bank, Import, GIFT format
    python -m nnscratch.course.quiz 04 --seed 7 --format moodle -o quiz.xml  Moodle: Question bank, Import, Moodle XML
    python -m nnscratch.course.quiz 04 --seed 7 --format qti -o quiz.zip     Canvas: Settings, Import Content, QTI .zip file
    python -m nnscratch.course.quiz 04 --seed 7 --format html -o quiz.html   a page to print, or with --answers folded answers
    python -m nnscratch.course.quiz 04 --seed 7 --format pdf -o quiz.pdf     the same page, on A4

For a platform each question is multiple choice: the right answer and the typical wrong ones, which have the mistake behind them
as feedback, in an order that depends on the seed alone. Formulas are written between \\( and \\), which Moodle and Canvas draw.
"""
from collections.abc import Callable

from nnscratch.course.quiz import sheet
from nnscratch.course.quiz.formats.choices import Quiz, quiz_of
from nnscratch.course.quiz.formats.gift import as_gift
from nnscratch.course.quiz.formats.moodle import as_moodle
from nnscratch.course.quiz.formats.page import as_page
from nnscratch.course.quiz.formats.pdf import as_pdf
from nnscratch.course.quiz.formats.qti import as_qti

__all__: list[str] = []  # for quiz/__main__.py

PLATFORMS: dict[str, Callable[[Quiz], str | bytes]] = {"gift": as_gift, "moodle": as_moodle, "qti": as_qti}
FORMATS = "markdown", "html", "pdf", *PLATFORMS
BINARY = {"qti": "quiz.zip", "pdf": "quiz.pdf"}  # not for a terminal: format, and a name for its file


def in_format(name: str, notebook: str, seed: int, answers: bool) -> bytes:
    """The file of a quiz. For a platform, answers are always included."""
    content: str | bytes
    if name == "markdown":
        content = sheet(notebook, seed, answers) + "\n"
    elif name == "html":
        content = as_page(quiz_of(notebook, seed), answers)
    elif name == "pdf":
        content = as_pdf(as_page(quiz_of(notebook, seed), answers, unfolded=True))
    else:
        content = PLATFORMS[name](quiz_of(notebook, seed))
    return content.encode() if isinstance(content, str) else content
