"""A traced pass equals the model's own pass, leaves the model unchanged, and its formulas are true."""
import sys

import numpy as np
import pytest
from helpers import normal

from nnscratch import course, layers, ops
from nnscratch.course import formulas, player
from nnscratch.errors import InputError
from nnscratch.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    LeakyReLU,
    MaxPooling2D,
    ReLU,
)
from nnscratch.models import Model


def small_model():
    """A small model of everything difficult: branches that merge, batch normalization, a built-in activation."""
    x = Input((6, 5, 2))
    y = BatchNormalization()(Conv2D(3, 3, activation="tanh")(x))
    y = Add()([y, LeakyReLU()(y)])
    model = Model(x, Dense(4)(Flatten()(MaxPooling2D()(y))))
    model.cast(np.float64)
    return model


@pytest.mark.parametrize("training", [False, True])
def test_the_traced_pass_equals_the_models(training):
    """y, dx and every gradient equal those of model.forward and model.backward, bit for bit."""
    model, x, dy = small_model(), normal(2, 6, 5, 2), normal(2, 4)
    trace = course.trace(model, x, dy, training)
    y = model.forward(x, training, remember=True)
    dx = model.backward(dy)
    assert np.array_equal(trace.y, y) and np.array_equal(trace.dx, dx)
    traced = {f"{step.name}/{name}": gradient for step in trace.steps for name, gradient in step.grads.items()}
    assert traced.keys() == model.grads.keys() and all(np.array_equal(traced[key], model.grads[key]) for key in traced)
    names = [step.name for step in trace.steps]
    assert names[:7] == names[7:][::-1] and [step.direction for step in trace.steps] == ["forward"] * 7 + ["backward"] * 7


def test_the_model_is_unchanged():
    """Gradients, buffers and saved values, also after a pass that failed."""
    model, x = small_model(), normal(2, 6, 5, 2)
    model.forward(x, training=True)
    model.backward(normal(2, 4))
    model.forward(x, training=True)
    grads, buffers = ({key: array.copy() for key, array in arrays.items()} for arrays in (model.grads, model.buffers))
    depth = [len(layer._saved) for layer in [model, *model.layers]]
    course.trace(model, x, training=True)
    with pytest.raises(InputError):
        course.trace(model, x, dy=normal(3, 3))
    assert all(np.array_equal(grads[key], model.grads[key]) for key in grads)
    assert all(np.array_equal(buffers[key], model.buffers[key]) for key in buffers)
    assert depth == [len(layer._saved) for layer in [model, *model.layers]]


def test_a_model_of_several_outputs_is_refused():
    x = Input((3,))
    with pytest.raises(InputError, match="expected a model with one input and one output, got 1 and 2"):
        course.trace(Model(x, [Dense(2)(x), Dense(1)(x)]), np.ones((2, 3)))


CASES = [(Dense(4), (2, 3)), (Dense(4, activation="tanh", use_bias=False), (2, 3)), (Conv2D(4, (3, 2)), (2, 6, 5, 3)),
         (ReLU(), (2, 3)), (LeakyReLU(), (2, 3)), (Activation("sigmoid"), (2, 3)), (Flatten(), (2, 3, 4)),
         (GlobalAveragePooling2D(), (2, 3, 4, 5)), (BatchNormalization(), (4, 3))]


