"""Matching the contrast of a style, band by band."""
import numpy as np
import pytest

from nnscratch.fast import resize2d
from nnscratch.style.bands import enlarge, laplacian_pyramid, match_appearance, match_bands
from nnscratch.style.inputs import initial_image
from nnscratch.style.settings import Settings


def noise(h, w, seed, contrast=1.0):
    """White noise around 0.5, of several grains."""
    rng = np.random.default_rng(seed)
    fine, coarse = rng.uniform(-0.5, 0.5, (1, h, w, 3)), rng.uniform(-0.5, 0.5, (1, h // 8, w // 8, 3))
    return (0.5 + contrast * (0.3 * fine + 0.4 * resize2d(coarse, (h, w))[0])).astype(np.float32)


def without_bands(image):
    """The rest of the pyramid, enlarged to the image's size."""
    bands, rest = laplacian_pyramid(image)
    for band in reversed(bands):
        rest = resize2d(rest, band.shape[1:3])[0]
    return rest


@pytest.mark.parametrize("sides", [(64, 48), (33, 50), (8, 9)])
def test_the_bands_add_up_to_the_image(sides):
    """Whatever the sides, odd ones too; so an image matched with itself does not change."""
    image = noise(*sides, seed=1)
    bands, total = laplacian_pyramid(image)
    for band in reversed(bands):
        total = resize2d(total, band.shape[1:3])[0] + band
    np.testing.assert_allclose(total, image, atol=1e-6)
    np.testing.assert_allclose(match_bands(image, [image]), image, atol=1e-6)
    np.testing.assert_allclose(match_appearance(image, [image]), image, atol=0.01)  # match_colours adds a small epsilon


def test_each_band_gets_the_deviation_of_the_styles_band():
    """Within the limits of the factor; the style's sides need not be the image's, and the image stays recognisable."""
    image, style = noise(64, 96, 1, 0.5), noise(80, 72, 2, 0.8)
    style += np.float32(0.05) * np.random.default_rng(3).standard_normal(style.shape, np.float32)
    made = match_bands(image, [style])
    for ours, before, wanted in zip(*(laplacian_pyramid(x)[0] for x in (made, image, style))):
        assert abs(ours.std() - wanted.std()) < 0.2 * abs(before.std() - wanted.std())
    assert np.corrcoef(made.ravel(), image.ravel())[0, 1] > 0.9


@pytest.mark.parametrize("reference, factor", [(0.1, 0.2), (0.5, 0.5), (9.0, 2.0)])
def test_the_factor_is_limited(reference, factor):
    """A band is never lost, and grain at most doubled: all bands of one style are the image's, times a number."""
    image = noise(64, 64, 4, 0.3)
    made, rest = match_bands(image, [0.5 + reference * (image - 0.5)]), without_bands(image)
    np.testing.assert_allclose(made, rest + factor * (image - rest), atol=1e-6)


def test_the_variances_of_several_styles_are_mixed():
    """Half of four times the variance and half of none: 1.41 times the deviation."""
    image = noise(64, 64, 5, 0.2)
    made, rest = match_bands(image, [0.5 + 2 * (image - 0.5), np.full_like(image, 0.5)], [0.5, 0.5]), without_bands(image)
    np.testing.assert_allclose(made, rest + 2**0.5 * (image - rest), atol=1e-6)


def test_a_transfer_starts_from_the_matched_photograph():
    """At strength 50 with all of the style's contrast; at 25 with a part; of two styles with masks each in its own region."""
    content, calm, lively = noise(48, 48, 6, 0.6), noise(48, 48, 7, 0.15), noise(48, 48, 8, 1.0)

    def fine(image):
        return laplacian_pyramid(image)[0][0].std()
    full, half = (initial_image(content, [calm], None, [1.0], Settings(strength=strength)) for strength in (50, 25))
    np.testing.assert_allclose(full, match_appearance(content, [content, calm], [0.0, 1.0]), atol=1e-6)
    assert fine(calm) < 1.3 * fine(full) < fine(half) < fine(content)
    left = np.zeros((1, 48, 48, 1), np.float32)
    left[:, :, :24] = 1
    both = initial_image(content, [calm, lively], [left, 1 - left], [0.5, 0.5], Settings())
    assert fine(both[:, :, :24]) < 0.6 * fine(content) < fine(both[:, :, 24:])


def test_an_enlarged_image_has_no_lattice():
    """Of white noise at twice the size, every second step is twice as high as the next after bilinear interpolation, and
    within 10 % here. Nothing is shifted, and even areas stay even up to the edge."""
    x = np.random.default_rng(0).normal(size=(1, 60, 70, 3))

    def ratio(image):
        steps = abs(np.diff(image, axis=1)).mean(axis=(0, 2, 3))
        return steps[1::2].mean() / steps[::2].mean()
    bilinear, ours = resize2d(x, (120, 140))[0], enlarge(x, (120, 140))
    assert ratio(bilinear) > 1.9 and abs(ratio(ours) - 1) < 0.1
    mirrored = enlarge(x[:, ::-1, ::-1], (120, 140))[:, ::-1, ::-1]
    np.testing.assert_allclose(mirrored, ours, atol=1e-12)
    np.testing.assert_allclose(enlarge(np.full((1, 5, 4, 3), 0.3), (11, 8)), 0.3, atol=1e-12)
