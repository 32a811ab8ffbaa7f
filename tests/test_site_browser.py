"""The course's web pages in Chromium: drawn whole at every width, without errors or other hosts; the search, light and dark."""
import re
from urllib.parse import quote

import pytest
from browser import Browser, program

pytest.importorskip("nbformat", reason="the site reads notebooks with nbformat: pip install -e '.[test]'")

from notebooks.site import source

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("site"),  # fixtures are built once, in one process
              pytest.mark.skipif(program is None, reason="Chromium, to look at pages, is not there: apt install chromium")]

DRAWN = """Promise.all([document.fonts.ready,
  ...[...document.images].map(image => image.decode().catch(() => {}))]).then(() => [
  ...[...document.querySelectorAll("math")].filter(formula => { const box = formula.getBoundingClientRect();
     return !box.width || !box.height; }).map(formula => "a formula without size: " + formula.textContent),
  ...[...document.images].filter(image => !image.naturalWidth).map(image => "an image that is not shown: " + image.src),
  ...(!document.querySelector("math") || document.fonts.check('12px "STIX Two Math"') ? []
     : ["the font of the formulas is missing"])])"""
SCROLLED = """[...document.querySelectorAll(":is(.cell, details) pre")].filter(code => code.scrollWidth > code.clientWidth + 1)
  .map(code => "code wider than its place: " + code.textContent.slice(0, 60))"""
OVERFLOWS = """(() => {
  const width = document.documentElement.clientWidth, right = part => part.getBoundingClientRect().right;
  const article = document.querySelector("article"), edge = article ? right(article) + 1 : width;
  const scrolls = part => /auto|scroll/.test(getComputedStyle(part).overflowX) && right(part) <= edge;
  const reachable = part => part != article && (scrolls(part) || reachable(part.parentElement));
  const drawn = part => part.getClientRects().length && !part.closest("svg svg *, svg > *");
  return [...(document.documentElement.scrollWidth > width ? ["the page is wider than the window"] : []),
    ...[...(article ? article.querySelectorAll("*") : [])].filter(part => drawn(part) && right(part) > edge && !reachable(part))
      .map(part => `${part.tagName} is cut off: ${part.textContent.slice(0, 60)}`),
    ...[...document.querySelectorAll(".cell img")].filter(image => image.width < 0.76 * image.naturalWidth)
      .map(image => "a figure with labels below 9 pixels: " + image.alt)]; })()"""
FOUND = """new Promise(done => {
  const found = () => [...document.querySelectorAll("#search-results li a")].map(link => link.href);
  const look = () => found().length ? setTimeout(() => done(found()), 500) : setTimeout(look, 50); look(); })"""
COUNT = 'document.querySelectorAll("article math").length'
HAN = re.compile("[\u4e00-\u9fff]")


def wrong_in_browser(browser, page):
    """One sentence for each thing that does not work when the page is opened from the disk."""
    drawn, errors, asked = browser.visit(page.as_uri(), DRAWN)
    return drawn + errors + [f"asks for {address}" for address in asked if not address.startswith(("file:", "data:"))]


def test_every_page_in_a_browser(site, tmp_path):
    """Formulas have a size, images are shown, no errors are logged, nothing is requested from another host; sliders speak the
    language of the page."""
    formulas, live = {}, {}
    with Browser(tmp_path) as browser:
        for page in sorted(site.rglob("*.html")):
            assert wrong_in_browser(browser, page) == [], page
            name = page.relative_to(site).with_suffix("").as_posix()
            formulas[name] = browser.evaluate(COUNT)
            for text in browser.evaluate("[...document.querySelectorAll('.live')].map(place => place.innerText)"):
                live[name] = text
    assert all(formulas[f"{folder}07_convolution"] > 10 and formulas[f"{folder}cards"] > 100 for folder in ("", "zh/"))
    assert len(live) == 2 * len(source.DEMOS)
    assert all(bool(HAN.search(text)) == name.startswith("zh/") for name, text in live.items())


def test_everything_fits_on_the_screen(site, tmp_path):
    """No page is wider than the window, from small phones to large screens, and what is wider than its text scrolls by itself.
    Figures keep three quarters of their size, so that labels of 12 pixels stay above 9. Code and outputs of notebooks fit
    without scrolling on laptops and larger screens, with or without the list of headings."""
    widths = [(width, OVERFLOWS) for width in (320, 380, 768, 1024, 1100, 1280, 1600)]
    widths += [(width, SCROLLED) for width in (1280, 1320, 1440, 1560, 1920)]
    with Browser(tmp_path) as browser:
        for page in sorted(site.rglob("*.html")):
            browser.visit(page.as_uri(), "document.querySelectorAll('details').forEach(part => { part.open = true; })")
            for width, script in widths:
                browser.resize(width)
                assert browser.evaluate(script) == [], (page, width)


