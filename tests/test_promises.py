"""What no single layer shows: bounded memory, no waiting for the GPU inside a step, no argument changed."""
import sys
import tracemalloc

import numpy as np
import pytest
from helpers import normal, on
from standin import strict_cupy

from nnscratch import backend, fast, losses, memory
from nnscratch.fast.cpu.im2col import COLUMN_BYTES
from nnscratch.layers import BatchNormalization, Conv2D, Conv2DTranspose, Dense, Dropout, Flatten, Input, MaxPooling2D
from nnscratch.models import Model
from nnscratch.optimizers import Adam


def peak_bytes(function):
    """The most memory NumPy held at once during the call, beyond what was there before."""
    function()
    tracemalloc.start()
    function()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("side", [128, 256])
def test_the_columns_of_a_convolution_take_bounded_memory(side):
    """A 5x5 convolution never holds 25 copies of its image: a padded copy, the result, and 4 MB of columns a product."""
    x, kernel = normal(1, side, side, 16).astype(np.float32), normal(5, 5, 16, 16).astype(np.float32)
    y, cache = fast.conv2d(x, kernel, padding="same")
    image, padded = x.nbytes, (side + 4)**2 * 16 * 4
    small = 2 * COLUMN_BYTES + image // 4  # a block of columns, the block of the result, and odds and ends
    assert peak_bytes(lambda: fast.conv2d(x, kernel, padding="same")) < padded + y.nbytes + small
    assert peak_bytes(lambda: fast.conv2d_backward(y, cache, wrt="input")) < padded + small
    assert peak_bytes(lambda: fast.conv2d_backward(y, cache, wrt="parameters")) < padded + small
    assert 25 * image > padded + y.nbytes + small, "otherwise this test proves nothing"


def test_a_training_step_never_waits_for_the_gpu(monkeypatch):
    """Forward, loss, backward and optimizer step run without one download or question about a value."""
    monkeypatch.setitem(sys.modules, "cupy", strict_cupy)
    backend.use("gpu")
    x = Input((8, 8, 1))
    y = MaxPooling2D()(BatchNormalization()(Conv2D(4, 4, 2, "same", activation="leaky_relu")(x)))
    model = Model(x, Dense(3)(Dropout(0.3, seed=1)(Flatten()(Conv2DTranspose(2, 4, 2, "same", activation="tanh")(y)))))
    images, labels = on(strict_cupy, normal(6, 8, 8, 1).astype(np.float32), np.eye(3, dtype=np.float32)[[0, 1, 2] * 2])
    optimizer = Adam()
    with strict_cupy.forbid_sync():
        for loss in (losses.softmax_cross_entropy, losses.binary_cross_entropy, losses.mse):
            model.zero_grads()
            _, gradient = loss(model.forward(images, training=True), labels)
            model.backward(gradient)
            optimizer.step(model.params, model.grads)


def test_read_only_inputs_are_enough():
    """No op writes into an argument: arrays that cannot be written to are accepted by a whole network and its backward."""
    x = Input((6, 6, 2))
    model = Model(x, Dense(2, activation="softmax")(Flatten()(BatchNormalization()(Conv2D(3, 3, activation="elu")(x)))))
    images = normal(2, 6, 6, 2)
    images.flags.writeable = False
    dy = normal(2, 2)
    dy.flags.writeable = False
    model.forward(images, training=True)
    model.backward(dy)
    assert all(np.isfinite(gradient).all() for gradient in model.grads.values())


MILLION = 4 * 2**20  # bytes of a million numbers in float32


def big_arrays(function, size=MILLION):
    """How many arrays of `size` bytes the call makes and holds at once, its results among them; small ones count as none."""
    return peak_bytes(function) // size


def test_activations_make_one_array():
    """The result and nothing else of its size."""
    x = normal(2**20).astype(np.float32)
    (_, cache), (_, relu_cache) = fast.leaky_relu(x), fast.relu(x)
    assert big_arrays(lambda: fast.relu(x)) == big_arrays(lambda: fast.leaky_relu(x)) == 1
    assert big_arrays(lambda: fast.relu_backward(x, relu_cache)) == big_arrays(lambda: fast.leaky_relu_backward(x, cache)) == 1


def test_batch_norm_makes_few_arrays():
    """Forward: the centred x, which backward needs, y, and one on the way. Backward: dx and two on the way."""
    x, ones, zeros = normal(2**16, 16).astype(np.float32), np.ones(16, np.float32), np.zeros(16, np.float32)
    y, _, cache = fast.batch_norm(x, ones, zeros, zeros, ones, training=True)
    assert big_arrays(lambda: fast.batch_norm(x, ones, zeros, zeros, ones, training=True)) <= 3
    assert big_arrays(lambda: fast.batch_norm_backward(y, cache)) <= 3


@pytest.mark.slow
@pytest.mark.parametrize("channels, kernel, options", [
    (16, 3, {}), (16, 4, {"strides": 2}), (16, 9, {}), (16, 1, {}), (16, 3, {"groups": 16})], ids=str)
def test_convolutions_make_their_results_alone(channels, kernel, options):
    """y, then dx: beside the workspace (kept between calls) nothing grows with the image but a padded copy for depthwise."""
    x = normal(1, 512, 512, channels).astype(np.float32)
    arrays = x, normal(kernel, kernel, channels // options.get("groups", 1), channels).astype(np.float32), np.ones(
        channels, np.float32)
    y, cache = fast.conv2d(*arrays, padding="same", **options)
    copies = 1 if "groups" in options else 0
    assert 4 * MILLION == x.nbytes, "the slack is a quarter of an image"
    assert peak_bytes(lambda: fast.conv2d(*arrays, padding="same", **options)) < y.nbytes + 1.1 * copies * x.nbytes + MILLION
    assert peak_bytes(lambda: fast.conv2d_backward(y, cache)) < x.nbytes * (1 + 1.5 * copies) + MILLION


def test_freed_memory_can_be_kept():
    """True with glibc, False elsewhere, and the numbers stay the same either way."""
    x = normal(2**20)
    before = x * 2
    assert memory.keep_freed_memory() in (True, False)
    assert np.array_equal(x * 2, before)
