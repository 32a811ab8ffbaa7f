"""The course as web pages: complete, without a server or another host, every formula rendered; in English and in Chinese."""
import inspect
import re
import sys
from html.parser import HTMLParser
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest

pytest.importorskip("nbformat", reason="the site reads notebooks with nbformat: pip install -e '.[test]'")

import nbformat

from nnscratch import layers, ops, optimizers
from nnscratch.course import card, cards
from nnscratch.course.language import said
from nnscratch.errors import InputError
from notebooks.site import source
from notebooks.site.__main__ import main
from notebooks.site.build import from_inside, run_sphinx
from notebooks.site.words import WORDS
from notebooks.source import FOLDER, solutions, sources, stored
from notebooks.text import relink

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site")]  # fixtures are built once, in one process

NEEDS = "the site is made by Sphinx, MyST-NB, furo, math-core and ziamath: pip install -e '.[site]'"
LIVE = r'<strong>(?:Figure|图) ([\d.]+)\.</strong>(?:(?!</p>).)*</p>\s*<div class="live" data-demo="(\w+)">'
HAN = re.compile("[\u4e00-\u9fff]")
NAMES = set("nnscratch NumPy softmax AdaIN English Furo JavaScript".split())  # words that Chinese pages have around their text


class Page(HTMLParser):
    """The references of a page, [(tag, address)], and the anchors in it."""

    def __init__(self, path):
        super().__init__()
        self.addresses, self.anchors, self.without_text = [], {""}, []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.addresses += [(tag, attributes[key]) for key in ("href", "src") if key in attributes]
        self.anchors |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        if tag == "img" and not attributes.get("alt"):
            self.without_text.append(attributes.get("src", "")[:60])


def wrong_references(folder):
    """One sentence for each link, image, style sheet or script on any page that is broken or on another host."""
    pages = {path.resolve(): Page(path) for path in folder.rglob("*.html")}
    found = []
    for path, page in pages.items():
        found += [f"{path.name}: no alternative text for {image}" for image in page.without_text]
        for tag, address in page.addresses:
            parts = urlsplit(address)
            if parts.scheme == "data" or (tag == "a" and parts.scheme == "https"):  # a link is followed only by a click
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if parts.scheme or parts.netloc:
                found.append(f"{path.name}: {tag} asks another host: {address}")
            elif not target.is_file():
                found.append(f"{path.name}: {tag} leads nowhere: {address}")
            elif target in pages and unquote(parts.fragment) not in pages[target].anchors:
                found.append(f"{path.name}: no such place: {address}")
    return found


def test_no_references_are_broken(site):
    assert wrong_references(site) == []


@pytest.fixture(params=["en", "zh"])
def edition(site, request, monkeypatch):
    """The folder of the pages in a language, that of its notebooks, and its words."""
    monkeypatch.setenv("NNSCRATCH_LANGUAGE", request.param)
    return *((site, FOLDER) if request.param == "en" else (site / "zh", FOLDER / "zh")), WORDS[request.param]


def test_every_notebook_and_card_has_a_page(edition):
    """Each notebook is a page with its solutions collapsed; the index has its image, and the sidebar all pages in parts."""
    folder, home, words = edition
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert 'src="_images/course.jpg"' in index and f"<title>{words.title}</title>" in index
    sidebar = index.split('<div class="sidebar-tree">')[1].split("</div>")[0]
    captions = re.findall(r'class="caption-text">([^<]+)', sidebar)
    assert captions == [*re.findall(r"^## ((?:Part \d|第.部分).+)", stored("index", home).cells[0].source, flags=re.M),
                        words.look_up] and len(captions) == 5
    assert re.findall(r'href="((?!api_)\w+).html"', sidebar) == [
        *(path.stem for path in sources() if path.stem[0].isdigit()), "glossary", "notation", "cards", "api", "teachers"]
    for path in sources():
        name = path.stem
        page = (folder / f"{name}.html").read_text(encoding="utf-8")
        assert f'href="{name}.html"' in index or name == "index"
        assert page.count(f'<a href="{name}.ipynb" download>{words.download}</a>') == (name != "index")
        assert words.open not in page, "there is no browser edition beside this site"
        assert name == "index" or (folder / f"{name}.ipynb").read_bytes() == (home / f"{name}.ipynb").read_bytes()
        assert re.findall(f"<summary>{words.solution}</summary>".format(r"(\w+)"), page) == [
            cell for cell in re.findall(r"exercise=(\w+)", path.read_text(encoding="utf-8")) if cell in solutions(path.stem)]
    text = (folder / "cards.html").read_text(encoding="utf-8")
    assert [text.count(f">{said(card(name).title)}<a") for name in cards()] == [1] * len(cards())
    assert not [name for name in cards() if f"<strong>{said(card(name).title)}." in text], "a title stands twice"


