"""What no single layer shows: bounded memory, no waiting for the GPU inside a step, no argument changed."""
import sys
import tracemalloc

import numpy as np
import pytest
from helpers import normal, on
from standin import strict_cupy

from nnscratch import backend, losses, ops
from nnscratch.layers import BatchNormalization, Conv2D, Conv2DTranspose, Dense, Dropout, Flatten, Input, MaxPooling2D
from nnscratch.models import Model
from nnscratch.ops.im2col import COLUMN_BYTES
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
    """A 5x5 convolution never holds 25 copies of its picture: a padded copy, the result, and 4 MB of columns a product."""
    x, kernel = normal(1, side, side, 16).astype(np.float32), normal(5, 5, 16, 16).astype(np.float32)
    y, cache = ops.conv2d(x, kernel, padding="same")
    picture, padded = x.nbytes, (side + 4)**2 * 16 * 4
    small = 2 * COLUMN_BYTES + picture // 4  # a block of columns, the block of the result, and odds and ends
    assert peak_bytes(lambda: ops.conv2d(x, kernel, padding="same")) < padded + y.nbytes + small
    assert peak_bytes(lambda: ops.conv2d_backward(y, cache, wrt="input")) < padded + small
    assert peak_bytes(lambda: ops.conv2d_backward(y, cache, wrt="parameters")) < padded + small
    assert 25 * picture > padded + y.nbytes + small, "otherwise this test proves nothing"


def test_a_training_step_never_waits_for_the_gpu(monkeypatch):
    """Forward, loss, backward and optimizer step run without one download or question about a value."""
    monkeypatch.setitem(sys.modules, "cupy", strict_cupy)
    backend.use("gpu")
    x = Input((8, 8, 1))
    y = MaxPooling2D()(BatchNormalization()(Conv2D(4, 4, 2, "same", activation="leaky_relu")(x)))
    model = Model(x, Dense(3)(Dropout(0.3, seed=1)(Flatten()(Conv2DTranspose(2, 4, 2, "same", activation="tanh")(y)))))
    pictures, labels = on(strict_cupy, normal(6, 8, 8, 1).astype(np.float32), np.eye(3, dtype=np.float32)[[0, 1, 2] * 2])
    optimizer = Adam()
    with strict_cupy.forbid_sync():
        for loss in (losses.softmax_cross_entropy, losses.binary_cross_entropy, losses.mse):
            model.zero_grads()
            _, gradient = loss(model.forward(pictures, training=True), labels)
            model.backward(gradient)
            optimizer.step(model.params, model.grads)


def test_read_only_inputs_are_enough():
    """No op writes into an argument: arrays that cannot be written to are accepted by a whole network and its backward."""
    x = Input((6, 6, 2))
    model = Model(x, Dense(2, activation="softmax")(Flatten()(BatchNormalization()(Conv2D(3, 3, activation="elu")(x)))))
    pictures = normal(2, 6, 6, 2)
    pictures.flags.writeable = False
    dy = normal(2, 2)
    dy.flags.writeable = False
    model.forward(pictures, training=True)
    model.backward(dy)
    assert all(np.isfinite(gradient).all() for gradient in model.grads.values())
