"""Notebook 06: wrong answers, with what their diagnosis must say."""
import numpy as np

WRONG = [
    ("dropout", lambda x, rate, chance, training: x * (chance > rate) / (1 - rate) if training else x, "0.25"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x > 0, dy, 0), "the backward of relu"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x < 0, dy, slope * dy), "on the wrong side"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(dy > 0, dy, slope * dy), "the sign of dy decides"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x >= 0, dy, 0), "the backward of relu"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x > 0, slope * dy, dy), "on the wrong side"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x >= 0, dy, slope * dy), "0 belongs to the other side"),
    ("leaky_relu_backward", lambda dy, x, slope: dy * (1 + slope + (1 - slope) * np.sign(x)) / 2, "neither 0 nor their mean"),
    ("leaky_relu_backward", lambda dy, x, slope: dy * ((x > 0) + slope * (x < 0)), "neither 0 nor their mean"),
    ("leaky_relu_backward", lambda dy, x, slope: np.where(x > 0, 1, slope), "multiplies it by dy"),
    ("leaky_relu_backward", lambda dy, x, slope: np.multiply(dy, np.where(x > 0, 1, slope), out=dy), "changes dy"),
    ("dropout", lambda x, rate, chance, training: x * (chance >= rate) if training else x, "is not scaled up"),
    ("dropout", lambda x, rate, chance, training: x * (chance >= rate) / rate if training else x, "divided by the rate"),
    ("dropout", lambda x, rate, chance, training: x * (chance < rate) / (1 - rate) if training else x, "other way round"),
    ("dropout", lambda x, rate, chance, training: x * (chance >= rate) / (1 - rate), "it drops at inference, too"),
    ("dropout", lambda x, rate, chance, training: x * ((chance >= rate) if training else (1 - rate)), "the older kind"),
]