def test_each_page_links_to_its_twin(site):
    """From either language to the other, but for the search and the pages of the API, which are in English."""
    both, english = ({path.name for path in folder.glob("*.html")} for folder in (site / "zh", site))
    both.remove("search.html")
    assert english - both == {"search.html", *(path.name for path in site.glob("api_*.html"))}
    for name in both:
        assert (site / name).read_text(encoding="utf-8").count(f'href="zh/{name}" lang="zh-CN"') == 1, name
        assert (site / "zh" / name).read_text(encoding="utf-8").count(f'href="../{name}" lang="en"') == 1, name
    assert (site / "zh" / "index.html").read_text(encoding="utf-8").count("_static/live.js") == 1


def test_chinese_pages_are_in_chinese(site):
    """Around the text no English word is left, not even for screen readers; captions and summaries are Chinese."""
    for path in (site / "zh").glob("*.html"):
        page = path.read_text(encoding="utf-8")
        assert '<html class="no-js" lang="zh-CN"' in page
        article = re.search("<article.*?</article>", page, flags=re.S)[0]
        frame = page.replace(article, "").partition('<div class="toc-tree">')  # headings of the article
        frame = re.sub(r"<(script|style)\b.*?</\1>", "", frame[0] + frame[2].partition("</aside>")[2], flags=re.S)
        shown = re.findall(r">([^<]+)<", frame) + re.findall(r'(?:title|aria-label|placeholder|alt)="([^"]*)"', frame)
        found = {word for text in shown for word in re.findall(r"[A-Za-z]{4,}", text)}
        assert found <= NAMES, path.name
        parts = re.findall(r'<p class="(?:caption|offers)">(.*?)</p>|<summary>(.*?)</summary>', article, flags=re.S)
        assert not [part for part in map("".join, parts) if not HAN.search(part) and ">English<" not in part], path.name
        words = WORDS["en"]
        assert not re.search(rf"{words.download}|{words.open}|{words.solution[:10]}|{words.look_up}|<strong>Figure", article)


def test_terms_link_both_ways(edition):
    """Each term is a place on the glossary's page; it links to a notebook, which links to it."""
    folder, home, _ = edition
    glossary = (folder / "glossary.html").read_text(encoding="utf-8")
    glossary = re.sub(r'<span id="[^"]+"></span>', "", glossary)
    places = re.findall(r'<section id="([^"]+)">\s*<h2>.*?href="(\d\d_\w+)\.html"', glossary, flags=re.S)
    assert len(places) == len(re.findall("^### ", (home / "glossary.md").read_text(encoding="utf-8"), flags=re.M)) > 80
    missing = [place for place, name in places
               if f'href="glossary.html#{place}"' not in (folder / f"{name}.html").read_text(encoding="utf-8")]
    assert not missing
    assert 'href="notation.html"' in (folder / "index.html").read_text(encoding="utf-8")


def test_answers_are_folded_and_captions_are_captions(edition):
    """Formulas and code of an answer are rendered, no details are open at first, each figure's text has the class, and
    sliders stand below the figures that they belong to."""
    folded, live, folder = 0, [], edition[0]
    for path in sources():
        page = (folder / f"{path.stem}.html").read_text(encoding="utf-8")
        captions = re.findall(r'<p class="caption"><strong>(?:Figure|图) \d+\.\d+\.</strong>', page)
        live += re.findall(LIVE, page, flags=re.S)
        assert len(captions) == len(re.findall("<strong>(?:Figure|图) ", page)) == len(
            re.findall(r"^# \*\*Figure ", path.read_text(encoding="utf-8"), flags=re.M))
        assert "<details open" not in page and page.count("<details") == page.count("</details>")
        for answer in re.findall(r"<summary>(?:Answer|答案)</summary>(.*?)</details>", page, flags=re.S):
            folded += 1
            assert answer.strip().startswith("<p>") and "$" not in answer and "`" not in answer, answer
    assert folded > 50 and dict(live) == source.DEMOS


