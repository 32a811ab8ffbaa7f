"""The drawings of notebooks 09 to 12 and 14: reproducible, complete, and with the library's numbers."""
from io import BytesIO

import numpy as np
import pytest
from helpers import normal
from PIL import Image
from test_course_draw import texts

from nnscratch import ops
from nnscratch.course import draw
from nnscratch.course.draw.drawing import number

TIED = np.array([[1.0, 2, 0, 5], [4, 3, 1, 1], [7, 0, 2, 2], [1, 6, 2, 0]])
IMAGES = {
    "pooling": lambda: draw.pooling(TIED, np.array([[1.0, 10], [-2, 3]]), 2),
    "clouds": lambda: draw.clouds({"a": normal(50, 2), "b": normal(9, 2)}, "two clouds", "red", "blue", every=3),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", IMAGES)
def test_drawing_is_reproducible(name):
    first, again = IMAGES[name](), IMAGES[name]()
    assert first._repr_png_() == again._repr_png_() and len(first._repr_png_()) < 80_000 and len(first.text) > 5


def test_pooling_shows_the_right_numbers():
    """Forward and backward, including ties."""
    dy = np.array([[1.0, 10], [-2, 3]])
    y, cache = ops.max_pool2d(TIED[None, :, :, None])
    dx = ops.max_pool2d_backward(dy[None, :, :, None], cache)
    shown = [text for text in texts(draw.pooling(TIED, dy, 2)) if text.lstrip("-").isdigit()]
    assert shown == [number(value) for array in (TIED, y, dy, dx) for value in array.ravel()]


def test_a_cloud_has_the_ellipse_of_all_its_points():
    """Two standard deviations from the mean, whatever the number of points that are drawn."""
    cloud = normal(300, 2) @ np.array([[2.0, 1], [0, 0.5]]) + 3
    few, ellipse = draw.clouds({"a": cloud}, "a cloud", every=10).figure.axes[0].lines
    away = np.array(ellipse.get_data()).T - cloud.mean(axis=0)
    distance = np.einsum("nc,co,no->n", away, np.linalg.inv(np.cov(cloud.T, bias=True)), away)
    assert len(few.get_xdata()) == 30 and np.allclose(distance, 4)


@pytest.mark.parametrize("height, width", [(10, 40), (40, 10), (20, 20)])
def test_a_row_of_images_is_as_high_as_its_highest_image(height, width):
    """Plus its title: no empty space above or below wide images."""
    shown = draw.images({"a": normal(height, width), "b": normal(1, width)}, "two", 2.0)
    assert np.isclose(shown.figure.get_size_inches()[1], 2.0 * height / width + 0.36)


def test_an_image_has_a_frame_on_all_four_sides():
    """A white image on a light card needs a visible edge: from its centre every direction meets a dark line."""
    file = BytesIO()
    draw.images({"white": np.ones((8, 8, 3))}, "white").save(file)
    shown = np.asarray(Image.open(file).convert("L"))
    rows, columns = (np.flatnonzero((shown == 255).sum(axis=axis) > 50) for axis in (1, 0))
    middle = shown[rows.mean().astype(int)], shown[:, columns.mean().astype(int)]
    for line, white in zip(middle, (columns, rows)):
        assert line[white[0] - 2:white[0]].min() < 128 and line[white[-1] + 1:white[-1] + 3].min() < 128


def test_only_the_vertical_axis_can_be_logarithmic():
    scales = {log: draw.curves({"a": (np.arange(3), np.ones(3))}, "a", log=log).figure.axes[0] for log in (False, "y", True)}
    assert [(axes.get_xscale(), axes.get_yscale()) for axes in scales.values()] == [
        ("linear", "linear"), ("linear", "log"), ("log", "log")]
