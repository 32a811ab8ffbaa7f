"""The words and signs of the course: the field's own terms, one notation, captions, answers, references, a glossary."""
import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from nnscratch import course
from nnscratch.course.quiz import ITEMS
from nnscratch.course.quiz.question import ask
from notebooks.source import FOLDER, read, sources, stored

LESSONS = [path for path in sources() if path.stem[0].isdigit()]
every_lesson = pytest.mark.parametrize("source", LESSONS, ids=lambda path: path.stem)
HOUSE_WORDS = re.compile(  # each has a standard term: image, gradient with respect to, backward pass, gradient descent ...
    r"\b(pictures?|backwards|(?:way|comes?|came|goes|walks?) back|downhill|uphill|stamp(?:s|ed|ing)?|restless|calm|somebody|"
    r"what goes with what|number by number|noises|made images|is to blame|(?:units|neurons) behind|gradients? by|slopes? by|"
    r"pull(?:s|ed)?|hears?|settles?|fl(?:y|ies) off|walk(?:s|ed|ing)?|paint(?:s|ed)?|innocent|(?<!standard )deviations?)\b",
    flags=re.I)
MATHS = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", flags=re.S)
WORDS_IN_MATHS = re.compile(
    r"\\(?:text|mathrm|operatorname|texttt|begin|end|tag|color)\*?\{[^}]*\}|\\[,;:! ]|KH|KW")
SIGNS = re.compile(r"\\([a-zA-Z]+)|([a-zA-Z])")
NO_LETTERS = set("""frac sum cdot partial sqrt left right big Big bigl bigr Bigl Bigr max min exp ln log le ge lt gt ne leq geq
    neq approx to times leftarrow rightarrow quad qquad ldots cdots prime in infty underbrace overline hat bar dfrac tfrac tanh
    mid lfloor rfloor lceil rceil langle rangle odot star top prod pm equiv implies Rightarrow mapsto sin cos lvert rvert
    lVert rVert mathbb substack limits not binom cases bmatrix pmatrix matrix argmax displaystyle colon propto Leftrightarrow
    operatorname text mathrm ll gg sim""".split())


def prose(source):
    """The text of a notebook, and the comments and docstrings of its code."""
    for cell in read(source).cells:
        if cell.cell_type == "markdown":
            yield re.sub(r"`[^`]*`|\]\([^)]*\)", " ", cell.source)  # code and addresses are no prose
            continue
        yield from (token.string for token in tokenize.generate_tokens(io.StringIO(cell.source).readline)
                    if token.type == tokenize.COMMENT)
        yield from (ast.get_docstring(node) or "" for node in ast.walk(ast.parse(cell.source))
                    if isinstance(node, ast.FunctionDef))


def house_words(texts):
    """Each with some words around it."""
    return [text[max(0, match.start() - 30):match.end() + 20] for text in texts for match in HOUSE_WORDS.finditer(text)]


@pytest.mark.parametrize("source", sources(), ids=lambda path: path.stem)
def test_no_house_words(source):
    """The field's own terms, which a reader can search for; in the index, too."""
    assert not house_words(prose(source))


