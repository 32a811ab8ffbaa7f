"""A step recorded as a CUDA graph does what the step does, to the bit; what cannot be recorded is refused in one sentence."""
import sys
import weakref

import numpy as np
import pytest
from helpers import normal, on

from nnscratch import backend, cuda, initializers, ops
from nnscratch.backend import to_cpu
from nnscratch.errors import InputError
from nnscratch.generate.adversarial import Average, Pair, adversarial_step, non_saturating
from nnscratch.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, SpatialDropout2D
from nnscratch.losses import softmax_cross_entropy
from nnscratch.models import Model
from nnscratch.networks import gan
from nnscratch.optimizers import SGD, Adam, linear_decay
from nnscratch.style.features import loss_network
from nnscratch.style.objective import Objective

STEPS = 5


def everything(*models_and_optimizers):
    """Weights, statistics, counts and Adam's memory, as NumPy arrays by name."""
    found = {}
    for k, one in enumerate(models_and_optimizers):
        arrays = one.save_state() if hasattr(one, "save_state") else {**one.params, **one.buffers}
        found |= {f"{k}/{name}": to_cpu(array) for name, array in arrays.items()}
    return found


def batches(xp, *shapes):
    return [on(xp, *(normal(*shape, seed=k).astype(np.float32) for shape in shapes)) for k in range(STEPS)]


def gan_step(xp):
    """The `nano` pair on pictures of 8 pixels, with a learning rate that changes."""
    initializers.set_seed(0)
    models = gan.generator("nano", (8, 8, 1), 3), gan.discriminator("nano", (8, 8, 1), 3)
    pair = Pair(*models, Adam(linear_decay(1e-3, 7), beta_1=0.5), Adam(2e-3, beta_1=0.5))
    labels = on(xp, np.eye(3, dtype=np.float32)[[0, 1, 2, 0]])

    def step(real, noise):
        return list(adversarial_step(pair, non_saturating(), real, noise, labels).values())
    return step, batches(xp, (4, 8, 8, 1), (4, 32)), lambda: everything(*pair)


def style_step(xp):
    """A look at the picture through the loss network of `nnscratch style`, and a step of Adam."""
    content, painting = on(xp, *(np.random.default_rng(k).random((1, 16, 18, 3), np.float32) for k in (1, 2)))
    network = loss_network("texture", painting, side=16)
    objective = Objective(network.model, content, [painting], content_layer=network.content_layer, **network.weights(50))
    picture, optimizer = content.copy(), Adam(0.02, beta_2=0.99)

    def step():
        loss, gradient = objective(picture)
        optimizer.step({"picture": picture}, {"picture": gradient})
        picture[...] = picture.clip(0, 1)
        return [loss, objective.terms["style"]]
    return step, [()] * STEPS, lambda: {"picture": to_cpu(picture), **everything(optimizer)}


def dropout_step(xp):
    """A classifier with both kinds of dropout and batch normalisation."""
    initializers.set_seed(0)
    x = Input((6, 6, 2))
    y = SpatialDropout2D(0.4, seed=3)(BatchNormalization()(Conv2D(4, 3, activation="relu")(x)))
    model, optimizer = Model(x, Dense(3)(Dropout(0.3, seed=7)(Flatten()(y)))), Adam()
    labels = on(xp, np.eye(3, dtype=np.float32)[[0, 1, 2, 0]])

    def step(pictures):
        model.zero_grads()
        loss, gradient = softmax_cross_entropy(model.forward(pictures, training=True), labels)
        model.backward(gradient)
        optimizer.step(model.trainable_params, model.grads)
        return [loss]
    return step, [[batch] for batch in batches(xp, (4, 6, 6, 2))], lambda: everything(model, optimizer)


def run(xp, make, wrap):
    """Facts of every step, and all state after the last."""
    backend.use("cpu" if xp is np else "gpu")
    step, inputs, state = make(xp)
    step = wrap(step)
    facts = [[float(fact) for fact in step(*given)] for given in inputs]
    return facts, state(), step


@pytest.mark.parametrize("make", [gan_step, style_step, dropout_step])
def test_a_recorded_step_is_the_step(cp, make):
    """Facts, weights, Adam's state, running statistics and counts after five steps are those of the eager step, bit for bit."""
    expected_facts, expected, _ = run(cp, make, lambda step: step)
    facts, state, play = run(cp, make, cuda.capture)
    assert play.graph is not None and facts == expected_facts
    assert state.keys() == expected.keys()
    for name in state:
        np.testing.assert_array_equal(state[name], expected[name], err_msg=name)


@pytest.mark.parametrize("make", [gan_step, style_step, dropout_step])
def test_the_recorded_step_does_not_wait(standin, make):
    """Once it is recorded, the program never stops for the GPU, nor uploads anything that was there."""
    backend.use("gpu")
    step, inputs, _ = make(standin)
    play = cuda.capture(step)
    play(*inputs[0])
    before = standin.counts["uploads"]
    with standin.forbid_sync():
        for given in inputs[1:]:
            play(*given)
    assert standin.counts["uploads"] == before


