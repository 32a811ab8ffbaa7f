"""Differentiable augmentation: the distortions and their gradients."""
import numpy as np
import pytest
from helpers import normal, on, same

from nnscratch.generate.adversarial import Pair, adversarial_step
from nnscratch.generate.adversarial_losses import non_saturating
from nnscratch.generate.augment import augment, augment_backward, cutout_mask, random_shifts, shift_images
from nnscratch.gradcheck import check_op
from nnscratch.networks.gan import Preset, discriminator, generator
from nnscratch.optimizers import Adam


@pytest.mark.parametrize("size", [(9, 8, 3), (16, 17, 1), (7, 5, 1)])
def test_gradient(size):
    """All four distortions together, by complex step; each image has its own random parameters."""
    report = check_op(lambda x: augment(x, np.random.default_rng(3)), augment_backward, [normal(5, *size)])
    assert report.ok, str(report)


def test_each_image_is_distorted_differently(xp):
    """Equal images become different; all devices give the same result."""
    x = np.ones((6, 16, 16, 1))
    x[:, 4:12, 4:12] = -1
    y, _ = augment(on(xp, x), np.random.default_rng(0))
    same(y, augment(x, np.random.default_rng(0))[0])
    y = augment(x, np.random.default_rng(0))[0]
    assert all(np.abs(y[i] - y[j]).max() > 0.1 for i in range(6) for j in range(i))


def test_shifts_of_up_to_an_eighth():
    """Shifts occur in both directions, up to the limit."""
    places = np.array(random_shifts(500, 16, 24, np.random.default_rng(0)))
    assert places.min(axis=1).tolist() == [-2, -3] and places.max(axis=1).tolist() == [2, 3]


def test_a_shift_and_its_opposite():
    """By hand: one pixel is moved, and the opposite shift moves it back."""
    x = np.zeros((3, 4, 5, 1))
    x[:, 1, 2] = 7
    y = shift_images(x, [np.array([2, -1, 0]), np.array([1, -2, 0])])
    assert y[0, 3, 3] == y[1, 0, 0] == y[2, 1, 2] == 7 and y.sum() == 21
    same(shift_images(y, [np.array([-2, 1, 0]), np.array([-1, 2, 0])]), x)


def test_cutout_covers_a_quarter_of_the_area():
    """A rectangle inside the image, half as wide and half as high, is set to zero."""
    masks = cutout_mask(200, 16, 16, np.random.default_rng(0))
    covered = (1 - masks).sum((1, 2, 3))
    assert covered.max() == 64 and covered.min() >= 16 and set(np.unique(masks)) == {0, 1}


def test_the_generators_gradient_passes_through_the_distortion():
    """The slope of the generator's loss along its gradient, by central differences, with fixed rng and discriminator."""
    preset, shape = Preset(5, (6, 4), (4, 6), 7, False, 12, 1), (12, 12, 1)
    g, d = generator(preset, shape), discriminator(preset, shape)
    for model in (g, d):
        model.cast(np.float64)
        for array in model.params.values():
            array[...] = 0.3 * normal(*array.shape)
    real, noise = np.tanh(normal(4, *shape)), normal(4, 5)
    pair = Pair(g, d, Adam(1e-18), Adam(1e-18))

    def g_loss():
        return float(adversarial_step(pair, non_saturating(), real, noise, rng=np.random.default_rng(1))["g_loss"])

    g_loss()
    gradient, step = {name: array.copy() for name, array in g.grads.items()}, 1e-7
    square = sum((a * a).sum() for a in gradient.values())
    for sign in (1, -2):
        for name, array in g.params.items():
            array += sign * step * gradient[name]
        if sign == 1:
            above = g_loss()
    assert (above - g_loss()) / (2 * step) == pytest.approx(square, rel=1e-4)
