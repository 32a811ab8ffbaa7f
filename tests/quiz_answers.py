"""The answers to the quiz questions, computed a second time: by loops and by finite differences.

Each function has the name of a quiz item and takes the values that the item has drawn.
"""
import math

import numpy as np


def slopes(loss, x, h=1e-5):
    """The derivatives of loss(x) by central differences, in the shape of x."""
    x, found = np.array(x, float), np.zeros(np.shape(x))
    for place in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[place] = h
        found[place] = (loss(x + step) - loss(x - step)) / (2 * h)
    return found


def slide(x, kernel):
    return np.array([sum(kernel[i] * x[place + i] for i in range(len(kernel))) for place in range(len(x) - len(kernel) + 1)])


def add_kernels(x, kernel, stride):
    y = np.zeros((len(x) - 1) * stride + len(kernel))
    for k, value in enumerate(x):
        for i, weight in enumerate(kernel):
            y[k * stride + i] += value * weight
    return y


def normed(x, gamma, beta):
    mean = sum(x) / len(x)
    return gamma * (x - mean) / math.sqrt(sum((value - mean)**2 for value in x) / len(x)) + beta


# --- 00 -----------------------------------------------------------------------------------------------------------

def product_shape(n, d, u):
    W, b = np.arange(d * u).reshape(d, u), np.arange(u)
    rows = [[sum(k * W[k, unit] for k in range(d)) + b[unit] for _ in range(n)] for unit in range(u)]
    return len(rows), len(rows[0])


def broadcast_shape(a, b):
    table = [[row + column for column in range(b)] for row in range(a)]
    return len(table), len(table[0])


def axis_sum(X, axis):
    return [sum(X[:, d]) for d in range(3)] if axis == 0 else [sum(X[n]) for n in range(2)]


def centred_columns(X):
    return [[X[n, d] - (X[0, d] + X[1, d]) / 2 for d in range(2)] for n in range(2)]


def view_or_copy(x, k, first, second):
    return [first if place == k else value for place, value in enumerate(x)]


# --- 01 and 02 ----------------------------------------------------------------------------------------------------

def neuron(x, w, b):
    total = b
    for k in range(3):
        total += x[k] * w[k]
    return total if total > 0 else 0


def threshold(w, x):
    bias = -200.0
    while neuron(x, w, bias + 1) == 0:
        bias += 1
    return bias


def layer(x, weights, bias):
    return [bias[u] + sum(x[k] * weights[k, u] for k in range(2)) for u in range(2)]


def two_layers(w, b, v, c):
    at = [v * (w * x + b) + c for x in (0, 1)]
    return at[1] - at[0], at[0]


def sum_of_relus(first, slope, corner, x):
    return slopes(lambda x: first * max(0, x) - slope * max(0, x - corner), x)


def mean_squared_error(y, t):
    return sum((a - b)**2 for a, b in zip(y, t)) / len(y)


def mse_gradient(y, t):
    return slopes(lambda y: mean_squared_error(y, t), y)


def training_step(x, w, t, lr):
    return w - lr * slopes(lambda w: (x * w - t)**2, w)


def rate_bound(c, m):
    """By bisection: does the distance from the minimum grow?"""
    low, high = 0.0, 100.0
    for _ in range(60):
        lr = (low + high) / 2
        low, high = (low, lr) if abs(m + 1 - lr * 2 * c * 1 - m) > 1 else (lr, high)
    return low


def some_steps(m, start, lr, steps):
    for _ in range(steps):
        start = start - lr * slopes(lambda w: (w - m)**2, start)
    return start


# --- 03 and 04 ----------------------------------------------------------------------------------------------------

def chain(x, t, y):
    return slopes(lambda w: (math.tanh(math.atanh(y) + x * w) - t)**2, 0)


def two_uses(first, second, x):
    return slopes(lambda x: (first * x) * (second * x), x)


def weights_gradient(x, dy):
    return slopes(lambda w: sum(dy[n] * (x[n, 0] * w[0] + x[n, 1] * w[1]) for n in range(2)), np.zeros(2))


