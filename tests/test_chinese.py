"""The Chinese edition: text beside text, the glossary's terms, a translation for every sentence, nothing left in English."""
import ast
import json
import re
import time

import numpy as np
import pytest
from course_answers import WRONG
from course_answers.solutions import EXERCISES

from nnscratch.course import card, cards, language
from nnscratch.course.checks.exercise import Answer
from nnscratch.course.language import said
from nnscratch.course.quiz import ITEMS, sheet

pytest.importorskip("nbformat", reason="the notebooks are read with nbformat: pip install -e '.[test]'")

import nbformat

from notebooks.code_words import code_words, words
from notebooks.sentences import catalogue_of, catalogues, sentences, spoken
from notebooks.source import FOLDER, SOURCES, read, stored
from notebooks.translation import PAGES, chinese, english, translated

NOTEBOOKS = [path.stem for path in sorted(FOLDER.glob("[0-9i]*.ipynb"))]
HAN = re.compile(r"[\u4e00-\u9fff]")
WORDS = re.compile(r"[A-Za-z]{3,}")
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+(?:\n[^$\n]+)?\$", flags=re.S)


@pytest.fixture
def in_chinese(monkeypatch):
    monkeypatch.setenv("NNSCRATCH_LANGUAGE", "zh")


def parts(text):
    """What a translation leaves as it is: formulas without their words, code, targets of links, tags, levels of headings."""
    formulas = [re.sub(r"\\text\{[^}]*\}|\s|[,.，。]", "", formula) for formula in FORMULA.findall(text)]
    plain = FORMULA.sub("", text)
    code = [re.sub(r"\s+", " ", span) for span in re.findall(r"`[^`]+`", re.sub(r"^```.*?^```", "", plain, flags=re.M | re.S))]
    return {"formulas": set(formulas), "code": set(code),
            "links": sorted(re.findall(r"\]\(([^)]+)\)", plain)), "tags": re.findall(r"<[a-z/][^>]*>", plain),
            "headings": re.findall(r"^#+(?= )", plain, flags=re.M),
            "figures": re.findall(r"^\*\*(?:Figure|图) ([\d.]+)", plain)}


@pytest.mark.parametrize("name", [*PAGES, *NOTEBOOKS])
def test_the_translation_lies_beside_the_text(name):
    """Each part is translated; formulas, code, links, tags, headings and the numbers of figures are the same."""
    for one, other in zip(english(name), translated(name), strict=True):
        assert HAN.search(other) or not WORDS.search(FORMULA.sub("", one)), f"still in English: {one[:80]}"
        theirs = parts(other.replace("](../images/", "](images/").replace("](../index", "](zh/index"))
        for kind, found in parts(one).items():
            assert theirs[kind] == found, (kind, one[:80], [x for x in found if x not in theirs[kind]],
                                           [x for x in theirs[kind] if x not in found])


@pytest.mark.parametrize("chosen, expected", [("zh", "zh"), ("zh_CN.UTF-8", "zh"), ("ZH", "zh"), ("fr", "en"), ("", "en")])
def test_a_language_is_chosen_as_in_a_locale(chosen, expected, monkeypatch):
    monkeypatch.setenv("NNSCRATCH_LANGUAGE", chosen)
    assert language.language() == expected


def test_terms_are_those_of_the_glossary():
    """Each link to the glossary is worded by its term, in Chinese."""
    titles = dict(re.findall(r'^### <a id="(.+?)"></a>(.+)$', "\n\n".join(translated("glossary")), flags=re.M))
    terms = {place: [part for part in re.split(r"[（）、，：:,／/()\s]+", title) if part] for place, title in titles.items()}
    linked = [(name, words, place) for name in NOTEBOOKS
              for words, place in re.findall(r"\[([^\]]+)\]\(glossary\.md#([\w-]+)\)", "\n".join(translated(name)))]
    other = [(name, words, titles[place]) for name, words, place in linked
             if not any(term.lower() in words.lower() for term in terms[place])]
    assert len(linked) > 90 and not other


def test_both_glossaries_lead_with_one_term():
    """Where Chinese has several names, the English page begins with that of the Chinese text."""
    entries = [re.fullmatch(r'### <a id="(.+?)"></a>.+?\n\n(.+)', text, flags=re.S) for text in english("glossary")[1:]]
    titles = [text.split("\n")[0] for text in translated("glossary")[1:]]
    names = [(found[1], name, title) for found, title in zip(entries, titles, strict=True)
             for name in re.findall(r"\*([^*]*[\u4e00-\u9fff][^*]*)\*", found[2])]
    other = [one for one in names if re.split("[（，：]", re.sub(r"\s", "", one[1]))[0] not in one[2].replace(" ", "")]
    assert len(names) > 80 and not other


