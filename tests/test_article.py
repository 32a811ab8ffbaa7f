"""The seed article's listing, verbatim except for its two import lines, and the properties of its model."""
import numpy as np
import pytest
from helpers import normal

from nnscratch.gradcheck import check_model
from nnscratch.layers import Conv2DTranspose
from nnscratch.networks.article import article_stack, explain, image_sides, live_taps, output_spread

pytestmark = pytest.mark.xdist_group("article")  # one process builds the fixtures once

LISTING = """
from nnscratch.layers import Input, Conv2D, BatchNormalization, Conv2DTranspose, LeakyReLU, Dropout2D
from nnscratch.models import Model

inputs = Input(shape=(64, 64, 3))
x = Conv2D(128, 4, 2, activation='leaky_relu', padding='same')(inputs)
x = BatchNormalization()(x)
for _ in range({blocks} - 1):
    x = Conv2D(128, 4, 2, activation='leaky_relu', padding='same')(x)
    x = BatchNormalization()(x)
model = Model(inputs=inputs, outputs=x)
"""


@pytest.fixture(scope="module")
def model():
    names = {}
    exec(LISTING.format(blocks=64), names)
    return names["model"]


@pytest.mark.slow
def test_forward_and_backward_of_64_blocks(model):
    """The sides shrink 64, 32, ..., 1 and then stay 1; every gradient is finite."""
    assert [call.shape[1] for call in model.calls[::2]] == [32, 16, 8, 4, 2, 1] + [1] * 58
    y = model.forward(normal(2, 64, 64, 3).astype(np.float32), training=True)
    assert y.shape == (2, 1, 1, 128)
    dx = model.backward(normal(*y.shape).astype(np.float32))
    assert dx.shape == (2, 64, 64, 3) and np.isfinite(dx).all()
    assert all(np.isfinite(gradient).all() for gradient in model.grads.values())


@pytest.mark.slow
def test_gradient_of_64_narrow_blocks():
    """A narrow copy (3 filters instead of 128, 64 blocks): one element of each array, and all of it in a random direction.

    The complex step is exact here, because leaky ReLU is linear away from its kink. The tolerances are larger than for one
    layer, because 64 blocks amplify rounding by a factor of a thousand or more: in float32 the forward pass is inaccurate.
    """
    names = {}
    exec(LISTING.format(blocks=64).replace("128", "3").replace("(64, 64, 3)", "(9, 8, 2)"), names)
    report = check_model(names["model"], normal(5, 9, 8, 2), max_elements=1, tolerance=1e-6,
                         float32_tolerance=0.5)
    assert report.ok, str(report)


@pytest.mark.slow
def test_gradient_at_full_width():
    """The listing itself, 64 blocks of 128 filters: the slope along one random direction of x and all 17 million weights.

    One complex step, exact here as above, is compared with <gradients, direction>. Each array's direction is scaled by the
    norm of its gradient, so all 257 arrays have equal weight in the sum: a wrong factor or sign in any array changes it, and
    so does a relative error of a few in ten thousand. The test does not show which array is wrong. Measured in float64:
    3e-10 (64 blocks amplify a rounding error of 1e-16 to 4e-10 in the forward pass alone); allowed: 1e-7.
    """
    names, tolerance, step = {}, 1e-7, 1e-20
    exec(LISTING.format(blocks=64), names)
    model, x = names["model"], normal(8, 64, 64, 3)
    model.cast(np.float64)
    y = model.forward(x, training=True)
    upstream = normal(*y.shape, seed=1)
    gradients = {"x": model.backward(upstream), **model.grads}
    rng = np.random.default_rng(0)
    directions = {name: rng.standard_normal(g.shape) / np.linalg.norm(g) for name, g in gradients.items()}
    terms = np.array([np.vdot(g, directions[name]) for name, g in gradients.items()])

    model.cast(np.complex128)
    for name, array in model.params.items():
        array.imag = step * directions[name]
    y = model.forward(x + 1j * step * directions["x"], training=True, remember=False)
    slope = (upstream * y.imag).sum() / step
    assert len(terms) == 1 + 64 * 4 and sum(g.size for g in gradients.values()) > 16e6
    assert abs(terms.sum() - slope) <= tolerance * abs(slope)
    assert np.abs(terms).min() > 1000 * tolerance * abs(slope)  # every array contributes measurably


def test_at_1x1_one_tap_of_sixteen_is_trained(model):
    """Deep in the stack the image is one pixel: only tap [1, 1] of each 4x4 kernel multiplies data and gets a gradient."""
    deep = model.layers[40]
    assert deep.params["kernel"].shape == (4, 4, 128, 128)
    y = model.forward(normal(2, 64, 64, 3).astype(np.float32), training=True)
    model.zero_grads()
    model.backward(normal(*y.shape, seed=1).astype(np.float32))
    learns = np.abs(deep.grads["kernel"]).max(axis=(2, 3)) > 0
    assert learns[1, 1] and learns.sum() == 1


def test_batch_norm_at_1x1_with_one_image_outputs_beta(model):
    """A single value per channel has variance 0: the output is beta for every input."""
    first, second = (model.forward(normal(1, 64, 64, 3, seed=k).astype(np.float32), training=True, remember=False)
                     for k in (1, 2))
    np.testing.assert_array_equal(first, second)


def test_article_stack_equals_the_listing(model):
    """The function builds the same layers, shapes and initial weight shapes as the listing, block by block."""
    ours = article_stack()
    assert [(type(call.layer).__name__, call.shape) for call in ours.calls] == \
        [(type(call.layer).__name__, call.shape) for call in model.calls]
    assert {k: a.shape for k, a in ours.params.items()} == {k: a.shape for k, a in model.params.items()}


def test_numbers_of_the_article_network():
    """Sides, live taps (16, then 4, then 1 of 16), standard deviation of the outputs, and the word that doubles the sides."""
    narrow = article_stack((16, 16, 3), blocks=6, filters=5)
    assert image_sides(narrow) == [8, 4, 2, 1, 1, 1]
    assert live_taps(narrow, normal(4, 16, 16, 3).astype(np.float32)) == [1, 1, 1, 0.25, 0.0625, 0.0625]
    assert output_spread(narrow, (16, 16, 3)) == 0
    assert image_sides(article_stack((1, 1, 3), 5, 4, Conv2DTranspose)) == [2, 4, 8, 16, 32]
    said = []
    explain(blocks=7, filters=3, print_fn=said.append)
    assert "6.25%" in said[8] and any("[2, 4, 8, 16, 32, 64]" in line for line in said)


def test_every_name_of_the_article_can_be_imported():
    """Keras has no Dropout2D: here the name is an alias of SpatialDropout2D, its usual meaning elsewhere."""
    from nnscratch.layers import BatchNormalization, Conv2D, Conv2DTranspose, Dropout2D, Input, LeakyReLU
    from nnscratch.models import Model
    x = Input(shape=(8, 8, 3))
    y = LeakyReLU()(Dropout2D(0.25)(BatchNormalization()(Conv2D(4, 4, 2, padding="same")(x))))
    assert Model(x, Conv2DTranspose(3, 4, 2, padding="same")(y)).outputs[0].shape == (None, 8, 8, 3)
