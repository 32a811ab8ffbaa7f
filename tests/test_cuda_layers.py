"""Single layers on the device: each runs our kernels if it has any, agrees with NumPy, and never waits."""
import numpy as np
import pytest
from helpers import normal, on, same, without_waiting

from nnscratch import initializers
from nnscratch.backend import to_cpu
from nnscratch.errors import InputError
from nnscratch.layers import (
    ELU,
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    GlobalAveragePooling2D,
    InstanceNormalization,
    LeakyReLU,
    MaxPooling2D,
    Padding2D,
    ReLU,
    ResizeConv2D,
    SpatialDropout2D,
    UpSampling2D,
)

LAYERS = [
    lambda: Conv2D(4, (3, 2), (2, 1), "same", activation="leaky_relu"), lambda: Conv2D(6, 3, groups=3, activation="relu"),
    lambda: Conv2D(4, 2, dilation_rate=(2, 3), activation="tanh"), lambda: Conv2D(3, 3, groups=3, use_bias=False),
    lambda: Conv2D(4, 3), lambda: Conv2D(4, 3, activation="relu"),
    lambda: Conv2DTranspose(4, (3, 4), 2, "same", activation="leaky_relu"),
    lambda: Conv2DTranspose(6, 3, 2, output_padding=1, groups=3, use_bias=False, activation="relu"),
    lambda: Conv2DTranspose(3, 3, 2, "same", groups=3, activation="relu"),  # y is a view of a padded image, as in the next
    lambda: Conv2DTranspose(4, 3, padding="same", activation="leaky_relu"),
    lambda: Dense(5, activation="leaky_relu"), BatchNormalization, lambda: BatchNormalization(unbiased=True),
    InstanceNormalization, lambda: MaxPooling2D(3, 2, "same"), lambda: AveragePooling2D(3, 2, "same"),
    lambda: AveragePooling2D(2, 1, 1, count_include_pad=True), GlobalAveragePooling2D, LeakyReLU, ReLU, ELU,
    lambda: ResizeConv2D(4, activation="leaky_relu"), lambda: ResizeConv2D(3, ((1, 1), (1, 2)), use_bias=False),
    lambda: UpSampling2D((2, 3), "bilinear"), lambda: Padding2D(2), lambda: Dropout(0.3, seed=1),
    lambda: SpatialDropout2D(0.3, seed=1), lambda: Activation("softmax")]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("make", LAYERS, ids=lambda make: repr(make()))
def test_every_layer_in_float32(cp, make, training):
    """y, dx, gradients and statistics equal NumPy's, in training and at inference, and nothing waits."""
    results = []
    for xp in (np, cp):
        initializers.set_seed(0)
        layer, x = make(), on(xp, normal(2, 7, 5, 3).astype(np.float32))
        with without_waiting(xp):
            y = layer.forward(x, training=training, remember=True)
            dx = layer.backward(on(xp, normal(*y.shape, seed=1).astype(np.float32)))
        assert y.dtype == dx.dtype == np.float32
        results.append([y, dx, *layer.grads.values(), *layer.buffers.values()])
    same(results[1], results[0], 2e-5)


def test_a_bias_of_another_size_is_refused(cp):
    """The kernel would read beyond its end: the error is the same as on the CPU."""
    for xp in (np, cp):
        layer, x = Conv2D(4, 3, activation="relu"), on(xp, normal(1, 5, 5, 2).astype(np.float32))
        layer.forward(x)
        layer.params["bias"] = layer.params["bias"][:2].copy()
        with pytest.raises(InputError, match=r"bias has shape \(2,\), expected \(4,\)"):
            layer.forward(x)


def test_bias_and_activation_in_one_pass(cp):
    """One pass changes what a layer saves, not its results: inference, training, and gradients of the input or weights only."""
    for activation in ("relu", "leaky_relu", "tanh", None):
        results = []
        for xp in (np, cp):
            initializers.set_seed(0)
            layer = Conv2D(3, 3, activation=activation)
            x = on(xp, normal(2, 5, 5, 2).astype(np.float32))
            before = layer.forward(x)
            layer.params["bias"][...] = 0.1
            y = layer.forward(x, training=True)
            dy = on(xp, normal(*y.shape, seed=1).astype(np.float32))
            dx = layer.backward(dy, wrt="input")
            assert not to_cpu(layer.grads["bias"]).any()
            layer.forward(x, training=True)
            layer.backward(dy, wrt="parameters")
            layer.forward(x, training=True)
            results.append([before, y, dx, *layer.grads.values(), layer.backward(dy.astype(np.float64))])
        same(results[1], [np.asarray(a) for a in results[0]], 1e-5)
