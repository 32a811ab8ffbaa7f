"""`nnscratch compare`: each network measures all results by its own loss; where VGG has no weights, the page says so."""
import re
from itertools import count

import numpy as np
import pytest
from browser import Browser, program
from helpers import visible
from safetensors.numpy import save_file
from test_style_explain import EXTERNAL, Reader
from test_vgg import random_weights

from nnscratch import backend
from nnscratch.cli import main
from nnscratch.data.images import read_image
from nnscratch.style.settings import Settings
from nnscratch.style.transfer import Transfer, build_network, build_objective

QUICK = ["--size", "48", "--steps", "2"]


def compared(images, *more, content="content.jpg"):
    page = images / "page.html"
    assert main(["compare", str(images / content), str(images / "style.png"), "-o", str(page), *QUICK, *more]) == 0
    return Reader(page)


def test_the_page(images, capsys):
    """Photograph, style, two results; VGG's absence is said; nothing comes from elsewhere; only the page is written."""
    page = compared(images)
    assert len(page.images) == 4 and "2 results compared" in capsys.readouterr().out
    assert "vgg19 is not here: no weights were given" in page.text and "--weights vgg19-dcbb9e9d.pth" in page.text
    assert not EXTERNAL.search((images / "page.html").read_text()) and "script" not in page.tags
    assert visible(images) == {"content.jpg", "style.png", "page.html"}
    name = "<script>'&amp;.jpg"
    (images / "content.jpg").rename(images / name)
    page = compared(images, "--features", "random", content=name)
    assert name in page.text and "script" not in page.tags and "vgg" not in page.text


def test_the_numbers_are_those_of_the_objectives(images, monkeypatch, xp):
    """Every network measures every image; of an unchanged photograph, content is 0 and style that of the photograph."""
    content, style = read_image(images / "content.jpg", 48), read_image(images / "style.png", 48, enlarge=False)
    noise = np.random.default_rng(0).random(content.shape, np.float32)
    made = iter([content, noise])
    monkeypatch.setattr("nnscratch.style.compare.transfer_style", lambda *_, **__: Transfer(next(made)))
    page = compared(images, "--strength", "70", "--seed", "3", "--device", "cpu" if xp is np else "gpu")
    backend.use("cpu")
    shown = {name: cells(images / "page.html", name) for name in ("Style", "Content")}
    for k, kind in enumerate(("texture", "random")):
        settings = Settings(features=kind, strength=70.0, seed=3)
        judge = build_objective(build_network(content, [style], settings), content, [style], [1.0], settings)
        for column, image in enumerate((content, content, noise)):
            judge(image)
            for name, table in shown.items():
                np.testing.assert_allclose(table[k][column], float(judge.terms[name.lower()]), rtol=6e-3, atol=1e-6)
    assert page.text.count("by texture") == page.text.count("by random") == 2


def cells(path, name):
    """The numbers of one table, row by row."""
    table = path.read_text().partition(f"<h3>{name} loss</h3>")[2].partition("</table>")[0]
    return [[float(cell) for cell in re.findall(r"<td[^>]*>([^<]*)</td>", row)] for row in table.split("<tr>")[2:]]


@pytest.mark.slow
@pytest.mark.xdist_group("vgg")
def test_vgg_with_weights(images, tmp_path_factory, capsys):
    """Three networks, three results, three rows of four numbers; the page fits on a narrow screen."""
    weights = tmp_path_factory.mktemp("vgg") / "vgg19.safetensors"
    save_file(random_weights("vgg19"), weights)
    page = compared(images, "--weights", str(weights))
    assert len(page.images) == 5 and "is not here" not in page.text
    for name in ("Style", "Content"):
        table = cells(images / "page.html", name)
        assert [len(row) for row in table] == [4, 4, 4]
        if name == "Style":
            assert all(row[1 + k] < row[0] for k, row in enumerate(table)), "each network has come nearer by its own measure"
    if program is not None:
        with Browser(tmp_path_factory.mktemp("browser")) as browser:
            browser.send("Emulation.setDeviceMetricsOverride", width=320, height=800, deviceScaleFactor=1, mobile=False)
            fits, errors, _ = browser.visit((images / "page.html").as_uri(),
                                            "document.documentElement.scrollWidth <= innerWidth")
            assert fits and not errors


@pytest.mark.parametrize("change, words", [
    (["-o", "a.png"], "let it end in .html"), (["--features", "best"], "choose one of texture, random"),
    (["--features", "vgg16"], "give --weights vgg16-397923af.pth"), (["--weights", "nowhere.pth"], "cannot read nowhere.pth"),
    (["--features", "random", "--weights", __file__], "which need none"), (["--weights", __file__], "test_compare.py"),
    (["--strength", "101"], "strength is 101"), (["--size", "4"], "from 8"), (["--steps", "0"], "number of steps is 0"),
    (["--colors", "rbg"], "colors")])
def test_mistakes_are_refused_before_any_work(images, monkeypatch, capsys, change, words):
    """One sentence, exit code 2, and no page."""
    monkeypatch.chdir(images)
    monkeypatch.setattr("nnscratch.style.compare.transfer_style", None)
    assert main(["compare", "content.jpg", "style.png", "-o", "page.html", *change]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and visible(images) == {"content.jpg", "style.png"}


def test_ctrl_c_leaves_no_page(images, monkeypatch, capsys):
    """After the first of two networks."""
    calls = count()
    monkeypatch.setattr("nnscratch.style.compare.transfer_style",
                        lambda content, *_, **__: Transfer(content, interrupted=next(calls) == 1))
    assert main(["compare", str(images / "content.jpg"), "night", "-o", str(images / "page.html"), *QUICK]) == 130
    assert visible(images) == {"content.jpg", "style.png"} and "stopped" in capsys.readouterr().err
