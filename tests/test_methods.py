"""The methods without a discriminator: their gradients and properties."""
import copy
from types import SimpleNamespace

import numpy as np
import pytest
from helpers import normal, slopes
from test_training import data, equal, everything, options

from nnscratch.data.dataset import crops, to_floats
from nnscratch.data.synthetic.styles import style_image
from nnscratch.errors import InputError
from nnscratch.generate.inputs import generate_images, with_labels
from nnscratch.generate.methods import METHODS, make_trainer
from nnscratch.generate.methods.glo import principal_codes, pyramid_loss
from nnscratch.generate.methods.imle import IMLETrainer
from nnscratch.generate.methods.texture import SAMPLES
from nnscratch.generate.methods.vae import VAETrainer
from nnscratch.generate.options import METHOD_NAMES, make_options
from nnscratch.gradcheck import check_op


def test_methods_by_name():
    assert tuple(METHODS) == METHOD_NAMES


@pytest.mark.parametrize("method", [name for name in METHOD_NAMES if name != "texture"])
def test_a_deep_copy_of_a_training_goes_on_alike(method):
    """Networks and optimizers are copied together: both make the same next steps, bit for bit."""
    trainer = make_trainer(data(), options(method=method, batch_size=4))
    trainer.step()
    other = copy.deepcopy(trainer)
    for one in (trainer, other):
        one.step()
        one.step()
    assert equal(everything(trainer), everything(other))


def test_numbers_of_numpy_become_pythons(tmp_path):
    """Files keep Python's numbers only; a number from np.arange or np.linspace is one that can be saved."""
    trainer = make_trainer(data(), options(steps=np.int64(2), batch_size=np.int32(4), seed=np.uint8(1), groups=np.int64(0),
                                           beta_1=np.float32(0.5), r1=np.float32(1), smoothing=np.float64(0.9)))
    trainer.save(tmp_path / "state.safetensors")
    assert trainer.options == options(steps=2, batch_size=4, seed=1, beta_1=0.5, r1=1.0, smoothing=0.9)


@pytest.mark.parametrize("name", ["steps", "batch_size", "groups", "seed", "learning_rate", "beta_1", "smoothing", "r1"])
def test_a_bool_is_no_number(name):
    """One sentence with the name of the option; True would train with 1."""
    with pytest.raises(InputError, match=f"^train: {name} is True, expected "):
        options(**{name: True})


@pytest.mark.slow
@pytest.mark.parametrize("conditional", [True, False])
def test_the_gradients_of_the_variational_loss(conditional):
    """Encoder and generator against central differences of reconstruction + divergence, with fixed noise."""
    trainer = make_trainer(data(), options(method="vae", batch_size=4, learning_rate=1e-18, conditional=conditional))
    for model in (trainer.generator, trainer.encoder):
        model.cast(np.float64)
        for array in model.params.values():
            array[...] = 0.1 * normal(*array.shape)
    real, noise = np.tanh(normal(4, 12, 12, 1)), normal(4, trainer.noise_length)
    labels = np.eye(2)[[0, 1, 1, 0]] if conditional else None

    def loss():
        metrics = trainer.train_step(real, noise, labels)
        return metrics["rmse"]**2 * 144 / (2 * VAETrainer.PIXEL_STD**2) + metrics["divergence"]

    loss()
    for model in (trainer.generator, trainer.encoder):
        gradients = {name: array.copy() for name, array in model.grads.items()}
        for name, direction, slope in slopes(model.params, loss, 1e-7):  # few kinks of LeakyReLU are within the step
            size = np.linalg.norm(gradients[name]) * np.linalg.norm(direction)
            assert slope == pytest.approx((gradients[name] * direction).sum(), abs=1e-4 * size), name


