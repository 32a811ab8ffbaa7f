"""The drawings: each is drawn, has a description, leaves no figure open, and shows the right numbers."""
import sys

import numpy as np
import pytest
from helpers import normal

from nnscratch import ops
from nnscratch.course import draw
from nnscratch.course.draw.drawing import PALETTE, number, shade

X, KERNEL = np.arange(20.0).reshape(4, 5), np.array([[1.0, 2.0], [0.0, -1.0]])
STEPS = 10.0**np.arange(-8, 0)
IMAGES = {
    "product": lambda: draw.product(normal(3, 2), normal(2, 4), normal(3, 4), (1, 2), normal(4)),
    "neuron": lambda: draw.neuron([1.0, 2.0], [0.5, -1.0], 0.25, 0.0, "relu"),
    "graph": lambda: draw.graph([draw.Node("x", (), 2.0, 1.0), draw.Node("y", ("x",), 4.0)], "x to y"),
    "sliding": lambda: draw.sliding(X, KERNEL, [(0, 0), (1, 2)]),
    "im2col": lambda: draw.im2col(X, KERNEL),
    "heatmaps": lambda: draw.heatmaps({"A": normal(6, 9)}, "a matrix"),
    "images": lambda: draw.images({"grey": normal(6, 9), "colour": np.ones((4, 4, 3))}, "two images"),
    "curves": lambda: draw.curves({"a": (STEPS, STEPS)}, "a line", points={"b": (STEPS, STEPS)}, log=True),
}


def texts(image):
    return [text.get_text() for axes in image.figure.axes for text in axes.texts]


@pytest.mark.slow
@pytest.mark.parametrize("name", IMAGES)
def test_drawing_is_reproducible(name):
    """The same bytes each time, an image of reasonable size, and alternative text."""
    first, again = IMAGES[name](), IMAGES[name]()
    assert first._repr_png_() == again._repr_png_() and first._repr_png_().startswith(b"\x89PNG")
    assert len(first._repr_png_()) < 80_000 and len(first.text) > 5 and repr(first) == f"<image: {first.text}>"
    width, height = first.figure.get_size_inches()
    assert 1 <= width < 12 and 0.5 <= height < 10


def test_pyplot_is_not_used():
    """No global state that a notebook would have to reset."""
    if "matplotlib.pyplot" in sys.modules:
        assert not sys.modules["matplotlib.pyplot"].get_fignums()


def test_the_window_shows_the_right_numbers():
    """The outputs in `sliding` equal those of conv2d."""
    y, _ = ops.conv2d(X[None, :, :, None], KERNEL[:, :, None, None])
    last = texts(draw.sliding(X, KERNEL, [(2, 3)]))[-12:]
    assert last == [number(value) for value in y.ravel()]


def test_an_arrow_passes_boxes_in_a_lane_of_its_own():
    """x is read by two nodes: the arrow past the first lies below it, and says how much gradient comes along it."""
    image = draw.graph([draw.Node("x", (), np.array([1.0, 2.0]), 5.0), draw.Node("m", (("x", "", 2.0),), 1.5, 4.0),
                        draw.Node("b", (), -0.0), draw.Node("y", (("x", "· 1", 3.0), "m", "b"), np.arange(5.0) + 10)], "x to y")
    places = {text.get_text(): text.get_position() for text in image.figure.axes[0].texts}
    assert places["3"][1] > places["m"][1] and places["3"][0] == places["m"][0] == places["b"][0], "an input before its reader"
    assert {"(1, 2)", "(10, 11, 12,\n13, 14)", "0", "· 1"} <= set(places)
    assert places["x"][0] < places["m"][0] < places["y"][0]


def test_numbers_are_formatted_briefly():
    assert [number(v) for v in (0.0, -0.0, 1.0, -2.5, 0.333, 12.34, 123.4, -0.001, np.nan)] == [
        "0", "0", "1", "-2.5", "0.33", "12.3", "123", "0", ""]


def test_colours_differ_in_lightness_too():
    """Blue above and orange below 0 are distinguishable in grey; ink has a contrast of at least 4.5 on every shade."""
    def luminance(colour):
        channels = np.array(colour[:3])
        return np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055)**2.4) @ [0.2126, 0.7152, 0.0722]
    ink = luminance([0x22 / 255] * 3)
    for value in np.linspace(-1, 1, 9):
        assert (luminance(shade(value, 1.0)) + 0.05) / (ink + 0.05) > 4.5
    assert len(set(PALETTE)) == 6
