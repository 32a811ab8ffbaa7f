"""Graphs of layers: the order of traversal, sums where branches merge, several inputs and outputs, the seed article's code."""
import numpy as np
import pytest
from helpers import normal, on, same

from nnscratch import backend
from nnscratch.backend import to_cpu
from nnscratch.errors import InputError
from nnscratch.gradcheck import check_model
from nnscratch.layers import (
    Activation,
    Add,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    Input,
    Layer,
    Reshape,
)
from nnscratch.losses import mse
from nnscratch.models import Model
from nnscratch.optimizers import Adam


def residual_model():
    x = Input((6, 5, 3))
    y = Activation("tanh")(Conv2D(3, 3, padding="same")(x))
    y = Add()([x, BatchNormalization()(y)])
    return Model(x, Dense(2)(Flatten()(y)))


def test_a_residual_network_passes_the_gradient_check():
    """x has two paths, and its gradient is the sum over both."""
    report = check_model(residual_model(), normal(2, 6, 5, 3))
    assert report.ok, str(report)


def test_several_inputs_and_outputs_pass_the_gradient_check():
    """Two inputs are merged, three outputs have different depths, and one layer is used twice."""
    a, b, shared = Input((4,)), Input((3,)), Dense(5, activation="tanh")
    first = shared(Dense(5)(a))
    joined = Concatenate()([shared(first), b])
    report = check_model(Model([a, b], [first, joined, Dense(2)(joined)]), [normal(3, 4), normal(3, 3)])
    assert report.ok, str(report)


def test_a_model_is_a_layer():
    """A generator inside a larger graph: gradients reach its parameters."""
    inner = residual_model()
    z = Input((90,))
    outer = Model(z, Dense(1)(inner(Reshape((6, 5, 3))(z))))
    assert isinstance(inner, Layer) and outer.outputs[0].shape == (None, 1)
    report = check_model(outer, normal(2, 90))
    assert report.ok, str(report)


def test_an_output_without_gradient_is_skipped():
    """None for one output: the backward pass starts at the others, and no saved values remain."""
    x = Input((4,))
    first = Dense(3)(x)
    second = Dense(2)(first)
    model = Model(x, [first, second])
    values = model.forward(normal(2, 4), training=True)
    dy = normal(*values[0].shape)
    same(model.backward([dy, None]), dy @ first.layer.params["kernel"].T)
    assert not second.layer.grads["kernel"].any()
    with pytest.raises(InputError, match="without a pending forward"):
        second.layer.backward(normal(2, 2))


def test_backward_for_the_input_alone_and_for_the_parameters_alone():
    """wrt="input": dx is the same and grads are 0. wrt="parameters": grads are the same, no dx, and no saved values remain."""
    model, x = residual_model(), normal(2, 6, 5, 3)
    dy = normal(*model.forward(x, training=True).shape)
    dx = model.backward(dy)
    grads = {name: gradient.copy() for name, gradient in model.grads.items()}
    model.zero_grads()
    model.forward(x, training=True)
    same(model.backward(dy, wrt="input"), dx)
    assert not any(gradient.any() for gradient in model.grads.values())
    model.forward(x, training=True)
    assert model.backward(dy, wrt="parameters") is None
    same(list(model.grads.values()), list(grads.values()))
    assert not any(layer._saved for layer in model.layers)


def test_frozen_layers_below_get_no_backward(monkeypatch):
    """If the first layers are frozen, the backward pass stops at the last one: their backward is never called."""
    x = Input((4,))
    below, above = Dense(3), Dense(2)
    model = Model(x, above(below(x)))
    below.trainable = False
    monkeypatch.setattr(below, "backward", None)
    model.forward(normal(2, 4), training=True)
    model.backward(normal(2, 2), wrt="parameters")
    assert above.grads["kernel"].any() and not below._saved


@pytest.mark.slow
def test_training_lowers_the_loss(xp):
    """Twenty steps of Adam fit a small network to random targets; every device reaches the loss that NumPy reaches."""
    backend.use("cpu" if xp is np else "gpu")
    x = Input((8, 8, 2))
    y = Conv2D(4, 4, 2, padding="same", activation="leaky_relu")(x)
    y = Conv2DTranspose(2, 4, 2, padding="same")(AveragePooling2D(1)(BatchNormalization()(y)))
    model = Model(x, y)
    images, targets = on(xp, normal(4, 8, 8, 2).astype(np.float32), normal(4, 8, 8, 2, seed=1).astype(np.float32))
    optimizer, losses = Adam(0.02), []
    for _ in range(20):
        model.zero_grads()
        loss, gradient = mse(model.forward(images, training=True), targets)
        model.backward(gradient, wrt="parameters")
        optimizer.step(model.params, model.grads)
        losses.append(float(to_cpu(loss)))
    assert losses[-1] < 0.8 * losses[0]
    assert [losses[0], losses[-1]] == pytest.approx([1.28879, 0.62227], rel=1e-3)


