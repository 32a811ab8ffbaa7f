"""Transfer that keeps the photograph's colours."""
import numpy as np
import pytest
from helpers import same
from test_style import image

from nnscratch.style.colour import grey, match_colours, match_luminance, restore_colours
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
