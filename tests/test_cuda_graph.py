"""A step recorded as a CUDA graph equals the step bit for bit; steps that cannot be recorded are refused in one sentence."""
import weakref

import numpy as np
import pytest
from helpers import normal, on

from nnscratch import backend, fast, initializers
from nnscratch.backend import to_cpu
from nnscratch.fast import cuda
from nnscratch.fast.cuda import cublas
from nnscratch.fast.cuda.adam import clock_of
from nnscratch.generate.adversarial import Pair, adversarial_step
from nnscratch.generate.adversarial_losses import non_saturating
from nnscratch.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, Input, SpatialDropout2D
from nnscratch.losses import softmax_cross_entropy
from nnscratch.models import Model
from nnscratch.networks import gan
from nnscratch.optimizers import Adam, linear_decay
from nnscratch.recording import is_recording
from nnscratch.style.features import loss_network
from nnscratch.style.objective import Objective

STEPS = 5


def everything(*models_and_optimizers):
    """Weights, statistics, counts and Adam's state, as NumPy arrays by name."""
    found = {}
    for k, one in enumerate(models_and_optimizers):
        arrays = one.save_state() if hasattr(one, "save_state") else {**one.params, **one.buffers}
        found |= {f"{k}/{name}": to_cpu(array) for name, array in arrays.items()}
    return found


def batches(xp, *shapes):
    return [on(xp, *(normal(*shape, seed=k).astype(np.float32) for shape in shapes)) for k in range(STEPS)]


def gan_step(xp):
    """The `nano` pair of networks on images of 8 pixels, with a learning rate schedule."""
    initializers.set_seed(0)
    models = gan.generator("nano", (8, 8, 1), 3), gan.discriminator("nano", (8, 8, 1), 3)
    pair = Pair(*models, Adam(linear_decay(1e-3, 7), beta_1=0.5), Adam(2e-3, beta_1=0.5))
    labels = on(xp, np.eye(3, dtype=np.float32)[[0, 1, 2, 0]])

    def step(real, noise):
        return list(adversarial_step(pair, non_saturating(), real, noise, labels).values())
    return step, batches(xp, (4, 8, 8, 1), (4, 32)), lambda: everything(*pair)


def style_step(xp):
    """One evaluation of the loss network of `nnscratch style`, and a step of Adam."""
    content, painting = on(xp, *(np.random.default_rng(k).random((1, 16, 18, 3), np.float32) for k in (1, 2)))
    network = loss_network("texture", painting, side=16)
    objective = Objective(network.model, content, [painting], content_layer=network.content_layer, **network.weights(50))
    image, optimizer = content.copy(), Adam(0.02, beta_2=0.99)

    def step():
        loss, gradient = objective(image)
        optimizer.step({"image": image}, {"image": gradient})
        image[...] = image.clip(0, 1)
        return [loss, objective.terms["style"]]
    return step, [()] * STEPS, lambda: {"image": to_cpu(image), **everything(optimizer)}


def dropout_step(xp):
    """A classifier with both kinds of dropout and with batch normalization."""
    initializers.set_seed(0)
    x = Input((6, 6, 2))
    y = SpatialDropout2D(0.4, seed=3)(BatchNormalization()(Conv2D(4, 3, activation="relu")(x)))
    model, optimizer = Model(x, Dense(3)(Dropout(0.3, seed=7)(Flatten()(y)))), Adam()
    labels = on(xp, np.eye(3, dtype=np.float32)[[0, 1, 2, 0]])

    def step(images):
        model.zero_grads()
        loss, gradient = softmax_cross_entropy(model.forward(images, training=True), labels)
        model.backward(gradient)
        optimizer.step(model.trainable_params, model.grads)
        return [loss]
    return step, [[batch] for batch in batches(xp, (4, 6, 6, 2))], lambda: everything(model, optimizer)


def run(xp, make, wrap):
    """The metrics of every step, and the state after the last."""
    backend.use("cpu" if xp is np else "gpu")
    step, inputs, state = make(xp)
    step = wrap(step)
    facts = [[float(fact) for fact in step(*given)] for given in inputs]
    return facts, state(), step