def test_summary_counts_parameters_and_multiply_adds():
    """Numbers that can be verified by hand: 3x3x3x4 + 4 parameters, 36 positions with 27 x 4 products, ..."""
    x = Input((8, 8, 3))
    y = Conv2D(4, 3, name="first")(x)
    y = Dense(10)(Flatten()(Conv2DTranspose(2, 4, 2, padding="same")(y)))
    lines = []
    Model(x, y).summary(print_fn=lines.append)
    table = {line.split()[0]: line.split() for line in lines}
    assert table["first"][-2:] == ["112", "3,888"]
    assert table["conv2dtranspose_0"][-2:] == ["130", f"{36 * 4 * 4 * 2 * 4:,}"]
    assert table["dense_0"][-2:] == ["2,890", "2,880"]
    assert table["total"][-2:] == ["3,132", f"{3888 + 4608 + 2880:,}"]
    assert "(None, 12, 12, 2)" in "\n".join(lines)


def test_summary_of_open_shapes_and_shared_layers():
    """An open size gives a cost of "?", not 0; the parameters of a layer that is used twice are counted once."""
    x, shared, lines = Input((None, None, 3)), Conv2D(3, 3, name="twice"), []
    Model(x, shared(shared(x))).summary(print_fn=lines.append)
    assert [line.split()[-2:] for line in lines[2:]] == [["84", "?"], ["(shared)", "?"], ["84", "?"]]


def test_frozen_parameters_are_not_updated():
    """Freezing keeps the weights constant, whatever momentum the optimizer has stored."""
    x = Input((4,))
    below, above = Dense(3), Dense(2)
    model, optimizer = Model(x, above(below(x))), Adam(0.1)
    for frozen in (False, True):
        below.trainable = not frozen
        before = below.params["kernel"].copy(), above.params["kernel"].copy()
        model.zero_grads()
        model.forward(normal(5, 4), training=True)
        model.backward(normal(5, 2))
        optimizer.step(model.trainable_params, model.grads)
        assert (below.params["kernel"] != before[0]).any() == (not frozen)
        assert (above.params["kernel"] != before[1]).any()


def test_two_models_that_share_a_layer_must_run_in_order():
    """Forward A, forward B, backward A would use B's saved values of the shared layer: it is refused; the right order works."""
    x, shared = Input((4,)), Dense(3)
    a, b = Model(x, Dense(1)(shared(x))), Model(x, Dense(2)(shared(x)))
    a.forward(normal(2, 4), training=True)
    b.forward(normal(2, 4, seed=1), training=True)
    with pytest.raises(InputError, match="has been run again since this forward"):
        a.backward(normal(2, 1))


def test_an_error_in_the_forward_pass_leaves_no_saved_values():
    """The second layer fails: the first layer's saved values of that pass are dropped, and earlier passes keep theirs."""
    x = Input((4,))
    first, second = Dense(3), Activation("tanh")
    model = Model(x, second(first(x)))
    model.forward(normal(2, 4), training=True)
    function, second.function = second.function, None
    with pytest.raises(TypeError):
        model.forward(normal(2, 4), training=True)
    second.function = function
    model.backward(normal(2, 3))
    assert not first._saved and not second._saved
    with pytest.raises(InputError, match="without a pending forward"):
        model.backward(normal(2, 3))


def test_a_wrong_backward_is_refused_before_any_layer_runs():
    """A misspelt wrt, a missing dy, a dy of a wrong shape: gradients and saved values do not change."""
    x = Input((4,))
    first = Dense(3)(x)
    model = Model(x, [first, Dense(2)(first)])
    model.forward(normal(2, 4), training=True)
    for dy, wrt in (([normal(2, 3), normal(2, 2)], "param"), ([normal(2, 3)], "all"), ([normal(2, 3), normal(2, 3)], "all")):
        with pytest.raises(InputError):
            model.backward(dy, wrt)
    assert not any(gradient.any() for gradient in model.grads.values())
    model.backward([normal(2, 3), normal(2, 2)])


def test_a_model_in_a_graph_adapts_to_the_input_shape():
    """A fully convolutional inner model with an open size: the layers after it get the actual size."""
    inner_x = Input((None, None, 3))
    inner = Model(inner_x, Conv2D(4, 3)(inner_x))
    x = Input((9, 8, 3))
    y = Flatten()(inner(x))
    assert y.shape == (None, 7 * 6 * 4) and inner.multiply_adds((9, 8, 3)) == 42 * 9 * 3 * 4
    with pytest.raises(InputError, match="expected \\('N', None, None, 3\\)"):
        inner(Input((9, 8, 2)))


def test_cost_of_a_model_with_several_inputs_in_a_graph():
    """Two inputs of 4, a product of 8 x 2 inside: 16 multiply-adds, also in the summary of the outer model."""
    a, b = Input((4,)), Input((4,))
    inner = Model([a, b], Dense(2)(Concatenate()([a, b])))
    outer, lines = Model([a, b], inner([a, b])), []
    assert outer.multiply_adds([(4,), (4,)]) == 16
    outer.summary(print_fn=lines.append)
    assert lines[-1].split() == ["total", "18", "16"]