@pytest.mark.parametrize("module", spoken(), ids=lambda path: path.stem)
def test_every_sentence_has_a_translation(module):
    """The catalogue has what the module says, no more; fields stand for the sentence's values; sentences are in Chinese."""
    path, said_here = catalogue_of(module), sentences(module)
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    assert list(known) == said_here, "python -m notebooks.sentences"
    for one, other in known.items():
        assert other != one, f"still in English; null if it stays so: {one}"
        fields = re.findall(r"(?<!\{)\{(\d*)\}", other or "") if "{}" in one else []
        assert other is None or all(field.isdigit() and int(field) < one.count("{}") for field in fields), (one, other)
        if other and "{}" in one:
            other.format(*range(one.count("{}")))


def test_no_catalogue_is_left_over():
    """Of a module that is gone, or says nothing."""
    expected = sorted(catalogue_of(module) for module in spoken() if sentences(module))
    assert catalogues() == expected, "python -m notebooks.sentences"


def test_a_row_within_a_sentence_is_not_a_sentence(in_chinese):
    """The shorter template "row {}" gave "第 0 of x and column 1 of W ... 行"."""
    product = said("x (2, 3) @ W (3, 4) = y (2, 4); row 0 of x and column 1 of W make y[0, 1]")
    assert product == "x (2, 3) @ W (3, 4) = y (2, 4)；x 的第 0 行与 W 的第 1 列得到 y[0, 1]"


def test_values_find_their_places(in_chinese, monkeypatch):
    """A template with values, in another order, within another sentence, over several lines; and what has no translation."""
    monkeypatch.setattr(language, "catalogue", lambda code: (
        {"the sign is wrong": "符号错了"},
        [(language.as_pattern("{} is {}, expected {}"), "{0} 应为 {2}，得到 {1}"),
         (language.as_pattern("case {}: {}"), "情形 {0}：{1}")], [(": it is right", "：正确")]))
    assert said("line 2: it is right") == "line 2：正确"
    assert said("y is 3, expected 4") == "y 应为 4，得到 3"
    assert said("case 2: the sign is wrong\n  y is 3, expected the sign is wrong") == (
        "情形 2：符号错了\n  y 应为 符号错了，得到 3")
    assert said("the sign is wrong; nobody translated this") == "符号错了；nobody translated this" and said("") == ""


def test_english_is_not_touched(monkeypatch):
    """Without the variable, or with an unknown language."""
    for unknown in (None, "", "checks", "..", "xx"):
        if unknown is not None:
            monkeypatch.setenv("NNSCRATCH_LANGUAGE", unknown)
        assert said("wrong") == "wrong" and repr(Answer("right", "dense: right")) == "dense: right"


def test_long_lines_are_quick(in_chinese):
    """A learner's exception may hold an array, or thousands of words."""
    start = time.process_time()
    for text in (", expected 3. of shape" * 300, "; ".join(map(str, range(20_000))), "x = " + "[1.0, 2.0], " * 2000,
                 "y is 3: expected 4, " * 60, "a: " * 500):
        said(text)
    assert time.process_time() - start < 2


def test_a_learners_code_is_not_translated(in_chinese):
    """What stands between backticks is quoted."""
    assert "`has shape (2,), expected 3`" in said("at `has shape (2,), expected 3` something is wrong")


def left_in_english(text):
    """The lines of a text that are sentences, but not Chinese ones."""
    plain = re.sub(r"`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|&emsp;|\([^)]*\)|\[[^\]]*\]", "", text)
    plain = re.sub(r"checks\.\w+\.?\w*|own\.\w+|\w+Error[^\n]*|\w*_\w*", "", plain)
    return [line for line in plain.split("\n") if len(WORDS.findall(line)) > 3 and not HAN.search(line)]


def test_wrong_answers_are_told_in_chinese(in_chinese):
    """What the checks say to all wrong answers of the tests, and the hints."""
    answers = [(name, repr(EXERCISES[name](attempt))) for name, attempt, _ in WRONG]
    answers += [(name, said(hint)) for name, exercise in EXERCISES.items() for hint in exercise.hints]
    left = [(name, line) for name, text in answers for line in left_in_english(text)]
    assert len(answers) > 700 and len(left) <= 0.01 * len(answers), left[:20]


