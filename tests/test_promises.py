"""Properties of whole models: bounded memory, no synchronization with the GPU inside a step, unchanged arguments."""
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
    """The peak of NumPy's memory during the call, beyond what was allocated before."""
    function()
    tracemalloc.start()
    function()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("side", [128, 256])
def test_the_columns_of_a_convolution_take_bounded_memory(side):
    """A 5x5 convolution never stores 25 copies of its image: a padded copy, the result, and 4 MB of columns per product."""
    x, kernel = normal(1, side, side, 16).astype(np.float32), normal(5, 5, 16, 16).astype(np.float32)
    y, cache = fast.conv2d(x, kernel, padding="same")
    image, padded = x.nbytes, (side + 4)**2 * 16 * 4
    small = 2 * COLUMN_BYTES + image // 4  # a block of columns, the block of the result, and small arrays
    assert peak_bytes(lambda: fast.conv2d(x, kernel, padding="same")) < padded + y.nbytes + small
    assert peak_bytes(lambda: fast.conv2d_backward(y, cache, wrt="input")) < padded + small
    assert peak_bytes(lambda: fast.conv2d_backward(y, cache, wrt="parameters")) < padded + small
    assert 25 * image > padded + y.nbytes + small, "otherwise this test proves nothing"


def test_a_training_step_never_waits_for_the_gpu(monkeypatch):
    """Forward, loss, backward and optimizer step run without a download or a query of a value."""
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


def test_read_only_inputs_are_accepted():
    """No op writes into an argument: a whole network and its backward pass accept read-only arrays."""
    x = Input((6, 6, 2))
    model = Model(x, Dense(2, activation="softmax")(Flatten()(BatchNormalization()(Conv2D(3, 3, activation="elu")(x)))))
    images = normal(2, 6, 6, 2)
    images.flags.writeable = False
    dy = normal(2, 2)
    dy.flags.writeable = False
    model.forward(images, training=True)
    model.backward(dy)
    assert all(np.isfinite(gradient).all() for gradient in model.grads.values())


MILLION = 4 * 2**20  # bytes of a million float32 numbers


def big_arrays(function, size=MILLION):
    """The peak number of arrays of `size` bytes during the call, results included; small ones count as 0."""
    return peak_bytes(function) // size


def test_activations_allocate_one_array():
    """The result and no other array of its size."""
    x = normal(2**20).astype(np.float32)
    (_, cache), (_, relu_cache) = fast.leaky_relu(x), fast.relu(x)
    assert big_arrays(lambda: fast.relu(x)) == big_arrays(lambda: fast.leaky_relu(x)) == 1
    assert big_arrays(lambda: fast.relu_backward(x, relu_cache)) == big_arrays(lambda: fast.leaky_relu_backward(x, cache)) == 1


def test_batch_norm_allocates_few_arrays():
    """Forward: the centred x, which backward needs, y, and one temporary. Backward: dx and two temporaries."""
    x, ones, zeros = normal(2**16, 16).astype(np.float32), np.ones(16, np.float32), np.zeros(16, np.float32)
    y, _, cache = fast.batch_norm(x, ones, zeros, zeros, ones, training=True)
    assert big_arrays(lambda: fast.batch_norm(x, ones, zeros, zeros, ones, training=True)) <= 3
    assert big_arrays(lambda: fast.batch_norm_backward(y, cache)) <= 3


@pytest.mark.slow
@pytest.mark.parametrize("channels, kernel, options", [
    (16, 3, {}), (16, 4, {"strides": 2}), (16, 9, {}), (16, 1, {}), (16, 3, {"groups": 16})], ids=str)
def test_convolutions_allocate_only_their_results(channels, kernel, options):
    """y, then dx: apart from the workspace (kept between calls) only depthwise has an array of image size, a padded copy."""
    x = normal(1, 512, 512, channels).astype(np.float32)
    arrays = x, normal(kernel, kernel, channels // options.get("groups", 1), channels).astype(np.float32), np.ones(
        channels, np.float32)
    y, cache = fast.conv2d(*arrays, padding="same", **options)
    copies = 1 if "groups" in options else 0
    assert 4 * MILLION == x.nbytes, "the slack is a quarter of an image"
    assert peak_bytes(lambda: fast.conv2d(*arrays, padding="same", **options)) < y.nbytes + 1.1 * copies * x.nbytes + MILLION
    assert peak_bytes(lambda: fast.conv2d_backward(y, cache)) < x.nbytes * (1 + 1.5 * copies) + MILLION


def test_freed_memory_can_be_kept():
    """True with glibc, False elsewhere, and the numbers are the same in both cases."""
    x = normal(2**20)
    before = x * 2
    assert memory.keep_freed_memory() in (True, False)
    assert np.array_equal(x * 2, before)
