"""Whole steps on the device: an adversarial and a style step use our kernels, agree with NumPy, and never wait."""
import sys
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest
from helpers import NO_KERNELS, normal, on, same, without_waiting
from standin import raw_module

from nnscratch import backend, fast, initializers
from nnscratch.backend import to_cpu
from nnscratch.fast import cuda
from nnscratch.fast.cuda.adam import AdamClock, adam_kernel
from nnscratch.generate.adversarial import Pair, adversarial_step
from nnscratch.generate.adversarial_losses import non_saturating
from nnscratch.layers import (
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Flatten,
    Input,
    MaxPooling2D,
    Reshape,
)
from nnscratch.models import Model
from nnscratch.networks import gan
from nnscratch.optimizers import Adam, linear_decay
from nnscratch.style.objective import Objective


def launched(cp, function):
    """The names of the kernels that the call launches, on the stand-in."""
    raw_module.launches.clear()
    function()
    return set(raw_module.launches)


def generator():
    z = Input((5,))
    y = Reshape((3, 3, 6))(BatchNormalization()(Dense(54, activation="relu")(z)))
    y = BatchNormalization()(Conv2DTranspose(4, 4, 2, "same", activation="leaky_relu")(y))
    return Model(z, Conv2D(1, 3, padding="same", activation="tanh")(y))


def discriminator():
    x = Input((6, 6, 1))
    y = Conv2D(4, 4, 2, "same", activation="leaky_relu")(x)
    return Model(x, Dense(1)(Flatten()(MaxPooling2D(2, 1)(BatchNormalization()(y)))))


def play(xp, make_generator, make_discriminator, labels=None, **options):
    """The metrics of the last of three adversarial steps, and all parameters and statistics after it."""
    initializers.set_seed(0)
    backend.use("cpu" if xp is np else "gpu")
    optimizers = Adam(linear_decay(1e-3, 9), beta_1=0.5), Adam(2e-3, beta_1=0.5)
    pair = Pair(make_generator(), make_discriminator(), *optimizers)
    real, noise, labels = on(xp, normal(4, 6, 6, 1).astype(np.float32), normal(4, 5).astype(np.float32), labels)
    with without_waiting(xp):
        for _ in range(3):
            facts = adversarial_step(pair, non_saturating(), real, noise, labels, **options)
    return [*facts.values(), *(a for model in pair[:2] for arrays in (model.params, model.buffers) for a in arrays.values())]


def adversarial(xp):
    """With networks that contain every kind of layer."""
    return play(xp, generator, discriminator)


def the_librarys_own(xp, penalty=0.0):
    """With the networks that `nnscratch train generator` trains, with labels and augmented images."""
    preset = gan.Preset(5, (8, 6, 4), (4, 8), 6, True, 6, 1)
    return play(xp, partial(gan.generator, preset, (6, 6, 1), 3), partial(gan.discriminator, preset, (6, 6, 1), 3),
                np.eye(3, dtype=np.float32)[[0, 1, 2, 0]], rng=np.random.default_rng(0), penalty=penalty)


def test_an_adversarial_step(cp):
    """Three steps agree with NumPy's to float32 precision, without any wait."""
    used = launched(cp, lambda: same(adversarial(cp), [np.asarray(a) for a in adversarial(np)], 1e-4))
    if hasattr(cp, "forbid_sync"):
        assert used >= {"im2col", "col2im", "bias_leaky_relu", "bias_leaky_relu_backward", "batch_norm_moments", "batch_norm",
                        "batch_norm_backward_sums", "batch_norm_backward", "max_pool", "max_pool_backward", "channel_sums",
                        "adam_rate", "adam"}


