"""Arguments that layers and ops refuse: one clear sentence at the call, never a silently wrong number."""
import numpy as np
import pytest
from helpers import normal

from nnscratch import fast, initializers, losses, ops
from nnscratch.errors import InputError
from nnscratch.gradcheck.cases import all_cases
from nnscratch.layers import (
    Add,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Input,
    MaxPooling2D,
    Padding2D,
    Reshape,
    UpSampling2D,
)
from nnscratch.optimizers import Adam


@pytest.mark.parametrize("action, words", [
    (lambda: Conv2D(4, 3, padding="sane")(Input((8, 8, 3))), "padding is 'sane', expected \"valid\""),
    (lambda: Conv2D(4, 3)(Input((8, 8))), r"expected 4 axes \(N, H, W, C\)"),
    (lambda: Conv2D(4, 3).forward(normal(8, 8, 3)), r"expected 4 axes \(N, H, W, C\)"),
    (lambda: Conv2D(4, 9)(Input((8, 8, 3))), "does not fit on an image of 8x8"),
    (lambda: Conv2D(4, 3, strides=0)(Input((8, 8, 3))), "strides is 0, expected an int or a pair"),
    (lambda: Conv2D(4, 3, groups=2)(Input((8, 8, 3))), "groups is 2, expected a whole number that divides both"),
    (lambda: Conv2D(0, 3), "expected a whole number of at least 1"),
    (lambda: Conv2D(4, 3, activation="swish"), "activation 'swish' is unknown: choose one of relu"),
    (lambda: Conv2D(4, 3, kernel_initializer="xavier")(Input((8, 8, 3))), "initializer 'xavier' is unknown"),
    (lambda: Conv2DTranspose(4, 3, 2, output_padding=2)(Input((8, 8, 3))), "output_padding is 2, expected less than"),
    (lambda: Conv2DTranspose(4, 3, padding=9)(Input((8, 8, 3))), "crops an image of 8x8"),
    (lambda: Dense(3).forward(np.zeros((2, 4), dtype=np.uint8)), "dtype uint8, expected float"),
    (lambda: Dropout(1.0).forward(normal(2, 3), training=True), "rate is 1.0, expected at least 0 and below 1"),
    (lambda: MaxPooling2D(2, padding=2).forward(normal(1, 4, 4, 1)), "not smaller than the window"),
    (lambda: Padding2D(4).forward(normal(1, 4, 4, 1)), "cannot mirror 4 of 4 rows"),
    (lambda: Reshape((5, 5))(Input((4, 4))), "holds 16 values, which cannot fill"),
    (lambda: Add()([Input((4, 4)), Input((4, 5))]), "where they must agree"),
    (lambda: Concatenate()([Input((4, 4)), Input((5, 4))]), "where they must agree"),
    (lambda: Input(28), "expected a tuple such as"),
    (lambda: Add().forward([normal(2, 3), normal(1, 3)]), "where they must agree"),
    (lambda: Add().forward(normal(2, 3)), "where they must agree"),
    (lambda: Dropout(1.5), "rate is 1.5"),
    (lambda: UpSampling2D(2, "cubic"), "interpolation 'cubic' is unknown"),
    (lambda: Padding2D(1, "mirror"), "mode 'mirror' is unknown"),
    (lambda: Conv2D(4, 3, strides=True), "strides is True, expected"),
    (lambda: Conv2D(4, 3, padding="sane"), "padding is 'sane'"),
    (lambda: Dense(2)((layer := Dense(3))(Input((4,)))) and layer(Input((5,))), "was built for 4 channels"),
    (lambda: Dense(3).forward(np.zeros((0, 4))), "at least one value along every axis"),
    (lambda: Dense(3).forward(np.zeros((2, 4), dtype=np.float16)), "dtype float16, expected float32 or float64"),
    (lambda: Reshape((-1, -1)), "at most one -1"),
    (lambda: initializers.set_seed(-1), "seed is -1"),
    (lambda: Dense(3).forward("image"), "expected an array or a Symbol"),
    (lambda: Dense(3).backward(normal(2, 3), wrt="weights"), "wrt 'weights' is unknown: choose one of all, input, parameters"),
])
def test_mistakes_get_one_clear_sentence(action, words):
    """The given and the expected value, at the call and before any work."""
    with pytest.raises(InputError, match=words) as error:
        action()
    assert "\n" not in str(error.value)


def test_a_refused_first_input_builds_nothing():
    """After an input of an unsupported precision the layer is not built, and accepts a valid input."""
    layer = Dense(3)
    with pytest.raises(InputError, match="dtype float16"):
        layer.forward(np.zeros((2, 4), dtype=np.float16))
    assert not layer.built and not layer.params
    assert layer.forward(normal(2, 5).astype(np.float32)).dtype == np.float32