@pytest.mark.slow
@pytest.mark.parametrize("make", [gan_step, style_step, dropout_step])
def test_a_recorded_step_equals_the_step(cp, make):
    """Metrics, weights, Adam's state, running statistics and counts after five steps equal the eager step's, bit for bit."""
    expected_facts, expected, _ = run(cp, make, lambda step: step)
    facts, state, play = run(cp, make, cuda.capture)
    assert play.graph is not None and facts == expected_facts
    assert state.keys() == expected.keys()
    for name in state:
        np.testing.assert_array_equal(state[name], expected[name], err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("make", [gan_step, style_step, dropout_step])
def test_the_recorded_step_does_not_wait(standin, make):
    """Once recorded, the step never waits for the GPU, and uploads nothing that is already on it."""
    backend.use("gpu")
    step, inputs, _ = make(standin)
    play = cuda.capture(step)
    play(*inputs[0])
    before = standin.counts["uploads"]
    with standin.forbid_sync():
        for given in inputs[1:]:
            play(*given)
    assert standin.counts["uploads"] == before


def test_recording_changes_no_state(standin):
    """Recording changes no weight; Python's step count and the GPU's agree after each replay."""
    backend.use("gpu")
    w, g = on(standin, normal(5).astype(np.float32), normal(5, seed=1).astype(np.float32))
    optimizer, seen = Adam(0.1), []

    def step(g):
        if is_recording():
            seen.append(to_cpu_while_recording(w))
        optimizer.step({"w": w}, {"w": g})
        if is_recording():
            seen.append(to_cpu_while_recording(w))

    def to_cpu_while_recording(array):
        return array._host.copy()

    play = cuda.capture(step)
    for k in range(1, 4):
        play(g)
        assert optimizer.steps == k == int(clock_of(optimizer).steps[0])
    np.testing.assert_array_equal(*seen)


def test_on_the_cpu_the_step_runs_eagerly():
    """NumPy has no graphs: the same lines run eagerly."""
    facts, state, play = run(np, dropout_step, cuda.capture)
    expected_facts, expected, _ = run(np, dropout_step, lambda step: step)
    assert facts == expected_facts and play.graph is None
    assert all(np.array_equal(state[name], expected[name]) for name in expected)


def test_inputs_may_come_from_the_host(cp):
    """Each call copies its inputs, including NumPy arrays, so an old batch is not used again."""
    backend.use("gpu")
    play = cuda.capture(lambda x, nothing: 2 * x)
    for k in range(4):
        x = np.full(3, k, np.float32)
        assert to_cpu(play(x if k % 2 else on(cp, x), None)).tolist() == [2 * k] * 3


def test_inputs_and_outputs_are_synchronized(standin):
    """Inputs are written on the default stream right before the replay, and metrics are read there right after it: while one
    stream is still working, the other waits. (The stand-in refuses unsynchronized access.)"""
    backend.use("gpu")
    play = cuda.capture(lambda x: x + 1)
    for k in range(4):
        x = on(standin, np.full(3, k, np.float32))
        x *= 2
        y = play(x)
        y *= 2
        assert y.tolist() == [2.0 * (2 * k + 1)] * 3


def test_the_memory_of_a_graph_is_released_with_it(standin):
    """A recorded step owns a cuBLAS handle and a workspace for its stream. Neither is in its pool, `free` does not release
    them, and both are released with the step."""
    backend.use("gpu")
    x = on(standin, np.ones((4, 4), np.float32))
    play = cuda.capture(lambda x: cuda.product(x, x))
    play(x)
    cuda.free()  # between the first call and the recording: the recording creates another one
    play(x)
    library, workspace = play.library.library, weakref.ref(play.library.workspace._host)
    assert play.kept_bytes == 64 and play.pool.total_bytes() == 128, "the results of both calls, and no workspace"
    cuda.free()
    assert not cublas._handles and not library.destroyed
    for _ in range(3):
        assert play(x).tolist() == [[4.0] * 4] * 4
    del play
    assert library.destroyed and workspace() is None
    others = cuda.capture(lambda x: cuda.product(x, x))
    others(x)
    pointer = others.stream.ptr
    assert [key[2] for key in cublas._handles] == [pointer]
    del others
    assert not cublas._handles, "no call of free() is needed"


def test_dropout_is_the_same_on_every_device(xp):
    """The masks of the layer and of the op are the same on NumPy, the stand-in and a GPU; so is the saved count."""
    layer, x = Dropout(0.3, seed=5), np.ones((7, 9), np.float32)
    rng = [np.random.Generator(np.random.Philox(key=np.uint64([5, call]))).random(x.shape) for call in range(3)]
    for drawn in rng:
        y = layer.forward(on(xp, x), training=True)
        np.testing.assert_array_equal(to_cpu(y), np.where(drawn >= 0.3, np.float32(1 / 0.7), np.float32(0)))
    calls = to_cpu(layer.buffers["calls"]) if xp is not np else np.asarray(layer.buffers["calls"])
    assert calls == 3 and calls.dtype == np.int64 and calls.shape == ()
    np.testing.assert_array_equal(to_cpu(fast.dropout(on(xp, x), 0.3, seed=(5, 1))[0]) > 0, rng[1] >= 0.3)