def test_recording_does_nothing_by_itself(standin):
    """While it is recorded no weight changes; Python's step count and the GPU's agree after each play."""
    backend.use("gpu")
    w, g = on(standin, normal(5).astype(np.float32), normal(5, seed=1).astype(np.float32))
    optimizer, seen = Adam(0.1), []

    def step(g):
        if cuda.recording():
            seen.append(to_cpu_while_recording(w))
        optimizer.step({"w": w}, {"w": g})
        if cuda.recording():
            seen.append(to_cpu_while_recording(w))

    def to_cpu_while_recording(array):
        return array._host.copy()

    play = cuda.capture(step)
    for k in range(1, 4):
        play(g)
        assert optimizer.steps == k == int(optimizer.clock.steps[0])
    np.testing.assert_array_equal(*seen)


def test_on_the_cpu_it_is_the_step_itself():
    """NumPy has no graphs: the same lines run there."""
    facts, state, play = run(np, dropout_step, cuda.capture)
    expected_facts, expected, _ = run(np, dropout_step, lambda step: step)
    assert facts == expected_facts and play.graph is None
    assert all(np.array_equal(state[name], expected[name]) for name in expected)


def test_inputs_may_come_from_the_host(cp):
    """Each call copies what it is given, NumPy's arrays too, so that the last batch does not come back."""
    backend.use("gpu")
    play = cuda.capture(lambda x, nothing: 2 * x)
    for k in range(4):
        x = np.full(3, k, np.float32)
        assert to_cpu(play(x if k % 2 else on(cp, x), None)).tolist() == [2 * k] * 3


