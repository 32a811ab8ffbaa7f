"""Groups of small images: each pixel where it belongs, gaps between them, the same scale in all groups."""
import numpy as np
from helpers import normal

from nnscratch.course import draw
from nnscratch.course.draw.image_tiles import sheet


def test_images_lie_in_rows_with_gaps():
    images = normal(5, 3, 2)
    page = sheet(images, 2, -9.0, 9.0)
    assert page.shape == (3 * 4 - 1, 2 * 3 - 1) and np.isnan(page[3]).all() and np.isnan(page[:, 2]).all()
    assert np.array_equal(page[4:7, 3:5], images[3]) and np.array_equal(page[8:11, :2], images[4])
    assert np.isnan(page[8:, 3:]).all(), "the sixth image is missing"
    assert sheet(images[..., None], 10, -1.0, 1.0).shape == (3, 5 * 3 - 1) and np.nanmax(abs(sheet(images, 1, -1, 1))) <= 1


def test_groups_stand_beside_and_below_each_other():
    groups = {"a": normal(4, 3, 3), "b": normal(2, 3, 3), "c": normal(4, 3, 3)}
    one, again = (draw.tiles(groups, "three groups", columns=2, per_row=2) for _ in range(2))
    assert one._repr_png_() == again._repr_png_() and repr(one) == "<image: three groups>"
    assert [axes.get_title("left") for axes in one.figure.axes] == ["a", "b", "c", ""]
    assert {image.get_clim() for axes in one.figure.axes for image in axes.images} == {(-1.0, 1.0)}
