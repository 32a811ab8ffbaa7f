"""The drawings of networks: their arrays, images in rows, a confusion matrix."""
import numpy as np
import pytest
from helpers import normal

from nnscratch.course import draw
from nnscratch.errors import InputError

C = np.array([[5, 1, 0], [0, 4, 0], [2, 0, 6]])
DRAWINGS = {
    "volumes": lambda: draw.volumes({"x": (16, 16, 1), "y": (8, 8, 20), "logits": (10,)}, ["conv", "dense"], "a network"),
    "image_rows": lambda: draw.image_rows({row: {"x": normal(4, 4), "y": normal(3, 5)} for row in "ab"}, "four images",
                                          signed=["y"]),
    "confusion": lambda: draw.confusion(C, "a confusion matrix"),
}


def texts(image):
    return [text.get_text() for axes in image.figure.axes for text in axes.texts]


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawing_is_reproducible(name):
    """The same bytes each time, and alternative text."""
    first, again = DRAWINGS[name](), DRAWINGS[name]()
    assert first._repr_png_() == again._repr_png_() and len(first._repr_png_()) < 80_000
    assert repr(first) == f"<image: {first.text}>"


def test_a_confusion_matrix_shows_the_mistakes_alone():
    """Numbers outside the diagonal, row by row; zeros are left out."""
    assert texts(draw.confusion(C, "C")) == ["1", "2"]


def test_volumes_shows_names_shapes_and_steps():
    shown = texts(DRAWINGS["volumes"]())
    assert {"x", "16 x 16 x 1", "conv", "y", "8 x 8 x 20", "dense", "logits", "10"} <= set(shown)
    with pytest.raises(InputError, match="3 arrays and 1 steps"):
        draw.volumes({"x": (4, 4, 1), "y": (2, 2, 1), "z": (4,)}, ["pool"], "a network")
    with pytest.raises(InputError, match="shapes of 1 or 3 axes"):
        draw.volumes({"x": (4, 4), "y": (2,)}, ["pool"], "a network")


def test_image_rows_colours_signed_columns():
    """Grey columns are one number a pixel, signed ones three."""
    axes = DRAWINGS["image_rows"]().figure.axes
    assert [one.get_title() for one in axes] == ["x", "y", "", ""] and [one.get_ylabel() for one in axes] == ["a", "", "b", ""]
    assert [np.ndim(one.images[0].get_array()) for one in axes] == [2, 3, 2, 3]
