"""The sliders of the course's pages, in Chromium: the numbers that they display are those of nnscratch."""
import json
import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from browser import Browser, program

from nnscratch import ops, optimizers
from nnscratch.course.checks.gradients import right_numeric_gradient
from nnscratch.errors import InputError
from nnscratch.ops.window import make_window

pytestmark = pytest.mark.skipif(program is None, reason="Chromium, to look at pages, is not there: apt install chromium")

FOLDER = Path(__file__).parent.parent / "notebooks" / "maintainers" / "site"
DEMOS = "windows", "descent", "difference", "overlap"
DISPLAYED = """((demo, states) => { const place = document.querySelector(`[data-demo=${demo}]`);
  return states.map(state => {
    for (const [name, value] of Object.entries(state)) {
      const slider = place.querySelector(`[name=${name}]`);
      slider.value = value;
      slider.dispatchEvent(new Event("input", {bubbles: true}));
      if (slider.nextElementSibling.textContent != String(value)) throw Error(`${name} displays another value`);
    }
    return Object.fromEntries([...place.querySelectorAll("[data-name]")].map(part => [part.dataset.name, part.textContent]));
  }); })"""


@pytest.fixture(scope="module", params=["en", "zh-CN"])
def page(tmp_path_factory, request):
    """A browser at a page with all demos, in either language."""
    path = tmp_path_factory.mktemp("live") / "page.html"
    path.write_text(f'<!doctype html><html lang="{request.param}"><meta charset="utf-8"><title>x</title>'
                    f'<link rel="stylesheet" href="{FOLDER}/style.css">'
                    + "".join(f'<div class="live" data-demo="{demo}"></div>' for demo in DEMOS)
                    + f'<script src="{FOLDER}/live.js" defer></script>')
    with Browser(path.parent / "browser") as browser:
        _, errors, asked = browser.visit(path.as_uri())
        assert errors == [] and all(address.startswith("file:") for address in asked)
        yield browser


def displayed(browser, demo, states):
    """The numbers that a demo displays in each of the states of its sliders."""
    return browser.evaluate(f"{DISPLAYED}({json.dumps(demo)}, {json.dumps(states)})")


def test_positions_of_a_window(page):
    """As many as a convolution has, and as many squares are drawn; 0 where the library refuses."""
    states = [dict(zip(("size", "kernel", "stride", "padding", "dilation"), map(int, values))) for values in
              np.random.default_rng(0).integers((3, 1, 1, 0, 1), (13, 6, 5, 4, 4), size=(150, 5))]
    refused = 0
    for state, found in zip(states, displayed(page, "windows", states)):
        size, kernel, stride, padding, dilation = state.values()
        try:
            expected = make_window("conv", (size, size), kernel, stride, padding, dilation).output[0]
        except InputError:
            expected, refused = 0, refused + 1
        assert int(found["output"]) == expected, state
        assert int(found["extent"]) == (kernel - 1) * dilation + 1
    assert 5 < refused < 75 and page.evaluate("document.querySelectorAll('.value').length") == expected**2


def test_steps_on_a_parabola(page):
    """Those of gradient descent on (w - 3)² from 0."""
    rates = [0.01, 0.1, 0.3, 0.5, 0.95, 1, 1.02, 1.1]
    for rate, found in zip(rates, displayed(page, "descent", [{"rate": rate} for rate in rates])):
        w, steps, optimizer = np.zeros(1), [], optimizers.SGD(rate)
        for _ in range(12):
            optimizer.step({"w": w}, {"w": 2 * (w - 3)})
            steps.append(w[0])
        assert np.allclose([float(found[name]) for name in ("w1", "w2", "w3", "w12")], np.take(steps, [0, 1, 2, 11]), atol=6e-4)
        assert float(found["factor"]) == pytest.approx((steps[0] - 3) / -3, abs=0.006)