@pytest.mark.parametrize("conditional", [True, False])
def test_imle_trains_on_the_nearest_samples(conditional, monkeypatch):
    """For each real image, the noise in the pool whose image is nearest (and of its class) is used for training."""
    trainer = make_trainer(data(), options(method="imle", batch_size=4, conditional=conditional))
    monkeypatch.setattr(IMLETrainer, "JITTER", 0)
    labels = 3 * np.eye(2, dtype=np.float32)[[0, 1, 1, 0]] if conditional else None
    for array in trainer.generator.params.values():
        array[...] = 0.3 * normal(*array.shape)
    real, pool = np.tanh(normal(4, 12, 12, 1)).astype(np.float32), trainer.pool_noise()
    tries = range(4) if conditional else range(16)
    expected = []
    for k, image in enumerate(real):
        noises = pool[4 * k:4 * k + 4] if conditional else pool
        generated = trainer.generator.forward(with_labels(noises, labels[[k] * 4] if conditional else None))
        expected.append(noises[min(tries, key=lambda j, generated=generated, image=image: ((generated[j] - image)**2).sum())])
    seen = []
    forward = trainer.generator.forward
    monkeypatch.setattr(trainer.generator, "forward", lambda x, **more: seen.append(x) or forward(x, **more))
    trainer.train_step(real, np.zeros((4, 32), np.float32), labels)
    chosen = seen[-1][0] if conditional else seen[-1]
    np.testing.assert_array_equal(chosen, expected)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["vae", "glo", "imle"])
def test_reconstruction_errors_fall(method):
    """On discs, within 150 steps, and the images do not collapse to one."""
    trainer = make_trainer(data(), options(method=method, steps=150, learning_rate=2e-3))
    metrics = [{name: float(value) for name, value in trainer.step().items()} for _ in range(150)]
    error = "mae" if method == "glo" else "rmse"
    assert metrics[-1][error] < 0.7 * metrics[0][error] and metrics[-1]["diversity"] > 0.4


def test_gradient_of_the_texture_loss():
    """The slope of the loss along its gradient equals the gradient's norm, in float64."""
    image = 0.5 + 0.2 * np.tanh(normal(1, 40, 40, 3))
    trainer = make_trainer(crops(image, 16, 20), options(method="texture", preset="texture", batch_size=3, learning_rate=1e-18))
    for model in (trainer.generator, trainer.features):
        model.cast(np.float64)
    for array in trainer.generator.params.values():
        array[...] = 0.2 * normal(*array.shape)
    real, noise = np.tanh(normal(3, 16, 16, 3)), normal(3, trainer.noise_length)
    trainer.train_step(real, noise, None)
    gradient, step = {name: array.copy() for name, array in trainer.generator.grads.items()}, 1e-7
    square, losses = sum((a * a).sum() for a in gradient.values()), []
    for sign in (1, -2):
        for name, array in trainer.generator.params.items():
            array += sign * step * gradient[name] / square**0.5
        losses.append(float(trainer.train_step(real, noise, None)["style"]))
    assert (losses[0] - losses[1]) / (2 * step) == pytest.approx(square**0.5, rel=1e-4)


@pytest.mark.slow
def test_scale_of_the_texture_loss():
    """0 for the texture's own crops, at most 1 for their shuffled pixels. The statistics are those of
    the whole batch: the crops together have a loss of 0, but each separately has a larger one."""
    texture = crops(style_image("coral", 64), 32, SAMPLES)
    trainer = make_trainer(texture, make_options({"method": "texture"}))
    pieces = to_floats(texture.images)

    def loss(images):
        trainer.generator = SimpleNamespace(forward=lambda noise, training: images, zero_grads=lambda: None, grads={},
                                             backward=lambda gradient, wrt: None, trainable_params={})
        return float(trainer.train_step(images, None, None)["style"])
    assert loss(pieces) < 1e-9 < 1e-4 < np.mean([loss(piece[None]) for piece in pieces])
    disorder = np.random.default_rng(5).permutation(pieces.reshape(-1, 3)).reshape(pieces.shape)
    assert 0.3 < loss(disorder) <= 1


@pytest.mark.slow
def test_a_texture_is_learned():
    """The loss on leaves almost halves within 60 steps; a change of a tenth would be chance."""
    trainer = make_trainer(crops(style_image("leaves", 128), 64, 50), make_options(
        {"method": "texture", "batch_size": 2, "steps": 60}))
    losses = [float(trainer.step()["style"]) for _ in range(60)]
    assert np.mean(losses[-5:]) < 0.55 * np.mean(losses[:5])


def test_a_grey_texture_is_refused():
    with pytest.raises(InputError, match="colour image"):
        make_trainer(data(size=16), options(method="texture", preset="texture"))


