"""Quizzes in other formats: what is written is read back by independent readers, and gives the same questions."""
import io
import os
import re
import subprocess
import sys
import zipfile
from html import unescape
from xml.etree import ElementTree

import pytest
import quiz_readers
from browser import Browser, program
from hypothesis import given
from hypothesis import strategies as st
from quiz_readers import shown

from nnscratch.course.quiz import ITEMS
from nnscratch.course.quiz.__main__ import main
from nnscratch.course.quiz.formats import FORMATS, PLATFORMS, in_format
from nnscratch.course.quiz.formats import page as page_module
from nnscratch.course.quiz.formats.choices import Choice, MultipleChoice, Quiz, quiz_of
from nnscratch.course.quiz.question import ask, format_number

SEEDS = range(20)
READERS = {"gift": quiz_readers.gift, "moodle": quiz_readers.moodle, "qti": quiz_readers.qti}
every_platform = pytest.mark.parametrize("name", PLATFORMS)
every_notebook = pytest.mark.parametrize("notebook", ITEMS)
needs_browser = pytest.mark.skipif(program is None, reason="Chromium, to look at pages, is not there: apt install chromium")


@pytest.mark.slow
@every_platform
@every_notebook
def test_every_item_is_read_back(name, notebook):
    """Text, right answer, wrong answers and the mistake behind each, for many seeds; straight from the item."""
    for seed in SEEDS:
        read = READERS[name](written(name, notebook, seed))
        assert len({title for title, _, _ in read}) == len(read) == len(ITEMS[notebook])
        for (_, text, choices), item in zip(read, ITEMS[notebook], strict=True):
            asked = ask(item, seed)
            expected = {format_number(asked.answer): (True, "")}
            expected |= {format_number(answer): (False, shown(mistake)) for mistake, answer in asked.wrong.items()}
            assert text == shown(asked.text)
            assert {choice: rest for choice, *rest in choices} == {choice: list(rest) for choice, rest in expected.items()}
            assert len(choices) == len(expected)


def written(name, notebook, seed):
    """As the command writes it."""
    data = in_format(name, notebook, seed, answers=False)
    return data if name == "qti" else data.decode()


PIECES = [*"=~{}#:\\%[]$`<>&\"' \n-/é卷积", "->", "]]>", "::", "####", "//", "[html]", "[plain]", "%50%", r"\(", r"\n",
          "&&058;", "&amp;", "</text>", "<![CDATA[", "<br>", "$a_1 < b$", "`x = {}`", "TRUE",
          r"$\nabla\frac{1}{2}$", "0", "，。"]
hostile = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join).map(str.strip).filter(bool)
one_line = hostile.map(lambda text: " ".join(text.split()))


@st.composite
def quizzes(draw):
    """Questions with hostile texts, of which one choice is right."""
    questions = []
    for title in draw(st.lists(one_line, min_size=1, max_size=3, unique=True)):
        texts = draw(st.lists(hostile, min_size=2, max_size=5, unique=True))
        right = draw(st.integers(0, len(texts) - 1))
        choices = [Choice(text, k == right, "" if k == right else draw(hostile)) for k, text in enumerate(texts)]
        questions.append(MultipleChoice(title, draw(hostile), choices))
    return Quiz("nnscratch_x", draw(one_line), questions)


@every_platform
@given(quizzes())
def test_hostile_texts_are_read_back(name, asked):
    """Whatever the format reserves, in titles, texts, choices and feedback, in their order."""
    assert READERS[name](PLATFORMS[name](asked)) == [
        (one.title, shown(one.text), [(shown(text), right, shown(feedback)) for text, right, feedback in one.choices])
        for one in asked.questions]


def test_the_order_of_choices():
    """The same for the same seed; the right answer is found at every place, about equally often."""
    assert quiz_of("04", 7) == quiz_of("04", 7) != quiz_of("04", 8)
    places = [[choice.right for choice in one.choices].index(True) for notebook in ITEMS for seed in range(6)
              for one in quiz_of(notebook, seed).questions if len(one.choices) == 4]
    assert len(places) > 200 and all(0.18 < places.count(k) / len(places) < 0.32 for k in range(4))


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("html", "pdf")])
def test_the_same_seed_gives_the_same_bytes(name):
    assert in_format(name, "03", 5, True) == in_format(name, "03", 5, True) != in_format(name, "03", 6, True)


