"""Transfer that keeps the photograph's colours."""
import numpy as np
import pytest
from helpers import same
from test_style import image

from nnscratch.data.images import photograph, read_image
from nnscratch.data.synthetic.styles import style_image
from nnscratch.errors import InputError
from nnscratch.style.bands import match_appearance
from nnscratch.style.colour import grey, match_colours, match_luminance, restore_colours
from nnscratch.style.stylizer import Stylizer
from nnscratch.style.transfer import transfer_style


def inner(seed):
    """Colours far from 0 and 1, so that nothing is clipped."""
    return (0.5 + 0.1 * np.random.default_rng(seed).standard_normal((1, 20, 24, 3)) @ [[1, .2, 0], [0, .6, .3], [.1, 0, .4]])


def test_matched_colours_have_the_contents_mean_and_covariance():
    style, content = inner(0), 0.25 + 0.5 * inner(1)
    matched, target = (p.reshape(-1, 3) for p in (match_colours(style, content), content))
    same(matched.mean(axis=0), target.mean(axis=0), 1e-6)
    same(np.cov(matched.T), np.cov(target.T), 0.02)  # EPSILON is added to the style's covariance


def test_a_grey_style_can_be_matched():
    """Its colours cannot be scaled; they stay finite and in range."""
    matched = match_colours(grey(inner(0)), inner(1))
    assert np.isfinite(matched).all() and matched.min() >= 0 and matched.max() <= 1
    assert np.isfinite(match_luminance(np.full((1, 4, 4, 3), 0.5), inner(1))).all()


def nearly_grey(noise):
    """A grey ramp with a colour cast and a little noise of colour."""
    ramp = np.linspace(0.1, 0.9, 64)[:, None] * np.ones((64, 1, 3))
    return (ramp + [0.01, 0, -0.01] + noise * np.random.default_rng(2).standard_normal((64, 64, 3)))[None]


def test_noise_of_a_nearly_grey_image_stays_calm():
    """Colours that hardly differ are stretched at most so much, once or twice or by the stylizer; the mean is the style's, and
    the ramp gets the style's contrast."""
    style, image = style_image("glass", 64), nearly_grey(0.004)
    for make, most in ((match_colours, 8 * 0.004), (match_appearance, 8 * 2 * 0.004), (Stylizer(), 0.1)):
        noise = make(image, style) - make(nearly_grey(0), style)
        assert noise.std() < most, make
    matched = match_colours(image, style)
    same(matched.mean(axis=(0, 1, 2)), style.mean(axis=(0, 1, 2)), 0.03)
    assert grey(matched).std() > 0.8 * grey(style).std()


def test_an_ordinary_photograph_is_not_limited():
    """Not a bit changes."""
    content, style = read_image(photograph(), 64), style_image("glass", 64)
    np.testing.assert_array_equal(match_colours(content, style), match_colours(content, style, stretch=1e9))
    with pytest.raises(InputError, match="stretch is 0"):
        match_colours(content, style, stretch=0)


def test_colours_are_restored():
    """The content's own luminance gives the content; another luminance is kept."""
    content = inner(0)
    same(restore_colours(grey(content), content), content, 1e-12)
    other = grey(inner(1))
    same(grey(restore_colours(other, content)), other, 1e-12)


def test_luminance_is_matched():
    style, content = grey(inner(0)), grey(inner(1) * 0.7)
    same(match_luminance(style, content).mean(), content.mean(), 1e-12)
    same(match_luminance(style, content).std(), content.std(), 1e-12)


@pytest.mark.slow
def test_transfer_keeps_colours():
    """Matching reduces the distance to the photograph's mean colour; luminance transfer keeps its colours exactly."""
    content, style = image(24, 28), np.clip(image(24, 24, 3) * [1.0, 0.3, 0.1], 0, 1).astype(np.float32)

    def shift(keep):
        result = transfer_style(content, style, features="random", strength=80, steps=4, keep_colors=keep).image
        return result, np.abs(result.mean((0, 1, 2)) - content.mean((0, 1, 2))).max()
    without, matched, light = (shift(keep) for keep in (None, "match", "luminance"))
    assert matched[1] < 0.5 * without[1]
    inside = (light[0] > 0).all(axis=-1) & (light[0] < 1).all(axis=-1)  # not clipped
    chroma = [(p - grey(p))[inside] for p in (light[0].astype(float), content.astype(float))]
    assert inside.mean() > 0.5 and np.abs(chroma[0] - chroma[1]).max() < 1e-5