BACKWARDS = {
    "dense": (ops.dense, ops.dense_backward, [normal(4, 5), normal(5, 3)]),
    "conv2d": (ops.conv2d, ops.conv2d_backward, [normal(2, 5, 5, 3), normal(3, 3, 3, 4)]),
    "conv2d_transpose": (ops.conv2d_transpose, ops.conv2d_transpose_backward, [normal(2, 5, 5, 3), normal(3, 3, 4, 3)]),
    "max_pool2d": (ops.max_pool2d, ops.max_pool2d_backward, [normal(2, 6, 6, 3)]),
    "avg_pool2d": (ops.avg_pool2d, ops.avg_pool2d_backward, [normal(2, 6, 6, 3)]),
    "global_avg_pool2d": (ops.global_avg_pool2d, ops.global_avg_pool2d_backward, [normal(2, 6, 6, 3)]),
    "instance_norm": (ops.instance_norm, ops.instance_norm_backward, [normal(2, 6, 6, 3), normal(3), normal(3)]),
    "gram_matrix": (ops.gram_matrix, ops.gram_matrix_backward, [normal(2, 6, 6, 3)]),
    "pad2d": (lambda x: ops.pad2d(x, 1), ops.pad2d_backward, [normal(2, 6, 6, 3)]),
    "upsample2d": (ops.upsample2d, ops.upsample2d_backward, [normal(2, 6, 6, 3)]),
    "resize2d": (lambda x: ops.resize2d(x, 7), ops.resize2d_backward, [normal(2, 6, 6, 3)]),
    "dropout": (lambda x: ops.dropout(x, 0.5, seed=1), ops.dropout_backward, [normal(4, 5)]),
    "spatial_dropout2d": (lambda x: ops.spatial_dropout2d(x, 0.5, seed=1), ops.dropout_backward, [normal(2, 4, 4, 3)]),
    **{name: (getattr(ops, name), getattr(ops, name + "_backward"), [normal(4, 5)])
       for name in ("relu", "leaky_relu", "elu", "tanh", "sigmoid", "softmax")},
}


@pytest.mark.parametrize("name", BACKWARDS)
def test_a_dy_of_a_wrong_shape_is_refused_by_every_op(name):
    """One row too many, one image too few, or a shape that would broadcast: always an error, never a number."""
    forward, backward, inputs = BACKWARDS[name]
    y, cache = forward(*inputs)
    for dy in (y[:1], np.concatenate([y, y[:1]]), y[..., :1]):
        with pytest.raises(InputError, match="dy has shape"):
            backward(dy, cache)


@pytest.mark.parametrize("room", [ops, fast], ids=["ops", "fast"])
@pytest.mark.parametrize("call, words", [
    (lambda room, x: room.dense(x, np.ones((3, 2), np.float32), [1.0, 2.0]), "bias is a list"),
    (lambda room, x: room.dense(x, np.ones((3, 2), np.float32), np.ones(2, np.int64)), "bias has dtype int64"),
    (lambda room, x: room.bias_leaky_relu(x, [1.0, 2.0, 3.0]), "bias is a list"),
    (lambda room, x: room.bias_leaky_relu([1.0], np.ones(1)), "x is a list"),
    (lambda room, x: room.dropout(x, 0.5, seed="a"), "seed is 'a'"),
    (lambda room, x: room.dropout(x, 0.5, seed=(1, 2, 3)), "seed is"),
    (lambda room, x: room.dense_backward(np.ones((4, 2), np.float32), room.dense(x, np.ones((3, 2), np.float32))[1], "inputs"),
     "wrt 'inputs' is unknown"),
    (lambda room, x: room.batch_norm(x, x[0], x[0], x[0], x[0], training=True, momentum="a"), "momentum is 'a'"),
])
def test_the_book_and_the_engine_refuse_alike(room, call, words):
    """One sentence, before any work."""
    with pytest.raises(InputError, match=words):
        call(room, np.ones((4, 3), np.float32))


@pytest.mark.parametrize("call, words", [
    (lambda: losses.mse(np.ones(3), [1, 1, 1]), "target is a list"),
    (lambda: losses.softmax_cross_entropy([1.0], np.ones(1)), "logits is a list"),
    (lambda: losses.gram_style_loss(np.ones((1, 2, 2, 3)), [1.0]), "target_gram is a list"),
    (lambda: losses.relative_gram_loss(np.ones((2, 3, 3)), np.ones((2, 3, 3)), np.ones((3, 3))), "other has shape"),
])
def test_losses_name_the_argument(call, words):
    """As the caller wrote it."""
    with pytest.raises(InputError, match=words):
        call()


TUPLES = [case for case in all_cases() if hasattr(ops, f"{case.name.split()[0]}_backward")
          and type(case.forward(*case.inputs.values())[1]) is tuple]


@pytest.mark.parametrize("case", TUPLES, ids=lambda case: case.name)
def test_a_cache_of_other_parts_is_refused(case):
    """Each part in turn a list or nothing, or all of them, or a text; the true cache is taken."""
    name = f"{case.name.split()[0]}_backward"
    y, cache = case.forward(*case.inputs.values())
    others = [tuple(other for _ in cache) for other in ([1.0], "x", None)]
    others += [(*cache[:k], other, *cache[k + 1:]) for k in range(len(cache)) for other in ([1.0], None)]
    for other in [*others, cache[:-1], list(cache), None]:
        with pytest.raises(InputError, match="backward: the cache is a .*, expected what .* returned"):
            getattr(ops, name)(np.ones_like(y), other)
        with pytest.raises(InputError, match="cache"):
            getattr(fast, name)(np.ones_like(y), other)
    assert getattr(ops, name)(np.ones_like(y), cache) is not None


@pytest.mark.parametrize("parameters", [None, 3, "x", [1], [None], [(np.ones(2),) * 4], [([1.0],) * 4], {"w": 1}, np.ones(3)],
                         ids=lambda value: str(value)[:20])
def test_an_update_of_what_is_not_on_the_gpu_is_refused(parameters):
    with pytest.raises(InputError, match="adam_update: the parameters are"):
        fast.adam_update(Adam(), parameters)
    fast.adam_update(Adam(), [])
    with pytest.raises(InputError, match="adam_update: the optimizer is a int"):
        fast.adam_update(3, [])
