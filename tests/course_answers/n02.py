"""Notebook 02: wrong answers, with what their diagnosis must say."""
from course_answers.solutions import S

WRONG = [
    ("train_step", lambda x, target, weights, bias, rate: tuple(
        2 * a - b for a, b in zip((weights, bias), S["train_step"](x, target, weights, bias, rate))), "uphill"),
    ("train_step", lambda x, target, weights, bias, rate: S["train_step"](x, target, weights, bias, rate / 2), "of the square"),
    ("train_step", lambda x, target, weights, bias, rate: S["train_step"](x, target, weights, bias, rate * target.size),
     "not divided by the number of values"),
    ("train_step", lambda x, target, weights, bias, rate: S["train_step"](x, target, weights, bias, rate * target.shape[1]),
     "divided by the samples alone"),
]
