"""Figures: every text in a font that has its letters, or something legible in its place, and never a Python warning."""
import io
import warnings

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from nnscratch import plotting
from nnscratch.classify.results import draw_confusion, plot_training
from nnscratch.course.draw.drawing import Drawing
from nnscratch.data import side_by_side
from nnscratch.generate.plots import plot_history

CHINESE, MEDIEVAL = "狗", "ᶁog"  # DejaVu Sans has neither; STIX, which comes with matplotlib, has the second
STIX = plotting.default_font().replace("DejaVuSans", "STIXGeneral")
NAMES = ["cat", CHINESE, "bird"]


@pytest.fixture(autouse=True)
def strict():
    """Every Python warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(params=["no further font", "the fonts of this machine"])
def fonts(request, monkeypatch):
    """Whether fonts beside matplotlib's own count; without it, None."""
    if request.param == "no further font":
        monkeypatch.setattr(plotting, "more_fonts", list)
    return plotting.font_of(CHINESE)


def confusion(names):
    return draw_confusion(np.eye(len(names), dtype=int), names, "title")


def figure_with(*words):
    """A figure with some texts."""
    figure = Figure(figsize=(2, 1))
    return figure, [figure.text(0.1, 0.1 + 0.3 * k, word) for k, word in enumerate(words)]


def test_class_names_are_drawn_or_numbered(fonts, caplog):
    """Without a font for one of them, all classes have their numbers, and one sentence says so; with one, names as they are."""
    drawn = confusion(NAMES)
    if fonts is None:
        assert drawn == confusion(["0", "1", "2"])
        assert caplog.text.count("no font was found that has all letters of 狗: the drawing says 1 instead") == 1
    else:
        assert drawn not in (confusion(["0", "1", "2"]), confusion(["cat", "猫", "bird"])) and not caplog.records


def test_captions_are_drawn_or_numbered(fonts, caplog):
    """Images in a row, whose captions Pillow draws."""
    image = np.ones((40, 40, 3))
    drawn, numbered = (side_by_side([image, image], labels) for labels in (["cat", CHINESE], ["1", "2"]))
    assert np.array_equal(drawn, numbered) == (fonts is None) == ("the drawing says 2 instead" in caplog.text)


def test_every_figure_is_drawn_without_a_warning(fonts, caplog):
    """Where nothing can be said in place of a text, such as in a drawing of the course, boxes are drawn, as a sentence says."""
    file = io.BytesIO()
    Drawing(figure_with(CHINESE, "a")[0], "text").save(file)
    assert Image.open(file).size == (200, 100) and caplog.text.count("boxes are drawn") == (fonts is None)


def test_a_text_has_a_font_with_its_letters(monkeypatch, tmp_path):
    """The other font only where DejaVu Sans lacks a letter, in the same size; a file that is no font is passed over."""
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    monkeypatch.setattr(plotting, "more_fonts", lambda: [str(tmp_path / "broken.ttf"), STIX])
    figure, (own, other) = figure_with("a dog", MEDIEVAL)
    plotting.figure_bytes(figure)
    assert own.get_fontproperties().get_file() is None and other.get_fontproperties().get_file() == STIX
    assert own.get_fontsize() == other.get_fontsize()
    assert plotting.legible([MEDIEVAL, "\n"], ["1", "2"]) == [MEDIEVAL, "\n"]


def test_fonts_are_found_by_the_names_of_their_files(monkeypatch):
    """The best first, wherever it lies; no other fonts."""
    names = ["/a/Wingding.ttf", "/a/simhei.ttf", "/b/NotoSansCJK-Regular.ttc", "/c/PingFang.ttc"]
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: names)
    assert plotting.more_fonts.__wrapped__() == ["/b/NotoSansCJK-Regular.ttc", "/a/simhei.ttf", "/c/PingFang.ttc"]


@pytest.mark.parametrize("values", [(1.0, 1.0), (0.0, 0.0), (0.2, 1.0)])
def test_fractions_have_an_axis_from_0_to_1(monkeypatch, values):
    """A perfect training has no accuracy of 1.04; a loss may go beyond 1."""
    figures = []
    monkeypatch.setattr("nnscratch.training.curves.figure_bytes", lambda figure, **_: figures.append(figure) or b"")
    plot_training([{"step": 10 * k, "loss": 5.0, "accuracy": value, "score": value, "validation_loss": 5.0}
                   for k, value in enumerate(values, 1)])
    plot_history([{"step": 10 * k, "d_real": value, "d_fake": value, "score": value} for k, value in enumerate(values, 1)])
    loss, *fractions = [axes for figure in figures for axes in figure.axes]
    assert len(fractions) == 3 and loss.get_ylim()[1] > 5
    for low, high in (axes.get_ylim() for axes in fractions):
        assert 0 <= low < high <= 1 and low <= min(values) <= max(values) <= high


def test_a_figure_is_drawn_once(monkeypatch):
    """With a layout, too, for which `savefig` would draw it once more; the bytes, and the figure itself, are as if it had."""
    figure = Figure(figsize=(3, 2), layout="constrained")
    figure.subplots().set(xlabel="x", ylabel="y", title="title")
    file, engine, drawn, draw = io.BytesIO(), figure.get_layout_engine(), [], Figure.draw
    figure.savefig(file, dpi=110)
    monkeypatch.setattr(Figure, "draw", lambda self, renderer: drawn.append(self) or draw(self, renderer))
    assert plotting.figure_bytes(figure, dpi=110) == plotting.figure_bytes(figure, dpi=110) == file.getvalue()
    assert len(drawn) == 2 and (figure.dpi, figure.get_layout_engine()) == (100, engine)


@pytest.fixture
def with_colorbar(monkeypatch):
    """Makes a figure whose colorbar needs its layout, with a matplotlibrc that asks for another."""
    import matplotlib
    monkeypatch.setitem(matplotlib.rcParams, "figure.autolayout", True)

    def make():
        figure = Figure(figsize=(3, 2), dpi=96, layout="constrained")
        figure.colorbar(figure.add_subplot().imshow(np.eye(3)))
        return figure, figure.get_layout_engine()
    return make


def test_settings_of_the_reader_do_not_change_a_layout(with_colorbar):
    """The bytes are those of `savefig`, and the figure has its own layout afterwards."""
    figure, layout = with_colorbar()
    expected = io.BytesIO()
    with_colorbar()[0].savefig(expected, dpi=50)
    assert plotting.figure_bytes(figure, dpi=50) == expected.getvalue()
    assert figure.get_layout_engine() is layout and figure.dpi == 96


def test_a_layout_that_fails_leaves_the_figure_as_it_was(with_colorbar, monkeypatch):
    figure, layout = with_colorbar()
    monkeypatch.setattr(layout, "execute", lambda figure: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        plotting.figure_bytes(figure, dpi=50)
    assert figure.get_layout_engine() is layout and figure.dpi == 96