@pytest.mark.parametrize("page, query, expected", [
    ("search.html", "adain", "16_statistics"), ("zh/search.html", "adain", "16_statistics"),
    ("zh/search.html", "卷积核", "07_convolution"), ("zh/search.html", "核", "07_convolution"),
    ("zh/search.html", "棋盘格 stride", "12_upsampling")])
def test_search_from_the_disk(site, tmp_path, page, query, expected):
    """It finds pages, and no request is made that a browser refuses for local files."""
    with Browser(tmp_path) as browser:
        found, errors, _ = browser.visit((site / page).as_uri() + f"?q={quote(query)}", FOUND)
    assert any(expected in address for address in found) and errors == []


def test_the_switch_from_light_to_dark(site, tmp_path):
    """Text, formulas, code and outputs use the colours of the theme, not of the system, and are readable in both themes."""
    contrast = """(() => {
      const grey = colour => { const [r, g, b] = colour.match(/[0-9.]+/g).map(Number); return .3 * r + .59 * g + .11 * b; };
      const behind = part => { const colour = getComputedStyle(part).backgroundColor;
        return /, 0\\)$/.test(colour) ? behind(part.parentElement) : grey(colour); };
      const parts = [...document.querySelectorAll("article :is(p, pre, math, td, summary, li, dt)")];
      const contrasts = () => parts.map(part => Math.abs(behind(part) - grey(getComputedStyle(part).color)));
      return ["", "light", "dark"].map(theme => { if (theme) document.body.dataset.theme = theme;
        return [behind(document.body), Math.min(...contrasts())]; }); })()"""
    with Browser(tmp_path) as browser:
        for system in ("light", "dark"):
            browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": system}])
            for page in ("07_convolution.html", "api_layers.html", "zh/07_convolution.html"):
                start, light, dark = browser.visit((site / page).as_uri(), contrast)[0]
                assert light[0] > 240 and dark[0] < 40 and start == (light if system == "light" else dark)
                assert min(light[1], dark[1]) > 100, (page, system, light, dark)


PLANTED = {
    "formula": ("<math></math>", "a formula without size"),
    "script": ("<script>nothing.there()</script>", "nothing is not defined"),
    "console": ("<script>console.error('broken')</script>", "broken"),
    "image": ('<img alt="x" src="data:image/png;base64,AAAA">', "an image that is not shown"),
    "font": ('<style>@font-face { font-family: "STIX Two Math"; src: url("gone.ttf"); } math { font-family: "STIX Two Math"; }'
             "</style>", "the font of the formulas is missing"),
    "host": ('<script src="https://example.com/a.js"></script>', "asks for https://example.com"),
}


def test_the_browser_check_can_fail(tmp_path):
    """Each planted mistake is reported, and a page without mistakes is not."""
    with Browser(tmp_path / "browser") as browser:
        for name, (text, expected) in PLANTED.items():
            page = tmp_path / f"{name}.html"
            page.write_text(f"<!doctype html><title>x</title>{text}<math><mi>x</mi></math>")
            assert any(expected in said for said in wrong_in_browser(browser, page)), name
        page.write_text("<!doctype html><title>x</title><math><mi>x</mi></math>")
        assert wrong_in_browser(browser, page) == []
        browser.resize(360)
        for overflow, expected in (("visible", 1), ("hidden", 1), ("auto", 0)):
            style = f"style='overflow: {overflow}'"
            page.write_text(f"<!doctype html><title>x</title><article><p {style}><math><mi>{'x' * 99}</mi></math></p>"
                            f"<div class='cell'><pre {style}>{'x' * 99}</pre></div></article>")
            browser.visit(page.as_uri())
            found = browser.evaluate(OVERFLOWS)
            assert any("math is cut off" in said for said in found) == expected and len(browser.evaluate(SCROLLED)) == 1
            assert ("the page is wider than the window" in found) == (overflow == "visible")
        page.write_text("<!doctype html><title>x</title><article class='cell'><img width=75 alt='x' src='data:image/svg+xml,"
                        "<svg xmlns=%22http://www.w3.org/2000/svg%22 width=%22100%22 height=%229%22/>'></article>")
        browser.visit(page.as_uri())
        assert browser.evaluate(OVERFLOWS) == ["a figure with labels below 9 pixels: x"]