@pytest.mark.parametrize("page, thing", [("api_ops", ops.conv2d), ("api_layers", layers.Conv2D),
                                         ("api_optimizers", optimizers.Adam)])
def test_the_api_reference(site, page, thing):
    """Each public module has a page that names every parameter: in the signature, and in the list of parameters."""
    assert f'href="{page}.html"' in (site / "api.html").read_text(encoding="utf-8")
    name = f"nnscratch.{page.removeprefix('api_')}.{thing.__name__}"
    text = (site / f"{page}.html").read_text(encoding="utf-8").partition(f'id="{name}"')[2].partition('<dt class="sig')[0]
    for parameter in inspect.signature(getattr(thing, "__init__", thing) if inspect.isclass(thing) else thing).parameters:
        if parameter != "self":
            assert f'<span class="pre">{parameter}</span>' in text, (name, parameter)
            assert f"<strong>{parameter}</strong>" in text or "Parameters\n" not in thing.__doc__, (name, parameter)


def test_docstrings_become_restructured_text():
    """Indented formulas are literal blocks, also if all lines are indented; `names` are code; * and _ are escaped."""
    pytest.importorskip("sphinx", reason=NEEDS)
    from notebooks.site import docstrings

    def op():
        """Multiply *two* by x_.

            y = a * b

        Parameters
        ----------
        x_ : array, from `conv2d`

        Notes
        -----
        - first
          | second
        """

    text = "\n".join(line for line in docstrings.restructure(docstrings.original(op)) if line)
    assert text == r"""Multiply \*two\* by x\_.
.. code-block:: none
    y = a * b
Parameters
----------
x\_ : array, from ``conv2d``
Notes
-----
- first
  \| second"""

    def table():
        """What there is:

            a    b
        """
    assert "    a    b" in docstrings.restructure(docstrings.original(table))


def test_the_check_of_references_can_fail(tmp_path):
    (tmp_path / "there.html").write_text('<p id="here">')
    (tmp_path / "page.html").write_text('<a href="there.html#here"></a><a href="there.html#gone"></a><a href="gone.html"></a>'
                                        '<img src="gone.png" alt=""><script src="//example.com/a.js"></script>')
    found = wrong_references(tmp_path)
    assert [said.split(": ")[1] for said in found] == ["no alternative text for gone.png", "no such place", "a leads nowhere",
                                                       "img leads nowhere", "script asks another host"]


@pytest.mark.parametrize("text, expected", [(r"$\frac{a$", r"no LaTeX: \\frac{a"), (r"$$\foo{x}$$", r"no LaTeX: \\foo"),
                                            ("[words](gone.ipynb)", "gone.ipynb")])
def test_an_invalid_formula_or_link_stops_the_build(tmp_path, text, expected):
    for package in ("sphinx", "myst_nb", "furo", "math_core"):
        pytest.importorskip(package, reason=NEEDS)
    folder = tmp_path / "source"
    (folder / "_static").mkdir(parents=True)
    (folder / "_static" / "style.css").touch()
    (folder / "index.md").write_text(f"# Title\n\n{text}\n")
    with pytest.raises(InputError, match=rf"index.md.*{expected}"):
        run_sphinx(folder, tmp_path / "pages", tmp_path / "doctrees")


def test_links_of_notebooks_and_of_the_teachers_page(tmp_path, monkeypatch):
    """Links lead to pages if these exist; otherwise they become plain text."""
    pages = {"index", "01_neuron", "glossary"}
    for text, expected in [("[a](01_neuron.ipynb)", "[a](01_neuron.ipynb)"), ("[a](index.ipynb)", "[a](index.ipynb)"),
                           ("[a](solutions/01_neuron.py)", "[a](01_neuron.ipynb)"), ("[a](../nnscratch/models.py)", "a"),
                           ("[a](01_neuron.ipynb#place)", "[a](01_neuron.ipynb#place)"), ("[a](teachers.md)", "a"),
                           ("[a](glossary.md#relu)", "[a](glossary.md#relu)"), ("[a](https://b.org)", "[a](https://b.org)"),
                           ("![a](image.png)", "![a](image.png)")]:
        assert relink(text, pages) == expected
    index = "## Part 1: one\n\n[a](01_neuron.ipynb)\n\n## Part 2: two\n"
    text = source.contents(index, pages, "look")
    assert ':caption: "Part 1: one"\n\n01_neuron\n' in text and "two" not in text and "teachers" not in text
    monkeypatch.setattr(source, "beside", lambda home, name: tmp_path / f"{name}.md")
    (tmp_path / "teachers.md").write_text("# For teachers\n\n[first](01_neuron.ipynb), [words](glossary.md)\n")
    (tmp_path / "out").mkdir()
    source.write(tmp_path / "out")
    assert "[first](01_neuron.ipynb), words" in (tmp_path / "out" / "teachers.md").read_text()
    assert "\nteachers\n" in nbformat.read(tmp_path / "out" / "index.ipynb", 4).cells[-1].source


