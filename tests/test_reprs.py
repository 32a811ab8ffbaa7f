"""Reprs show a layer's arguments; errors inside a model name the layer."""
import copy
import importlib
import pkgutil
from math import sqrt

import numpy as np
import pytest
from helpers import normal

from nnscratch import layers, losses
from nnscratch.errors import InputError
from nnscratch.gradcheck import check_layer
from nnscratch.layers import (
    Activation,
    Add,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    Input,
    Layer,
    LeakyReLU,
    MaxPooling2D,
    Reshape,
)
from nnscratch.models import Model


def swish(x):
    """x σ(x), and the values its backward needs."""
    sigma = 1 / (1 + np.exp(-x))
    return x * sigma, (x, sigma)


def swish_backward(dy, cache):
    x, sigma = cache
    return dy * sigma * (1 + x * (1 - sigma))


@pytest.mark.parametrize("layer, shown", [
    (Conv2D(64, 3, padding="same"), "Conv2D(64, 3, padding='same')"),
    (Conv2D(64, (3, 1), 2, "valid", activation=None), "Conv2D(64, (3, 1), strides=2)"),
    (Conv2D(4, 3, name="edges", use_bias=False), "edges: Conv2D(4, 3, use_bias=False)"),
    (Conv2D(4, 3, kernel_initializer=lambda shape, rng: np.zeros(shape)), "Conv2D(4, 3, kernel_initializer=<lambda>)"),
    (Dense(2, activation=(swish, swish_backward)), "Dense(2, activation=(swish, swish_backward))"),
    (MaxPooling2D(2), "MaxPooling2D()"), (LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)"), (Dropout(0.5), "Dropout(0.5)"),
    (Reshape((5, -1)), "Reshape((5, -1))"), (Flatten(), "Flatten()"), (Add(name="sum"), "sum: Add()"),
    (Activation("tanh"), "Activation('tanh')"),
], ids=repr)
def test_a_repr_shows_the_arguments(layer, shown):
    """As they were given, without those at their defaults; a copy shows the same."""
    assert repr(layer) == str(layer) == repr(copy.copy(layer)) == shown


def test_a_layer_in_a_model_shows_its_name():
    """The name in the summary and in saved files, unless the layer has its own name."""
    x = Input((8, 8, 3))
    y = Conv2D(4, 3, padding="same")(Conv2D(4, 3, name="first")(x))
    model = Model(x, Flatten()(y), name="classifier")
    assert repr(model.layers) == "[first: Conv2D(4, 3), conv2d_1: Conv2D(4, 3, padding='same'), flatten_0: Flatten()]"
    assert repr(model) == "classifier: Model(3 layers)"
    outer = Model(x, Dense(1)(model(x)))
    assert repr(outer) == "Model(2 layers)" and repr(outer.layers[1]) == "dense_0: Dense(1)"


def test_an_error_in_the_constructor_shows_the_call():
    """The arguments are recorded before any is validated."""
    with pytest.raises(InputError, match=r"^Conv2D\(4, 3, strides=0\): strides is 0, expected"):
        Conv2D(4, 3, strides=0)


class Picky(Layer):
    """Refuses negative inputs and large gradients; `kind` is the exception."""

    def __init__(self, kind=InputError, name=None):
        super().__init__(name)
        self.kind = kind

    def compute(self, x, training):
        if (x < 0).any():
            raise self.kind(f"{self}: x holds negative values, expected none; use abs(x)")
        return x, None

    def differentiate(self, dy, cache, wrt):
        if (dy > 1).any():
            raise self.kind(f"{self}: dy is above 1, expected less; clip it")
        return dy, {}


def test_an_error_inside_a_model_names_the_layer_its_position_and_the_shapes():
    """Forward and backward, in one sentence; a model inside a model gives both positions."""
    x = Input((3,))
    model = Model(x, Activation(None)(Picky()(Activation(None)(x))), name="m")
    with pytest.raises(InputError) as error:
        model.forward(-np.ones((2, 3)))
    assert str(error.value) == ("picky_0: Picky() (layer 2 of 3 of m: Model(3 layers), input of shape (2, 3)): x holds "
                                "negative values, expected none; use abs(x)")
    model.forward(np.ones((2, 3)), training=True)
    with pytest.raises(InputError) as error:
        model.backward(2 * np.ones((2, 3)))
    assert str(error.value) == ("picky_0: Picky() (layer 2 of 3 of m: Model(3 layers), gradient of shape (2, 3)): dy is above "
                                "1, expected less; clip it")
    outer = Model(x, Reshape((3, 1))(model(x)))
    with pytest.raises(InputError) as error:
        outer.forward(-np.ones((2, 3)))
    assert str(error.value).startswith("m: Model(3 layers) (layer 1 of 2 of Model(2 layers), input of shape (2, 3)): picky_0: "
                                       "Picky() (layer 2 of 3 of m: Model(3 layers), input of shape (2, 3)): x holds")


def test_several_inputs_give_several_shapes():
    """Add gets (2, 3) and (1, 3)."""
    a, b = Input((3,)), Input((3,))
    with pytest.raises(InputError) as error:
        Model([a, b], Add()([a, b])).forward([normal(2, 3), normal(1, 3)])
    assert str(error.value).startswith("add_0: Add() (layer 1 of 1 of Model(1 layer), input of shape (2, 3), (1, 3)): the "
                                       "inputs have shapes")


def test_another_exception_inside_a_model_keeps_its_type():
    """It is a bug of ours or of a user's layer: the position is a note below its traceback."""
    x = Input((3,))
    model = Model(x, Picky(KeyError)(x))
    with pytest.raises(KeyError) as error:
        model.forward(-np.ones((2, 3)))
    assert error.value.__notes__ == [
        "in picky_0: Picky(kind=KeyError) (layer 1 of 1 of Model(1 layer), input of shape (2, 3))"]


@pytest.mark.parametrize("make", [Activation, lambda f: Dense(4, activation=f), lambda f: Conv2D(4, 3, activation=f),
                                  lambda f: Conv2DTranspose(4, 3, activation=f, use_bias=False)])
def test_a_user_defined_activation_is_a_pair_and_passes_the_gradient_check(make):
    """swish, which the library does not have, in every layer with an activation; None is the identity."""
    x = normal(2, 5, 4, 3)
    report = check_layer(make((swish, swish_backward)), x)
    assert report.ok, str(report)
    wrong = check_layer(make((swish, lambda dy, cache: dy * cache[1])), x)
    assert not wrong.ok
    report = check_layer(make(None), x)
    assert report.ok, str(report)


@pytest.mark.parametrize("activation", ["swish", swish, (swish,), (swish, "swish_backward"), sqrt, 3])
def test_another_type_of_activation_is_refused(activation):
    """One function is not enough: its backward is missing."""
    for make in (Activation, lambda f: Dense(2, activation=f)):
        with pytest.raises(InputError, match=r"is unknown: choose one of relu, .*, None, or a pair of functions \(forward, "):
            make(activation)


@pytest.mark.parametrize("folder", [layers, losses])
def test_public_names_of_a_file_are_exported_by_its_folder(folder):
    """A new layer is named only in its own file, in `__all__`; a new file needs one line."""
    modules = [importlib.import_module(f"{folder.__name__}.{module.name}") for module in pkgutil.iter_modules(folder.__path__)]
    assert sorted({name for module in modules for name in module.__all__}) == folder.__all__
