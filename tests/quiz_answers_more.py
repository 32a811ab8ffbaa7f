"""Like quiz_answers.py, for notebooks 14 to 18."""
import math

import numpy as np
from quiz_answers import normed, slopes


def softplus(z):
    return math.log(1 + math.exp(z))


def slope_of_real(p, n, s):
    z = math.log(p / (1 - p))
    return slopes(lambda z: (softplus(z) - s * z) / n, z)


def slopes_of_made(p):
    z = math.log(p / (1 - p))
    return [slopes(lambda z: math.log(1 - 1 / (1 + math.exp(-z))), z), slopes(lambda z: softplus(-z), z)]


def first_step(w, g, rate, beta_1, beta_2):
    m, v = (1 - beta_1) * g, (1 - beta_2) * g**2
    return w - rate * (m / (1 - beta_1)) / np.sqrt(v / (1 - beta_2))


def average(held, now, decay):
    return held + (now - held) * (1 - decay)


def best_answer(p, q, s):
    z = np.linspace(-6, 6, 10**6)
    best = z[np.argmin(p * (np.logaddexp(0, z) - s * z) + q * np.logaddexp(0, z))]
    return np.round(1 / (1 + np.exp(-best)), 4)


# --- 10 -----------------------------------------------------------------------------------------------------------

def of_rows(F):
    G = np.zeros((2, 2))
    for a, b in np.ndindex(2, 2):
        for f in F:
            G[a, b] += f[a] * f[b] / len(F)
    return G


def gram(m, F):
    assert m == len(F)
    return of_rows(F)


def gram_backward(m, f, dG):
    others = np.arange(2.0 * (m - 1)).reshape(-1, 2)
    return slopes(lambda f: (dG * of_rows(np.vstack([f, others]))).sum(), f)


def louder(g, times):
    return of_rows(times * np.array([[math.sqrt(g), 0]]))[0, 0]


def mean_splits(mean_a, mean_b, together):
    F = np.array([[mean_a - 1, mean_b - together], [mean_a + 1, mean_b + together]])  # two pixels with that covariance
    return of_rows(F)[0, 1]


def pull(c, g, a):
    return slopes(lambda g: (g - a)**2 / c**2, g)


# --- 11 and 12 ----------------------------------------------------------------------------------------------------

def content_share(target, features):
    return sum((f - t)**2 for f, t in zip(features, target)) / sum(t**2 for t in target)


def variation(x):
    pairs = [((0, 0), (1, 0)), ((0, 1), (1, 1)), ((0, 0), (0, 1)), ((1, 0), (1, 1))]
    return sum((x[a] - x[b])**2 for a, b in pairs) / 4


def variation_slope(x):
    return slopes(lambda x: sum((x[k + 1] - x[k])**2 for k in range(4)) / 5, x)[2]


def coarse_to_fine(steps, seconds, levels):
    return sum(seconds * (100 / 2**k)**2 / 100**2 for k in range(levels))


def matched_colour(own_mean, own_variance, mean, variance, x):
    return mean + math.sqrt(variance) * (x - own_mean) / math.sqrt(own_variance)  # same standard score


def conditional_norm(gammas, betas, x, k):
    return normed(x, gammas[k], betas[k])


def adain_on_paper(f, s):
    return normed(f, (s[1] - s[0]) / 2, (s[0] + s[1]) / 2)


def adain_to_style(s, mean_gradient, std_gradient):
    return slopes(lambda s: mean_gradient * s.mean() + std_gradient * s.std(), s)


def told_by_style(channels):
    return 2 * channels


def strength(own, wanted, percent):
    at = {0: own, 50: wanted}
    return max(0, at[0] + (at[50] - at[0]) * percent / 50)


# --- 13 and 14 ----------------------------------------------------------------------------------------------------

def flop(oc, k, side, c):
    return sum(2 for _ in np.ndindex(side - k + 1, side - k + 1, oc, k, k, c))


def lines(step):
    return 64 * len(np.unique(np.arange(0, 1024 * step, step) // 16)) / 1024


def column_bytes(side, c, k):
    return np.zeros((side * side, k * k * c), np.float32).nbytes


def four_products(d, g):
    m = [(d[0] - d[2]) * g[0], (d[1] + d[2]) * sum(g) / 2, (d[2] - d[1]) * (g[0] - g[1] + g[2]) / 2, (d[1] - d[3]) * g[2]]
    assert np.allclose([m[0] + m[1] + m[2], m[1] - m[2] - m[3]], [d[:3] @ g, d[1:] @ g])
    return m


def fewer_products(m, r):
    return len(list(np.ndindex(m, m, r, r))) / len(list(np.ndindex(m + r - 1, m + r - 1)))


def attainable(peak, bandwidth, intensity):
    return peak if bandwidth * intensity > peak else bandwidth * intensity


def transfer(latency, bandwidth, megabytes):
    return 1e6 * (latency * 1e-6 + megabytes * 1e6 / (bandwidth * 1e9))


def queue(n, asking, compute):
    return max(n * asking + compute, asking + n * compute)


def crossover(fixed_cpu, each_cpu, fixed_gpu, each_gpu):
    return next(n for n in range(1, 1000) if fixed_gpu + n * each_gpu < fixed_cpu + n * each_cpu)


def amdahl(percent, s):
    return 100 / (100 - percent + percent / s)