def central(x, delta):
    return 3 * x**2 + delta**2  # (x ± delta)³ expanded


def smaller_step(error, times):
    h = math.sqrt(error)  # the error of the central difference of x³ is exactly h²
    return ((1 + h / times)**3 - (1 - h / times)**3) / (2 * h / times) - 3


def softmax(powers):
    return [power / sum(powers) for power in powers]


def cross_entropy(a, k):
    return math.log(sum(math.exp(value - a[k]) for value in a))


def loss_of_a_guess(classes, n):
    return sum(-math.log(1 / classes) for _ in range(n)) / n


def logits_gradient(n, p, k):
    return slopes(lambda a: cross_entropy(a, k) / n, np.log(p))


def accuracy(logits, labels):
    return sum(max(range(3), key=lambda k: a[k]) == label for a, label in zip(logits, labels)) / 5


# --- 05 and 06 ----------------------------------------------------------------------------------------------------

def mlp_weights(side, units, classes):
    return len(list(np.ndindex(side, side, units))) + units + len(list(np.ndindex(units, classes))) + classes


def epoch_steps(count, size):
    steps = 0
    while count > 0:
        steps, count = steps + 1, count - size
    return steps


def relu_backward(a, dy):
    return slopes(lambda a: sum(d * max(0, value) for value, d in zip(a, dy)), a)


def hidden_gradient(a, weights, dlogits):
    def loss(a):
        return sum(dlogits[c] * sum(max(0, a[u]) * weights[u, c] for u in range(3)) for c in range(2))
    return slopes(loss, a)


def momentum_step(lr, decay, w, v, g):
    move = decay * v
    move -= lr * g
    return move, w + move


def he_deviation(units, inputs):
    """The spread that keeps E[x²]: half of the variance of a sum of `inputs` products is left by ReLU."""
    return (inputs / 2)**-0.5


def leaky_backward(slope, a, dy):
    return slopes(lambda a: sum(d * (v if v > 0 else slope * v) for v, d in zip(a, dy)), a)


def weight_decay(w, g, lr, strength):
    return w - lr * slopes(lambda w: g * w + strength / 2 * w**2, w)


def dropout(rate, x, kept):
    return [value / (1 - rate) if stays else 0 for value, stays in zip(x, kept)]


def unscaled_dropout(rate, total):
    """Of four terms, the mean over all masks, each with its probability, is `total`."""
    masks = list(np.ndindex(2, 2, 2, 2))
    mean = sum(sum(mask) * (1 - rate)**sum(mask) * rate**(4 - sum(mask)) for mask in masks)
    return 4 * total / mean


# --- 07 and 08 ----------------------------------------------------------------------------------------------------

def convolution(x, kernel):
    return slide(x, kernel)


def convolution_2d(x, kernel):
    return [[sum(x[r + i, s + j] * kernel[i, j] for i in range(2) for j in range(2)) for s in range(2)] for r in range(2)]


def output_size(size, kernel, stride, padding):
    return len([first for first in range(-padding, size + padding, stride) if first + kernel <= size + padding])


def weights_of_conv(o, k, side, c):
    return sum(1 + len(list(np.ndindex(k, k, c))) for _ in range(o))


def im2col_shape(n, side, c, k):
    places = [(r, s) for r in range(side) for s in range(side) if r + k <= side and s + k <= side]
    return n * len(places), len(list(np.ndindex(k, k, c)))


def kernel_gradient(x, dy):
    return slopes(lambda kernel: (dy * slide(x, kernel)).sum(), np.zeros(2))


def image_gradient(kernel, dy):
    return slopes(lambda x: (dy * slide(x, kernel)).sum(), np.zeros(4))


def bias_gradient(first, second):
    return slopes(lambda b: ((first + second) * b).sum(), 0)


def windows_that_see(k, size):
    return [sum(first <= pixel < first + k for first in range(size - k + 1)) for pixel in range(size)]


def there_and_back(x):
    return [x[0], 2 * x[1], 2 * x[2], x[3]]
