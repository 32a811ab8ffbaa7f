"""Solutions of notebook 14."""
import numpy as np

from nnscratch import ops


def discriminator_loss(real, fake, s):
    """Logits (N, 1) of real and of made pictures -> L, dreal (N, 1), dfake (N, 1)"""
    loss = (np.logaddexp(0, real) - s * real).mean() + np.logaddexp(0, fake).mean()
    return loss, (ops.sigmoid(real)[0] - s) / real.size, ops.sigmoid(fake)[0] / fake.size


def generator_loss(z):
    """Logits (N, 1) of made pictures -> L, non-saturating, and dz (N, 1)"""
    return np.logaddexp(0, -z).mean(), (ops.sigmoid(z)[0] - 1) / z.size


def adam(w, g, m, v, k, rate, beta_1, beta_2):
    """Weights, gradient, the memories m and v, number k of the step, from 1 -> new w, m, v"""
    m = beta_1 * m + (1 - beta_1) * g
    v = beta_2 * v + (1 - beta_2) * g * g
    first, second = m / (1 - beta_1**k), v / (1 - beta_2**k)
    return w - rate * first / (np.sqrt(second) + 1e-7), m, v


def ema(weights, statistics, new_weights, new_statistics, decay):
    """The average so far and the network of now -> the new average: weights, statistics"""
    return (decay * weights + (1 - decay) * new_weights,
            decay * statistics + (1 - decay) * new_statistics)
