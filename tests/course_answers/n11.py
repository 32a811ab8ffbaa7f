"""Notebook 11: wrong answers, with what their diagnosis must say."""
import numpy as np

from course_answers.solutions import S, spoiled
from nnscratch import ops

AXES = (0, 1, 2)


def root_apart(x, gamma, beta, epsilon):
    return gamma * (x - x.mean(axis=AXES)) / (x.std(axis=AXES) + epsilon) + beta


def unbiased(x, gamma, beta, epsilon):
    return gamma * (x - x.mean(axis=AXES)) / np.sqrt(x.var(axis=AXES, ddof=1) + epsilon) + beta


def by_image(x, gamma, beta, epsilon):
    return ops.instance_norm(x, gamma, beta, epsilon=epsilon + 1e-12)[0]


def without(what):
    """The backward pass of batch normalization in training with one term left out."""
    def backward(dy, x, gamma, epsilon):
        d = np.sqrt(x.var(axis=AXES) + epsilon)
        normed = (x - x.mean(axis=AXES)) / d
        dx = dy * (1 if what == "gamma" else gamma) / d
        scale = (1 if what == "gamma" else gamma) / d
        if what not in ("mean", "both"):
            dx = dx - scale * dy.mean(axis=AXES)
        if what not in ("variance", "both"):
            dx = dx - scale * normed * (dy * normed).mean(axis=AXES)
        return dx, (dy * normed).sum(axis=AXES), dy.sum(axis=AXES)
    return backward


def with_batch_statistics(dy, x, gamma, mean, variance, epsilon):
    return S["inference_backward"](dy, x, gamma, x.mean(axis=AXES), x.var(axis=AXES), epsilon)


WRONG = [
    ("upstream", lambda shape: np.ones(shape), "constant in each channel"),
    ("upstream", lambda shape: np.broadcast_to(np.arange(3.0), shape), "constant in each channel"),
    ("upstream", lambda shape: np.ones(3), "expected the shape asked for"),
    ("upstream", lambda shape: np.random.default_rng().normal(size=shape), "give the generator a seed"),
    ("batch_norm", unbiased, "divided by M - 1"),
    ("batch_norm", root_apart, "epsilon stands outside the root"),
    ("batch_norm", by_image, "in each image for itself"),
    ("batch_norm", lambda x, gamma, beta, epsilon: S["batch_norm"](x, gamma, 0, epsilon), "beta is missing"),
    ("batch_norm", lambda x, gamma, beta, epsilon: S["batch_norm"](x, beta, gamma, epsilon), "are exchanged"),
    ("batch_norm", lambda x, gamma, beta, epsilon: gamma * (x - x.mean()) / np.sqrt(x.var() + epsilon) + beta, "share one"),
    ("batch_norm_backward", without("both"), "the backward at inference"),
    ("batch_norm_backward", without("mean"), "the mean of dy is not subtracted"),
    ("batch_norm_backward", without("variance"), "the variance is taken for a constant"),
    ("batch_norm_backward", without("gamma"), "a factor gamma is missing"),
    ("batch_norm_backward", lambda dy, x, gamma, epsilon: spoiled(
        "batch_norm_backward", 1, lambda g: g / x[..., 0].size)(dy, x, gamma, epsilon), "too small by exactly 4 = N*H*W"),
    ("batch_norm_backward", lambda dy, x, gamma, epsilon: (
        S["batch_norm_backward"](dy, x, gamma, epsilon)[0], (dy * (x - x.mean(axis=AXES))).sum(axis=AXES), dy.sum(axis=AXES)),
     "not divided by the deviation"),
    ("batch_norm_backward", spoiled("batch_norm_backward", 2, lambda g: g[None]), "dbeta has shape"),
    ("inference_backward", lambda dy, x, gamma, mean, variance, epsilon: S["batch_norm_backward"](dy, x, gamma, epsilon),
     "the backward in training"),
    ("inference_backward", with_batch_statistics, "the deviation of this batch"),
    ("inference_backward", lambda dy, x, gamma, mean, variance, epsilon: S["inference_backward"](
        dy, x, gamma, mean, variance, 0), "epsilon is missing"),
    ("inference_backward", lambda dy, x, gamma, mean, variance, epsilon: S["inference_backward"](
        dy, x, gamma**0, mean, variance, epsilon), "a factor gamma is missing"),
    ("running_average", lambda start, batches, momentum: S["running_average"](start, batches, 1 - momentum),
     "the shares are exchanged"),
    ("running_average", lambda start, batches, momentum: batches.mean(), "the plain mean"),
    ("running_average", lambda start, batches, momentum: S["running_average"](0, batches, momentum), "the start is forgotten"),
    ("running_average", lambda start, batches, momentum: momentum * start + (1 - momentum) * batches[-1],
     "only the last batch"),
]
