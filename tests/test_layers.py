"""Layers: all of their gradients, the values they save, and the arguments they refuse."""
import numpy as np
import pytest
from helpers import normal, same

from nnscratch import initializers
from nnscratch.errors import InputError
from nnscratch.fast.cpu import conv as cpu_conv
from nnscratch.gradcheck import check_layer
from nnscratch.layers import (
    ELU,
    Activation,
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dot,
    Dropout,
    Dropout2D,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    InstanceNormalization,
    LeakyReLU,
    MaxPooling2D,
    Padding2D,
    ReLU,
    Reshape,
    ResizeConv2D,
    SpatialDropout2D,
    UpSampling2D,
    ZeroPadding2D,
)

SMOOTH = {
    "Dense": Dense(4, activation="tanh"), "Conv2D": Conv2D(4, (3, 2), strides=(2, 1), padding="same", activation="sigmoid"),
    "Conv2D grouped": Conv2D(6, 3, groups=3, use_bias=False), "Conv2DTranspose": Conv2DTranspose(4, (3, 4), 2, "same"),
    "Conv2DTranspose grouped": Conv2DTranspose(6, 3, 2, output_padding=1, groups=3),
    "BatchNormalization": BatchNormalization(gamma_initializer=lambda shape, rng: rng.normal(1, 0.5, shape)),
    "InstanceNormalization": InstanceNormalization(),
    "AveragePooling2D": AveragePooling2D(3, 2, "same"), "GlobalAveragePooling2D": GlobalAveragePooling2D(),
    "ResizeConv2D": ResizeConv2D(4, activation="tanh"), "ResizeConv2D odd": ResizeConv2D(4, ((1, 2), (1, 1)), use_bias=False),
    "UpSampling2D": UpSampling2D((2, 3), "bilinear"), "ZeroPadding2D": ZeroPadding2D(((1, 0), (2, 1))),
    "Padding2D": Padding2D(2), "Dropout": Dropout(0.3), "SpatialDropout2D": SpatialDropout2D(0.3), "Flatten": Flatten(),
    "Reshape": Reshape((5, -1)), "Activation": Activation("softmax"),
}
KINKED = {"MaxPooling2D": MaxPooling2D(3, 2), "LeakyReLU": LeakyReLU(), "ReLU": ReLU(), "ELU": ELU(),
          "Conv2D leaky": Conv2D(4, 4, 2, activation="leaky_relu", padding="same")}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", [*SMOOTH, *KINKED])
def test_every_layer_passes_the_gradient_check(name, training):
    """dx and every parameter, in training and in inference mode, including batch normalization's inference backward."""
    layer = {**SMOOTH, **KINKED}[name]
    report = check_layer(layer, normal(2, 7, 5, 3), smooth=name in SMOOTH, training=training)
    assert report.ok, str(report)


@pytest.mark.parametrize("size", [(3, 4), (1, 1)])
def test_a_resize_convolution_equals_a_convolution_of_the_repeated_pixels(size):
    """y, dx, dK and db of Conv2D after UpSampling2D, for a random upstream gradient; a row less where cropped by one more."""
    x, dy = normal(2, *size, 3), normal(2, 2 * size[0], 2 * size[1], 4, seed=1)
    one, repeat, convolve = ResizeConv2D(4), UpSampling2D(2), Conv2D(4, 3, padding="same")
    y, _ = one.forward(x, training=True), convolve.forward(repeat.forward(x))
    for name, array in convolve.params.items():
        array[...] = one.params[name]
    same(y, convolve.forward(repeat.forward(x, training=True), training=True))
    same(one.backward(dy), repeat.backward(convolve.backward(dy)))
    same(one.grads["kernel"], convolve.grads["kernel"])
    same(one.grads["bias"], convolve.grads["bias"])
    odd = ResizeConv2D(4, ((1, 2), (1, 1)))
    odd.forward(x)
    odd.params["kernel"][...] = one.params["kernel"]
    same(odd.forward(x), y[:, :-1])


def test_a_resize_convolution_makes_a_constant_of_a_constant_image():
    """Away from the border, whatever the kernel, where a free transposed convolution of 4x4 makes a checkerboard."""
    x, inside = np.ones((1, 5, 5, 3)), np.s_[:, 2:-2, 2:-2]
    assert np.ptp(ResizeConv2D(4).forward(x)[inside], axis=(1, 2)).max() < 1e-6
    assert np.ptp(Conv2DTranspose(4, 4, 2, "same").forward(x)[inside], axis=(1, 2)).min() > 0.01


@pytest.mark.parametrize("layer, shape", [(Add(), (2, 3, 4, 2)), (Concatenate(), (2, 3, 4, 2)), (Dot(), (4, 3))], ids=repr)
def test_layers_of_several_inputs_pass_the_gradient_check(layer, shape):
    """Each input gets its own gradient."""
    report = check_layer(layer, [normal(*shape), normal(*shape, seed=1)])
    assert report.ok, str(report)


