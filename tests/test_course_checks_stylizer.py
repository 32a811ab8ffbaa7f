"""Notebook 16: AdaIN and the stylizer's loss, against measurements and the library."""
from io import BytesIO

import numpy as np
from course_answers.solutions import S
from helpers import normal, same
from PIL import Image

from nnscratch import ops
from nnscratch.course import draw
from nnscratch.gradcheck import check_op
from nnscratch.networks.stylizer import adain, decoder, encoder
from nnscratch.networks.texture_features import texture_features
from nnscratch.optimizers import Adam
from nnscratch.style.train_stylizer import CONTENT_WEIGHT, SINGLE_STYLE_CONTENT_WEIGHT, train_step


def test_adain_and_its_gradient():
    """Numeric gradients; the forward pass equals the library's, and an instance norm with the style's mean and deviation."""
    f, s = normal(4, 5, 3), 2 + 3 * normal(6, 3, 3)
    same(S["adain"](f, s, 1e-5), adain(f[None], s[None])[0])
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


def test_the_loss_of_the_stylizer_equals_the_printed_one():
    """Content and style losses, from the nine maps, gives the terms that a training step returns, without their weights."""
    content, style = normal(1, 32, 32, 3).clip(0, 1), normal(1, 32, 32, 3, seed=1).clip(0, 1)**2
    model, network, code = decoder(seed=1), texture_features(), encoder()
    t = adain(code.forward(content), code.forward(style))
    ours, styles, photographs = (network.forward(image) for image in (model.forward(t), style, content))
    content_loss = np.mean((ours[5] - t[..., :128])**2) / np.mean(t[..., :128]**2)

    def gram(features, style):
        rows = (features - style.mean(axis=(1, 2))).reshape(-1, features.shape[3])
        return rows.T @ rows / len(rows)
    style_losses = []
    for y, s, p in zip(ours, styles, photographs):
        G, S_, P = (gram(features, s) for features in (y, s, p))
        style_losses.append(np.mean((G - S_)**2) / (np.mean(S_**2) + np.mean(P**2)))
    losses = train_step(model, network, code, Adam(1e-3), content, style)
    assert len(style_losses) == 9 and (CONTENT_WEIGHT, SINGLE_STYLE_CONTENT_WEIGHT) == (1, 0.5)
    same(np.array([losses["content"], losses["style"]]), np.array([content_loss, sum(style_losses) / 9]), 1e-4)


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