@pytest.mark.parametrize("size", [(8, 8), (7, 5)])
def test_gradient_of_the_loss_at_three_sizes(size):
    """Against central differences, away from the kink of |y - x| at 0."""
    x, y = normal(2, *size, 1), normal(2, *size, 1, seed=1)
    report = check_op(lambda y: pyramid_loss(y, x.astype(y.dtype)), lambda dy, cache: dy * cache, [y], smooth=False)
    assert report.ok, str(report)


def test_codes_start_at_the_principal_components():
    """They have mean 0, are uncorrelated, and have a norm of at most √Z."""
    codes = principal_codes(data(), 8)
    assert np.linalg.norm(codes, axis=1).max() <= 8**0.5 + 1e-5 and np.abs(codes.mean(axis=0)).max() < 0.1
    together = np.corrcoef(codes.T) - np.eye(8)
    assert np.abs(together).max() < 0.25


def test_a_step_of_the_codes_decreases_the_loss(monkeypatch):
    """The loss falls; an image that occurs twice in the batch moves by both gradients; every code stays in the ball."""
    trainer = make_trainer(data(), options(method="glo", batch_size=8, learning_rate=1e-18, conditional=False))
    for array in trainer.generator.params.values():
        array[...] = 0.3 * normal(*array.shape)
    codes, real, no_noise = trainer.codes.params["codes"], np.tanh(normal(8, 12, 12, 1)), np.zeros((8, 32), np.float32)
    real, trainer.indices = real.astype(np.float32), np.arange(8)
    monkeypatch.setattr("nnscratch.generate.methods.glo.CODE_RATE", 0.1)

    def loss():
        return float(pyramid_loss(trainer.generator.forward(codes[:8], training=True), real)[0])

    before = loss()
    trainer.train_step(real, no_noise, None)
    assert loss() < before
    old, trainer.indices = codes.copy(), np.array([3, 5, 3])
    dcode = 1e-3 * normal(3, 32).astype(np.float32)
    trainer.update_codes(dcode)
    moved = codes - old - (codes - old)[20]  # minus the common shift
    np.testing.assert_allclose(moved[[3, 5]], [-0.3 * (dcode[0] + dcode[2]), -0.3 * dcode[1]], atol=1e-6)
    trainer.update_codes(np.full((3, 32), -1e6, np.float32))
    assert np.linalg.norm(codes, axis=1).max() < 1.1 * 32**0.5


def test_codes_and_samples_are_jittered(monkeypatch):
    """The generator's input is the code, or the nearest sample's noise, plus a quarter of the step's noise."""
    monkeypatch.setattr("nnscratch.generate.methods.glo.JITTER", 0.25)
    monkeypatch.setattr(IMLETrainer, "JITTER", 0.25)
    for method in ("glo", "imle"):
        trainer = make_trainer(data(), options(method=method, batch_size=4, conditional=False, learning_rate=1e-18))
        real, noise, seen = np.tanh(normal(4, 12, 12, 1)).astype(np.float32), normal(4, 32).astype(np.float32), []
        forward, trainer.indices = trainer.generator.forward, np.arange(4)
        codes = trainer.codes.params["codes"][:4].copy() if method == "glo" else None
        trainer.generator.forward = lambda x, forward=forward, seen=seen, **more: seen.append(x) or forward(x, **more)
        trainer.train_step(real, noise, None)
        where = seen[-1] - 0.25 * noise
        if method == "imle":  # one of the pool, which is generated first
            codes = seen[0][[np.abs(seen[0] - one).max(axis=1).argmin() for one in where]]
        np.testing.assert_allclose(where, codes, atol=1e-6)


def test_glo_samples_with_the_covariance_of_the_codes():
    """The sampling model's image of z is the averaged model's image of A z, where A Aᵀ is the covariance."""
    trainer = make_trainer(data(), options(method="glo", steps=20))
    for _ in range(20):
        trainer.step()
    codes = trainer.codes.params["codes"]
    noise = normal(5, 32).astype(np.float32)
    bend = np.linalg.cholesky(np.cov(codes.T.astype(np.float64)) + 1e-6 * np.eye(32))
    labels = np.arange(5) % 2
    ours = generate_images(trainer.sampling_model(), noise, labels, 2)
    bent = (noise @ bend.T).astype(np.float32)
    np.testing.assert_allclose(ours, generate_images(trainer.average.model, bent, labels, 2), atol=1e-5)
    assert np.abs(codes.mean(axis=0)).max() < 1e-5
