"""Two threads and one model: refused, and never a gradient from mixed caches; and forward passes that nobody ends."""
import copy
import logging
import pickle
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread

import numpy as np
import pytest
from helpers import normal, same

from nnscratch import initializers
from nnscratch.errors import InputError
from nnscratch.layers import BatchNormalization, Conv2D, Dense, Flatten, Input, Layer
from nnscratch.models import Model

REFUSED = "not thread-safe; give each thread a model of its own"


def network():
    initializers.set_seed(0)
    x = Input((5, 5, 2))
    return Model(x, Dense(3)(Flatten()(BatchNormalization()(Conv2D(4, 3, activation="relu")(x)))))


@pytest.fixture
def other():
    """A call in one other thread, which lives until the end of the test."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda function, *arguments, **options: pool.submit(function, *arguments, **options).result()


@pytest.mark.parametrize("make, shape", [(lambda: Dense(3), (2, 4)), (network, (2, 5, 5, 2))], ids=["layer", "model"])
def test_passes_of_two_threads_are_refused_in_every_order(other, make, shape):
    """While a forward pass of one thread waits: forward, backward, discard and zero_grads of another. Inference is allowed."""
    model, x = make(), normal(*shape).astype(np.float32)
    model.forward(x)
    y = model.forward(x, training=True)
    expected = {name: g.copy() for name, g in model.grads.items()}
    for call in (lambda: model.forward(x, training=True), lambda: model.forward(x, remember=True), lambda: model.backward(y),
                 model.discard_forward, model.zero_grads):
        with pytest.raises(InputError, match=REFUSED):
            other(call)
    other(model.forward, x)
    same(list(model.grads.values()), list(expected.values()), 0)
    model.backward(y)
    ours = {name: g.copy() for name, g in model.grads.items()}
    assert all(g.any() for name, g in ours.items() if "bias" in name)
    other(model.zero_grads)  # nothing waits any more: the model is anybody's
    other(model.forward, x, training=True)
    with pytest.raises(InputError, match=REFUSED):
        model.backward(y)
    other(model.backward, y)
    same(list(model.grads.values()), list(ours.values()), 1e-5)
    model.forward(x, training=True)
    model.backward(y)


def test_a_layer_that_is_computing_belongs_to_its_thread(other):
    """Between the beginning of a forward pass and its end another thread is refused, before it computes."""
    class Asks(Layer):
        ask = True

        def compute(self, x, training):
            if self.ask:
                self.ask = False
                with pytest.raises(InputError, match=REFUSED):
                    other(self.forward, x, training=True)
            return x, None

        def differentiate(self, dy, cache, wrt):
            return dy, {}

    layer = Asks()
    layer.forward(np.ones((1, 2)), training=True)
    assert len(layer._saved) == 1
    layer.backward(np.ones((1, 2)))
    assert not layer._saved.owner


def test_the_layers_of_two_models_are_guarded_too(other):
    """Two models that share a layer, one in each thread: the second is refused at that layer, and has saved nothing."""
    x, shared = Input((4,)), Dense(3)
    one, two = (Model(x, Dense(2)(shared(x))) for _ in range(2))
    y = one.forward(normal(2, 4).astype(np.float32), training=True)
    with pytest.raises(InputError, match=REFUSED):
        other(two.forward, normal(2, 4).astype(np.float32), training=True)
    assert not two._saved and not two.layers[1]._saved and len(shared._saved) == 1
    one.backward(y)


def test_a_pass_that_fails_or_is_refused_leaves_the_model_free(other):
    """After an error in forward or backward, after a backward without forward: another thread may train."""
    model, x = network(), normal(2, 5, 5, 2).astype(np.float32)
    with pytest.raises(InputError, match="without a pending forward"):
        model.backward(np.ones((2, 3), np.float32))
    with pytest.raises(InputError):
        model.forward(x.astype(np.float16), training=True)
    other(lambda: model.backward(model.forward(x, training=True)))


def test_the_next_thread_inherits_from_one_that_has_ended():
    """A forward pass in a thread that ended can be ended, or dropped, by any other."""
    layer, x = Dense(3), normal(2, 4)
    thread = Thread(target=lambda: layer.forward(x, training=True))
    thread.start()
    thread.join()
    layer.backward(np.ones((2, 3)))
    same(layer.grads["kernel"], np.broadcast_to(x.sum(axis=0)[:, None], (4, 3)), 1e-12)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["deepcopy", "pickle"])
def test_copies_belong_to_no_thread(other, copied):
    """Each thread trains a copy, also of a model with a pending forward pass; the gradients are those of one thread alone."""
    model, x = network(), normal(2, 5, 5, 2).astype(np.float32)
    y = model.forward(x, training=True)
    twin = copied(model)
    other(twin.backward, y)
    model.backward(y)
    same(list(twin.grads.values()), list(model.grads.values()), 0)


def test_racing_threads_get_right_gradients_or_a_refusal():
    """Four threads at once, each with inputs of its own: every dx that is returned is the right one, and some are refused."""
    layer, rounds = Dense(8, use_bias=False), 150
    layer.forward(np.zeros((1, 4)))
    refused, wrong, barrier = [], [], Barrier(4)

    def work(k):
        dy = np.zeros((3, 8))
        dy[:, k] = 1.0
        barrier.wait()
        for _ in range(rounds):
            try:
                layer.forward(np.full((3, 4), k + 1.0), training=True)
                dx = layer.backward(dy)
                if not np.array_equal(dx[0], layer.params["kernel"][:, k]):
                    wrong.append(k)
            except InputError as error:
                refused.append(str(error))

    threads = [Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and not layer._saved and all(REFUSED in sentence for sentence in refused)
    done = 4 * rounds - len(refused)
    assert done > 0 and layer.grads["kernel"].sum() % 3 == 0  # a sum of whole passes


@pytest.mark.parametrize("make, shape", [(lambda: Dense(3), (1, 4)), (network, (1, 5, 5, 2)),
                                         (lambda: copy.deepcopy(network()), (1, 5, 5, 2))], ids=["layer", "model", "copy"])
def test_forgotten_forward_passes_are_mentioned_once(caplog, make, shape):
    """At the hundredth that waits for a backward pass, once for a layer and once for a whole model, with the way out."""
    model, x = make(), np.ones(shape, np.float32)
    with caplog.at_level(logging.WARNING, "nnscratch"):
        for _ in range(150):
            model.backward(model.forward(x, training=True))
        for _ in range(99):
            model.forward(x, training=True)
        assert not caplog.records
        for _ in range(150):
            model.forward(x, training=True)
    assert len(caplog.records) == 1
    text = caplog.records[0].getMessage()
    assert "100 forward passes wait" in text and "discard_forward()" in text and repr(model).split("(")[0] in text
