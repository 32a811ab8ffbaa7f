"""`nnscratch style --explain`: the page says what is true, holds all it shows, and fits on every screen; names stay text."""
import io
import json
import re
from base64 import b64decode
from html.parser import HTMLParser

import numpy as np
import pytest
from browser import Browser, program
from helpers import normal, run_style, visible
from PIL import Image

from nnscratch import backend
from nnscratch.cli import main
from nnscratch.networks.random_features import random_features
from nnscratch.networks.texture_features import texture_features
from nnscratch.style.explain import BLUE, RED, WHITE, heat_map, measure_layers, window_sizes
from nnscratch.style.loss_curves import draw_curves
from nnscratch.style.minimizers import MINIMIZERS
from nnscratch.style.settings import Settings

EXTERNAL = re.compile(r"(?:src|href)=.(?!data:image/(?:png|jpeg);base64,)|url\(|@import|https?:")


class Reader(HTMLParser):
    """The tags of a page, the images in it, and its text."""

    def __init__(self, path):
        super().__init__()
        self.tags, self.images, self.text = [], [], ""
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "img":
            self.images.append(Image.open(io.BytesIO(b64decode(dict(attributes)["src"].partition(",")[2]))))

    def handle_data(self, data):
        self.text += data


def explained(images, *more):
    assert run_style(images, "--explain", *more) == 0
    return Reader(images / "out.png-explain.html")


def test_the_page_holds_what_it_shows(images, capsys):
    """Photograph, style and result, three heat maps for each of the nine layers; no script, and nothing from elsewhere."""
    page = explained(images)
    assert "how it was made" in (said := capsys.readouterr().out) and "out.png-explain.html" in said
    assert [image.size for image in page.images[:3]] == [(48, 38), (36, 44), (48, 38)]
    channels = [3, 32, 32, 32, 32, 32, 32, 32, 32]
    assert [image.size for image in page.images[3:]] == [(c, c) for c in channels for _ in range(3)]
    assert page.tags.count("svg") == 1 and not {"script", "link", "iframe"} & set(page.tags)
    assert not EXTERNAL.search((images / "out.png-explain.html").read_text())
    history = json.loads((images / "out.png.json").read_text())["history"]
    assert "photograph, content is 0" in " ".join(page.text.split()) and len(history) == 2


@pytest.mark.parametrize("more", [[], ["--keep-colors", "luminance"], ["--keep-colors", "match", "--statistics", "covariance"],
                                  ["--features", "random", "--max-memory", "3"]])
def test_the_losses_of_the_layers_are_those_of_the_transfer(images, more):
    """Their mean is the style loss of the last step, up to the digits on the page and the clipping of colours."""
    page = explained(images, *more)
    losses = [float(value) for value in re.findall(r"result ([\d.]+)\. ", page.text)]
    last = json.loads((images / "out.png.json").read_text())["history"][-1]
    assert len(losses) == (8 if "random" in more else 9)
    np.testing.assert_allclose(np.mean(losses), last["style"], rtol=0.03)


def test_gram_matrices_by_hand(xp):
    """Of the features minus the mean of the style's, for style, photograph and result; and the loss by its formula."""
    rng = np.random.default_rng(0)
    content, style, image = (rng.random((1, 24, side, 3), np.float32)**2 for side in (24, 30, 24))
    network = texture_features()
    backend.use("cpu" if xp is np else "gpu")
    layers = measure_layers(content, [style], image, Settings(), None)
    for k, layer in enumerate(layers):
        maps = [network.forward(x)[k].reshape(-1, layer.grams[0].shape[0]) for x in (style, content, image)]
        style_gram, photograph, result = ((f - maps[0].mean(axis=0)).T @ (f - maps[0].mean(axis=0)) / len(f) for f in maps)
        for ours, expected in zip(layer.grams, (style_gram, photograph, result)):
            np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-4 * abs(expected).max())
        scale = (style_gram**2).mean() + (photograph**2).mean()
        losses = [((gram - style_gram)**2).mean() / scale for gram in (photograph, result)]
        np.testing.assert_allclose(layer.losses, losses, rtol=1e-3)


def test_masks_and_two_styles(images):
    """With a mask for each style, every layer is shown once for each; with one mask, the page says what was measured."""
    mask = np.zeros((38, 48), np.uint8)
    mask[:, :24] = 255
    for name, one in (("left.png", mask), ("right.png", 255 - mask)):
        Image.fromarray(one).save(images / name)
    left, right = (["--mask", str(images / name)] for name in ("left.png", "right.png"))
    page = explained(images, *left)
    assert "before the mask covered it" in page.text and len(page.images) == 3 + 27
    command = ["style", *(str(images / name) for name in ("content.jpg", "style.png")), "night", "-o", str(images / "out.png"),
               "--size", "48", "--steps", "2", "--explain"]
    assert main([*command, *left, *right]) == 0
    page = Reader(images / "out.png-explain.html")
    assert len(page.images) == 4 + 54 and page.text.count("where night applies") == page.text.count("where style.png") == 9


def test_names_are_text(images):
    """A name with tags, an entity and quotes becomes no markup."""
    name = "<script>alert(1)<b onclick='x'>&amp;\".jpg"
    (images / "content.jpg").rename(images / name)
    assert run_style(images, "--explain", content=name) == 0
    page = Reader(images / "out.png-explain.html")
    assert name in page.text and "script" not in page.tags
    assert "onclick" not in re.sub(r"&lt;.*?&gt;", "", (images / "out.png-explain.html").read_text())


