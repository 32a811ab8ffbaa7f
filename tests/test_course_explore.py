"""Sliders: driven as a learner drives them, and the row of panels that stands in."""
import io

import numpy as np
import pytest

from nnscratch.course import draw
from nnscratch.course.digits import digits
from nnscratch.data.synthetic.glyphs import draw_glyphs
from nnscratch.errors import InputError


def line(axes, slope, offset):
    axes.plot([0, 1], [offset, offset + slope])
    axes.set_ylim(-5, 5)


def exploration(**options):
    return draw.explore(line, "a line", slope=[-2, 0, 1, 3], offset=[0, 2], **options)


def test_sliders_redraw():
    """One for each parameter; moving one changes the image to that of its values, and back."""
    pytest.importorskip("ipywidgets", reason="pip install -e '.[test]'")
    explored = exploration(shown=[(1, 0), (3, 2)])
    box = explored.sliders()
    slope, offset, image = box.children
    assert (slope.description, slope.value, offset.value) == ("slope", 1, 0) and slope.options == (-2, 0, 1, 3)
    first = image.value
    assert first == explored.frame(1, 0) and first[:4] == b"\x89PNG"
    slope.value = 3
    second = image.value
    offset.value = 2
    assert len({first, second, image.value}) == 3 and image.value == explored.frame(3, 2)
    slope.value, offset.value = 1, 0
    assert image.value == first


def test_the_row_of_panels():
    """At most six, each with its values as a title; as many inches as panels."""
    explored = exploration()
    assert explored.shown == [(-2, 0), (0, 0), (1, 0), (3, 0)]
    figure = explored.strip().figure
    assert [axes.get_title() for axes in figure.axes][:4] == [f"slope = {k}, offset = 0" for k in (-2, 0, 1, 3)]
    many = draw.explore(lambda axes, k: axes.plot(k), "x", k=list(range(101)))
    assert [values[0] for values in many.shown] == [0, 20, 40, 60, 80, 100]
    file = io.BytesIO()
    many.strip().save(file)
    assert file.getvalue()[:4] == b"\x89PNG"


@pytest.mark.parametrize("options", [{"shown": [(7, 0)]}, {"shown": [(1,)]}, {"shown": [(1, 0)] * 7}, {"shown": []}])
def test_combinations_that_do_not_exist_are_refused(options):
    with pytest.raises(InputError, match="1 to 6 combinations of slope, offset"):
        exploration(**options)


@pytest.mark.parametrize("choices", [{}, {"k": []}, {"k": 3}, {"k": "abc"}])
def test_parameters_without_values_are_refused(choices):
    with pytest.raises(InputError, match="a list of values for each parameter"):
        draw.explore(lambda axes, **values: None, "x", **choices)


def test_the_digits_of_the_course():
    """The same in every call, in [0, 1], the caller's own; three parts from three seeds."""
    images, labels, faces = digits("validation", 16)
    drawn, expected, modes = draw_glyphs(2100, seed=1000, size=16)
    assert np.array_equal(images, drawn[..., 0] / 255) and np.array_equal(labels, expected)
    assert np.array_equal(modes, 10 * faces + labels) and np.bincount(faces).tolist() == [100] * 21
    images[:], labels[:] = 7, 7
    again = digits("validation", 16)
    assert again.images.max() == 1 and again.labels.max() == 9 and again.images.dtype == np.float64
    assert [len(digits(part, 8).labels) for part in ("train", "validation", "test")] == [6300, 2100, 2100]
    assert not np.array_equal(digits("test", 8).images, digits("validation", 8).images)
    with pytest.raises(InputError, match="digits: part"):
        digits("tset")


def test_photographs_are_stored_as_jpeg():
    """The row of panels; the frames of the sliders stay PNG."""
    explored = exploration(jpeg=True)
    assert explored.strip()._repr_png_ is None and explored.strip()._repr_jpeg_()[:2] == b"\xff\xd8"
    assert explored.frame(1, 0)[:4] == b"\x89PNG" and exploration().strip()._repr_png_()[:4] == b"\x89PNG"