@pytest.mark.parametrize("page", ["teachers", "glossary", "notation"])
def test_no_house_words_beside_the_notebooks(page):
    """Likewise on the pages of Markdown."""
    text = (FOLDER / f"{page}.md").read_text(encoding="utf-8")
    assert not house_words([re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", " ", text, flags=re.S)])


MODULES = Path(course.__file__).parent
TEXTS = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}


@pytest.mark.parametrize("module", sorted(MODULES.rglob("*.py")), ids=lambda path: str(path.relative_to(MODULES)))
def test_no_house_words_in_the_modules(module):
    """Nor in what the course's code prints, draws or explains: strings, docstrings, comments."""
    tokens = tokenize.generate_tokens(io.StringIO(module.read_text(encoding="utf-8")).readline)
    assert not house_words(token.string for token in tokens if token.type in TEXTS)


def signs(text):
    """The letters and Greek letters of formulas."""
    for display, inline in MATHS.findall(text):
        for name, letter in SIGNS.findall(WORDS_IN_MATHS.sub(" ", display or inline)):
            if name not in NO_LETTERS:
                yield name or letter


TABLE = set(signs("\n".join(line.split("|")[1] for line in (FOLDER / "notation.md").read_text(encoding="utf-8").splitlines()
                            if line.startswith("| $"))))


@every_lesson
def test_every_sign_is_in_the_notation(source):
    """notation.md says what each letter means; no notebook uses another."""
    text = "\n".join(cell.source for cell in read(source).cells if cell.cell_type == "markdown")
    assert set(signs(text)) <= TABLE | {"d"}, set(signs(text)) - TABLE


@pytest.mark.parametrize("notebook", ITEMS)
def test_every_sign_of_a_quiz_is_in_the_notation(notebook):
    """The same letters on paper as in the notebook."""
    found = set(signs("\n".join(ask(item, 0).text for item in ITEMS[notebook])))
    assert found <= TABLE | {"d"}, found - TABLE


def shows_a_figure(source):
    """The ids of the cells whose stored output is an image."""
    return {cell.id for cell in stored(source.stem).cells if cell.cell_type == "code" and any(
        {"image/png", "image/jpeg", "image/gif"} & set(output.get("data", {})) or
        "<img" in output.get("data", {}).get("text/html", "") for output in cell.outputs)}


@every_lesson
def test_every_figure_has_a_caption(source):
    """The text below an image begins with **Figure 7.2.** and a sentence that says what to see; numbered without gaps."""
    cells, figures, number = read(source).cells, shows_a_figure(source), 0
    for cell, below in zip(cells, [*cells[1:], None]):
        if cell.id in figures:
            number += 1
            label = f"**Figure {int(source.stem[:2])}.{number}.** "
            assert below is not None and below.cell_type == "markdown" and below.source.startswith(label), (label, cell.source)
            assert 5 <= len(below.source.split("\n\n")[0].split()) <= 60, below.source
    assert number >= 2


@every_lesson
def test_questions_have_answers_and_references_years(source):
    """The last parts are ## Questions, each with a folded answer, and ## References with year and section."""
    text = "\n\n".join(cell.source for cell in read(source).cells if cell.cell_type == "markdown")
    questions, references = text.split("## Questions")[1].split("## References")
    asked = re.findall(r"^\d\. .+?<details><summary>Answer</summary>\s*(.+?)\s*</details>", questions, flags=re.M | re.S)
    assert len(asked) == len(re.findall(r"^\d\. ", questions, flags=re.M)) >= 3 and all(len(one.split()) >= 3 for one in asked)
    entries = re.findall(r"^- .*(?:\n  .*)*", references.split("**Next:**")[0], flags=re.M)
    assert len(entries) >= 2 and all(re.search(r"\b(1[89]|20)\d\d\b", entry) for entry in entries), entries


def anchor(term):
    """The address of a heading within a page."""
    return re.sub(r"[^a-z0-9 -]", "", term.lower()).replace(" ", "-")


GLOSSARY = (FOLDER / "glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r"^### <a .*</a>(.+)\n\n(?:.+\n)*?.*\[notebook \d\d\]\((\d\d_\w+)\.ipynb\)", GLOSSARY, flags=re.M)


@every_lesson
def test_terms_are_linked_with_the_glossary(source):
    """Each term links to the notebook that introduces it, and this notebook to the term; no link leads nowhere."""
    text = "\n".join(cell.source for cell in read(source).cells if cell.cell_type == "markdown")
    linked = set(re.findall(r"\]\(glossary\.md#([a-z0-9-]+)\)", text))
    assert linked <= {anchor(term) for term, _ in TERMS}, linked - {anchor(term) for term, _ in TERMS}
    introduced = {anchor(term) for term, stem in TERMS if stem == source.stem}
    assert introduced <= linked, introduced - linked


def test_the_glossary_is_sorted_and_complete():
    """Alphabetical; every notebook that a term names exists."""
    terms = [term for term, _ in TERMS]
    assert len(terms) == len(re.findall("^### ", GLOSSARY, flags=re.M)) and terms == sorted(terms, key=str.lower)
    assert {stem for _, stem in TERMS} <= {path.stem for path in LESSONS}
    places = re.findall(r'^### <a id="(.+)"></a>(.+)$', GLOSSARY, flags=re.M)  # JupyterLab's own keep capitals
    assert [place for place, _ in places] == [anchor(term) for term in terms]
