"""The rungs of the ladder around the convolution: activations, sums, pooling, and a discriminator's pass."""
import numpy as np

from benchmarks.ladder import Rung
from benchmarks.steps import PRESETS, discriminator
from nnscratch import fast, initializers
from nnscratch.fast.cpu.im2col import as_items
from nnscratch.fast.cpu.normalize import channel_dot, channel_sum, in_long_rows
from nnscratch.generate.adversarial import discriminator_gradients
from nnscratch.generate.adversarial_losses import non_saturating
from nnscratch.ops.window import each_tap, make_window


def images(*shape: int) -> np.ndarray:
    """Random images."""
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


def choices() -> Rung:
    """A branch for each value against a maximum."""
    x = images(64, 14, 14, 64)
    return Rung("LeakyReLU: a decision for each value -> the larger of two", "64 images of 14 px, 64 channels",
                lambda: np.where(x > 0, x, 0.2 * x), lambda: fast.leaky_relu(x, 0.2)[0])


def slopes() -> Rung:
    """A product with booleans against a product with floats."""
    x, dy = images(64, 14, 14, 64), images(64, 14, 14, 64)[::-1].copy()
    _, cache = fast.leaky_relu(x, 0.2)
    return Rung("LeakyReLU backward: where -> times the larger of two", "64 images of 14 px, 64 channels",
                lambda: np.where(x > 0, dy, 0.2 * dy), lambda: fast.leaky_relu_backward(dy, cache))


def one_batch() -> Rung:
    """Two passes through a discriminator against one."""
    initializers.set_seed(0)
    d = discriminator(**PRESETS["tiny"])
    real, fake, loss = images(64, 28, 28, 1), images(64, 28, 28, 1)[::-1].copy(), non_saturating()
    kernel = d.grads["conv2d_0/kernel"]

    def before():
        d.zero_grads()
        for batch, part in ((real, loss.real), (fake, loss.fake)):
            d.backward(part(d.forward(batch, training=True))[1], wrt="parameters")
        return kernel.copy()

    def after():
        d.zero_grads()
        discriminator_gradients(d, loss, real, fake, None)
        return kernel.copy()
    return Rung("discriminator: real and generated images apart -> as one batch", "GAN step, tiny", before, after)


def sums() -> Rung:
    """A sum over an axis against a product with a vector of ones."""
    x = images(64, 28, 28, 16)
    return Rung("channel sums: sum(axis) -> a product with ones", "64 images of 28 px, 16 channels",
                lambda: x.sum(axis=(0, 1, 2)), lambda: channel_sum(x))


def long_rows() -> Rung:
    """Many short rows against few long ones."""
    x, mean = images(64, 28, 28, 16), images(16)

    def after():
        rows, repeat = in_long_rows(x)
        return (rows - repeat(mean)).reshape(x.shape)
    return Rung("one value for each channel: rows of 16 -> of 16384", "64 images of 28 px, 16 channels",
                lambda: x - mean, after)


def products_in_passing() -> Rung:
    """Squares written to memory against squares summed at once."""
    x = images(64, 14, 14, 64)
    return Rung("sums of squares: squares written to memory -> summed at once", "64 images of 14 px, 64 channels",
                lambda: channel_sum(x * x), lambda: channel_dot(x, x, 64))


def items() -> Rung:
    """Copies value by value against copies pixel by pixel."""
    x = images(64, 28, 28, 16)
    before, after = np.empty((14, 64, 28, 2, 16), np.float32), np.empty((14, 64, 28, 2, 16), np.float32)

    def weave(target, x):
        for a in range(2):
            target[:, :, :, a] = x[:, a::2].swapaxes(0, 1)

    def numbers():
        weave(before, x)
        return before

    def pixels():
        weave(as_items(after), as_items(x))
        return after
    return Rung("copies value by value -> pixel by pixel", "64 images of 28 px, 16 channels", numbers, pixels)


def pooling() -> Rung:
    """KH * KW passes against KH + KW."""
    x = images(1, 256, 256, 64)
    window = make_window("benchmark", (256, 256), 2, 2)

    def tap_by_tap():
        taps = [tap for _, _, tap in each_tap(x, window)]
        y = taps[0].copy()
        for tap in taps[1:]:
            y = np.maximum(y, tap)
        return y
    return Rung("max pooling: tap by tap -> down, then along", "2x2, 64 channels, 256 px", tap_by_tap,
                lambda: fast.max_pool2d(x)[0])


AROUND = (choices, slopes, sums, products_in_passing, long_rows, items, pooling, one_batch)