def test_error_of_a_central_difference(page):
    """That of numeric_gradient on tanh at 1, to all digits where the bend matters, and to the rounding of tanh elsewhere."""
    exponents = [-14 + k / 4 for k in range(53)]
    for exponent, found in zip(exponents, displayed(page, "difference", [{"exponent": exponent} for exponent in exponents])):
        delta = 10.0**exponent
        measured = right_numeric_gradient(lambda x: np.tanh(x).sum(), np.ones(1), delta)[0]
        error, rounding = abs(measured - (1 - np.tanh(1)**2)), 4 * np.finfo(float).eps / delta
        assert float(found["error"]) == pytest.approx(error, rel=0.006, abs=rounding), exponent
    assert rounding < 1e-3 * error


def test_kernels_that_cover_a_pixel(page):
    """A transposed convolution of ones by ones counts them."""
    states = [{"kernel": kernel, "stride": stride} for kernel, stride in product(range(1, 7), (1, 2, 3))]
    for state, found in zip(states, displayed(page, "overlap", states)):
        ones = np.ones((1, 4, 4, 1)), np.ones((state["kernel"], state["kernel"], 1, 1))
        counts = ops.conv2d_transpose(*ones, strides=state["stride"], padding=0)[0][0, :, :, 0]
        row = np.array([int(count) for count in found["row"].split()])
        assert np.array_equal(np.outer(row, row), counts), state
    cells = page.evaluate("[...document.querySelectorAll('[data-demo=overlap] text')].map(text => Number(text.textContent))")
    assert cells == counts.ravel().tolist()


def test_sliders_are_for_everyone(page):
    """Each has a label and moves with the keyboard; pictures have a text, and change with the theme."""
    assert page.evaluate("[...document.querySelectorAll('input')].every(input => input.labels[0].textContent.trim())")
    page.evaluate("document.querySelector('[name=rate]').value = 0.3; document.querySelector('[name=rate]').focus()")
    for kind in ("keyDown", "keyUp"):
        page.ask("Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight", windowsVirtualKeyCode=39)
    value, text = page.evaluate("""[document.querySelector("[name=rate] + output").textContent,
        document.querySelector("[data-demo=descent] svg").getAttribute("aria-label")]""")
    assert value == "0.31" and "0.38" in text


CORNERS = """[...document.querySelectorAll(".live")].flatMap(place => { const sliders = [...place.querySelectorAll("input")];
  const frame = place.querySelector("svg").getBoundingClientRect(), wrong = [];
  for (let corner = 0; corner < 2 ** sliders.length; corner++) {
    sliders.forEach((slider, k) => { slider.value = corner >> k & 1 ? slider.max : slider.min; });
    place.dispatchEvent(new Event("input"));
    if (/NaN|Infinity|undefined/.test(place.innerHTML)) wrong.push(`${place.dataset.demo}: no number`);
    for (const text of place.querySelectorAll("text")) { const box = text.getBoundingClientRect();
      if (box.left < frame.left - 1 || box.right > frame.right + 1) wrong.push(`${text.textContent} is cut off`);
      if (parseFloat(getComputedStyle(text).fontSize) * frame.width / 400 < 9) wrong.push("a label below 9 pixels"); }
  }
  return wrong; })"""


@pytest.mark.parametrize("width", [320, 640, 1100])
def test_pictures_are_complete(page, width):
    """In all corners of the sliders' values, coordinates are numbers, and labels are inside of the picture and legible."""
    page.resize(width)
    assert page.evaluate(CORNERS) == []


SPOKEN = """[...document.querySelectorAll(".live")].flatMap(place => { const sliders = [...place.querySelectorAll("input")];
  const texts = [place.querySelector("details").textContent];
  for (let step = 0; step <= 20; step++) {
    sliders.forEach((slider, k) => {
      slider.value = Number(slider.min) + (slider.max - slider.min) * (step * (k + 1) % 21) / 20; });
    place.dispatchEvent(new Event("input"));
    texts.push(place.textContent, place.querySelector("svg").getAttribute("aria-label"));
  }
  return texts; })"""


def test_one_language(page):
    """All that is shown and said, wherever the sliders stand."""
    texts, chinese = page.evaluate(SPOKEN), page.evaluate("document.documentElement.lang") != "en"
    other = re.compile("[A-Za-z]{3,}" if chinese else "[\u3000-\u9fff]")
    assert len(texts) == 4 * 43 and not [text for text in texts if other.search(text) or "undefined" in text]
