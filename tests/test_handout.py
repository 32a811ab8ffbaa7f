"""Handouts on A4 paper: all that is printed fits, nothing that is folded or for the screen is printed, exercises have room."""
import re
import shutil

import pytest
from browser import Browser, program

pytest.importorskip("nbformat", reason="notebooks are read with nbformat: pip install -e '.[test]'")

from notebooks.handout import main

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site")]
needs_browser = pytest.mark.skipif(program is None, reason="Chromium, which prints, is not there: apt install chromium")
WIDTH = 672  # pixels: 178 mm of 96 dots an inch, A4 less its margins
ON_PAPER = """(() => { const shown = part => part.getClientRects().length, box = part => part.getBoundingClientRect();
  const all = query => [...document.querySelectorAll(query)].filter(shown);
  return {cut: all("article :is(math, img, pre, table)").filter(part => box(part).right > WIDTH + 1 ||
              part.tagName == "PRE" && part.scrollWidth > part.clientWidth + 1).map(part => part.textContent.slice(0, 60)),
    scrolls: all("article *").filter(part => /auto|scroll|hidden/.test(getComputedStyle(part).overflow)).map(part =>
              part.className || part.tagName),
    screen: all(".live, .offers, .sidebar-drawer, .toc-drawer, .mobile-header, footer, details, .back-to-top, " +
                ".related-pages, .skip-to-content").map(part => part.className || part.tagName),
    room: all(".tag_exercise").map(part => parseFloat(getComputedStyle(part, "::after").height)),
    text: document.querySelector("article").innerText}; })()""".replace("WIDTH", str(WIDTH))


@needs_browser
def test_pages_as_they_are_printed(site, tmp_path):
    """Nothing is wider than the paper; no navigation, answer, solution or check is there; 4 cm below each exercise."""
    with Browser(tmp_path) as browser:
        browser.ask("Emulation.setEmulatedMedia", media="print")
        browser.ask("Emulation.setScrollbarsHidden", hidden=True)
        for page in [*sorted(site.glob("[0-9]*.html")), site / "cards.html"]:
            browser.resize(WIDTH)
            browser.visit(page.as_uri(), "document.fonts.ready.then(() => 0)")
            seen = browser.evaluate(ON_PAPER)
            exercises = page.read_text(encoding="utf-8").count("tag_exercise")
            assert seen["cut"] == seen["screen"] == seen["scrolls"] == [], page.name
            assert len(seen["room"]) == exercises and all(room > 150 for room in seen["room"]), page.name
            assert "A solution of" not in seen["text"] and not re.search(r"^checks\.\w+\(\w+\)$", seen["text"], flags=re.M)


@needs_browser
@pytest.mark.parametrize("name, pages", [("07", range(8, 18)), ("cards", range(5, 60))])
def test_the_file(site, tmp_path, name, pages, capsys):
    """A PDF file of A4 pages, of a plausible number."""
    target = tmp_path / "new" / f"{name}.pdf"
    assert main([name, "--site", str(site), "-o", str(target)]) == 0, capsys.readouterr().err
    made = target.read_bytes()
    assert made.startswith(b"%PDF")
    sizes = {tuple(round(float(size)) for size in box) for box in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", made)}
    assert sizes == {(595, 842)} and len(re.findall(rb"/Type /Page\b", made)) in pages


def test_errors_name_the_remedy(tmp_path, capsys, monkeypatch):
    assert main(["99", "--site", str(tmp_path)]) == 2 and "there is no notebook '99'" in capsys.readouterr().err
    assert main(["07", "--site", str(tmp_path)]) == 2 and "build the site" in capsys.readouterr().err
    (tmp_path / "cards.html").write_text("<!doctype html>x")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main(["cards", "--site", str(tmp_path)]) == 2
    assert "install one, or print the page of the site" in capsys.readouterr().err