def test_output_shape_equals_the_shape_of_the_output():
    """The shape of a Symbol equals that of forward's result, for every layer."""
    x = normal(2, 7, 5, 3).astype(np.float32)
    for layer in [*SMOOTH.values(), *KINKED.values()]:
        assert (2, *layer.output_shape((7, 5, 3))) == layer.forward(x).shape, layer


def test_two_forwards_then_two_backwards_in_reverse_order():
    """Real and fake images through one layer: the gradients are the sum of those of two separate runs."""
    layer, twin = Dense(3, activation="tanh"), Dense(3, activation="tanh")
    real, fake = normal(4, 5), normal(4, 5, seed=1)
    dy_real, dy_fake = normal(4, 3, seed=2), normal(4, 3, seed=3)
    layer.forward(real, training=True)
    layer.forward(fake, training=True)
    dfake, dreal = layer.backward(dy_fake), layer.backward(dy_real)
    twin.forward(real)
    for name, array in layer.params.items():
        twin.params[name][...] = array
    twin.forward(real, training=True)
    same(dreal, twin.backward(dy_real))
    twin.forward(fake, training=True)
    same(dfake, twin.backward(dy_fake))
    same(list(layer.grads.values()), list(twin.grads.values()))
    layer.zero_grads()
    assert not any(gradient.any() for gradient in layer.grads.values())


def test_inference_saves_nothing():
    """After forward(training=False) no forward pass is pending, and the error gives the remedy."""
    layer = Conv2D(2, 3)
    layer.forward(normal(1, 5, 5, 1))
    with pytest.raises(InputError, match="training=True"):
        layer.backward(normal(1, 3, 3, 2))
    layer.forward(normal(1, 5, 5, 1), remember=True)
    layer.backward(normal(1, 3, 3, 2))
    with pytest.raises(InputError, match="without a pending forward"):
        layer.backward(normal(1, 3, 3, 2))


def without_product(monkeypatch, product):
    """Replace one of the three products in the engine by a function that fails."""
    monkeypatch.setattr(cpu_conv, product, None)


@pytest.mark.parametrize("layer", [Dense(3), Conv2D(3, 3, padding="same"), Conv2DTranspose(3, 3, padding="same"),
                                   BatchNormalization(), InstanceNormalization()], ids=repr)
def test_a_backward_for_dx_alone_does_not_compute_grads(layer, monkeypatch):
    """grads stay 0, and the product for the gradient of a convolution kernel is never called."""
    x = normal(2, 4, 4, 3)
    dy = normal(*layer.forward(x, training=True).shape)
    full = layer.backward(dy)
    layer.zero_grads()
    without_product(monkeypatch, "convolve_dkernel")
    layer.forward(x, training=True)
    same(layer.backward(dy, wrt="input"), full)
    assert not any(gradient.any() for gradient in layer.grads.values())


@pytest.mark.parametrize("layer", [BatchNormalization(), InstanceNormalization()], ids=repr)
def test_normalisation_for_dx_alone_does_not_compute_gamma_and_beta(layer, monkeypatch):
    """In inference mode (and always, for single images) dx needs no sums for the parameters: they are not computed."""
    x = normal(2, 4, 4, 3)
    layer.forward(x, remember=True)
    monkeypatch.setattr("nnscratch.fast.cpu.normalize.channel_sum", None)
    assert layer.backward(x, wrt="input").shape == x.shape


def test_a_backward_for_parameters_alone_does_not_compute_dx(monkeypatch):
    """The first layer of a network needs no dx: the result is None, and the product for it is never called."""
    layer, x = Conv2D(3, 3), normal(2, 5, 5, 2)
    dy = normal(*layer.forward(x, training=True).shape)
    layer.backward(dy)
    expected = {name: gradient.copy() for name, gradient in layer.grads.items()}
    layer.zero_grads()
    without_product(monkeypatch, "convolve_dx")
    layer.forward(x, training=True)
    assert layer.backward(dy, wrt="parameters") is None
    same(list(layer.grads.values()), list(expected.values()))


def test_a_frozen_layer_is_not_trained_and_returns_dx():
    """trainable = False: dx is unchanged, grads are 0, batch normalization uses its running statistics and keeps them."""
    layer, x, dy = BatchNormalization(), normal(4, 3) + 2, normal(4, 3, seed=1)
    layer.forward(x, training=True)
    layer.discard_forward()
    layer.trainable = False
    mean = layer.buffers["moving_mean"].copy()
    same(layer.forward(x, training=True), layer.forward(x))
    same(layer.backward(dy), dy / np.sqrt(layer.buffers["moving_variance"] + 1e-3))
    same(layer.buffers["moving_mean"], mean, 0)
    assert not layer.grads["gamma"].any()