# What text2qti 0.8 writes for a question with feedback: each path below <item>, with the names of attributes.
TEXT2QTI = """item ident title
item/itemmetadata
item/itemmetadata/qtimetadata
item/itemmetadata/qtimetadata/qtimetadatafield
item/itemmetadata/qtimetadata/qtimetadatafield/fieldentry
item/itemmetadata/qtimetadata/qtimetadatafield/fieldlabel
item/presentation
item/presentation/material
item/presentation/material/mattext texttype
item/presentation/response_lid ident rcardinality
item/presentation/response_lid/render_choice
item/presentation/response_lid/render_choice/response_label ident
item/presentation/response_lid/render_choice/response_label/material
item/presentation/response_lid/render_choice/response_label/material/mattext texttype
item/resprocessing
item/resprocessing/outcomes
item/resprocessing/outcomes/decvar maxvalue minvalue varname vartype
item/resprocessing/respcondition continue
item/resprocessing/respcondition/conditionvar
item/resprocessing/respcondition/conditionvar/varequal respident
item/resprocessing/respcondition/displayfeedback feedbacktype linkrefid
item/resprocessing/respcondition/setvar action varname
item/itemfeedback ident
item/itemfeedback/flow_mat
item/itemfeedback/flow_mat/material
item/itemfeedback/flow_mat/material/mattext texttype"""


def paths(element, above=""):
    """The path of each element, with the names of its attributes, as often as it occurs."""
    path = above + element.tag.split("}")[-1]
    return [" ".join([path, *sorted(element.attrib)]), *(one for child in element for one in paths(child, path + "/"))]


def test_an_item_has_the_elements_that_canvas_knows():
    archive = zipfile.ZipFile(io.BytesIO(PLATFORMS["qti"](quiz_of("02", 3))))
    root = ElementTree.fromstring(archive.read("nnscratch_02_seed_3/nnscratch_02_seed_3.xml"))
    for item in root.iter(f"{quiz_readers.Q}item"):
        assert list(dict.fromkeys(sorted(paths(item)))) == sorted(TEXT2QTI.split("\n"))


@every_notebook
@pytest.mark.parametrize("answers", [False, True])
def test_a_page_is_read_back(notebook, answers):
    """Text outside of formulas, as many formulas as in the item, answers only if they are asked for; nothing from elsewhere."""
    pytest.importorskip("math_core", reason="formulas of a page are made with math-core: pip install -e '.[site]'")
    for seed in SEEDS[:5]:
        text = in_format("html", notebook, seed, answers).decode()
        plain = re.sub(r"&(?!amp;|lt;|gt;)\w+;", lambda found: unescape(found[0]), text)  # XML knows no &ApplyFunction;
        root = ElementTree.fromstring(plain.removeprefix("<!DOCTYPE html>\n"))
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|<script|<merror", text)
        read = root.findall(".//li")
        for one, item in zip(read, ITEMS[notebook], strict=True):
            asked, paragraph = ask(item, seed), one.find("p")
            assert len(paragraph.findall(".//math")) == asked.text.count("$") // 2
            assert outside(paragraph) == re.sub(r"\$[^$]+\$|`", "", asked.text)
            rows = [["".join(cell.itertext()) for cell in row] for row in one.iter("tr")]
            expected = [(asked.answer, "right"), *((answer, why.replace("`", "")) for why, answer in asked.wrong.items())]
            expected = [[format_number(answer).replace(" ", "").replace("-", "−"), text] for answer, text in expected]
            assert rows[:1] == expected[:answers] and sorted(rows) == (sorted(expected) if answers else [])


def outside(element):
    """The text of an element without formulas."""
    return (element.text or "") + "".join(("" if one.tag == "math" else outside(one)) + (one.tail or "") for one in element)


@pytest.mark.slow
@needs_browser
def test_a_page_fits(tmp_path):
    """On a narrow screen and on a wide one nothing is cut off, folded answers unfold, and nothing is logged or loaded."""
    pytest.importorskip("math_core", reason="formulas of a page are made with math-core: pip install -e '.[site]'")
    with Browser(tmp_path / "profile") as browser:
        for notebook, answers in (("03", False), ("15", True)):
            path = tmp_path / f"{notebook}.html"
            assert main([notebook, "--format", "html", "-o", str(path), *["--answers"] * answers]) == 0
            for width in (400, 1200):
                browser.resize(width)
                wide, errors, asked = browser.visit(path.as_uri(), "document.documentElement.scrollWidth")
                assert wide <= width and not errors and {url.partition(":")[0] for url in asked} <= {"file", "data"}
                tall = browser.evaluate("document.querySelectorAll('details').forEach(one => one.open = true); "
                                        "[...document.querySelectorAll('td')].filter(one => one.offsetHeight < 10).length")
                assert tall == 0