REFUSED = {
    "an upload": (lambda x: backend.move(np.ones(3, np.float32), backend.array_module(x)) + x, "is uploaded in a step that is"),
    "a question": (lambda x: x * float(x.sum()), "cannot be recorded as a CUDA graph"),
    "CuPy's product": (lambda x: x[:, None] @ x[None], "cannot be recorded as a CUDA graph .*products must be ops.dense's"),
    "a plain optimizer": (lambda x: SGD().step({"x": x}, {"x": x}) if cuda.recording() else None, "SGD: this step cannot be"),
    "a new parameter": (lambda x: Adam().step({"x": x}, {"x": x}) if cuda.recording() else None, "Adam: this step cannot be"),
    "an average": (lambda x: Average(None).update(None, 1) if cuda.recording() else None, "Average cannot be updated"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_recorded_is_refused(cp, name):
    """One sentence at the second call, which is the first that is recorded; and the device works on as before."""
    backend.use("gpu")
    step, sentence = REFUSED[name]
    play, x = cuda.capture(step), on(cp, np.ones(3, np.float32))
    play(x)
    for _ in range(2):
        with pytest.raises(InputError, match=sentence):
            play(x)
        assert not cuda.recording() and not play.stream.is_capturing() and float((x + x).sum()) == 6


def test_a_refused_recording_leaves_the_model_as_it_was(cp):
    """Two forwards stand open when it is refused; afterwards there is nothing to go back through, and steps are those of a
    model on which nothing was ever recorded, bit for bit."""
    backend.use("gpu")
    batch = on(cp, normal(4, 6, 6, 2).astype(np.float32))

    def network():
        initializers.set_seed(0)
        x = Input((6, 6, 2))
        y = Dropout(0.3, seed=1)(BatchNormalization()(Conv2D(4, 3, activation="relu")(x)))
        return Model(x, Dense(3)(Flatten()(y))), Adam()

    def step(pictures, asks):
        y = model.forward(pictures, training=True)
        model.forward(pictures, training=True)
        if asks and cuda.recording():
            float(y.sum())
        for _ in range(2):
            model.backward(y)
        optimizer.step(model.trainable_params, model.grads)

    states = []
    for asks in (False, True):
        model, optimizer = network()
        play = cuda.capture(lambda pictures, asks=asks: step(pictures, asks))
        play(batch)
        if asks:
            for _ in range(2):
                with pytest.raises(InputError, match="cannot be recorded"):
                    play(batch)
            with pytest.raises(InputError, match="no forward to go back through"):
                model.backward(on(cp, np.ones((4, 3), np.float32)))
            assert not any(layer._memory for layer in [model, *model.layers])
        step(batch, False)
        states.append(everything(model, optimizer))
    for name in states[0]:
        np.testing.assert_array_equal(states[0][name], states[1][name], err_msg=name)


def test_a_forward_from_before_survives_a_refused_recording(cp):
    """What was open when the recording began is open after it, though the step went back through it."""
    backend.use("gpu")
    x = Input((3,))
    model, given = Model(x, Dense(2)(x)), on(cp, np.ones((1, 3), np.float32))
    play = cuda.capture(lambda x: (model.forget(), float(x.sum()) if cuda.recording() else None) and None)
    for _ in range(2):
        model.forward(given, training=True)
    play(given)
    with pytest.raises(InputError, match="cannot be recorded"):
        play(given)
    assert len(model._memory) == len(model.layers[0]._memory) == 1
    assert model.backward(on(cp, np.ones((1, 2), np.float32))).shape == (1, 3)
    with pytest.raises(InputError, match="cannot be recorded"):
        play(given)
    assert not model._memory, "what an earlier recording put back is not put back again"


def test_what_need_not_be_recorded_goes_on_as_it_stands(cp, caplog):
    """With must=False: the same numbers, and one logged line for all calls."""
    backend.use("gpu")
    caplog.set_level("INFO", logger="nnscratch")
    play = cuda.capture(lambda x: x * float(x.sum()), must=False)
    for k in range(4):
        assert play(on(cp, np.full(3, k, np.float32))).tolist() == [3.0 * k * k] * 3
    sentence, = caplog.messages
    assert sentence.startswith("going on step by step: the step cannot be recorded as a CUDA graph (")


def test_nobody_reads_what_is_not_there_yet(standin):
    """The inputs are written on the usual stream, right before, and the facts are read there, right after: with work of either
    stream still under way the other waits. (The stand-in refuses who does not.)"""
    backend.use("gpu")
    play = cuda.capture(lambda x: x + 1)
    for k in range(4):
        x = on(standin, np.full(3, k, np.float32))
        x *= 2
        y = play(x)
        y *= 2
        assert y.tolist() == [2.0 * (2 * k + 1)] * 3


def test_the_memory_of_a_graph_goes_with_it(standin):
    """A recorded step holds a handle of cuBLAS and a workspace for its stream; neither is in its pool, `free` takes neither
    away from it, and both go when it goes."""
    backend.use("gpu")
    gemm = sys.modules["nnscratch.cuda.gemm"]
    x = on(standin, np.ones((4, 4), np.float32))
    play = cuda.capture(lambda x: cuda.product(x, x))
    play(x)
    cuda.free()  # between the first call and the recording: the recording has another one made
    play(x)
    library, workspace = play.library.library, weakref.ref(play.library.workspace._host)
    assert play.kept_bytes == 64 and play.pool.total_bytes() == 128, "the results of both calls, and no workspace"
    cuda.free()
    assert not gemm._handles and not library.destroyed
    for _ in range(3):
        assert play(x).tolist() == [[4.0] * 4] * 4
    del play
    assert library.destroyed and workspace() is None
    others = cuda.capture(lambda x: cuda.product(x, x))
    others(x)
    pointer = others.stream.ptr
    assert [key[2] for key in gemm._handles] == [pointer]
    del others
    assert not gemm._handles, "no call of free() is needed"


def test_other_shapes_are_refused(cp):
    """The graph reads arrays of the first call's shapes."""
    backend.use("gpu")
    play = cuda.capture(lambda x: x + 1)
    play(on(cp, np.ones(3, np.float32)))
    for other in np.ones(4, np.float32), np.ones(3), None:
        with pytest.raises(InputError, match="expected .* as at its first call"):
            play(on(cp, other))


def test_a_state_loaded_afterwards_is_refused(cp):
    """A recorded step goes on with the arrays it was recorded with; an optimizer that took up others says so."""
    backend.use("gpu")
    w, optimizer = {"w": on(cp, np.ones(3, np.float32))}, Adam()
    play = cuda.capture(lambda g: optimizer.step(w, {"w": g}))
    for _ in range(3):
        play(on(cp, np.ones(3, np.float32)))
    optimizer.load_state(optimizer.save_state(), w)
    with pytest.raises(InputError, match="capture the step anew"):
        play(on(cp, np.ones(3, np.float32)))


def test_dropout_is_the_same_on_every_device(xp):
    """The layer's masks and the op's on NumPy, the stand-in and a GPU are the same numbers; the count is saved alike."""
    layer, x = Dropout(0.3, seed=5), np.ones((7, 9), np.float32)
    random = [np.random.Generator(np.random.Philox(key=np.uint64([5, call]))).random(x.shape) for call in range(3)]
    for drawn in random:
        y = layer.forward(on(xp, x), training=True)
        np.testing.assert_array_equal(to_cpu(y), np.where(drawn >= 0.3, np.float32(1 / 0.7), np.float32(0)))
    calls = to_cpu(layer.buffers["calls"]) if xp is not np else np.asarray(layer.buffers["calls"])
    assert calls == 3 and calls.dtype == np.int64 and calls.shape == ()
    np.testing.assert_array_equal(to_cpu(ops.dropout(on(xp, x), 0.3, seed=(5, 1))[0]) > 0, random[1] >= 0.3)
