"""Masks: white is chosen, black and transparent are not, and a mask that chooses nothing is refused."""
import numpy as np
import pytest
from image_files import H, W, complaint, saved
from PIL import Image

from nnscratch.data.masks import read_mask


def halves(mode, left, right):
    """An image (H, W) whose left and right halves have these colours."""
    if mode == "I;16":  # Pillow cannot paste into it
        return Image.fromarray(np.repeat(np.uint16([[left, right]]), W // 2, axis=1).repeat(H, axis=0))
    image = Image.new(mode, (W, H), left)
    image.paste(right, (W // 2, 0, W, H))
    return image


@pytest.mark.parametrize("mode, left, right, name, expected", [
    ("RGBA", (255, 255, 255, 255), (0, 0, 0, 0), "a.png", (1, 0)), ("RGBA", (255, 255, 255, 0), (255, 255, 255, 51), "a.png",
                                                                    (0, 0.2)),
    ("LA", (255, 102), (255, 255), "a.png", (0.4, 1)), ("L", 0, 255, "a.png", (0, 1)), ("1", 1, 0, "a.png", (1, 0)),
    ("RGB", (255, 0, 0), (0, 0, 255), "a.png", (0.299, 0.114)), ("I;16", 0, 32768, "a.png", (0, 0.5)),
    ("I", 0, 255, "a.tif", (0, 1)), ("F", 0.25, 1.0, "a.tif", (0.25, 1))])
def test_a_mask_is_luminance_times_opacity(tmp_path, mode, left, right, name, expected):
    """Transparent pixels are not chosen, whatever their colour."""
    path = saved(tmp_path, halves(mode, left, right), name)
    mask = read_mask(path, (H, W))
    assert mask.shape == (1, H, W, 1) and mask.dtype == np.float32
    np.testing.assert_allclose(mask[0, 5, [3, -3], 0], expected, atol=1.01 / 255)
    assert read_mask(path, (10, 40)).shape == (1, 10, 40, 1)


def test_a_transparent_entry_of_a_palette_is_not_chosen(tmp_path):
    """The white entry is transparent in one file and opaque in the other."""
    image = halves("P", 0, 1)
    image.putpalette([255, 255, 255, 200, 200, 200])
    for options, white in (({}, 1), ({"transparency": 0}, 0)):
        path = saved(tmp_path, image, **options)
        np.testing.assert_allclose(read_mask(path, (H, W))[0, 5, [3, -3], 0], [white, 200 / 255])


@pytest.mark.parametrize("mode, colour", [
    ("L", 0), ("L", 1), ("I;16", 1), ("I;16", 255), ("RGBA", (255, 255, 255, 0)), ("I", 1)])
def test_a_mask_that_chooses_nothing_is_refused(tmp_path, mode, colour):
    """Black, transparent, or 0 and 1 where 255 or 65535 is white: the sentence says so."""
    path = saved(tmp_path, halves(mode, 0 if mode != "RGBA" else (0, 0, 0, 255), colour), "a.tif")
    assert "black everywhere" in complaint(read_mask, path, (H, W)) and "65535" in complaint(read_mask, path, (H, W))


def test_junk_is_refused(tmp_path):
    """A size that is none, and what read_image refuses."""
    path = saved(tmp_path, halves("L", 0, 255))
    for size in (None, (0, 5), (5, 5, 5), "ab"):
        assert "size" in complaint(read_mask, path, size)
    for name in (None, 5, tmp_path, tmp_path / "missing.png"):
        complaint(read_mask, name, (H, W))