@pytest.mark.parametrize("layer, shape", CASES, ids=[f"{layer!r}{k}" for k, (layer, _) in enumerate(CASES)])
@pytest.mark.parametrize("training", [False, True])
def test_the_formulas_are_true(layer, shape, training):
    """The text of each formula, evaluated, gives the layer's result."""
    x = normal(*shape)
    layer.forward(x)
    layer.cast(np.float64)
    for name, array in layer.params.items():
        layer.params[name] = normal(*array.shape, seed=5)
    statistics = x.mean(axis=0), x.var(axis=0)
    if not training and layer.buffers:
        statistics = layer.buffers["moving_mean"], layer.buffers["moving_variance"]
    y = layer.forward(x, training, remember=True)
    dy = normal(*y.shape, seed=1)
    dx = layer.backward(dy)
    names = {"x": x, "dy": dy, "N": len(x), "b": layer.params.get("bias"), "slope": getattr(layer, "negative_slope", None),
             "maximum": np.maximum, "where": np.where, "sqrt": np.sqrt, "ones": np.ones,
             "H": x.shape[1], "W": x.shape[2] if x.ndim > 2 else 0}
    if "kernel" in layer.params:
        K, window = layer.params["kernel"], None
        names["K"] = K.reshape(-1, K.shape[-1])
        if x.ndim == 4:
            window = ops.im2col(x, K.shape[:2])[1]
        names["im2col"], names["col2im"] = (lambda x: ops.im2col(x, K.shape[:2])[0]), (lambda c: ops.col2im(c, window))
    names["f"], names["df"] = np.tanh, lambda dy: dy * (1 - y * y)
    if type(layer) is Activation:
        names["f"], names["df"] = (lambda x: 1 / (1 + np.exp(-x))), lambda dy: dy * y * (1 - y)
    if isinstance(layer, BatchNormalization):
        names |= {"mean": statistics[0], "variance": statistics[1], **layer.params, "epsilon": layer.epsilon}
        xn = (x - statistics[0]) / np.sqrt(statistics[1] + layer.epsilon)
        names |= {"xn": xn, "mean_dy": dy.mean(axis=0), "mean_dy_xn": (dy * xn).mean(axis=0)}
    forward, backward = formulas.forward_formula(layer, training), formulas.backward_formula(layer, training)
    assert np.allclose(eval(forward.removeprefix("y = "), names), y)
    assert np.allclose(eval(backward.removeprefix("dx = "), names), dx)


def test_every_formula_is_tested():
    """The formulas of the layers above, and of Add's two inputs here; a layer without a formula is shown by its name."""
    assert {type(layer) for layer, _ in CASES} | {Add} == set(formulas.FORMULAS)
    assert formulas.forward_formula(Add()) == "y = x0 + x1"
    assert np.array_equal(Add()([normal(2, 3), normal(2, 3, seed=1)]), normal(2, 3) + normal(2, 3, seed=1))
    assert formulas.forward_formula(MaxPooling2D()) == "y = MaxPooling2D(x)"
    assert all(issubclass(kind, layers.Layer) for kind in formulas.FORMULAS)


def test_a_traced_pass_as_text():
    model, x = small_model(), normal(2, 6, 5, 2)
    lines = str(course.trace(model, x)).splitlines()
    assert len(lines) == 14 and lines[0].startswith("→ conv2d_0") and "y = f(im2col(x) @ K + b)" in lines[0]
    assert lines[-1].startswith("← conv2d_0") and "(2, 4, 3, 3) → (2, 6, 5, 2)" in lines[-1]


@pytest.mark.slow
def test_strip_player_and_file(tmp_path, monkeypatch):
    """Images of every step; the file needs no other file and shows every step without scripts, too."""
    pytest.importorskip("matplotlib")
    trace = course.trace(small_model(), normal(2, 6, 5, 2))
    assert trace.strip()._repr_png_().startswith(b"\x89PNG")
    trace.save(tmp_path / "walk.html")
    text = (tmp_path / "walk.html").read_text()
    assert text.count("<img ") == 14 and "http" not in text and " hidden>" not in text
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert "a pass of 14 steps" in repr(trace.player())


def test_the_player_changes_pages():
    pytest.importorskip("ipywidgets", reason="the player's buttons are ipywidgets")
    trace = course.trace(small_model(), normal(2, 6, 5, 2))
    box = player.player(trace.steps)
    buttons, image = box.children
    back, place, on = buttons.children
    first = image.value
    on.click()
    assert place.value == 2 and image.value != first
    back.click()
    back.click()
    assert place.value == 1 and image.value == first
