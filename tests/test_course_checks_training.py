"""Wrong answers for notebook 14, given to its checks by test_course_checks.py; its formulas against measurements."""
import numpy as np
from course_answers.solutions import S
from helpers import normal

from nnscratch.generate.adversarial_losses import non_saturating
from nnscratch.generate.ema import EMA
from nnscratch.layers import BatchNormalization, Dense, Input
from nnscratch.models import Model
from nnscratch.optimizers import Adam


def slope(loss, z, place, h=1e-6):
    step = np.zeros_like(z)
    step[place] = h
    return (loss(z + step) - loss(z - step)) / (2 * h)


def test_the_gradients_of_the_losses_are_right():
    """By central differences; and the losses equal the library's."""
    real, fake, game = normal(4, 1), normal(4, 1, seed=1), non_saturating(0.8)
    loss, dreal, dfake = S["discriminator_loss"](real, fake, 0.8)
    of_generator, dz = S["generator_loss"](fake)
    for n in np.ndindex(4, 1):
        assert np.isclose(dreal[n], slope(lambda z: S["discriminator_loss"](z, fake, 0.8)[0], real, n), atol=1e-8)
        assert np.isclose(dfake[n], slope(lambda z: S["discriminator_loss"](real, z, 0.8)[0], fake, n), atol=1e-8)
        assert np.isclose(dz[n], slope(lambda z: S["generator_loss"](z)[0], fake, n), atol=1e-8)
    assert np.isclose(loss, game.real(real)[0] + game.fake(fake)[0]) and np.isclose(of_generator, game.generator(fake)[0])
    assert np.isclose(S["discriminator_loss"](0 * real, 0 * fake, 1.0)[0], 2 * np.log(2)), "question 1 of the notebook"


def test_three_steps_of_adam_equal_the_librarys():
    w, m, v, theirs = normal(3, 2), np.zeros((3, 2)), np.zeros((3, 2)), {"w": normal(3, 2)}
    optimizer = Adam(0.01, beta_1=0.5, beta_2=0.9)
    for k in (1, 2, 3):
        g = normal(3, 2, seed=k)
        w, m, v = S["adam"](w, g, m, v, k, 0.01, 0.5, 0.9)
        optimizer.step(theirs, {"w": g})
    assert np.allclose(w, theirs["w"], atol=1e-6) and np.allclose(v, optimizer.state["w"]["square"])


def test_the_moving_average_equals_the_librarys():
    """Weights and statistics, with the library's decay for step 8: (1 + 8) / (10 + 8)."""
    def network(seed):
        x = Input((3,))
        model = Model(x, BatchNormalization()(Dense(2)(x)))
        model.forward(normal(5, 3, seed=seed).astype(np.float32), training=True)
        return model

    average, now = network(0), network(1)
    name = "batchnormalization_0/moving_variance"
    kernel, variance = average.params["dense_0/kernel"].copy(), average.buffers[name].copy()
    wanted = S["ema"](kernel, variance, now.params["dense_0/kernel"], now.buffers[name], 0.5)
    EMA(average).update(now, 8)
    assert np.allclose(average.params["dense_0/kernel"], wanted[0])
    assert np.allclose(average.buffers[name], wanted[1])
