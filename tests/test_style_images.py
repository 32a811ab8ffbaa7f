"""The built-in style images: reproducible, in range, not uniform."""
import sys

import numpy as np
import pytest
from memory_use import peak_megabytes

from nnscratch.data.synthetic.styles import STYLES, is_style, style_image
from nnscratch.errors import InputError


@pytest.mark.parametrize("name", STYLES)
def test_a_style_image(name):
    """It has the requested size; another seed gives another image; no channel is uniform."""
    one, again, other = style_image(name, 48), style_image(name, 48), style_image(name, 48, seed=1)
    assert one.shape == (1, 48, 48, 3) and one.dtype == np.float32 and one.min() >= 0 and one.max() <= 1
    np.testing.assert_array_equal(one, again)
    assert (one != other).any() and one.std(axis=(1, 2)).min() > 0.05


@pytest.mark.parametrize("name", STYLES)
def test_bands_do_not_change_a_pixel(name, monkeypatch):
    """Images are drawn some rows at a time, so that a large one does not fill the memory."""
    whole = style_image(name, 97)
    for place in ("styles", "paintings"):
        monkeypatch.setattr(f"nnscratch.data.synthetic.{place}.BAND", 700)
    np.testing.assert_array_equal(style_image(name, 97), whole)


def test_capitals_are_taken(tmp_path, monkeypatch):
    """A style in other capitals is that style, unless there is such a file."""
    np.testing.assert_array_equal(style_image("Mosaic", 32), style_image("mosaic", 32))
    monkeypatch.chdir(tmp_path)
    assert is_style("NIGHT") and is_style(tmp_path.__class__("Night")) and not is_style("nights") and not is_style(None)
    (tmp_path / "Night").touch()
    assert not is_style("Night") and is_style("night")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux")
def test_a_large_style_takes_little_memory():
    """The image and one band of it, 97 MB in all; drawn in one piece it takes 540 MB."""
    code = "from nnscratch.data import style_image; style_image('ink', 1250)"
    assert peak_megabytes(code) < 250


def test_invalid_styles():
    for name, size, seed in (("sky", 48, 0), ("glass", 8, 0), ("glass", 48, -1), ("glass", 48.5, 0), ("glass", 10**5, 0),
                             (None, 48, 0)):
        with pytest.raises(InputError):
            style_image(name, size, seed)
