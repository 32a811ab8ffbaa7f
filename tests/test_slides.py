"""Slides of a notebook: what is on them, and that each fits on its slide and asks no other host."""
import copy
import sys

import pytest
from browser import Browser, program

pytest.importorskip("nbformat", reason="notebooks are read with nbformat: pip install -e '.[test]'")
pytest.importorskip("math_core", reason="formulas are made by the packages of the site: pip install -e '.[site]'")

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from notebooks.slides import main, outline
from notebooks.source import sources

NEEDS = "slides are made by nbconvert and sphinx-revealjs: pip install -e '.[slides]'"
WRONG = """(() => { const wrong = []; Reveal.getSlides().forEach((slide, k) => {
    const at = Reveal.getIndices(slide); Reveal.slide(at.h, at.v);
    if (slide.scrollHeight > 712 || slide.scrollWidth > 1285) wrong.push([k, "too large: " + slide.innerText.slice(0, 60)]);
    if (!slide.innerText.trim() && !slide.querySelector("img")) wrong.push([k, "empty"]);
    slide.querySelectorAll("img").forEach(image => image.naturalWidth && image.alt ||
      wrong.push([k, "an image that is not shown, or has no alternative text"]));
  }); return wrong; })()"""


def kinds(*cells):
    """[(kind, source)] of the slides of a notebook of these cells."""
    return [(cell.metadata.slideshow.slide_type, cell.source) for cell in outline(new_notebook(cells=list(cells))).cells]


def test_which_cells_are_slides():
    """A heading begins a slide; long paragraphs are notes; code without output, long code and checks are left out."""
    long = " ".join(["word"] * 40)
    assert kinds(new_markdown_cell(f"# Title\n\nShort.\n\n{long}\n\n- a list\n\n### Part")) == [
        ("slide", "# Title\n\nShort.\n\n- a list"), ("notes", long), ("subslide", "### Part")]
    said, figure = new_output("stream", text="1\n"), new_output("display_data", data={
        "image/png": "", "text/plain": "<image: what it shows>"})
    long_code = "\n".join(["1"] * 15)
    assert kinds(new_code_cell("import x"), new_code_cell("checks.f(f)", outputs=[said]),
                 new_code_cell(long_code, outputs=[said]), new_code_cell("print(1)", outputs=[said]),
                 new_code_cell(long_code, outputs=[figure]),
                 new_markdown_cell(f"**Figure 1.1.** Caption.\n\nMore.\n\n{long}\n\n## References\n\n- a book")) == [
        ("subslide", "print(1)"), ("subslide", long_code), ("-", "**Figure 1.1.** Caption."), ("notes", long),
        ("subslide", "More.")]
    shown, = outline(new_notebook(cells=[new_code_cell("1", outputs=[figure])])).cells
    assert shown.outputs[0].data["text/html"] == '<img alt="what it shows" src="data:image/png;base64,">'
    exercise = new_code_cell("def f():\n    ...", metadata={"exercise": "f"})
    assert kinds(new_markdown_cell("### Exercise (build): f"), exercise) == [
        ("subslide", "### Exercise (build): f"), ("-", "def f():\n    ...")]


def test_the_notebook_is_not_changed():
    """Neither its figures, nor what its code has printed."""
    notebook = new_notebook(cells=[new_code_cell("1", outputs=[
        new_output("stream", text="dense: the library's stands in; yours comes from notebook 01\n1\n"),
        new_output("display_data", data={"image/png": "", "text/plain": "<image: what it shows>"})])])
    before = copy.deepcopy(notebook)
    assert outline(notebook).cells and notebook == before


def test_formulas_and_links():
    """LaTeX is MathML, but not in code; links to other files are text."""
    (_, text), = kinds(new_markdown_cell("# $a_i * b$\n\n`$a$` and [there](01_neuron.ipynb)"))
    assert "<math" in text and "`$a$` and there" in text and "*" not in text


def test_errors_name_the_remedy(tmp_path, capsys, monkeypatch):
    assert main(["99", "-o", str(tmp_path)]) == 2 and "there is no notebook '99'" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "nbconvert", None)
    assert main(["07", "-o", str(tmp_path)]) == 2 and "pip install -e '.[slides]'" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(program is None, reason="Chromium, to look at slides, is not there: apt install chromium")
@pytest.mark.parametrize("number", [path.stem[:2] for path in sources() if path.stem[0].isdigit()])
def test_slides_in_a_browser(number, tmp_path):
    """They fit, none is empty, all images and formulas are shown, and no host is asked."""
    for package in ("nbconvert", "sphinx_revealjs", "ziamath"):
        pytest.importorskip(package, reason=NEEDS)
    assert main([number, "-o", str(tmp_path)]) == 0
    page, = tmp_path.glob(f"{number}_*.html")
    with Browser(tmp_path / "browser") as browser:
        browser.ask("Emulation.setDeviceMetricsOverride", width=1280, height=720, deviceScaleFactor=1, mobile=False)
        count, errors, asked = browser.visit(page.as_uri(), "document.fonts.ready.then(() => Reveal.getTotalSlides())")
        assert errors == [] and not [address for address in asked if not address.startswith(("file:", "data:"))]
        assert count > 10 and browser.evaluate(WRONG) == []
