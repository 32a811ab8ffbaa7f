"""Like quiz_answers.py, for notebooks 09 to 18."""
import math

import numpy as np
from quiz_answers import add_kernels, normed, slopes

# --- 09 and 10 ----------------------------------------------------------------------------------------------------

def max_backward(x, dy):
    dx = np.zeros((2, 4))
    for window in range(2):
        places = [(r, s) for r in range(2) for s in (2 * window, 2 * window + 1)]
        dx[max(places, key=lambda place: x[place])] += dy[window]  # max returns the first of equal values
    return dx


def average_backward(size, dy):
    return slopes(lambda x: dy * x.mean(), np.zeros((size, size)))[0, 0]


def pooled_size(size, k, padding, p):
    firsts = [first for first in range(-padding, size + padding) if first + k <= size + padding]
    return len([n for n in range(0, len(firsts), p) if n + p <= len(firsts)])


def cnn_weights(side, c, o, k, classes):
    pixels = [(h, w) for h in range(0, side, 2) for w in range(0, side, 2)]
    return sum(1 for _ in np.ndindex(k, k, c, o)) + o + len(pixels) * o * classes + classes


def receptive_field(first, p, second):
    """Back from one value: the positions that reach it."""
    pooled = {i for i in range(second)}
    values = {p * n + i for n in pooled for i in range(p)}
    return len({n + i for n in values for i in range(first)})


def confusion_sums(C, k):
    return sum(C[k, j] for j in range(3)), sum(C[j, k] for j in range(3))


def recall(C, k):
    return 1 - sum(C[k, j] for j in range(3) if j != k) / sum(C[k, j] for j in range(3))


def occlusion_drop(p, covered):
    return [p - one for one in covered]


def occlusion_count(patch, side):
    return sum(h + patch <= side and w + patch <= side for h in range(side) for w in range(side))


def saliency(x, weights, v):
    def logit(x):
        return sum(v[u] * max(0, x[0] * weights[0, u] + x[1] * weights[1, u]) for u in range(2))
    return abs(slopes(logit, x))


# --- 11 to 13 -----------------------------------------------------------------------------------------------------

def batch_norm(x, gamma, beta):
    return normed(x, gamma, beta)


def training_backward(x, gamma, dy):
    return slopes(lambda x: (dy * normed(x, gamma, 0)).sum(), x)


def sum_hides(x, u):
    return slopes(lambda x: (u[0] * x[0] + u[1] * x[1]) / (x[0] + x[1]), x)


def running_mean(decay, first, second):
    return decay * ((1 - decay) * first) + (1 - decay) * second


def inference_backward(gamma, variance, dy):
    return slopes(lambda x: (dy * gamma * x / math.sqrt(variance)).sum(), np.zeros(2))


def transposed_conv(x, kernel):
    return add_kernels(x, kernel, 2)


def transposed_size(k, stride, size, padding):
    return len(add_kernels(np.ones(size), np.ones(k), stride)) - 2 * padding


def transposed_backward(kernel, dy):
    return slopes(lambda x: (dy * add_kernels(x, kernel, 2)).sum(), np.zeros(2))


def overlap(k, stride, size):
    return [sum(first <= pixel < first + k for first in range(0, size * stride, stride))
            for pixel in range((size - 1) * stride + k)]


def stripes(value, kernel):
    return [sum(value * kernel[i] for i in (0, 2)), sum(value * kernel[i] for i in (1, 3))]


def side_after(side, blocks):
    for _ in range(blocks):
        side = math.ceil(side / 2)
    return side


def live_taps(k, height, width):
    rows, columns = (live_along(k, side) for side in (height, width))
    return rows * columns


def live_along(k, side):
    places = math.ceil(side / 2)
    before = max(2 * (places - 1) + k - side, 0) // 2
    return len({i for i in range(k) for place in range(places) if 0 <= 2 * place + i - before < side})


def of_two(first, second, gamma, beta):
    return [beta - gamma, beta + gamma] if first < second else [beta + gamma, beta - gamma]


def weights_of_model(o, k, c):
    return o * (k * k * c + 1) + o + o


# --- 14 -----------------------------------------------------------------------------------------------------------

def softplus(a):
    return math.log(1 + math.exp(a))


def real_gradient(p, n, t):
    return slopes(lambda a: (softplus(a) - t * a) / n, math.log(p / (1 - p)))


def generator_gradients(p):
    a = math.log(p / (1 - p))
    return [slopes(lambda a: math.log(1 - 1 / (1 + math.exp(-a))), a), slopes(lambda a: softplus(-a), a)]


def first_step(w, g, lr, beta_1, beta_2):
    m, v = (1 - beta_1) * g, (1 - beta_2) * g**2
    return w - lr * (m / (1 - beta_1)) / np.sqrt(v / (1 - beta_2))


def average_weight(held, now, decay):
    return held + (now - held) * (1 - decay)


def best_answer(p, q, t):
    a = np.linspace(-6, 6, 10**6)
    best = a[np.argmin(p * (np.logaddexp(0, a) - t * a) + q * np.logaddexp(0, a))]
    return np.round(1 / (1 + np.exp(-best)), 4)


# --- 15 and 16 ----------------------------------------------------------------------------------------------------

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


def style_gradient(c, g, target):
    return slopes(lambda g: (g - target)**2 / c**2, g)


def content_gradient(m, features, target):
    return slopes(lambda F: sum((F[n, c] - target[n, c])**2 for n in range(m) for c in range(2)) / (2 * m), features)


def smoothness_gradient(x):
    return slopes(lambda x: sum((x[k + 1] - x[k])**2 for k in range(4)) / 5, x)[2]


def matched_colour(own_mean, own_variance, mean, variance, x):
    return mean + math.sqrt(variance) * (x - own_mean) / math.sqrt(own_variance)  # same standard score


def conditional_norm(gammas, betas, x, k):
    return normed(x, gammas[k], betas[k])


def adain(f, s):
    return normed(f, (s[1] - s[0]) / 2, (s[0] + s[1]) / 2)


def adain_style_gradient(s, mean_gradient, std_gradient):
    return slopes(lambda s: mean_gradient * s.mean() + std_gradient * s.std(), s)


def style_strength(own, wanted, percent):
    at = {0: own, 50: wanted}
    return max(0, at[0] + (at[50] - at[0]) * percent / 50)


# --- 17 and 18 ----------------------------------------------------------------------------------------------------

def flop(o, k, side, c):
    return sum(2 for _ in np.ndindex(side - k + 1, side - k + 1, o, k, k, c))


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


def queue(n, launch, compute):
    return max(n * launch + compute, launch + n * compute)


def crossover(fixed_cpu, each_cpu, fixed_gpu, each_gpu):
    return next(n for n in range(1, 1000) if fixed_gpu + n * each_gpu < fixed_cpu + n * each_cpu)


def amdahl(percent, s):
    return 100 / (100 - percent + percent / s)