def test_quizzes_and_cards_are_in_chinese(in_chinese):
    """All items, with answers; all cards."""
    left = [line for number in ITEMS for line in left_in_english(sheet(number, 3, answers=True))]
    left += [line for name in cards() for line in left_in_english(card(name)._repr_markdown_().partition("```")[0])]
    assert not left


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_stored_notebook_is_the_translation(name):
    """The text from src_zh, the code from src; outputs without errors."""
    kept, fresh = stored(name, FOLDER / "zh"), chinese(name)
    assert [(cell.id, cell.source) for cell in kept.cells] == [(cell.id, cell.source) for cell in fresh.cells], (
        "the stored notebook is older than its text: python -m notebooks.build zh")
    outputs = [output for cell in kept.cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    setup = nbformat.read(FOLDER / "zh" / f"{name}.ipynb", 4).cells[0].source.split("\n")
    assert HAN.search(setup[0]) and setup[-1] == "os.environ['NNSCRATCH_LANGUAGE'] = 'zh'"


def without_words(node):
    """Code whose strings are empty; what an f-string shows stands in alphabetical order, since a translation may change it."""
    for one in ast.walk(node):
        if isinstance(one, ast.JoinedStr):
            fields = [part for part in one.values if isinstance(part, ast.FormattedValue)]
            for part in fields:
                part.format_spec = None
            one.values = sorted(fields, key=ast.unparse)
        elif isinstance(one, ast.Constant) and isinstance(one.value, str):
            one.value = ""
    return ast.unparse(node)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_code_is_the_same_but_for_its_words(name):
    """Comments, docstrings, what is printed and described is Chinese; all else is that of the English notebook."""
    known = code_words()[name]
    assert list(known) == words(name), "python -m notebooks.translation"
    assert not [one for one, other in known.items() if one == other], "still in English; null if it stays so"
    for one, other in zip(read(SOURCES / f"{name}.py").cells, chinese(name).cells, strict=True):
        if one.cell_type == "code":
            assert without_words(ast.parse(one.source)) == without_words(ast.parse(other.source))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_outputs_are_in_chinese(name):
    """Every figure and film has a sentence in Chinese, and what is printed is Chinese, except what the library reports."""
    outputs = [output for cell in stored(name, FOLDER / "zh").cells for output in cell.get("outputs", ())]
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data or "image/jpeg" in data:
            film = re.match('<img alt="([^"]+)"', data.get("text/html", ""))
            assert HAN.search(film[1] if film else data["text/plain"]), data["text/plain"]
            assert not left_in_english(film[1] if film else data["text/plain"])
    left = [line for output in outputs for line in left_in_english(output.get("text", ""))]
    assert not [line for line in left if not re.match(r"op: |  W: |  it is too small|  the adjoint|To get one", line)]


def test_pages_and_slides_take_the_sentence_out_of_its_brackets():
    """As alternative text, in either language."""
    from notebooks.site.source import name_images
    from notebooks.slides import image
    for shown, sentence in (("<image: a line>", "a line"), ("<图像：一条线>", "一条线")):
        data = {"image/png": "x", "text/plain": shown}
        cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data)])
        name_images(cell)
        assert cell.metadata.mystnb["image"]["alt"] == sentence and f'alt="{sentence}"' in image(data)


def test_columns_of_chinese_words_are_aligned(in_chinese, capsys):
    """A character is two columns wide: the heads of `own.who` end where their numbers end."""
    from nnscratch.course import own
    assert (language.filled("库的", 6), language.filled("次数", -7), language.filled("a", 3)) == ("库的  ", "   次数", "a  ")
    own.who("M3")
    head, row = capsys.readouterr().out.splitlines()[1:3]
    before, numbers = head[:head.index("次数") + 2], re.match(r"\w+ +库的 +\d+", row)[0]
    assert len(before) + len(HAN.findall(before)) == len(numbers) + len(HAN.findall(numbers)) == 41


def test_no_letter_is_a_box(in_chinese):
    """With a Chinese font every label is drawn with its letters."""
    from nnscratch.course import draw
    from nnscratch.plotting import default_font, font_of
    if font_of("步") is None:
        pytest.skip("no Chinese font is installed: apt install fonts-noto-cjk")
    lines = draw.curves({"损失": (np.arange(3), np.arange(3))}, "一条线", "步", "损失")
    assert font_of("损失") != default_font() and lines._repr_png_() and lines.figure.axes[0].get_xlabel() == "步"


def test_labels_are_in_chinese(in_chinese):
    """Those of axes, lines, and the names of rows."""
    from nnscratch.course import draw
    bars = draw.bars({"random shifts": {"accuracy": 2.0}}, "bars", "loss")
    bars._repr_png_()
    shown = [bars.figure.axes[0].get_xlabel(), bars.figure.axes[0].get_yticklabels()[0].get_text()]
    assert shown == [language.label("loss"), language.label("random shifts")] and all(map(HAN.search, shown))
    assert language.label("0 as 9\np = 1.00") == "0 认成 9\np = 1.00" and language.label("y1: 3 x 3") == "y1：3 x 3"
    assert "准确率" in language.label("linear: 55% right")  # one word for accuracy