@pytest.mark.slow
def test_an_adversarial_step_of_the_librarys_own_networks(cp):
    """The same for the networks that the command trains."""
    used = launched(cp, lambda: same(the_librarys_own(cp), [np.asarray(a) for a in the_librarys_own(np)], 1e-4))
    with_penalty = partial(the_librarys_own, penalty=1.0)  # in complex numbers, which no kernel supports
    same(with_penalty(cp), [np.asarray(a) for a in with_penalty(np)], 1e-3)
    if hasattr(cp, "forbid_sync"):
        assert used >= {"im2col", "col2im", "leaky_relu", "leaky_relu_backward", "batch_norm", "batch_norm_backward", "adam"}


def style(xp):
    """Loss and gradient of one evaluation, and the image after a step of Adam."""
    initializers.set_seed(0)
    backend.use("cpu" if xp is np else "gpu")
    x = Input((None, None, 3))
    first = Conv2D(4, 3, padding="same", activation="relu")(x)
    second = Conv2D(5, 3, padding="same", activation="relu")(AveragePooling2D(2, padding="same")(first))
    content, painting = on(xp, *(np.random.default_rng(k).random((1, 9, 10, 3), np.float32) for k in (1, 2)))
    objective = Objective(Model(x, [first, second]), content, [painting], style_weight=10.0, smoothness=0.1, content_layer=1)
    image, optimizer = content.copy(), Adam(0.02)
    with without_waiting(xp):
        loss, gradient = objective(image)
        optimizer.step({"image": image}, {"image": gradient})
    return [loss, gradient, image]


def test_a_style_step(cp):
    """Features, Gram matrices and the backward pass agree with NumPy's, without any wait."""
    used = launched(cp, lambda: same(style(cp), [np.asarray(a) for a in style(np)], 1e-4))
    if hasattr(cp, "forbid_sync"):
        assert used >= {"im2col", "col2im", "bias_leaky_relu", "bias_leaky_relu_backward", "average_pool",
                        "average_pool_backward", "adam"}


@pytest.mark.slow
@pytest.mark.parametrize("step", [adversarial, the_librarys_own, style])
def test_every_product_of_a_step_uses_our_gemm(standin, monkeypatch, step):
    """CuPy refuses its own products while a CUDA graph is recorded, so a training step must not contain any."""
    if not hasattr(standin, "RawModule"):
        pytest.skip(NO_KERNELS)
    call = standin.call

    def watched(name, *arguments, **options):
        assert name not in ("matmul", "dot", "vdot", "inner", "einsum", "tensordot"), f"{name} is a product of CuPy's own"
        return call(name, *arguments, **options)

    monkeypatch.setattr(backend, "gpu_status", lambda: (standin, "a product is what it would make", ""))
    monkeypatch.setattr(standin, "call", watched)
    for side in "__matmul__", "__rmatmul__":
        monkeypatch.setattr(standin.ndarray, side, lambda *arrays: watched("matmul", *arrays))
    step(standin)


def test_adam_on_the_device(cp):
    """Steps with a schedule, continued from a saved state with another optimizer: all numbers equal NumPy's."""
    results = []
    for xp in (np, cp):
        w = dict(zip("ab", on(xp, normal(3, 4).astype(np.float32), normal(300).astype(np.float32))))
        g = dict(zip("ab", on(xp, normal(3, 4, seed=1).astype(np.float32), normal(300, seed=1).astype(np.float32))))
        optimizer = Adam(linear_decay(0.1, 10))
        for _ in range(3):
            optimizer.step(w, g)
        resumed = Adam(0.05)
        resumed.load_state(optimizer.save_state(), w)
        with without_waiting(xp):
            for _ in range(2):
                resumed.step(w, g)
            optimizer.step(w, g)  # its own step count was 3
        results.append([w["a"], w["b"], *(array for memory in resumed.state.values() for array in memory.values())])
    same(results[1], [np.asarray(a) for a in results[0]], 2e-6)


def test_adam_without_kernels_is_the_formula(cp):
    """Inside `fast.disabled()` no kernel runs, and the step is the same."""
    results = []
    for block in (nullcontext, fast.disabled):
        w, g = (on(cp, normal(5, seed=k).astype(np.float32)) for k in (0, 1))
        optimizer = Adam(0.1)
        with block():
            used = launched(cp, lambda w=w, g=g, optimizer=optimizer: [optimizer.step({"w": w}, {"w": g}) for _ in range(2)])
        assert used == ({"adam", "adam_rate"} if block is nullcontext else set()) or not hasattr(cp, "forbid_sync")
        results.append(w)
    same(results[1], results[0], 1e-6)


