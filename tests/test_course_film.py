"""Animations show the numbers of the ops, frame by frame, and are small; so do the drawings of padding and channels."""
import re
from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from helpers import normal
from PIL import Image
from test_course_draw import texts

from nnscratch import ops
from nnscratch.course import draw
from nnscratch.course.draw.convolutions import centres
from nnscratch.course.draw.drawing import number
from nnscratch.course.draw.film import COLOURS, MAX_FRAMES, Film
from nnscratch.errors import InputError

X, KERNEL, SMALL = normal(5, 6), normal(3, 2), normal(2, 3)
FILMS = {"sliding": lambda: draw.sliding_film(X[:, :5], KERNEL), "stamps": lambda: draw.stamps_film(SMALL, KERNEL, 2)}
every_film = pytest.mark.parametrize("name", FILMS)


def one_channel(x, kernel):
    return x[None, :, :, None], kernel[:, :, None, None]


def grids_of(row):
    return {part.title: part for part in row if isinstance(part, draw.Grid)}


def test_the_window_visits_every_position():
    """Each frame writes one more value of y, the op's, as the sum of the products in the window."""
    film = draw.sliding_film(X, KERNEL)
    y = ops.conv2d(*one_channel(X, KERNEL))[0][0, :, :, 0]
    assert len(film.rows) == y.size
    for k, (row, place) in enumerate(zip(film.rows, np.ndindex(y.shape))):
        shown = grids_of(row)
        written = shown["y"].array
        assert np.allclose(written.ravel()[:k + 1], y.ravel()[:k + 1]) and np.isnan(written.ravel()[k + 1:]).all()
        assert np.isclose(shown["products"].array.sum(), y[place])
        assert shown["y"].frame == (*place, 1, 1) and shown["x"].frame == (*place, 3, 2)
        assert np.array_equal(shown["x"].array, X) and np.array_equal(shown["kernel"].array, KERNEL)


def test_every_value_of_x_adds_a_kernel():
    """Each frame adds the contribution of one value of x; the last frame is the transposed convolution."""
    film, so_far = draw.stamps_film(SMALL, KERNEL, 2), 0
    assert len(film.rows) == SMALL.size
    for row, place in zip(film.rows, np.ndindex(SMALL.shape)):
        alone = np.zeros_like(SMALL)
        alone[place] = SMALL[place]
        so_far = so_far + ops.conv2d_transpose(*one_channel(alone, KERNEL), strides=2, padding=0)[0][0, :, :, 0]
        shown = grids_of(row)
        assert np.allclose(shown["y so far"].array, so_far) and np.allclose(shown["scaled"].array, SMALL[place] * KERNEL)
        assert shown["x"].frame == (*place, 1, 1) and shown["y so far"].frame == (2 * place[0], 2 * place[1], 3, 2)
    assert np.allclose(so_far, ops.conv2d_transpose(*one_channel(SMALL, KERNEL), strides=2, padding=0)[0][0, :, :, 0])


@pytest.mark.slow
@every_film
def test_a_gif_is_small_and_complete(name):
    """One frame per row, all with the same palette and size, below 60 KB; the page needs no other file to show it."""
    film = FILMS[name]()
    text = film._repr_html_()
    alternative, data = re.fullmatch(r'<img alt="([^"]+)" src="data:image/gif;base64,([^"]+)">', text).groups()
    assert alternative == film.text and len(data) < 60_000 * 4 / 3
    gif, sizes, frames = Image.open(BytesIO(b64decode(data))), set(), []
    assert gif.n_frames == len(film.rows) <= MAX_FRAMES and gif.info["loop"] == 0
    for k in range(gif.n_frames):
        gif.seek(k)
        sizes.add(gif.size)
        frames.append(np.asarray(gif.convert("RGB")).reshape(-1, 3))
    assert len(sizes) == 1 and len(np.unique(np.concatenate(frames), axis=0)) <= COLOURS and gif.info["duration"] > 1000


@pytest.mark.slow
@every_film
def test_a_strip_for_print(name):
    """The first, a middle and the last frame are printed; without images the alternative text is shown."""
    film = FILMS[name]()
    assert film._repr_png_() == film.strip()._repr_png_()
    last = film.rows[-1][-1]
    assert last.title.startswith("y") and texts(film.strip())[-1] == number(last.array[-1, -1])
    assert repr(film).startswith(f"<film of {len(film.rows)} frames: ")


def test_a_long_animation_is_refused():
    with pytest.raises(InputError, match="expected a film of 1 to 30 frames, got 36; use a smaller image"):
        draw.sliding_film(normal(8, 8), normal(3, 3))
    with pytest.raises(InputError, match="0 frames"):
        Film([], "nothing")


@pytest.mark.parametrize("stride, padding", [(1, 0), (1, 1), (2, 0), (2, 1), (3, 2)])
def test_a_blue_pixel_for_every_value_of_y(stride, padding):
    """The window centres are where a kernel with a single 1 in its centre reads."""
    places, kernel = np.arange(25.0).reshape(5, 5) + 1, np.zeros((3, 3))
    kernel[1, 1] = 1
    y = ops.conv2d(*one_channel(places, kernel), strides=stride, padding=padding)[0][0, :, :, 0]
    padded = np.pad(places, padding)
    assert [padded[place] for place in centres(5, 3, stride, padding)] == y.ravel().tolist()


def test_channels_add_up():
    x, kernel = normal(4, 3, 3), normal(2, 2, 3)
    y = ops.conv2d(x[None], kernel[..., None], np.array([0.5]))[0][0, :, :, 0]
    shown = texts(draw.channels(x, kernel, (2, 1), bias=0.5))
    sums = (x[2:4, 1:3] * kernel).sum(axis=(0, 1))
    assert number(y[2, 1]) in shown and all(number(value) in shown for value in sums)
    assert [text for text in shown if text][-1] == number(y[2, 1]) and "0.5" in shown