def test_batch_normalization_statistics():
    """Running values keep `momentum` of the old value; inference uses them; `unbiased` divides the variance by M - 1."""
    x = normal(8, 3) * 2 + 5
    for unbiased, divisor in ((False, 8), (True, 7)):
        layer = BatchNormalization(momentum=0.9, unbiased=unbiased)
        layer.forward(x, training=True)
        variance = ((x - x.mean(0))**2).sum(0) / divisor
        same(layer.buffers["moving_mean"], 0.1 * x.mean(0))
        same(layer.buffers["moving_variance"], 0.9 + 0.1 * variance)
        same(layer.forward(x), (x - 0.1 * x.mean(0)) / np.sqrt(0.9 + 0.1 * variance + 1e-3))


def test_dropout_in_training_and_inference():
    """About `rate` of the values are dropped, and the others are scaled to keep the mean; inference changes nothing."""
    layer, x = Dropout(0.25, seed=1), np.ones((100, 100))
    first, second = layer.forward(x, training=True), layer.forward(x, training=True)
    assert set(np.unique(first)) == {0, 1 / 0.75}
    assert abs((first == 0).mean() - 0.25) < 0.02 and abs(first.mean() - 1) < 0.03
    assert (first != second).any(), "each call draws a mask of its own"
    same(layer.forward(x), x, 0)


def test_spatial_dropout_drops_whole_channels():
    """One random number for each image and channel; Dropout2D is an alias."""
    assert Dropout2D is SpatialDropout2D
    y = Dropout2D(0.5, seed=3).forward(np.ones((8, 4, 5, 16)), training=True)
    assert set(np.unique(y)) == {0, 2}
    assert (y == y[:, :1, :1]).all()


def test_keras_two_defaults_for_the_leaky_slope():
    """LeakyReLU() has slope 0.3; the activation by name has 0.2."""
    x = -np.ones((1, 1))
    assert LeakyReLU().forward(x)[0, 0] == pytest.approx(-0.3)
    assert Activation("leaky_relu").forward(x)[0, 0] == pytest.approx(-0.2)


def test_initial_values_are_reproducible_and_have_the_right_variance():
    """The same seed gives the same weights; a built layer has Glorot's and He's variances."""
    def kernel(name):
        initializers.set_seed(7)
        layer = Conv2D(64, 3, kernel_initializer=name)
        layer.forward(np.zeros((1, 5, 5, 32), dtype=np.float32))
        return layer.params["kernel"]
    same(kernel("glorot_uniform"), kernel("glorot_uniform"), 0)
    assert kernel("glorot_uniform").var() == pytest.approx(2 / (9 * 32 + 9 * 64), rel=0.05)
    assert kernel("he_normal").var() == pytest.approx(2 / (9 * 32), rel=0.05)
    bias = Dense(1000, bias_initializer="glorot_uniform")
    bias.forward(np.zeros((1, 2), dtype=np.float32))
    assert bias.params["bias"].var() == pytest.approx(2 / 2000, rel=0.1)
    assert kernel("normal_002").std() == pytest.approx(0.02, rel=0.05)


def test_numpy_integers_are_accepted():
    """Sizes computed by NumPy are accepted like Python's."""
    three, two = np.int64(3), np.int32(2)
    x = Input((np.int64(8), np.int64(8), three))
    assert Conv2D(three, (three, three), strides=two, padding=np.int64(1))(x).shape == (None, 4, 4, 3)


@pytest.mark.parametrize("layer", [LeakyReLU(np.float64(0.3)), ELU(np.float64(1)), Dropout(np.float64(0.3)),
                                   BatchNormalization(momentum=np.float64(0.9), epsilon=np.float64(1e-3))], ids=repr)
def test_options_that_are_numpy_scalars_keep_float32(layer):
    """A float64 option does not turn a float32 network into float64, neither its values nor its statistics."""
    y = layer.forward(normal(4, 5).astype(np.float32), training=True)
    assert y.dtype == np.float32 and layer.backward(y).dtype == np.float32
    assert all(array.dtype == np.float32 for array in layer.buffers.values() if array.dtype.kind == "f")


def test_after_a_wrong_dy_backward_can_be_repeated():
    """A dy of another shape raises, and the saved forward pass is still available for the right dy."""
    layer = Dense(3)
    layer.forward(normal(4, 5), training=True)
    with pytest.raises(InputError, match=r"dy has shape \(4, 2\), expected \(4, 3\) like the output"):
        layer.backward(normal(4, 2))
    assert layer.backward(normal(4, 3)).shape == (4, 5)


def test_device_of_input_and_parameters_must_agree(xp):
    """Parameters are created where the first input is; an input on another device raises an error."""
    layer = Dense(3)
    layer.forward(xp.ones((2, 4), dtype=xp.float32))
    assert type(layer.params["kernel"]) is type(xp.ones(1))
    if xp is not np:
        with pytest.raises(InputError, match="different devices"):
            layer.forward(np.ones((2, 4), dtype=np.float32))


@pytest.mark.parametrize("layer", [Dense(2), BatchNormalization()], ids=str)
def test_a_forgotten_batch_axis_is_named(layer):
    """A vector is no batch."""
    with pytest.raises(InputError, match="add the batch axis"):
        layer.forward(np.ones(3, np.float32))
