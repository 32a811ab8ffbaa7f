"""Notebook 16: AdaIN against measurements and the library."""
from io import BytesIO

import numpy as np
from course_answers.solutions import S
from helpers import normal, same
from PIL import Image

from nnscratch import ops
from nnscratch.course import draw
from nnscratch.gradcheck import check_op


def test_adain_and_its_gradient():
    """Numeric gradients; the forward pass is an instance norm with the style's mean and deviation."""
    f, s = normal(4, 5, 3), 2 + 3 * normal(6, 3, 3)
    report = check_op(lambda f, s: (S["adain"](f, s, 0.1), (f, s)), lambda dt, cache: S["adain_backward"](dt, *cache, 0.1)[::3],
                      [f, s], names=["f", "s"])
    assert report.ok, report
    scale, shift = np.sqrt(s.var(axis=(0, 1)) + 0.1), s.mean(axis=(0, 1))
    same(S["adain"](f, s, 0.1), ops.instance_norm(f[None], scale, shift, epsilon=0.1)[0][0])


def test_the_prediction_agrees_with_adain():
    """Shuffled, f doubled, s doubled."""
    f, s = normal(4, 5, 3), 2 + 3 * normal(6, 3, 3)
    t = S["adain"](f, s, 0.0)
    shuffled = np.random.default_rng(0).permutation(s.reshape(-1, 3)).reshape(s.shape)
    same(S["adain"](f, shuffled, 0.0), t)
    same(S["adain"](2 * f, s, 0.0), t)
    same(S["adain"](f, 2 * s, 0.0), 2 * t)


def test_photographs_are_stored_as_jpeg():
    """A notebook contains one version of each photograph, small, with the right colours."""
    colours = {"red": [1.0, 0, 0], "blue": [0, 0, 1.0]}
    first, again = (draw.photographs({name: np.ones((40, 40, 3)) * c for name, c in colours.items()}, "two") for _ in range(2))
    data = first._repr_jpeg_()
    assert first._repr_png_ is None and data == again._repr_jpeg_() and len(data) < 20_000
    shown = np.asarray(Image.open(BytesIO(data)), float)
    for colour, place in zip(colours.values(), (0.25, 0.75)):
        middle = shown[shown.shape[0] // 2, int(place * shown.shape[1])]
        assert np.abs(middle - 255 * np.array(colour)).max() < 20
