"""The built-in style images: reproducible, in range, not uniform."""
import numpy as np
import pytest

from nnscratch.data.synthetic.styles import STYLES, style_image
from nnscratch.errors import InputError


@pytest.mark.parametrize("name", STYLES)
def test_a_style_image(name):
    """It has the requested size; another seed gives another image; no channel is uniform."""
    one, again, other = style_image(name, 48), style_image(name, 48), style_image(name, 48, seed=1)
    assert one.shape == (1, 48, 48, 3) and one.dtype == np.float32 and one.min() >= 0 and one.max() <= 1
    np.testing.assert_array_equal(one, again)
    assert (one != other).any() and one.std(axis=(1, 2)).min() > 0.05


def test_invalid_styles():
    for name, size, seed in (("sky", 48, 0), ("glass", 8, 0), ("glass", 48, -1), ("glass", 48.5, 0)):
        with pytest.raises(InputError):
            style_image(name, size, seed)
