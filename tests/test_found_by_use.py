"""Faults that were found by using the library in ways that no test had tried."""
import pickle
import threading

import numpy as np
import pytest

from nnscratch import fast, ops
from nnscratch.errors import InputError
from nnscratch.generate.options import with_current_names
from nnscratch.layers import Activation, Conv2D, Dense, Input, Layer
from nnscratch.models import Model

VIEWS = {"[..., None]": lambda x: x[..., 0][..., None], "[..., ::-1]": lambda x: x[..., ::-1],
         "channels first": lambda x: np.moveaxis(x[..., 0][:, None].copy(), 1, -1)}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("size, options", [((5, 5), {"dilation": 2}), ((2, 1), {}), ((3, 3), {}), ((3, 3), {"strides": 2}),
                                           ((1, 1), {"strides": 2}), ((4, 4), {"strides": 2, "padding": "same"})], ids=str)
@pytest.mark.parametrize("images", [1, 8])
def test_a_channel_axis_of_length_1_may_have_any_stride(view, size, options, images):
    """Grey images: NumPy leaves the stride of such an axis arbitrary. y and all gradients are those of the formula."""
    rng = np.random.default_rng(0)
    x, kernel = view(rng.normal(size=(images, 28, 28, 1))), rng.normal(size=(*size, 1, 3))
    (y, cache), (expected, formula) = fast.conv2d(x, kernel, **options), ops.conv2d(x, kernel, **options)
    np.testing.assert_allclose(y, expected, atol=1e-10)
    dy = rng.normal(size=y.shape)
    for ours, right in zip(fast.conv2d_backward(dy, cache)[:2], ops.conv2d_backward(dy, formula)[:2]):
        np.testing.assert_allclose(ours, right, atol=1e-9)


def test_disabled_concerns_one_thread():
    """Two that overlap: afterwards, and in others meanwhile, the engine is there."""
    inside, leave, seen = threading.Event(), threading.Event(), []

    def work():
        with fast.disabled():
            seen.append(fast.choose_room([np.ones(3)]))
            inside.set()
            leave.wait(10)
    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(10)
    with fast.disabled():
        leave.set()
        thread.join()
    assert seen == ["ops"] and fast.choose_room([np.ones(3)]) == "cpu"


def test_a_model_with_activations_can_be_pickled():
    """By multiprocessing, for example."""
    x = Input((4,))
    model = Model(x, Dense(3, activation="relu")(x))
    ones = np.ones((2, 4), np.float32)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).forward(ones), model.forward(ones))


def test_a_failed_backward_pass_leaves_nothing_behind():
    """In no layer, however often it fails."""
    def broken(dy, cache):
        raise ZeroDivisionError
    x = Input((4,))
    model = Model(x, Dense(2)(Activation((lambda v: (v, None), broken))(Dense(3)(x))))
    for _ in range(2):
        model.forward(np.ones((2, 4), np.float32), True)
        with pytest.raises(ZeroDivisionError):
            model.backward(np.ones((2, 2), np.float32))
    assert [len(layer._saved) for layer in (*model.layers, model)] == [0, 0, 0, 0]


def test_an_activation_without_a_cache_is_refused():
    """A function that returns y alone, whose two rows would be taken for y and a cache."""
    with pytest.raises(InputError, match=r"return y, cache"):
        Dense(3, activation=(np.tanh, lambda dy, cache: dy))(np.ones((2, 4), np.float32))


def test_a_bias_of_higher_precision_is_not_rounded():
    """The result has the precision of the formula's."""
    x, kernel = np.ones((2, 32, 32, 16), np.float32), np.ones((3, 3, 16, 1), np.float32)
    for dtype in (np.float64, np.complex128):
        assert fast.conv2d(x, kernel, np.ones(1, dtype), padding="same")[0].dtype == dtype


def test_a_repr_never_fails():
    """Of a layer that does not call its base class, and of one with a parameter named cls."""
    class Bare(Layer):
        def __new__(cls):
            return object.__new__(cls)

        def __init__(self):
            pass

    class Named(Conv2D):
        def __init__(self, cls=4):
            super().__init__(cls, 3)
    assert "Bare" in repr(Bare()) and repr(Named(cls=5)) == "Named(cls=5)"


@pytest.mark.parametrize("old, new", [("pictures of pictures.npz", "images of pictures.npz"), ("glyphs", "glyphs"),
                                      ("pieces of a picture", "pieces of an image")])
def test_data_of_version_0_1_are_recognised(old, new):
    """A saved training names its data, whose titles have changed."""
    assert with_current_names({"options": {}, "data": {"title": old}})["data"]["title"] == new