def test_text_of_a_notebook_becomes_a_page():
    """Captions get a class; there is Markdown within details, also in a list."""
    assert source.as_page("**Figure 1.2.** Words.\n\nMore.", set()) == "{.caption}\n**Figure 1.2.** Words.\n\nMore."
    assert source.as_page("**图 1.2.** 文字。", set()) == "{.caption}\n**图 1.2.** 文字。"
    assert source.as_page("97 % of `7 % 2`", set()) == "97\u00a0% of `7 % 2`"
    answer = "1. Why?\n   <details><summary>Answer</summary>\n   So.\n   </details>"
    apart = "1. Why?\n   <details><summary>Answer</summary>\n\n   So.\n\n   </details>"
    assert source.as_page(answer, set()) == apart == source.as_page(apart, set())
    assert source.as_page(answer.replace("So.", "0. So."), set()) == apart.replace("So.", r"0\. So.")


def test_links_to_the_browser_edition(tmp_path):
    """Where its address is known: from either language, to the notebook in that language."""
    assert [from_inside(address) for address in ("../lite", "https://a.org/lite", "/lite")] == [
        "../../lite", "https://a.org/lite", "/lite"]
    for language, path in (("en", "07_convolution.ipynb"), ("zh", "zh/07_convolution.ipynb")):
        (tmp_path / language).mkdir()
        source.write(tmp_path / language, language, "../lite")
        first = nbformat.read(tmp_path / language / "07_convolution.ipynb", 4).cells[0].source
        assert f'<a href="../lite/lab/index.html?path={path}">{WORDS[language].open}</a>' in first
        assert (FOLDER / path).is_file()


def test_the_theme_speaks_chinese_however_it_is_indented(tmp_path):
    """Whole texts and attributes alone: a sentence that holds such a word is not touched."""
    pytest.importorskip("sphinx", reason=NEEDS)
    from notebooks.site.chinese import translate
    page = '<div title="Expand">\n  On this page</div><span>Next</span><p>Made with\n<a>Furo</a></p><p>The Next step, Home</p>'
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    translate(SimpleNamespace(outdir=tmp_path), None)
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == (
        '<div title="展开">\n  本页内容</div><span>下一页</span><p>主题：\n<a>Furo</a></p><p>The Next step, Home</p>')


def test_words_that_the_search_finds_in_chinese():
    """Pairs, and each character, also one that stands alone."""
    pytest.importorskip("sphinx", reason=NEEDS)
    from notebooks.site.chinese import Pairs
    assert sorted(Pairs({}).split("卷积核 K，核")) == sorted(["卷积", "积核", "卷", "积", "核", "核", "K"])


def test_errors_name_the_remedy(tmp_path, monkeypatch, capsys):
    """One sentence each, and no foreign file is overwritten."""
    monkeypatch.setitem(sys.modules, "furo", None)
    assert main(["-o", str(tmp_path / "a")]) == 2 and "pip install -e '.[site]'" in capsys.readouterr().err
    for package in ("furo", "math_core", "myst_nb", "sphinx", "ziamath"):
        monkeypatch.setitem(sys.modules, package, object())
    monkeypatch.setattr("notebooks.site.build.files", lambda package: tmp_path)
    (tmp_path / "mine").write_text("mine")
    assert main(["-o", str(tmp_path)]) == 2 and "is not an earlier build, or one" in capsys.readouterr().err
    assert main(["-o", str(tmp_path / "mine")]) == 2 and "choose another folder with -o" in capsys.readouterr().err
    assert main(["-o", str(tmp_path / "mine" / "b")]) == 2 and "choose another folder with -o" in capsys.readouterr().err
    assert (tmp_path / "mine").read_text() == "mine"