def test_entries_of_params_cannot_be_replaced():
    """model.params is a view: arrays are changed in place, and entries cannot be assigned."""
    model = residual_model()
    with pytest.raises(TypeError):
        model.params["dense_0/bias"] = np.ones(2)


@pytest.mark.parametrize("build, words", [
    (lambda: Model(x := Input((4,)), Dense(2, name="a/b")(x)), "holds a '/'"),
    (lambda: Model("x", "y"), "must be Symbols"),
    (lambda: Flatten()(Input((None, 4))), "expected known sides"),
    (lambda: Dense(2)(Model(x := Input((4,)), [x, Dense(2)(x)])(Input((4,)))), "has 2 outputs"),
    (lambda: Model(Input((4,)), Dense(2)(Input((4,)))), "not among the inputs"),
    (lambda: Model(x := Input((4,)), Dense(2, name="a")(Dense(2, name="a")(x))), "used twice"),
    (lambda: residual_model().forward(normal(2, 6, 6, 3)), r"the input has shape \('N', 6, 6, 3\), expected \('N', 6, 5, 3\)"),
    (lambda: Model([a := Input((4,)), b := Input((4,))], Add()([a, b])).forward([normal(2, 4)]), "1 inputs given, expected 2"),
])
def test_mistakes_get_one_clear_sentence(build, words):
    """The error names the mistake at the call, before any work."""
    with pytest.raises(InputError, match=words):
        build()


def test_a_very_deep_graph():
    """2,000 layers: the traversal is not recursive."""
    x = y = Input((2,))
    for _ in range(2000):
        y = Activation("tanh")(y)
    model = Model(x, y)
    model.forward(normal(1, 2), training=True)
    assert np.isfinite(model.backward(normal(1, 2))).all()


def test_a_buffer_is_copied():
    """The caller may go on with his array, and two models may be given the same one."""
    x = Input((3,))
    value, models = np.full(3, 2.0, np.float32), [Model(x, BatchNormalization()(x)) for _ in range(2)]
    for model in models:
        model.set_buffer("batchnormalization_0/moving_mean", value)
    value[...] = 9
    assert all((model.buffers["batchnormalization_0/moving_mean"] == 2).all() for model in models)
    for name, wrong in (("batchnormalization_0/mean", value), ("dense_0/moving_mean", value), (3, value)):
        with pytest.raises(InputError, match="there is no buffer"):
            model.set_buffer(name, wrong)
    with pytest.raises(InputError, match=r"shape \(2,\), expected \(3,\)"):
        model.set_buffer("batchnormalization_0/moving_mean", np.ones(2, np.float32))


def test_an_unnamed_layer_steps_aside_for_a_named_one():
    """`dense_1` given to one layer: the unnamed ones get other numbers, and two given names that are equal are refused."""
    x = Input((3,))
    model = Model(x, Dense(2)(Dense(2)(Dense(2, name="dense_1")(x))))
    assert list(model.names.values()) == ["dense_1", "dense_2", "dense_3"]
    assert list(Model(x, Dense(2, name="dense_1")(Dense(2)(x))).names.values()) == ["dense_0", "dense_1"]
    assert list(Model(x, Dense(2, name="dense_0")(Dense(2)(x))).names.values()) == ["dense_1", "dense_0"]
    assert len(model.params) == 6
    with pytest.raises(InputError, match="used twice"):
        Model(x, Dense(2, name="one")(Dense(2, name="one")(x)))


def test_a_layer_of_two_models_is_named_by_each():
    """Errors in a model use that model's name; the layer itself shows none where the two differ."""
    x = Input((3,))
    shared, first = Dense(4), Dense(3)
    alone, below = Model(x, shared(x)), Model(x, shared(first(x)))
    assert alone.names[shared] == "dense_0" and below.names[shared] == "dense_1" and repr(shared) == "Dense(4)"
    assert repr(first) == "dense_0: Dense(3)"
    for model, place in ((alone, "dense_0: Dense(4) (layer 1 of 1"), (below, "dense_1: Dense(4) (layer 2 of 2")):
        shared.params["kernel"] = np.ones((5, 4), np.float32)
        with pytest.raises(InputError) as caught:
            model.forward(np.ones((2, 3), np.float32))
        assert str(caught.value).startswith(place), caught.value


@pytest.mark.parametrize("where", ["compute", "differentiate"])
def test_a_foreign_error_in_a_deep_model_names_the_layer(where):
    """A note with the layer, its index and the shape, in forward and in backward."""
    class Fails(Layer):
        def compute(self, x, training):
            return (x if where == "differentiate" else 1 // 0), None

        def differentiate(self, dy, cache, wrt):
            raise ZeroDivisionError

    x = Input((3,))
    h = x
    for _ in range(4):
        h = Dense(3)(h)
    model = Model(x, Dense(2)(Fails()(h)))
    with pytest.raises(ZeroDivisionError) as caught:
        model.backward(model.forward(np.ones((2, 3), np.float32), training=True))
    kind = "input" if where == "compute" else "gradient"
    assert caught.value.__notes__ == [f"in fails_0: Fails() (layer 5 of 6 of Model(6 layers), {kind} of shape (2, 3))"]