def test_without_output_it_is_printed(capsys, tmp_path):
    """And with one, the file has the same text."""
    for name in ("markdown", "gift", "moodle"):
        path = tmp_path / name
        words = ["4", "--seed", "7", "--format", name]
        assert main(words) == main([*words, "-o", str(path)]) == 0
        assert capsys.readouterr().out == path.read_text(encoding="utf-8")


def test_it_is_printed_whatever_the_terminal_is():
    """As UTF-8, also where the terminal has no Chinese; where it cannot be printed, one sentence."""
    command = [sys.executable, "-m", "nnscratch.course.quiz", "7", "--format", "moodle"]
    env = os.environ | {"NNSCRATCH_LANGUAGE": "zh", "PYTHONIOENCODING": "ascii"}
    printed = subprocess.run(command, env=env, capture_output=True, check=True).stdout
    assert ElementTree.fromstring(printed).tag == "quiz" and "笔记本 07" in printed.decode()
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(command, env=env, stdout=full, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and "cannot be printed (No space left" in done.stderr


@pytest.mark.parametrize("given, complaint", [
    (["--format", "word"], "--format: expected one of markdown, html, pdf, gift, moodle, qti, got 'word'"),
    (["--format", "qti"], "--format qti is a binary file: add -o quiz.zip"),
    (["--format", "pdf"], "add -o quiz.pdf"),
    (["-o", "."], "cannot write . (it is a folder)"),
    (["--format", "gift", "-o", "none/quiz.gift"], "cannot write none/quiz.gift"),
    (["--format", "html", "-o", "quiz.html"], "the page needs math-core, which makes its formulas: pip install math-core"),
    (["--format", "pdf", "-o", "quiz.pdf"], "math-core")])
def test_bad_input_gives_one_sentence(given, complaint, capsys, tmp_path, monkeypatch):
    """And exit code 2, and no file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "math_core", None)
    page_module.converter.cache_clear()
    with pytest.raises(SystemExit) as stop:
        main(["04", *given])
    out, error = capsys.readouterr()
    assert stop.value.code == 2 and out == "" and complaint in error and error.count("\n") == 1 and not os.listdir()


def test_each_language_has_its_own_identifiers(monkeypatch):
    """A platform that has imported the English quiz would replace it by a Chinese one of the same name."""
    def idents():
        archive = zipfile.ZipFile(io.BytesIO(in_format("qti", "04", 7, True)))
        return {ident for name in archive.namelist() for ident in
                re.findall(r'\b(?:ident|identifier)="(nnscratch[^"]*)"', archive.read(name).decode())}
    english = idents()
    monkeypatch.setenv("NNSCRATCH_LANGUAGE", "zh")
    assert "nnscratch_04_seed_7_question_1" in english and len(english) > 20 and not english & idents()


def test_in_chinese(monkeypatch):
    """All that is shown is translated: titles and the words of a page, besides the texts of the items."""
    monkeypatch.setenv("NNSCRATCH_LANGUAGE", "zh")
    for notebook in ITEMS:
        read = quiz_readers.gift(written("gift", notebook, 3))
        for k, ((title, text, choices), item) in enumerate(zip(read, ITEMS[notebook], strict=True), 1):
            asked = ask(item, 3)
            assert title == f"笔记本 {notebook}，种子 3，第 {k} 题" and text == shown(asked.text)
            assert {why for _, right, why in choices if not right} == {shown(why) for why in asked.wrong}
            assert all(re.search("[\u4e00-\u9fff]", one) for one in (text, *asked.wrong))
    pytest.importorskip("math_core", reason="formulas of a page are made with math-core: pip install -e '.[site]'")
    both = [in_format("html", "02", 3, answers).decode() for answers in (False, True)]
    assert 'lang="zh"' in both[0] and "<h1>笔记本 02，种子 3</h1>" in both[0]
    assert all(word in both[0] for word in ("姓名", "日期")) and all(word in both[1] for word in ("答案", "正确"))
