"""Notebook 06: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S


def dropout_with(keep=lambda chance, rate: chance >= rate, scale=lambda rate: 1 / (1 - rate)):
    def drop(x, rate, rng):
        mask = keep(rng.random(x.shape), rate) * scale(rate)
        return x * mask, mask
    return drop


def exact_count(x, rate, rng):
    """Each row loses the same number of values."""
    mask = np.ones(x.shape) / (1 - rate)
    for row in mask.reshape(-1, x.shape[-1]):
        row[rng.permutation(x.shape[-1])[:round(rate * x.shape[-1])]] = 0
    return x * mask, mask


def by_rows(x, rate, rng):
    mask = np.broadcast_to((rng.random(x.shape[0]) >= rate) / (1 - rate), x.shape[::-1]).T
    return x * mask, mask


def new_mask(x, rate, rng):
    """The mask that is returned is not the one that was used."""
    return dropout_with()(x, rate, rng)[0], dropout_with()(x, rate, rng)[1]


def in_place(x, rate, rng):
    mask = (rng.random(x.shape) >= rate) / (1 - rate)
    x *= mask
    return x, mask


def shift_with(draw=lambda rng, most, count: rng.integers(-most, most + 1, (count, 2)), roll=False):
    def shifted(images, most, rng):
        result = np.zeros_like(images)
        for n, (down, right) in enumerate(draw(rng, most, len(images))):
            result[n] = np.roll(images[n], (down, right), axis=(0, 1))
            if not roll:
                result[n, :max(down, 0)] = 0
                result[n, images.shape[1] + min(down, 0):] = 0
                result[n, :, :max(right, 0)] = 0
                result[n, :, images.shape[2] + min(right, 0):] = 0
        return result
    return shifted


def shift_in_place(images, most, rng):
    images[:] = S["shifted"](images, most, rng)
    return images


def by_choice(x, rate, rng):
    mask = rng.choice([0, 1 / (1 - rate)], size=x.shape, p=[rate, 1 - rate])
    return x * mask, mask


RIGHT = [
    ("he_normal", lambda shape, fan_in, rng: rng.standard_normal(shape) * (2 / fan_in)**0.5),
    ("he_normal", lambda shape, fan_in, rng: (rng.normal(size=int(np.prod(shape))) / np.sqrt(fan_in / 2)).reshape(shape)),
    ("he_normal", lambda shape, fan_in, rng: rng.normal(0, (2 / np.prod(shape[:-1]))**0.5, shape)),
    ("dropout", by_choice),
    ("dropout", dropout_with(keep=lambda chance, rate: chance < 1 - rate)),
    ("dropout", lambda x, rate, rng: [x * (m := rng.binomial(1, 1 - rate, x.shape) / (1 - rate)), m]),
    ("shifted", shift_with()),
    ("leaky_relu_backward", lambda dy, a, slope: dy * (slope + (1 - slope) * (a > 0))),
]
LIST = ["inputs too large", "weights too small", "too few samples",
        "weights too large", "weights all zero", "weights too large"]
WRONG = [
    ("illnesses", [*LIST[:1], "weights all zero", *LIST[2:]], "B: not weights all zero: the loss starts at ln 10 and stays"),
    ("illnesses", ["weights too large", *LIST[1:]], "its first loss is that of a healthy network"),
    ("illnesses", [*LIST[:2], "too few units", *LIST[3:]], "how many samples"),
    ("illnesses", [*LIST[:5], "inputs too large"], "there are six layers to multiply"),
    ("illnesses", [*LIST[:4], ..., LIST[5]], "E: still open"),
    ("variances", [0.01, 2, 0.04, 1 / 64], "has 100 terms"),
    ("variances", [1, 4, 0.04, 1 / 64], "sets half of the values to 0"),
    ("variances", [1, 2, 0.02, 0.5], "ReLU halves it"),
    ("variances", [1, 1.36, 0.2, 3], "whose mean is not 0"),
    ("he_normal", lambda shape, fan_in, rng: rng.normal(0, (1 / fan_in)**0.5, shape), "sets half of the values to 0"),
    ("he_normal", lambda shape, fan_in, rng: rng.normal(0, 2 / fan_in, shape), "the standard deviation is its root"),
    ("he_normal", lambda shape, fan_in, rng: rng.normal(0, (2 / shape[0])**0.5, shape), "not shape[0]"),
    ("he_normal", lambda shape, fan_in, rng: rng.normal(0, (2 / (fan_in + shape[-1]))**0.5, shape), "Glorot's rule"),
    ("he_normal", lambda shape, fan_in, rng: rng.normal(0, (2 * fan_in)**0.5, shape), "more inputs need smaller weights"),
    ("he_normal", lambda shape, fan_in, rng: rng.normal(0, 1, shape), "does not depend on fan_in"),
    ("he_normal", lambda shape, fan_in, rng: rng.uniform(-1, 1, shape) * (6 / fan_in)**0.5, "not normal"),
    ("he_normal", lambda shape, fan_in, rng: rng.random(shape) * (24 / fan_in)**0.5, "the mean is"),
    ("he_normal", lambda shape, fan_in, rng: np.random.default_rng(0).normal(0, (2 / fan_in)**0.5, shape),
     "same at every call"),
    ("he_normal", lambda shape, fan_in, rng: np.random.default_rng().normal(0, (2 / fan_in)**0.5, shape), "draw from rng"),
    ("he_normal", lambda shape, fan_in, rng: rng.normal(0, (2 / fan_in)**0.5, (fan_in, shape[-1])), "the result has shape"),
    ("dropout", dropout_with(keep=lambda chance, rate: chance > rate, scale=lambda rate: 1), "is not scaled"),
    ("dropout", dropout_with(scale=lambda rate: 1 / rate if rate else 1), "divided by the rate"),
    ("dropout", dropout_with(scale=lambda rate: 1 - rate), "multiplied by 1 - rate"),
    ("dropout", dropout_with(keep=lambda chance, rate: chance < rate), "the other way round"),
    ("dropout", lambda x, rate, rng: dropout_with()(x, rate, rng)[0], "expected two results"),
    ("dropout", lambda x, rate, rng: dropout_with()(x, rate, rng)[::-1], "in the other order"),
    ("dropout", lambda x, rate, rng: (dropout_with()(x, rate, rng)[0], rng.random(x.shape) >= rate),
     "y is not x times the mask"),
    ("dropout", lambda x, rate, rng: (x * (kept := rng.random(x.shape) >= rate), kept), "what stays is not scaled"),
    ("dropout", new_mask, "y is not x times the mask"),
    ("dropout", by_rows, "whole rows or columns"),
    ("dropout", exact_count, "exactly the same number"),
    ("dropout", in_place, "changes x"),
    ("dropout", lambda x, rate, rng: S["dropout"](x, rate, np.random.default_rng(0)), "the same at every call"),
    ("shifted", shift_with(roll=True), "at one side enters at the other"),
    ("shifted", shift_with(lambda rng, most, count: rng.integers(-most, most, (count, 2))), "upper end"),
    ("shifted", shift_with(lambda rng, most, count: rng.integers(0, most + 1, (count, 2))), "expected all from"),
    ("shifted", shift_with(lambda rng, most, count: count * [rng.integers(-most, most + 1, 2)]),
     "all images are shifted alike"),
    ("shifted", shift_with(lambda rng, most, count: [(k, k) for k in rng.integers(-most, most + 1, count)]),
     "by the same number"),
    ("shifted", shift_with(lambda rng, most, count: [(k, 0) for k in rng.integers(-most, most + 1, count)]),
     "along the columns"),
    ("shifted", shift_with(lambda rng, most, count: 2 * rng.integers(-most, most + 1, (count, 2))), "at most"),
    ("shifted", lambda images, most, rng: np.pad(S["shifted"](images, most, rng), ((0, 0), (1, 1), (1, 1))), "has shape"),
    ("shifted", lambda images, most, rng: images + rng.random(), "is not a shifted image"),
    ("shifted", lambda images, most, rng: S["shifted"](images, most, np.random.default_rng(3)), "the same at every call"),
    ("shifted", shift_in_place, "changes images"),
    ("leaky_relu_backward", lambda dy, a, slope: np.where(a > 0, dy, 0), "the backward pass of ReLU"),
    ("leaky_relu_backward", lambda dy, a, slope: np.where(a >= 0, dy, 0), "the backward pass of ReLU"),
    ("leaky_relu_backward", lambda dy, a, slope: np.where(a < 0, dy, slope * dy), "on the wrong side"),
    ("leaky_relu_backward", lambda dy, a, slope: np.where(a > 0, slope * dy, dy), "on the wrong side"),
    ("leaky_relu_backward", lambda dy, a, slope: np.where(dy > 0, dy, slope * dy), "the sign of dy decides"),
    ("leaky_relu_backward", lambda dy, a, slope: np.where(a >= 0, dy, slope * dy), "0 belongs to the other side"),
    ("leaky_relu_backward", lambda dy, a, slope: dy * (1 + slope + (1 - slope) * np.sign(a)) / 2, "neither 0 nor their mean"),
    ("leaky_relu_backward", lambda dy, a, slope: dy * ((a > 0) + slope * (a < 0)), "neither 0 nor their mean"),
    ("leaky_relu_backward", lambda dy, a, slope: np.where(a > 0, 1, slope), "multiplies it by dy"),
    ("leaky_relu_backward", lambda dy, a, slope: np.multiply(dy, np.where(a > 0, 1, slope), out=dy), "changes dy"),
]
