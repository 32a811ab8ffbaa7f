"""The texture generator has outputs of any size, which do not depend on the absolute position."""
import numpy as np
import pytest

from nnscratch.errors import InputError
from nnscratch.networks.texture_generator import NOISE_CHANNELS, SCALE, noise_length, texture_generator


def test_sizes():
    """16 pixels for each position of the noise, in both directions."""
    model = texture_generator((32, 48, 3))
    assert model.forward(np.zeros((2, noise_length((32, 48, 3))), np.float32)).shape == (2, 32, 48, 3)
    for shape in ((32, 48, 1), (40, 48, 3), (0, 16, 3), (8, 8, 3)):
        with pytest.raises(InputError, match="multiples of 16"):
            texture_generator(shape)


@pytest.mark.slow
def test_the_same_noise_gives_the_same_texture_at_any_position():
    """The noise of a small image is part of that of a large one: away from the border, both outputs agree."""
    rng = np.random.default_rng(0)
    small, large = texture_generator((256, 256, 3)), texture_generator((288, 320, 3))
    for name, array in large.params.items():
        array[...] = small.params[name]
    for model in (small, large):
        model.cast(np.float64)
    noise = rng.standard_normal((1, 18, 20, NOISE_CHANNELS))
    inside = noise[:, 1:17, 2:18]
    whole, part = large.forward(noise.reshape(1, -1)), small.forward(inside.reshape(1, -1))
    same = whole[:, SCALE:-SCALE, 2 * SCALE:-2 * SCALE]
    far = 6 * SCALE  # the receptive field in the noise, in pixels
    np.testing.assert_allclose(part[:, far:-far, far:-far], same[:, far:-far, far:-far], atol=1e-12)
    assert np.abs(part - same).max() > 1e-3, "at the border they differ"


def test_constant_noise_gives_a_constant_image_including_the_border():
    """The border is replicated: zero padding would produce a frame."""
    model = texture_generator((48, 32, 3))
    y = model.forward(np.full((1, noise_length((48, 32, 3))), 0.7, np.float32))
    np.testing.assert_allclose(y, np.broadcast_to(y[:, 20, 16], y.shape), atol=1e-5)
    assert np.abs(y).max() > 1e-3
