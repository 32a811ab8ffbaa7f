"""Steps that cannot be recorded as a CUDA graph are refused in one sentence, and the state is as before the attempt."""
import numpy as np
import pytest
from helpers import normal, on
from test_cuda_graph import everything

from nnscratch import backend, initializers
from nnscratch.backend import to_cpu
from nnscratch.errors import InputError
from nnscratch.fast import cuda
from nnscratch.generate.ema import EMA
from nnscratch.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input
from nnscratch.models import Model
from nnscratch.optimizers import SGD, Adam
from nnscratch.recording import is_recording

REFUSED = {
    "an upload": (lambda x: backend.move(np.ones(3, np.float32), backend.array_module(x)) + x, "is uploaded in a step that is"),
    "a question": (lambda x: x * float(x.sum()), "cannot be recorded as a CUDA graph"),
    "CuPy's product": (lambda x: x[:, None] @ x[None], "cannot be recorded as a CUDA graph .*products are fast.dense's"),
    "a plain optimizer": (lambda x: SGD().step({"x": x}, {"x": x}) if is_recording() else None, "SGD: this step cannot be"),
    "a new parameter": (lambda x: Adam().step({"x": x}, {"x": x}) if is_recording() else None, "Adam: this step cannot be"),
    "an average": (lambda x: EMA(None).update(None, 1) if is_recording() else None, "EMA cannot be updated"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_step_that_cannot_be_recorded_is_refused(cp, name):
    """One sentence at the second call, the first that is recorded; afterwards the device works as before."""
    backend.use("gpu")
    step, sentence = REFUSED[name]
    play, x = cuda.capture(step), on(cp, np.ones(3, np.float32))
    play(x)
    for _ in range(2):
        with pytest.raises(InputError, match=sentence):
            play(x)
        assert not is_recording() and not play.stream.is_capturing() and float((x + x).sum()) == 6


def test_the_first_step_of_an_optimizer_cannot_be_recorded(cp):
    """Its state was loaded, but the step count is not on the GPU yet: the graph would not increment it."""
    backend.use("gpu")
    w = {"w": on(cp, np.ones(3, np.float32))}
    optimizer = Adam()
    optimizer.load_state({"steps": np.array(5), "w/mean": np.zeros(3, np.float32), "w/square": np.zeros(3, np.float32)}, w)
    replay = cuda.capture(lambda x: optimizer.step(w, {"w": x}) if is_recording() else None)
    replay(w["w"])
    with pytest.raises(InputError, match="first step of Adam cannot be recorded: .* step once before"):
        replay(w["w"])
    assert optimizer.steps == 5 and w["w"].tolist() == [1, 1, 1] and not is_recording()


def test_a_refused_recording_does_not_change_the_model(cp):
    """Two forward passes are pending when it is refused. Afterwards none is pending, and further steps equal those of a model
    that was never recorded, bit for bit."""
    backend.use("gpu")
    batch = on(cp, normal(4, 6, 6, 2).astype(np.float32))

    def network():
        initializers.set_seed(0)
        x = Input((6, 6, 2))
        y = Dropout(0.3, seed=1)(BatchNormalization()(Conv2D(4, 3, activation="relu")(x)))
        return Model(x, Dense(3)(Flatten()(y))), Adam()

    def step(images, asks):
        y = model.forward(images, training=True)
        model.forward(images, training=True)
        if asks and is_recording():
            float(y.sum())
        for _ in range(2):
            model.backward(y)
        optimizer.step(model.trainable_params, model.grads)

    states = []
    for asks in (False, True):
        model, optimizer = network()
        play = cuda.capture(lambda images, asks=asks: step(images, asks))
        play(batch)
        if asks:
            for _ in range(2):
                with pytest.raises(InputError, match="cannot be recorded"):
                    play(batch)
            with pytest.raises(InputError, match="without a pending forward"):
                model.backward(on(cp, np.ones((4, 3), np.float32)))
            assert not any(layer._saved for layer in [model, *model.layers])
        step(batch, False)
        states.append(everything(model, optimizer))
    for name in states[0]:
        np.testing.assert_array_equal(states[0][name], states[1][name], err_msg=name)


def test_a_pending_forward_survives_a_refused_recording(cp):
    """A forward pass that was pending before the recording is pending after it, although the step ran its backward pass."""
    backend.use("gpu")
    x = Input((3,))
    model, given = Model(x, Dense(2)(x)), on(cp, np.ones((1, 3), np.float32))
    play = cuda.capture(lambda x: (model.discard_forward(), float(x.sum()) if is_recording() else None) and None)
    for _ in range(2):
        model.forward(given, training=True)
    play(given)
    with pytest.raises(InputError, match="cannot be recorded"):
        play(given)
    assert len(model._saved) == len(model.layers[0]._saved) == 1
    assert model.backward(on(cp, np.ones((1, 2), np.float32))).shape == (1, 3)
    with pytest.raises(InputError, match="cannot be recorded"):
        play(given)
    assert not model._saved, "what an earlier recording put back is not put back again"


def test_a_backward_pass_can_be_repeated_after_a_refused_recording(cp):
    """The same if the step called model.backward: the gradients equal those of a model that was never
    recorded."""
    backend.use("gpu")
    given, dy = on(cp, normal(2, 3).astype(np.float32), normal(2, 2, seed=1).astype(np.float32))
    gradients = []
    for asks in (False, True):
        initializers.set_seed(0)
        x = Input((3,))
        model = Model(x, Dense(2)(x))
        for _ in range(2):
            model.forward(given, training=True)
        if asks:
            play = cuda.capture(lambda dy, model=model: (model.backward(dy), float(dy.sum()) if is_recording() else None)[0])
            play(dy)
            model.zero_grads()
            with pytest.raises(InputError, match="cannot be recorded"):
                play(dy)
        else:
            model.discard_forward()
        assert len(model._saved) == len(model.layers[0]._saved) == 1
        gradients.append([to_cpu(model.backward(dy)), *map(to_cpu, model.grads.values())])
        assert not model._saved and not model.layers[0]._saved
    for ours, exact in zip(*gradients, strict=True):
        np.testing.assert_array_equal(ours, exact)


def test_without_required_the_step_runs_eagerly(cp, caplog):
    """With required=False: the same numbers, and one logged line for all calls."""
    backend.use("gpu")
    caplog.set_level("INFO", logger="nnscratch")
    play = cuda.capture(lambda x: x * float(x.sum()), required=False)
    for k in range(4):
        assert play(on(cp, np.full(3, k, np.float32))).tolist() == [3.0 * k * k] * 3
    sentence, = caplog.messages
    assert sentence.startswith("going on step by step: the step cannot be recorded as a CUDA graph (")


def test_a_refused_step_accepts_any_shape(cp):
    """No graph depends on the first call's shapes; host arrays are still uploaded."""
    backend.use("gpu")
    play = cuda.capture(lambda x: x * float(x.sum()), required=False)
    for n in (3, 3, 2, 5):
        x = np.ones(n, np.float32)
        assert play(x if n == 5 else on(cp, x)).tolist() == [n] * n


def test_other_shapes_are_refused(cp):
    """The graph reads arrays with the first call's shapes."""
    backend.use("gpu")
    play = cuda.capture(lambda x: x + 1)
    play(on(cp, np.ones(3, np.float32)))
    for other in np.ones(4, np.float32), np.ones(3), None:
        with pytest.raises(InputError, match="expected .* as at its first call"):
            play(on(cp, other))


def test_a_state_loaded_after_the_recording_is_refused(cp):
    """A recorded step uses the arrays it was recorded with; an optimizer that has loaded other arrays raises an error."""
    backend.use("gpu")
    w, optimizer = {"w": on(cp, np.ones(3, np.float32))}, Adam()
    play = cuda.capture(lambda g: optimizer.step(w, {"w": g}))
    for _ in range(3):
        play(on(cp, np.ones(3, np.float32)))
    optimizer.load_state(optimizer.save_state(), w)
    with pytest.raises(InputError, match="capture the step anew"):
        play(on(cp, np.ones(3, np.float32)))
