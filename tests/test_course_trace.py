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
    Concatenate,
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


CASES = [(Dense(4), (2, 3)), (Dense(4, activation="tanh", use_bias=False), (2, 3)), (Dense(4, activation="softmax"), (2, 3)),
         (Conv2D(4, (3, 2)), (2, 6, 5, 3)), (Conv2D(4, 2, activation="relu"), (2, 4, 5, 3)), (ReLU(), (2, 3)),
         (LeakyReLU(), (2, 3)), (Activation("sigmoid"), (2, 3)), (Activation("softmax"), (2, 3)), (Flatten(), (2, 3, 4)),
         (GlobalAveragePooling2D(), (2, 3, 4, 5)), (BatchNormalization(), (4, 3)), (BatchNormalization(), (2, 3, 4, 5))]
ACTIVATION = {  # the function and its derivative, of a value
    "tanh": (np.tanh, lambda a: 1 - np.tanh(a)**2), "relu": (lambda a: np.maximum(0, a), lambda a: a > 0),
    "sigmoid": (lambda a: 1 / (1 + np.exp(-a)), lambda a: 1 / (2 + np.exp(a) + np.exp(-a))),
    "softmax": (lambda a: np.exp(a) / np.exp(a).sum(axis=-1, keepdims=True), None)}


def evaluated(step, layer, shape):
    """The right side of a step's formula, from the arrays that the step shows and a few constants alone."""
    x = step.named.get("x", step.inputs[0])
    scope = step.named | {"N": len(x), "M": x[0, ..., 0].size, "slope": getattr(layer, "negative_slope", None),
                          "axes": tuple(range(x.ndim - 1)), "maximum": np.maximum, "where": np.where, "ones": np.ones}
    if isinstance(layer, Conv2D):
        K = layer.params["kernel"]
        scope |= {"K": K.reshape(-1, K.shape[-1]), "im2col": lambda x: ops.im2col(x, K.shape[:2])[0]}
        window = ops.im2col(np.ones(shape), K.shape[:2])[1]
        scope["col2im"] = lambda columns: ops.col2im(columns, window)
    scope["f"], scope["df"] = ACTIVATION[repr(layer).partition("'")[2].partition("'")[0] or "tanh"]
    return eval(step.formula.replace("f'", "df").partition(" = ")[2], scope)


@pytest.mark.parametrize("layer, shape", CASES, ids=[f"{layer!r}{k}" for k, (layer, _) in enumerate(CASES)])
@pytest.mark.parametrize("training", [False, True])
def test_the_formulas_are_true(layer, shape, training):
    """The text of each formula, evaluated with the arrays that the step shows, gives the layer's result."""
    x = Input(shape[1:])
    model = Model(x, layer(x))
    model.cast(np.float64)
    for array in layer.params.values():
        array[...] = normal(*array.shape, seed=5)
    forward, backward = course.trace(model, normal(*shape), training=training).steps
    assert np.allclose(evaluated(forward, layer, shape), forward.output)
    assert np.allclose(evaluated(backward, layer, shape), backward.output)
    shown = [name for name, _ in player.shown(backward)]
    letters = {"kernel": "dK" if isinstance(layer, Conv2D) else "dW", "bias": "db", "gamma": "dgamma", "beta": "dbeta"}
    assert shown[0] == "dy" and shown[-1] == "dx" and {letters[name] for name in layer.params} <= set(shown)


def test_every_array_of_a_formula_is_shown():
    """Both inputs of an Add and their gradients; the x whose sign a LeakyReLU reads."""
    steps = {(step.name.rpartition("_")[0], step.direction): [name for name, _ in player.shown(step)]
             for step in course.trace(small_model(), normal(2, 6, 5, 2)).steps}
    assert steps["add", "forward"] == ["x0", "x1", "y"] and steps["add", "backward"] == ["dy", "dx0", "dx1"]
    assert steps["leakyrelu", "backward"] == ["dy", "x", "dx"]
    assert steps["conv2d", "backward"] == ["dy", "K", "a", "dK", "db", "dx"]
    assert steps["maxpooling2d", "forward"] == ["x", "y"] and steps["maxpooling2d", "backward"] == ["dy", "dx"]


def test_an_activation_of_ones_own_is_not_described():
    """Nobody knows whether its derivative is one number for each value."""
    def square(x):
        return x * x, x
    pair = square, lambda dy, x: 2 * x * dy
    assert formulas.backward_formula(Activation(pair)) == "dx = f_backward(dy)"
    assert formulas.backward_formula(Dense(2, activation=pair)) == "dx = (f_backward(dy)) @ W.T"


def test_every_formula_is_tested():
    """The formulas of the layers above, and of Add's two inputs here; a layer without a formula is shown by its name."""
    assert {type(layer) for layer, _ in CASES} | {Add} == set(formulas.FORMULAS)
    assert formulas.forward_formula(Add()) == "y = x0 + x1" and formulas.forward_formula(Add(), inputs=3) == "y = x0 + x1 + x2"
    assert formulas.backward_formula(Add(), inputs=3) == "dx = dy, dy, dy"
    assert np.array_equal(Add()([normal(2, 3), normal(2, 3, seed=1)]), normal(2, 3) + normal(2, 3, seed=1))
    assert formulas.forward_formula(MaxPooling2D()) == "y = MaxPooling2D(x)"
    assert formulas.forward_formula(Concatenate(), inputs=2) == "y = Concatenate(x0, x1)"
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
