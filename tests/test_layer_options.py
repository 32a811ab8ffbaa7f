"""Every numeric option of an op, a layer or a loss is a finite number and no bool; every flag is True or False."""
import numpy as np
import pytest
from helpers import normal

from nnscratch import fast, losses, ops
from nnscratch.errors import InputError
from nnscratch.layers import (
    ELU,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    GroupNormalization,
    Input,
    InstanceNormalization,
    LeakyReLU,
    SpatialDropout2D,
)
from nnscratch.models import Model

x, c = normal(2, 3, 3, 4), np.ones(4)


def of_both(name, *arrays, **fixed):
    """A function of one option, for the op in both rooms."""
    option = next(key for key, value in fixed.items() if value is ...)
    return [lambda value, room=room: getattr(room, name)(*arrays, **{**fixed, option: value}) for room in (ops, fast)]


NUMBERS = [
    LeakyReLU, ELU, Dropout, SpatialDropout2D, InstanceNormalization, BatchNormalization,
    lambda v: BatchNormalization(epsilon=v), lambda v: GroupNormalization(2, epsilon=v),
    lambda v: GroupNormalization(v).forward(x), lambda v: Conv2D(4, 3, groups=v)(Input((4, 4, 8))),
    lambda v: Conv2DTranspose(4, 3, groups=v)(Input((4, 4, 8))),
    lambda v: Conv2DTranspose(4, 3, 2, output_padding=(v, v))(Input((4, 4, 8))),
    *of_both("leaky_relu", x, negative_slope=...), *of_both("bias_leaky_relu", x, c, negative_slope=...),
    *of_both("elu", x, alpha=...), *of_both("dropout", x, rate=..., seed=1), *of_both("dropout", x, rate=0.1, seed=...),
    *of_both("spatial_dropout2d", x, rate=..., seed=1), *of_both("instance_norm", x, c, c, epsilon=...),
    *of_both("group_norm", x, c, c, groups=2, epsilon=...), *of_both("group_norm", x, c, c, groups=...),
    *of_both("batch_norm", x, c, c, c, c, training=True, epsilon=...),
    *of_both("batch_norm", x, c, c, c, c, training=True, momentum=...),
    lambda v: losses.binary_cross_entropy(x, x, v), lambda v: losses.hinge(x, v),
]
FLAGS = [
    lambda v: BatchNormalization(unbiased=v), lambda v: AveragePooling2D(count_include_pad=v), lambda v: Dense(2, use_bias=v),
    lambda v: Dense(2).forward(normal(2, 3), training=v), lambda v: Dense(2).forward(normal(2, 3), remember=v),
    lambda v: Model(i := Input((3,)), Dense(2)(i)).forward(normal(2, 3), training=v),
    *of_both("avg_pool2d", x, count_include_pad=...), *of_both("batch_norm", x, c, c, c, c, training=...),
    *of_both("batch_norm", x, c, c, c, c, training=True, unbiased=...),
]


@pytest.mark.parametrize("wrong", [float("inf"), float("-inf"), float("nan"), True, False, None, "1", 1j, 10**400, np.ones(1)],
                         ids=lambda v: str(v)[:20])
@pytest.mark.parametrize("k", range(len(NUMBERS)))
def test_numbers(k, wrong):
    """Neither infinite, nor NaN, nor a bool: one sentence before any work. (A missing output padding is None.)"""
    with pytest.raises(InputError, match="expected|unknown"):
        NUMBERS[k](wrong)


@pytest.mark.parametrize("wrong", ["yes", 2, 0.5, np.ones(2), object()], ids=lambda v: str(v)[:10])
@pytest.mark.parametrize("k", range(len(FLAGS)))
def test_flags(k, wrong):
    """"no" is not False."""
    with pytest.raises(InputError, match="expected True or False"):
        FLAGS[k](wrong)
    FLAGS[k](np.True_)


def test_numpys_numbers_are_numbers_and_change_no_dtype():
    """np.float32 and np.float64 as options give float32 results."""
    x32 = x.astype(np.float32)
    for room in (ops, fast):
        assert room.leaky_relu(x32, np.float64(0.3))[0].dtype == room.elu(x32, np.float64(1.5))[0].dtype == np.float32
    assert LeakyReLU(np.float32(0.5)).negative_slope == 0.5 and type(LeakyReLU(np.float32(0.5)).negative_slope) is float


@pytest.mark.parametrize("drawn", [np.zeros((3, 3)), None, np.zeros((3, 2), complex), "zeros", np.zeros(6)], ids=str)
def test_an_initializer_that_returns_something_else_is_named(drawn):
    """A wrong shape or kind of numbers; and what it returns is copied, so that it may be one array for all."""
    with pytest.raises(InputError, match="an initializer returned"):
        Dense(2, kernel_initializer=lambda shape, rng: drawn).forward(normal(1, 3))
    ours = np.ones((3, 2), np.float32)
    one, two = (Dense(2, use_bias=False, kernel_initializer=lambda shape, rng: ours) for _ in range(2))
    for layer in (one, two):
        layer.forward(normal(1, 3).astype(np.float32))
    one.params["kernel"][...] = 5
    assert (ours == 1).all() and (two.params["kernel"] == 1).all()


@pytest.mark.parametrize("make", [lambda: Dense(2, kernel_initializer=3), lambda: Dense(2, bias_initializer="xavier"),
                                  lambda: BatchNormalization(gamma_initializer=None), lambda: Dense(2, name=7)])
def test_wrong_options_are_refused_by_the_constructor(make):
    with pytest.raises(InputError, match="is unknown|expected a string"):
        make()


@pytest.mark.parametrize("name", ["", " ", "\n", "two\nlines", "\x1b[2J", "\u202egpj", "\ud800", 3, b"x"], ids=ascii)
def test_a_name_can_be_read(name):
    """In error messages and saved files; also a model's."""
    x = Input((3,))
    for make in (lambda: Dense(2, name=name), lambda: Model(x, Dense(2)(x), name=name)):
        with pytest.raises(InputError, match="expected a string that can be printed"):
            make()
    assert Dense(2, name="größe 1").name == "größe 1"