def test_again_and_resume(images, monkeypatch, capsys):
    """--again writes a page only if asked, equal to the first; --resume writes the page that was asked for."""
    explained(images)
    again = ["style", "--again", str(images / "out.png.json"), "-o", str(images / "again.png")]
    assert main(again) == 0 and "again.png-explain.html" not in visible(images)
    assert main([*again, "--explain"]) == 0
    assert (images / "again.png-explain.html").read_bytes() == (images / "out.png-explain.html").read_bytes()
    step, made = MINIMIZERS["lbfgs"].step, []

    def stop(self):
        made.append(1)
        if len(made) == 2:
            raise KeyboardInterrupt
        return step(self)
    (images / "out.png-explain.html").unlink()
    monkeypatch.setattr(MINIMIZERS["lbfgs"], "step", stop)
    assert run_style(images, "--explain") == 130
    monkeypatch.setattr(MINIMIZERS["lbfgs"], "step", step)
    assert "step 1 to 1" in Reader(images / "out.png-explain.html").text, "of the best image so far"
    assert main(["style", "--resume", "-o", str(images / "out.png")]) == 0
    assert (images / "out.png-explain.html").read_bytes() == (images / "again.png-explain.html").read_bytes()


def test_a_page_of_the_users_is_not_replaced(images, capsys):
    """It is refused before any work, as --explain with --fast is."""
    (images / "out.png-explain.html").write_text("<p>mine</p>")
    assert run_style(images, "--explain") == 2 and "nnscratch did not write it" in capsys.readouterr().err
    assert (images / "out.png-explain.html").read_text() == "<p>mine</p>" and not (images / "out.png").exists()
    assert main(["style", str(images / "content.jpg"), "ink", "--fast", "--explain", "-o", str(images / "a.png")]) == 2
    assert "--explain was given together with --fast" in capsys.readouterr().err


def test_no_steps(images):
    """At strength 0 there is no transfer, and the page says so."""
    page = explained(images, "--strength", "0")
    assert "No step was made." in page.text and "svg" not in page.tags and len(page.images) == 30


def test_windows_are_those_of_the_gradient():
    """A feature in the middle depends on exactly as many pixels as its window says: the gradient is 0 outside."""
    network = random_features((4, 4, 4))
    windows = [window_sizes(network)[symbol] for symbol in network.outputs]
    assert windows == [3, 5, 10, 14, 24, 32]
    for k, window in enumerate(windows):
        image = normal(1, 64, 64, 3).astype(np.float32)
        maps = network.forward(image, remember=True)
        gradients = [np.zeros_like(y) for y in maps]
        middle = maps[k].shape[1] // 2
        gradients[k][0, middle, middle] = 1
        rows, columns = np.nonzero(network.backward(gradients, wrt="input")[0].any(axis=2))
        sides = [np.ptp(rows) + 1, np.ptp(columns) + 1]
        assert window - 2 <= min(sides) and max(sides) <= window, "a ReLU may hide a border"


def test_heat_maps():
    """Blue, white and red at -limit, 0 and limit, in equal steps between; beyond the ends nothing changes."""
    pixels = np.asarray(Image.open(io.BytesIO(heat_map(np.array([[-9.0, -2, -1], [0, 1, 2]]), 2.0))))
    half = [[round((end[c] + WHITE[c]) / 2) for c in range(3)] for end in (BLUE, RED)]
    np.testing.assert_allclose(pixels, [[BLUE, BLUE, half[0]], [WHITE, half[1], RED]], atol=1)


def test_curves():
    """Points of both terms lie where the logarithm says; each size begins a line of its own; 0 is drawn at the bottom."""
    values = [(64, 1.0, 0.0), (64, 0.1, 0.01), (128, 0.1, 0.1), (128, 0.001, 0.1)]
    drawing = draw_curves([{"size": size, "style": style, "content": content} for size, style, content in values])
    paths = re.findall(r'class=(\w+) d="M([^"]+)"', drawing)
    assert [name for name, _ in paths] == ["style", "content"] * 2
    points = [[tuple(map(float, point.split())) for point in path.split("L")] for _, path in paths]
    heights = [[y for _, y in path] for path in points]  # 180 for 0.0001, 16 for 1: 41 for a factor of ten
    np.testing.assert_allclose(heights, [[16, 57], [180, 98], [57, 139], [57, 57]], atol=0.1)
    assert points[0][0][0] < points[0][1][0] < points[2][0][0] < points[2][1][0]
    assert drawing.count("64 pixels") == drawing.count("128 pixels") == 1


@pytest.mark.slow
@pytest.mark.skipif(program is None, reason="Chromium, to look at pages, is not there: apt install chromium")
def test_the_page_fits_on_every_screen(images, tmp_path):
    """No text is cut off nor wider than the window, at 320 pixels and more, with a name that is long; all images are shown."""
    (images / "content.jpg").rename(images / f"{'long' * 50}.jpg")
    assert run_style(images, "--explain", content=f"{'long' * 50}.jpg") == 0
    with Browser(tmp_path / "browser") as browser:
        for width in (320, 400, 1200):
            browser.send("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
            (fits, shown), errors, asked = browser.visit((images / "out.png-explain.html").as_uri(), """[
                document.documentElement.scrollWidth <= innerWidth, [...document.images].every(one => one.naturalWidth)]""")
            assert fits and shown and not errors and all(url.startswith(("file:", "data:")) for url in asked)
