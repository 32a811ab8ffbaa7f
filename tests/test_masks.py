"""Masks: white is chosen, black and transparent are not; one that chooses nothing is refused; feathering is a Gaussian blur."""
import numpy as np
import pytest
from image_files import H, W, complaint, saved
from PIL import Image

from nnscratch.backend import move, to_cpu
from nnscratch.data.masks import feather_mask, read_mask


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


# --- feathering -------------------------------------------------------------------------------------------------------

def edge(side=40):
    """A mask whose right half is white."""
    return np.repeat([0.0, 1.0], side // 2).reshape(1, 1, side, 1).repeat(side, axis=1)


@pytest.mark.parametrize("r", [1, 2, 5, 12])
def test_a_feathered_edge_is_as_wide_as_asked(r):
    """Exactly r pixels on each side change. The ramp is the cumulative sum of a Gaussian with σ = r / 3, so between 10 % and
    90 % it is 2.56 σ wide, up to the pixel that a step inside a pixel is off."""
    row = feather_mask(edge(), r)[0, 7, :, 0]
    changed = np.flatnonzero((row > 0) & (row < 1))
    np.testing.assert_array_equal(changed, np.arange(20 - r, 20 + r))
    density = np.exp(-0.5 * (np.arange(-r, r + 1) / (r / 3))**2)
    np.testing.assert_allclose(row[20 - r:20 + r], (density.cumsum() / density.sum())[:-1], rtol=1e-6)
    assert (np.diff(row[20 - r - 1:20 + r + 1]) > 0).all()
    width = np.interp([0.1, 0.9], row, np.arange(40))
    assert abs(np.diff(width)[0] - 2.563 * r / 3) < 0.6


def test_feathering_is_a_blur_in_two_dimensions(xp):
    """Equal to the sum over the square of neighbours, with the product of the weights; whatever is even stays as it is."""
    mask, r = np.random.default_rng(0).random((1, 9, 14, 1)), 3
    w = np.exp(-0.5 * (np.arange(-r, r + 1) / (r / 3))**2)
    square = np.outer(w, w) / w.sum()**2
    padded = np.pad(mask[0, :, :, 0], r, mode="edge")
    expected = [[(square * padded[i:i + 7, j:j + 7]).sum() for j in range(14)] for i in range(9)]
    np.testing.assert_allclose(to_cpu(feather_mask(move(mask, xp), r))[0, :, :, 0], expected, rtol=1e-6)
    for even in (0.0, 0.3, 1.0):
        np.testing.assert_array_equal(feather_mask(np.full((1, 9, 14, 1), even), 14), np.float32(even))
    np.testing.assert_array_equal(feather_mask(mask, 0), mask.astype(np.float32))


def test_feathered_masks_add_up_to_what_they_did():
    """Complements still add up to 1, disjoint ones to at most 1: no pixel counts twice."""
    first = np.random.default_rng(1).random((1, 20, 30, 1)) < 0.4
    second = (np.random.default_rng(2).random((1, 20, 30, 1)) < 0.5) & ~first
    np.testing.assert_allclose(feather_mask(1.0 * first, 6) + feather_mask(1.0 * ~first, 6), 1, rtol=1e-6)
    total = feather_mask(1.0 * first, 6) + feather_mask(1.0 * second, 6)
    assert total.min() < 0.5 and total.max() < 1
    np.testing.assert_allclose(total, feather_mask(1.0 * (first | second), 6), rtol=1e-5)


def test_feathering_refuses_junk():
    """A negative number, a fraction, more than the mask's longer side, and what is no mask."""
    for pixels in (-1, 2.5, 41, None, True):
        assert "pixels" in complaint(feather_mask, edge(), pixels)
    for mask in (None, [[1]], np.ones((4, 4)), np.ones((1, 4, 4, 3)), 1j * edge()):
        complaint(feather_mask, mask, 2)
