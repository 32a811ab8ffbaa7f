"""The drawings of the first notebooks: each can be drawn again with the same bytes, and shows the right numbers."""
import numpy as np
import pytest
from helpers import normal

from nnscratch.course import draw
from nnscratch.course.draw.drawing import new_figure

IMAGE = np.linspace(0, 1, 64).reshape(8, 8)
ROW, COLUMN = np.array([1.0, 2, 3, 4]), np.array([[10.0], [20], [30]])
DRAWINGS = {
    "pixels": lambda: draw.pixels(IMAGE, (1, 4), (2, 6), "an image and its numbers"),
    "broadcast": lambda: draw.broadcast([(COLUMN, ROW)], "a column and a row"),
    "axis_sums": lambda: draw.axis_sums(np.arange(6).reshape(2, 3), "two sums"),
    "layouts": lambda: draw.layouts([("x", IMAGE[:2, :3]), ("x.T", IMAGE[:2, :3].T)], "two layouts"),
    "layer": lambda: draw.layer(3, 2, 1, "a layer"),
}


def texts(image):
    return [text.get_text() for axes in image.figure.axes for text in axes.texts]


def new_axes():
    return new_figure(3, 3).subplots()


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_reproducible(name):
    first, again = DRAWINGS[name](), DRAWINGS[name]()
    assert first._repr_png_() == again._repr_png_() and first._repr_png_().startswith(b"\x89PNG")
    assert len(first.text) > 5 and len(first._repr_png_()) < 60_000


def test_arrays_show_their_numbers():
    """Sums along both axes, repeated numbers and their sums, and the part of an image."""
    assert texts(draw.axis_sums(np.arange(6).reshape(2, 3), "two sums"))[6:11] == ["3", "5", "7", "3", "12"]
    shown = texts(DRAWINGS["broadcast"]())
    assert shown.count("10") == 4 and shown.count("1") == 3 and {"11", "34"} <= set(shown) and "(3, 4)" in shown
    assert texts(DRAWINGS["pixels"]())[0] == f"{IMAGE[1, 2]:.1f}"
    assert {"$W_{01}$", "$W_{11}$", "$W_{21}$", "3 inputs", "2 units"} <= set(texts(DRAWINGS["layer"]()))


def test_a_neuron_counts_its_mistakes():
    """A sample on the wrong side of the line is wrong; weights of 0 draw no line."""
    X, labels, axes = np.array([[1.0, 0], [-1, 0], [2, 0]]), np.array([1, 0, 0]), new_axes()
    draw.boundary(axes, X, labels, [1, 0], 0.0)
    assert axes.texts[0].get_text() == "1 of 3 wrong"
    draw.boundary(new_axes(), X, labels, [0, 0], 1.0)


def test_steps_and_paths_are_drawn():
    """Points outside of the plot are left out; the cross is the line of least squares; the loss is in the corner."""
    axes, x, t = new_axes(), normal(9), normal(9, seed=1)
    draw.steps_on_curve(axes, lambda w: w**2, [0.5, -4.0, 1.0], (-2, 2))
    assert np.isnan(axes.lines[1].get_xdata()).tolist() == [False, True, False]
    axes = new_axes()
    draw.loss_map(axes, x, t, np.zeros((1, 2)), (0.0, 0.0))
    assert np.allclose(np.ravel(axes.lines[1].get_data()), np.polyfit(x, t, 1))
    axes = new_axes()
    draw.residuals(axes, x, t, 0.0, 0.0)
    assert axes.texts[0].get_text() == f"L = {(t**2).mean():.2f}"
