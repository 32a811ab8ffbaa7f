"""The functions of notebooks 03 to 05 against the library's, and what a check says of results in another order."""
import copy

import numpy as np
import pytest
from course_answers.solutions import S
from helpers import normal

from nnscratch import losses, ops
from nnscratch.course import checks, draw, own
from nnscratch.course.checks.gradients import SMALL_GRAPH
from nnscratch.course.own.function import OwnFunction
from nnscratch.layers import Activation, Dense, Input
from nnscratch.models import Model
from nnscratch.optimizers import SGD


def test_the_loss_equals_the_librarys():
    """Also for logits of 1000."""
    t = np.eye(5)[[2, 0, 4]]
    for scale in (1, 1000):
        logits = scale * normal(3, 5)
        ours, theirs = S["softmax_cross_entropy"](logits, t), losses.softmax_cross_entropy(logits, t)
        assert np.allclose(ours[0], theirs[0]) and np.allclose(ours[1], theirs[1])


def test_the_gradients_of_two_layers_equal_the_models():
    """In float32, with the same parameters."""
    x, W1, b1, W2, b2 = normal(6, 4), normal(4, 5), normal(5), normal(5, 3), normal(3)
    inputs = Input((4,))
    model = Model(inputs, Dense(3)(Activation("relu")(Dense(5)(inputs))))
    for name, mine in zip(model.params, (W1, b1, W2, b2)):
        model.params[name][...] = mine
    a, dlogits = x @ W1 + b1, normal(6, 3, seed=1)
    model.forward(x.astype("float32"), training=True)
    model.backward(dlogits.astype("float32"))
    for theirs, ours in zip(model.grads.values(), S["mlp_backward"](dlogits, x, a, np.maximum(0, a), W2)):
        assert np.allclose(theirs, ours, atol=1e-4)


def test_momentum_equals_the_librarys():
    w, v, theirs = normal(3, 2), np.zeros((3, 2)), {"w": normal(3, 2)}
    optimizer = SGD(0.1, momentum=0.9)
    for step in range(3):
        w, v = S["momentum_step"](w, v, normal(3, 2, seed=step), 0.1, 0.9)
        optimizer.step(theirs, {"w": normal(3, 2, seed=step)})
    assert np.allclose(w, theirs["w"], atol=1e-6)


def test_results_in_another_order_are_named():
    """Whether the shapes differ or not; results that are wrong, too, are not called so."""
    def exchanged(dy, x, W):
        return x.T @ dy, dy @ W.T, dy.sum(axis=0)
    assert "the results come in another order: expected dx, dW, db" in checks.dense_backward(exchanged).text
    assert "another order" not in checks.dense_backward(lambda *given: [2 * one for one in exchanged(*given)]).text
    assert "another order: expected w, v" in checks.momentum_step(lambda *given: S["momentum_step"](*given)[::-1]).text


def test_a_failure_on_a_large_input_does_not_hide_the_diagnosis_of_a_small_one():
    """An exception, NaN or a wrong shape later on; but what a single small case shows may have many causes."""
    def with_large(change):
        return lambda x, W, b: x @ W if x.size < 20 else change(x @ W)
    for change in (lambda y: 1 / 0, lambda y: np.nan * y, lambda y: y[0]):
        answer = checks.dense(with_large(change))
        assert "y = [[6]], expected [[7]]" in answer.text and "b is missing" not in answer.text, answer
    def first_only(y, t):
        return (S["mse"](y, t)[::-1] if y.size < 4 else 1 / 0)
    assert "another order: expected L, dy" in checks.mse(first_only).text


def test_a_tuple_in_the_place_of_an_array_is_named():
    """In every exercise, not in that of the convolution alone."""
    assert "take one part, [0]" in checks.dense(lambda x, W, b: ops.dense(x, W, b).reshape(1, -1)).text
    assert "take one part, [0]" in checks.mlp_backward(lambda dlogits, x, a, y, W2: own.dense_backward(dlogits, y, W2).T).text


def test_a_graph_can_be_copied():
    """A learner's function and the library's get copies."""
    again = copy.deepcopy(SMALL_GRAPH)
    assert repr(again) == repr(SMALL_GRAPH) == "(u = 3 x; y = x + u)" and [step.name for step in again] == ["u", "y"]
    assert S["walk_back"](again, 2.0) == 8.0


def test_a_list_of_numbers_counts_as_an_array(capsys):
    """A learner may return a list where the library returns an array: it is not replaced, and becomes an array."""
    one = OwnFunction("twenty", lambda: np.zeros(20), lambda: [0.0] * 20)
    assert [len(one() * 2) for _ in range(2)] == [20, 20] and not capsys.readouterr().out


@pytest.mark.parametrize("image", [
    lambda: draw.gallery(np.ones((3, 4, 5)), ["a", "b\nc", "d"], "three images", columns=2),
    lambda: draw.gallery([normal(4, 4)], ["weights"], "weights", signed=True),
    lambda: draw.verdicts(np.ones((2, 4, 4)), np.full((2, 3), 1 / 3), [0, 2], "two answers"),
    lambda: draw.regions(lambda x: (x[:, 0] > 0).astype(int), normal(9, 2), np.arange(9) % 2, "two halves", "halves")],
    ids=["gallery", "signed", "verdicts", "regions"])
def test_drawings_of_classes(image):
    """Reproducible, with alternative text."""
    first = image()
    assert first._repr_png_() == image()._repr_png_() and repr(first) == f"<image: {first.text}>"


def test_regions_on_given_axes():
    """Nothing is returned, and every point has its class."""
    axes = draw.curves({"a": ([0], [0])}, "empty").figure.axes[0]
    assert draw.regions(lambda x: np.zeros(len(x), int), normal(4, 2), np.arange(4) % 2, "", axes=axes) is None
    assert [line.get_label() for line in axes.lines][1:] == ["class 0", "class 1"]
