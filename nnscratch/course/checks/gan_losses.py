"""Exercises of notebook 14: the losses of both networks, their gradients, two slopes.

Shapes: logits and their gradients (N, 1), above 0 for "real".
"""
from typing import Any

import numpy as np

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.inputs import column, normal
from nnscratch.course.checks.prediction import predicted
from nnscratch.losses.predictions import softplus
from nnscratch.ops.activations import sigmoid

__all__ = ["discriminator_loss", "generator_loss", "two_slopes"]


def sigma(a):
    """σ(a) = 1 / (1 + exp(-a))."""
    return sigmoid(a)[0]


def cross_entropy(target, a):
    """The mean of softplus(a) - target a, and its gradient: the cost where σ(a) should be `target`."""
    return (softplus(a) - target * a).mean(), (sigma(a) - target) / a.size


def right_discriminator_loss(real, generated, smooth, of_generated=lambda smooth: 0.0):
    """The solution; with of_generated the generated samples have another target than 0."""
    (of_real, d_real), (other, d_generated) = cross_entropy(smooth, real), cross_entropy(of_generated(smooth), generated)
    return of_real + other, d_real, d_generated


def with_gradients(change):
    """The right loss with changed gradients."""
    def loss(real, generated, smooth):
        total, d_real, d_generated = right_discriminator_loss(real, generated, smooth)
        return total, *change(d_real, d_generated)
    return loss


def by_exponentials(real, generated, smooth):
    """log(1 + exp(a)) without np.logaddexp: it overflows."""
    with np.errstate(over="ignore"):
        return ((np.log(1 + np.exp(real)) - smooth * real).mean() + np.log(1 + np.exp(generated)).mean(),
                *right_discriminator_loss(real, generated, smooth)[1:])


@exercise("14",
          "Put σ(a) = 1 / (1 + exp(-a)) into the cost -t ln σ(a) - (1 - t) ln(1 - σ(a)), and collect what t does not multiply.",
          "What is left is ln(1 + exp(a)) minus a product of t and a. Its derivative is a difference of two probabilities; a "
          "mean over N values divides it by N. Real samples have t = smooth, generated ones 0.",
          "L = (np.logaddexp(0, real) - smooth * real).mean() + np.logaddexp(0, generated).mean()",
          library=right_discriminator_loss)
def discriminator_loss(attempt: Attempt) -> None:
    """L, a number; d_real and d_generated (N, 1)."""
    cases = [{"real": column(0), "generated": column(0), "smooth": 1.0},
             {"real": column(2, -1), "generated": column(1, 3), "smooth": 0.9},
             {"real": 3 * normal(4, 1), "generated": 3 * normal(4, 1, seed=1), "smooth": 0.8},
             {"real": column(2, -1, 0.5), "generated": column(1), "smooth": 0.7},
             {"real": column(800, -800), "generated": column(-800, 800), "smooth": 0.9}]
    compare(attempt, right_discriminator_loss, cases, "L d_real d_generated", {
        "smoothing is missing: the target of real samples is smooth, not 1":
            lambda real, generated, smooth: right_discriminator_loss(real, generated, 1.0),
        "generated samples are smoothed, too: their target is 0": lambda real, generated, smooth: right_discriminator_loss(
            real, generated, smooth, of_generated=lambda smooth: 1 - smooth),
        "the cost of the generated samples is missing": lambda real, generated, smooth: (
            *cross_entropy(smooth, real), sigma(generated) / generated.size),
        "smooth enters once only: a real sample costs -smooth ln σ(a) and -(1 - smooth) ln(1 - σ(a))":
            lambda real, generated, smooth: (
                (smooth * softplus(-real)).mean() + softplus(generated).mean(), smooth * (sigma(real) - 1) / real.size,
                sigma(generated) / generated.size),
        "smooth times the logit is added: subtract it":
            lambda real, generated, smooth: right_discriminator_loss(real, generated, -smooth),
        "real and generated samples are exchanged": lambda real, generated, smooth: (
            right_discriminator_loss(generated, real, smooth)[0],
            *right_discriminator_loss(generated, real, smooth)[:0:-1]),
        "L is right, but each gradient must be divided by the number of logits of its mean":
            with_gradients(lambda d_real, d_generated: (d_real * d_real.size, d_generated * d_generated.size)),
        "L is right, but each gradient is divided by the logits of both means, expected by those of its own":
            with_gradients(lambda d_real, d_generated: (d_real * d_real.size / (d_real.size + d_generated.size),
                                                        d_generated * d_generated.size / (d_real.size + d_generated.size))),
        "L is the sum of two means, and not their mean: nothing is halved": lambda real, generated, smooth: [
            part / 2 for part in right_discriminator_loss(real, generated, smooth)],
        "L is right, but the sign of d_real is wrong": with_gradients(lambda d_real, d_generated: (-d_real, d_generated)),
        "L is right, but the sign of d_generated is wrong": with_gradients(lambda d_real, d_generated: (d_real, -d_generated)),
        "d_generated is that of samples with the target 1: generated ones have the target 0":
            lambda real, generated, smooth: (*right_discriminator_loss(real, generated, smooth)[:2],
                                             cross_entropy(1.0, generated)[1]),
        "the means are sums: divide by the number of logits": lambda real, generated, smooth: (
            (softplus(real) - smooth * real).sum() + softplus(generated).sum(), sigma(real) - smooth, sigma(generated)),
        "for a = 800 the exponential overflows: np.logaddexp(0, a) is log(1 + exp(a)), and does not": by_exponentials})


