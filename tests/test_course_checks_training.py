"""The formulas of notebook 14 against measurements and the library."""
import numpy as np
from course_answers.solutions import S
from helpers import normal

from nnscratch.course.checks.gan_training import TwoSteps
from nnscratch.generate.adversarial import Pair, adversarial_step
from nnscratch.generate.adversarial_losses import non_saturating
from nnscratch.layers import Dense, Flatten, Input, Reshape
from nnscratch.models import Model
from nnscratch.optimizers import SGD, Adam


def slope(loss, a, place, h=1e-6):
    step = np.zeros_like(a)
    step[place] = h
    return (loss(a + step) - loss(a - step)) / (2 * h)


def test_the_gradients_of_the_losses_are_right():
    """By central differences; and the losses equal the library's."""
    real, fake, game = normal(4, 1), normal(4, 1, seed=1), non_saturating(0.8)
    loss, d_real, d_generated = S["discriminator_loss"](real, fake, 0.8)
    of_generator, d_logits = S["generator_loss"](fake)
    for n in np.ndindex(4, 1):
        assert np.isclose(d_real[n], slope(lambda a: S["discriminator_loss"](a, fake, 0.8)[0], real, n), atol=1e-8)
        assert np.isclose(d_generated[n], slope(lambda a: S["discriminator_loss"](real, a, 0.8)[0], fake, n), atol=1e-8)
        assert np.isclose(d_logits[n], slope(lambda a: S["generator_loss"](a)[0], fake, n), atol=1e-8)
    assert np.isclose(loss, game.real(real)[0] + game.fake(fake)[0]) and np.isclose(of_generator, game.generator(fake)[0])
    assert np.isclose(S["discriminator_loss"](0 * real, 0 * fake, 1.0)[0], 2 * np.log(2)), "question 1 of the notebook"


def test_three_steps_of_adam_equal_the_librarys():
    """Its epsilon is that of the other form: epsilon-hat = epsilon times the root of 1 - beta2**step."""
    w, m, v, theirs = normal(3, 2), np.zeros((3, 2)), np.zeros((3, 2)), {"w": normal(3, 2)}
    optimizer = Adam(0.01, beta_1=0.5, beta_2=0.9)
    for k in (1, 2, 3):
        dw = normal(3, 2, seed=k)
        w, m, v = S["adam"](w, m, v, dw, k, 0.01, 0.5, 0.9, 0.1)
        optimizer.epsilon = 0.1 * np.sqrt(1 - 0.9**k)
        optimizer.step(theirs, {"w": dw})
    assert np.allclose(w, theirs["w"], atol=1e-6) and np.allclose(v, optimizer.state["w"]["square"])


def test_a_step_of_both_networks_equals_the_librarys():
    """Two linear networks of a single weight matrix, moved by plain gradient descent."""
    W_gen, W_dis, real, z = normal(3, 2), normal(2, 1), normal(4, 2), normal(4, 3)
    mine = TwoSteps(S["gan_step"])(W_gen, W_dis, real, z, 0.8)
    gen, dis = Input((3,)), Input((1, 2, 1))
    gen = Model(gen, Reshape((1, 2, 1))(Dense(2, use_bias=False)(gen)))
    dis = Model(dis, Dense(1, use_bias=False)(Flatten()(dis)))
    for model, W in ((gen, W_gen), (dis, W_dis)):
        model.cast(np.float64)
        next(iter(model.params.values()))[...] = W
    pair = Pair(gen, dis, SGD(0.5), SGD(0.25))
    metrics = adversarial_step(pair, non_saturating(0.8), real.reshape(4, 1, 2, 1), z)
    adversarial_step(pair, non_saturating(0.8), real[::-1].reshape(4, 1, 2, 1), z[::-1])
    assert np.allclose([metrics["d_loss"], metrics["g_loss"]], mine[:2])
    assert np.allclose(next(iter(gen.params.values())), mine[4]) and np.allclose(next(iter(dis.params.values())), mine[5])
