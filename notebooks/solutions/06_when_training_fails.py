"""Solutions of notebook 06."""
import numpy as np

illnesses = ["inputs too large", "weights too small", "too few samples",
             "weights too large", "weights all zero", "weights too large"]

variances = [1, 2, 0.04, 1 / 64]


def he_normal(shape, fan_in, rng):
    """Weights of this shape, for units that add up fan_in inputs."""
    return rng.normal(0, np.sqrt(2 / fan_in), shape)


def leaky_relu_backward(dy, a, slope):
    """dy and the pre-activation a, of the same shape -> da"""
    return dy * np.where(a > 0, 1, slope)


def dropout(x, rate, rng):
    """An array of any shape -> y and mask, both like x"""
    mask = (rng.random(x.shape) >= rate) / (1 - rate)
    return x * mask, mask


def shifted(images, most, rng):
    """(N, H, W) -> (N, H, W), each image shifted by up to `most` rows and columns"""
    n, h, w = images.shape
    wide = np.pad(images, ((0, 0), (most, most), (most, most)))
    result = np.zeros_like(images)
    for k, (i, j) in enumerate(rng.integers(0, 2 * most + 1, (n, 2))):
        result[k] = wide[k, i:i + h, j:j + w]
    return result
