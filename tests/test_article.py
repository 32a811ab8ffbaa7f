"""The seed article's listing, character for character but for its two import lines, and what it turns out to be."""
import numpy as np
import pytest
from helpers import normal

from nnscratch.gradcheck import check_model

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


def test_64_blocks_forward_and_backward(model):
    """The sides shrink 64, 32, ..., 1 and stay 1; every gradient is finite."""
    assert [call.shape[1] for call in model.calls[::2]] == [32, 16, 8, 4, 2, 1] + [1] * 58
    y = model.forward(normal(2, 64, 64, 3).astype(np.float32), training=True)
    assert y.shape == (2, 1, 1, 128)
    dx = model.backward(normal(*y.shape).astype(np.float32))
    assert dx.shape == (2, 64, 64, 3) and np.isfinite(dx).all()
    assert all(np.isfinite(gradient).all() for gradient in model.grads.values())


def test_the_gradient_of_64_blocks_is_right():
    """A narrow copy (3 filters for 128, 64 blocks deep): one element of each array, and the whole along a random direction.

    By complex step, which is exact here: a leaky ReLU is linear wherever it does not bend. The tolerances are wider than
    for one layer, because 64 blocks magnify rounding a thousandfold and more: in float32 little is left of the forward.
    """
    names = {}
    exec(LISTING.format(blocks=64).replace("128", "3").replace("(64, 64, 3)", "(9, 8, 2)"), names)
    report = check_model(names["model"], normal(5, 9, 8, 2), max_elements=1, tolerance=1e-6,
                         float32_tolerance=0.5)
    assert report.ok, str(report)


def test_at_1x1_one_tap_of_sixteen_is_alive(model):
    """Deep in the stack the picture is one pixel: of each 4x4 kernel only tap [1, 1] ever meets data, or learns."""
    deep = model.layers[40]
    assert deep.params["kernel"].shape == (4, 4, 128, 128)
    learns = np.abs(deep.grads["kernel"]).max(axis=(2, 3)) > 0
    assert learns[1, 1] and learns.sum() == 1


def test_batch_norm_at_1x1_with_one_picture_forgets_the_picture(model):
    """One value a channel has variance 0: the output is beta, whatever went in."""
    first, second = (model.forward(normal(1, 64, 64, 3, seed=k).astype(np.float32), training=True, remember=False)
                     for k in (1, 2))
    np.testing.assert_array_equal(first, second)


def test_every_name_of_the_article_can_be_imported():
    """Keras itself has no Dropout2D: here it is SpatialDropout2D, which is what the name means elsewhere."""
    from nnscratch.layers import BatchNormalization, Conv2D, Conv2DTranspose, Dropout2D, Input, LeakyReLU
    from nnscratch.models import Model
    x = Input(shape=(8, 8, 3))
    y = LeakyReLU()(Dropout2D(0.25)(BatchNormalization()(Conv2D(4, 4, 2, padding="same")(x))))
    assert Model(x, Conv2DTranspose(3, 4, 2, padding="same")(y)).outputs[0].shape == (None, 8, 8, 3)