def naive(generated):
    """-log σ(a) as it is written: it overflows."""
    with np.errstate(over="ignore", divide="ignore"):
        return -np.log(1 / (1 + np.exp(-generated))).mean(), (sigma(generated) - 1) / generated.size


def right_generator_loss(generated):
    """The solution."""
    return cross_entropy(1.0, generated)


@exercise("14",
          "It is the cost of samples with the target 1, without smoothing. You have derived cost and gradient for any target.",
          "-ln σ(a) = ln(1 + exp(-a)). The mean over N values makes the gradient N times smaller.",
          "L = np.logaddexp(0, -generated).mean()", library=right_generator_loss)
def generator_loss(attempt: Attempt) -> None:
    """L, a number; d_generated (N, 1)."""
    cases = [{"generated": column(0)}, {"generated": column(-4, 2)}, {"generated": 3 * normal(5, 1)},
             {"generated": column(-800, 800)}]
    compare(attempt, right_generator_loss, cases, "L d_generated", {
        "L is right, but d_generated is that of the saturating loss": lambda generated: (
            cross_entropy(1.0, generated)[0], -sigma(generated) / generated.size),
        "this is the saturating loss, ln(1 - σ(a)), whose gradient vanishes where the generator is worst":
            lambda generated: (-softplus(generated).mean(), -sigma(generated) / generated.size),
        "this is the discriminator's cost of generated samples: the generator's target is 1":
            lambda generated: cross_entropy(0.0, generated),
        "the generator's loss is not smoothed: only the discriminator's, on real samples":
            lambda generated: cross_entropy(0.9, generated),
        "L is right, but d_generated is not divided by N: L is a mean": lambda generated: (
            cross_entropy(1.0, generated)[0], sigma(generated) - 1),
        "L is right, but the sign of d_generated is wrong: a higher logit lowers L": lambda generated: (
            cross_entropy(1.0, generated)[0], (1 - sigma(generated)) / generated.size),
        "the sign of L is wrong: a cost -ln σ(a) is never negative": lambda generated: (
            -softplus(-generated).mean(), (1 - sigma(generated)) / generated.size),
        "it is a sum: divide by N": lambda generated: (softplus(-generated).sum(), sigma(generated) - 1),
        "for a = -800 the exponential overflows: np.logaddexp(0, -a) is the same, and does not": naive})


@exercise("14", "Differentiate both losses with respect to a, for a single sample. Both contain σ(-5) = 0.0067.",
          "σ'(a) = σ(a) (1 - σ(a)), so d/da ln(1 - σ(a)) = -σ(a) (1 - σ(a)) / (1 - σ(a)). Likewise the other.")
def two_slopes(attempt: Any) -> None:
    """Two numbers: the slope of the saturating loss at a = -5, and of the non-saturating one."""
    low = float(sigma(np.array(-5.0)))
    predicted(attempt, {"saturating": -low, "non-saturating": low - 1}, {
        "the loss falls when a rises: the slope is negative": ("saturating", low),
        "the loss falls when a rises: its slope is negative": ("non-saturating", 1 - low),
        "this is the slope of the other loss": ("saturating", low - 1),
        "that is the slope of the other loss": ("non-saturating", -low)})
