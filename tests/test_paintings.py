"""The procedural style image: reproducible, with strokes along the flow, the whole palette, and texture."""
from itertools import pairwise

import numpy as np
import pytest

from nnscratch.data.synthetic import paintings
from nnscratch.data.synthetic.paintings import PALETTE, NightSky, flow_painting, palette_colour, stars, stroke_paths
from nnscratch.errors import InputError


def night_sky(size, rng):
    """The flow (H, W, 2) and the tone (H, W) at every pixel."""
    sky, places = NightSky(size, rng), np.indices((size, size))
    return sky.flow(places.reshape(2, -1).T).reshape(size, size, 2), sky.tone(*places)


def test_the_same_seed_gives_the_same_painting():
    """Only the seed determines the painting, not NumPy's global state; another seed gives another painting."""
    first = flow_painting(96, seed=3)
    np.random.default_rng().random(5)
    np.testing.assert_array_equal(first, flow_painting(96, seed=3))
    assert np.abs(first - flow_painting(96, seed=4)).mean() > 0.05


@pytest.mark.slow
@pytest.mark.parametrize("size", [16, 97, 128])
def test_a_painting_is_an_image(size):
    """Shape, dtype and range are those of every image, also for odd sizes."""
    painting = flow_painting(size)
    assert painting.shape == (1, size, size, 3) and painting.dtype == np.float32
    assert painting.min() >= 0 and painting.max() <= 1


def test_strokes_run_along_the_flow():
    """Colours change far less along the flow than across it."""
    size = 160
    flow, _ = night_sky(size, np.random.default_rng(0))  # the painter's first call with this seed
    grey = flow_painting(size, 0)[0].mean(axis=-1)
    down, right = np.gradient(grey)
    along = np.abs(flow[..., 0] * down + flow[..., 1] * right).mean()
    across = np.abs(flow[..., 1] * down - flow[..., 0] * right).mean()
    assert across > 1.7 * along


@pytest.mark.slow
def test_there_is_texture_at_every_scale_of_a_brush():
    """Averaging blocks of 4, 8 and 16 pixels reduces the contrast considerably at each step."""
    grey = flow_painting(256, 0)[0].mean(axis=-1)
    blurred = [grey.reshape(256 // k, k, 256 // k, k).mean((1, 3)).repeat(k, 0).repeat(k, 1) for k in (1, 4, 8, 16)]
    assert min(np.std(fine - coarse) for fine, coarse in pairwise(blurred)) > 0.03


@pytest.mark.slow
def test_the_palette_is_used_from_dark_to_light():
    """Deep blues dominate, but every colour of the palette is the nearest one to some part of the image."""
    pixels = flow_painting(256, 0).reshape(-1, 1, 3) * 255
    nearest = np.argmin(((pixels - PALETTE) ** 2).sum(-1), axis=1)
    fractions = np.bincount(nearest, minlength=len(PALETTE)) / len(nearest)
    assert fractions.min() > 0.002
    assert fractions[:5].sum() > 0.4  # midnight to teal


@pytest.mark.parametrize("seed", range(4))
def test_the_flow_circles_a_bright_star(seed, monkeypatch):
    """Around a star the flow is perpendicular to the radius, so strokes form rings; the centre of the star is bright."""
    monkeypatch.setattr(paintings, "stars", lambda rng: [(0.5, 0.5)])
    flow, tone = night_sky(200, np.random.default_rng(seed))
    np.testing.assert_allclose(np.linalg.norm(flow, axis=-1), 1, atol=1e-3)
    angle = np.linspace(0, 2 * np.pi, 60)
    radius = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    rows, columns = (100 + 8 * radius).astype(int).T
    assert np.abs((flow[rows, columns] * radius).sum(1)).mean() < 0.2
    assert tone[100, 100] > 0.8 > 0.6 > np.median(tone) and tone.min() >= 0 and tone.max() <= 1


def test_paths_of_a_vortex_are_circles():
    """The midpoint rule stays on a circle of radius 30 to within a pixel for 60 pixels; Euler steps would drift outwards."""
    def flow(positions):
        rows, columns = positions.astype(int).T - 49.5
        return np.stack([columns, -rows], axis=-1) / np.hypot(rows, columns)[..., None]
    path = stroke_paths(flow, np.array([[50.0, 80.0]]), 60, np.random.default_rng(0))[0]
    assert np.abs(np.hypot(*(path - 50).T) - 30).max() < 1


def test_colours_between_two_palette_colours_are_interpolated():
    """The ends of the palette are exact, and halfway is the mean of both neighbours."""
    step = 1 / (len(PALETTE) - 1)
    expected = [PALETTE[0], PALETTE[-1], (PALETTE[1] + PALETTE[2]) / 2]
    np.testing.assert_allclose(palette_colour(np.array([0, 1, 1.5 * step])), expected)


def test_stars_keep_their_minimum_distance():
    """No two stars are nearer than requested, and there are several."""
    places = np.array(stars(np.random.default_rng(0)))
    distances = np.hypot(*(places[:, None] - places[None]).T) + 9 * np.eye(len(places))
    assert len(places) >= 5 and distances.min() > 0.28


@pytest.mark.parametrize("size, seed", [(15, 0), (0, 0), (20.0, 0), ("64", 0), (64, -1), (64, 0.5)])
def test_a_wrong_size_or_seed_gives_one_sentence(size, seed):
    """The sentence names the given value."""
    with pytest.raises(InputError, match="expected") as caught:
        flow_painting(size, seed)
    assert repr(size if size != 64 else seed) in str(caught.value)