def test_adam_accepts_arrays_of_any_layout(cp):
    """Gradients and parameters that are views, float64 state: the formula is used if the kernel cannot be."""
    results = []
    for xp in (np, cp):
        whole = {name: on(xp, np.ones(shape, np.float32))
                 for name, shape in (("whole", (3, 4)), ("turned", (4, 3)), ("part", (3, 8)))}
        params = {"whole": whole["whole"], "turned": whole["turned"].T, "part": whole["part"][:, ::2]}
        optimizer = Adam(0.1)
        for k in range(3):
            gradient = on(xp, normal(4, 3, seed=k).astype(np.float32)).T
            optimizer.step(params, {name: gradient for name in params})
        state = {name: array.astype(np.float64) if array.ndim else array for name, array in optimizer.save_state().items()}
        optimizer.load_state(state, params)
        optimizer.step(params, {name: gradient for name in params})
        results.append([*params.values()])
    same(results[1], results[0], 1e-6)


def test_a_repeated_step_with_another_learning_rate(cp):
    """As in a search for the learning rate: load the state of one step before, then make a smaller step."""
    for xp in (np, cp):
        w, g = {"w": on(xp, np.ones(3, np.float32))}, {"w": on(xp, np.ones(3, np.float32))}
        optimizer = Adam(0.1)
        start = optimizer.save_state()
        optimizer.step(w, g)
        optimizer.load_state(start, w)
        w["w"][...] = 1
        optimizer.learning_rate = 0.001
        optimizer.step(w, g)
        same(w["w"], np.full(3, 0.999, np.float32), 1e-6)


def test_adams_step_count_can_be_replayed(cp):
    """Replaying the launches alone, as a CUDA graph does, increments the count and uses a learning rate written in between."""
    w, g, m, v = (on(cp, a) for a in (normal(5).astype(np.float32), normal(5, seed=1).astype(np.float32),
                                     np.zeros(5, np.float32), np.zeros(5, np.float32)))
    expected = {"w": to_cpu(w).copy()}
    numpys, clock = Adam(0.1), AdamClock(cp)
    clock.set(1, 0.1)
    rate = clock.advance(0.9, 0.999)
    for step in range(1, 5):
        if step > 1:  # the launch of adam_rate, as recorded
            clock.set(step, numpys.learning_rate)
            cuda.launch("adam_rate", 1, clock.steps, clock.learning_rate, clock.rate, 0.9, 0.999, 1)
        adam_kernel(w, g, m, v, rate, 0.9, 0.999, 1e-7)
        numpys.step(expected, {"w": to_cpu(g)})
        numpys.learning_rate = 0.1 / (step + 1)
    same(w, expected["w"], 1e-6)
    assert clock.steps.tolist() == [4]


def test_other_precisions_use_the_formula(cp):
    """float64 and complex numbers launch no kernel; float32 does."""
    kinds = {dtype: launched(cp, lambda dtype=dtype: Conv2D(2, 3).forward(on(cp, normal(1, 4, 4, 1).astype(dtype))))
             for dtype in (np.float64, np.complex128, np.float32)}
    assert not kinds[np.float64] | kinds[np.complex128]
    assert kinds[np.float32] == {"im2col"} or not hasattr(cp, "forbid_sync")


def test_importing_does_not_need_cupy():
    """`import nnscratch` does not import CuPy and reads no kernel."""
    import subprocess
    subprocess.run([sys.executable, "-c", "import sys; sys.modules['cupy'] = None; "
                    "import nnscratch.fast.cuda.kernel_registry as s; "
                    "assert s.kernels.cache_info().currsize == s.text.cache_info().currsize == 0"], check=True)
