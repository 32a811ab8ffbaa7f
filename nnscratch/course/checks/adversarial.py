"""Exercises of notebook 14: the losses of both networks and their gradients, a step of Adam, and an average of weights.

Shapes: logits and their gradients (N, 1), above 0 for "real"; weights, their gradients, and statistics of any shape.
"""
import numpy as np

from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.neurons import normal
from nnscratch.losses.predictions import softplus
from nnscratch.ops.activations import sigmoid

__all__ = ["adam", "discriminator_loss", "ema", "generator_loss"]

EPSILON = 1e-7  # of Adam


def column(*numbers):
    """Numbers as logits (N, 1)."""
    return np.array(numbers, dtype=float)[:, None]


def sigma(z):
    """σ(z) = 1 / (1 + exp(-z))."""
    return sigmoid(z)[0]


def cross_entropy(target, z):
    """The mean of softplus(z) - target z, and its gradient: the cost where σ(z) should be `target`."""
    return (softplus(z) - target * z).mean(), (sigma(z) - target) / z.size


def right_discriminator_loss(real, fake, s, of_fakes=lambda s: 0.0):
    """The solution; with of_fakes the generated images have another target than 0."""
    (real_loss, dreal), (fake_loss, dfake) = cross_entropy(s, real), cross_entropy(of_fakes(s), fake)
    return real_loss + fake_loss, dreal, dfake


def with_gradients(change):
    """The right loss with changed gradients."""
    def loss(real, fake, s):
        total, dreal, dfake = right_discriminator_loss(real, fake, s)
        return total, *change(dreal, dfake)
    return loss


def by_exponentials(real, fake, s):
    """log(1 + exp(z)) without np.logaddexp: it overflows."""
    with np.errstate(over="ignore"):
        return (np.log(1 + np.exp(real)) - s * real).mean() + np.log(1 + np.exp(fake)).mean(), *right_discriminator_loss(
            real, fake, s)[1:]


@exercise("14",
          "Two means: softplus(z) - s z over the real logits, softplus(z) over the fake ones. np.logaddexp(0, z) is softplus.",
          "softplus'(z) = σ(z) = 1 / (1 + np.exp(-z)). So dreal = (σ(real) - s) / N: a mean over N has the slope 1/N for each.",
          "dfake = σ(fake) / N: generated images are to be called real with probability 0, so nothing is smoothed there.")
def discriminator_loss(attempt: Attempt) -> None:
    """L = mean(softplus(real) - s real) + mean(softplus(fake)), dreal, dfake."""
    cases = [{"real": column(0), "fake": column(0), "s": 1.0}, {"real": column(2, -1), "fake": column(1, 3), "s": 0.9},
             {"real": 3 * normal(4, 1), "fake": 3 * normal(4, 1, seed=1), "s": 0.8},
             {"real": column(800, -800), "fake": column(-800, 800), "s": 0.9}]
    compare(attempt, right_discriminator_loss, cases, "loss dreal dfake", {
        "smoothing is missing: real images are to be called real with probability s":
            lambda real, fake, s: right_discriminator_loss(real, fake, 1.0),
        "generated images are smoothed, too: only real ones are to be": lambda real, fake, s: right_discriminator_loss(
            real, fake, s, of_fakes=lambda s: 1 - s),
        "the cost of the generated images is missing": lambda real, fake, s: (*cross_entropy(s, real), sigma(fake) / fake.size),
        "s is put in once only: the real images cost -s log σ(z) and -(1 - s) log(1 - σ(z)), together softplus(z) - s z":
            lambda real, fake, s: ((s * softplus(-real)).mean() + softplus(fake).mean(), s * (sigma(real) - 1) / real.size,
                                   sigma(fake) / fake.size),
        "s z is added: subtract it": lambda real, fake, s: right_discriminator_loss(real, fake, -s),
        "real and fake are exchanged": lambda real, fake, s: (right_discriminator_loss(fake, real, s)[0],
                                                              *right_discriminator_loss(fake, real, s)[:0:-1]),
        "L is right, but each gradient must be divided by N, the number of logits of its mean":
            with_gradients(lambda dreal, dfake: (dreal * dreal.size, dfake * dfake.size)),
        "L is right, but each gradient is divided by the logits of both means, expected by those of its own":
            with_gradients(lambda dreal, dfake: (dreal / 2, dfake / 2)),
        "L is the sum of two means, and not their mean: nothing is halved": lambda real, fake, s: [
            part / 2 for part in right_discriminator_loss(real, fake, s)],
        "L is right, but the sign of dreal is wrong: it is (σ(z) - s) / N": with_gradients(
            lambda dreal, dfake: (-dreal, dfake)),
        "L is right, but the sign of dfake is wrong": with_gradients(lambda dreal, dfake: (dreal, -dfake)),
        "L is right, but dreal and dfake are exchanged": with_gradients(lambda dreal, dfake: (dfake, dreal)),
        "dfake is that of images to be called real: made ones are to be called real with probability 0, so nothing is "
        "subtracted from σ(z)": lambda real, fake, s: right_discriminator_loss(real, fake, s, of_fakes=lambda s: 1.0),
        "the means are sums: divide by N": lambda real, fake, s: tuple(
            len(real) * part for part in right_discriminator_loss(real, fake, s)),
        "for z = 800 the exponential overflows: np.logaddexp(0, z) is log(1 + exp(z)), and does not": by_exponentials})


def naive(z):
    """-log σ(z) as it is written: it overflows."""
    with np.errstate(over="ignore", divide="ignore"):
        return -np.log(1 / (1 + np.exp(-z))).mean(), (sigma(z) - 1) / z.size


@exercise("14",
          "The generator wants its images called real: -log σ(z) = softplus(-z), as the discriminator has it for real ones.",
          "The slope of softplus(-z) is σ(z) - 1; the mean over N divides it by N.")
def generator_loss(attempt: Attempt) -> None:
    """L = mean of softplus(-z), and dz."""
    cases = [{"z": column(0)}, {"z": column(-4, 2)}, {"z": 3 * normal(5, 1)}, {"z": column(-800, 800)}]
    compare(attempt, lambda z: cross_entropy(1.0, z), cases, "loss dz", {
        "L is right, but dz is that of the saturating loss, -σ(z)": lambda z: (cross_entropy(1.0, z)[0], -sigma(z) / z.size),
        "this is the saturating loss, log(1 - σ(z)), whose slope vanishes where the generator is worst":
            lambda z: (-softplus(z).mean(), -sigma(z) / z.size),
        "this is what the discriminator has for generated images: the generator wants the opposite":
            lambda z: cross_entropy(0.0, z),
        "the generator's loss is not smoothed: only the discriminator's, on real images": lambda z: cross_entropy(0.9, z),
        "L is right, but dz is not divided by N: a mean has the slope 1/N for each": lambda z: (
            cross_entropy(1.0, z)[0], sigma(z) - 1),
        "L is right, but the sign of dz is wrong: σ(z) - 1 is never positive": lambda z: (
            cross_entropy(1.0, z)[0], (1 - sigma(z)) / z.size),
        "the sign of L is wrong: a cost -log σ(z) is never negative": lambda z: (-softplus(-z).mean(), (1 - sigma(z)) / z.size),
        "it is a sum: divide by N": lambda z: (softplus(-z).sum(), sigma(z) - 1),
        "for z = -800 the exponential overflows: np.logaddexp(0, -z) is the same, and does not": naive})


def adam_with(correct=lambda beta, k: 1 - beta**k, correct_first=None, correct_second=None, new=lambda beta: 1 - beta,
              square=lambda g: g * g, root=np.sqrt, order=lambda a, b: (a, b), sign=1):
    """A step of Adam from its parts; a wrong answer changes one of them."""
    def adam(w, g, m, v, k, rate, beta_1, beta_2):
        beta_1, beta_2 = order(beta_1, beta_2)
        m, v = beta_1 * m + new(beta_1) * g, beta_2 * v + new(beta_2) * square(g)
        first, second = m / (correct_first or correct)(beta_1, k), v / (correct_second or correct)(beta_2, k)
        return w - sign * rate * first / (root(second) + EPSILON), m, v
    return adam


def moved_by(memories):
    """The right m and v, but the step is made from other ones: memories(g, old m, old v, new m, new v)."""
    def adam(w, g, m, v, k, rate, a, b):
        _, new_m, new_v = adam_with()(w, g, m, v, k, rate, a, b)
        first, second = memories(g, m / (1 - a**k), v / (1 - b**k), new_m / (1 - a**k), new_v / (1 - b**k))
        return w - rate * first / (np.sqrt(second) + EPSILON), new_m, new_v
    return adam


def root_first(w, g, m, v, k, rate, a, b):
    """The root of v alone, before the bias correction."""
    _, m, v = adam_with()(w, g, m, v, k, rate, a, b)
    return w - rate * m / (1 - a**k) / (np.sqrt(v) / (1 - b**k) + EPSILON), m, v


@exercise("14",
          "First the new m and v. Each keeps the share beta of its old value: m = beta_1 * m + (1 - beta_1) * g; so does v, "
          "with beta_2 and g * g.",
          "Then divide the start out: m / (1 - beta_1**k), v / (1 - beta_2**k). Return m and v as they were before that.",
          "w - rate * first / (np.sqrt(second) + 1e-7)")
def adam(attempt: Attempt) -> None:
    """The new w, m and v after step number k, the first being 1."""
    names = "w", "g", "m", "v", "k", "rate", "beta_1", "beta_2"
    cases = [dict(zip(names, case)) for case in (  # the root of 0.04 is 0.2: with 0.25 or 0.5 mistakes would cancel
        (np.array([1.0]), np.array([4.0]), np.zeros(1), np.zeros(1), 1, 0.1, 0.75, 0.96),
        (np.array([0.9]), np.array([-4.0]), np.array([1.0]), np.array([0.64]), 2, 0.1, 0.75, 0.96),
        (np.array([1.0, 2.0]), np.array([0.0, 3.0]), np.zeros(2), np.zeros(2), 1, 0.1, 0.75, 0.96),
        (normal(3, 4), abs(normal(3, 4, seed=1)), normal(3, 4, seed=2), normal(3, 4, seed=3)**2, 5, 0.01, 0.9, 0.95))]
    compare(attempt, adam_with(), cases, "w m v", {
        "the start at 0 is not divided out: 1 - beta**k is missing, under m and under v": adam_with(correct=lambda b, k: 1),
        "under m the start at 0 is not divided out: 1 - beta_1**k is missing": adam_with(correct_first=lambda b, k: 1),
        "under v the start at 0 is not divided out: 1 - beta_2**k is missing": adam_with(correct_second=lambda b, k: 1),
        "the start is divided out with beta, expected with beta**k": adam_with(correct=lambda b, k: 1 - b),
        "the start is multiplied in: divide m and v by 1 - beta**k": adam_with(correct=lambda b, k: 1 / (1 - b**k)),
        "steps are counted from 1 on: k is that number already": adam_with(correct=lambda b, k: 1 - b**(k + 1)),
        "v is made of g, expected of its square": adam_with(square=lambda g: g),
        "g and its square come in whole, expected with the share 1 - beta": adam_with(new=lambda beta: 1),
        "the root of v is missing": adam_with(root=lambda v: v),
        "the root is that of v / (1 - beta_2**k), and not of v alone": root_first,
        "w is moved by the old m and v: make the new ones first": moved_by(lambda g, m, v, new_m, new_v: (m, v)),
        "w is moved by g, expected by m": moved_by(lambda g, m, v, new_m, new_v: (g, new_v)),
        "beta_1 stands in the place of beta_2": adam_with(order=lambda a, b: (a, a)),
        "beta_1 and beta_2 are exchanged": adam_with(order=lambda a, b: (b, a)),
        "each mean keeps the share beta of its old value, expected beta, and not 1 - beta": adam_with(
            order=lambda a, b: (1 - a, 1 - b)),
        "the step goes uphill: subtract it": adam_with(sign=-1),
        "the rate is missing": lambda w, g, m, v, k, rate, a, b: adam_with()(w, g, m, v, k, 1.0, a, b),
        "m and v are exchanged: the order is w, m, v": lambda *given: [adam_with()(*given)[k] for k in (0, 2, 1)],
        "m and v come back with the start divided out, expected as they are: the next step divides anew":
            lambda w, g, m, v, k, rate, a, b: [part / correction for part, correction in zip(
                adam_with()(w, g, m, v, k, rate, a, b), (1, 1 - a**k, 1 - b**k))]})


def mixed(old, new, decay):
    """The exponential moving average of one array."""
    return decay * old + (1 - decay) * new


def right_ema(weights, statistics, new_weights, new_statistics, decay):
    """The solution."""
    return mixed(weights, new_weights, decay), mixed(statistics, new_statistics, decay)


@exercise("14", "The average keeps the share `decay` of what it was: decay * old + (1 - decay) * new.",
          "The running statistics of batch normalisation belong to a network as much as its weights: do the same with them.")
def ema(attempt: Attempt) -> None:
    """The averaged weights, and the averaged statistics."""
    names = "weights", "statistics", "new_weights", "new_statistics", "decay"
    cases = [dict(zip(names, (np.array([4.0]), np.array([1.0]), np.array([8.0]), np.array([3.0]), 0.75))),
             dict(zip(names, (normal(3, 2), normal(2), normal(3, 2, seed=1), normal(2, seed=1), 0.9)))]
    compare(attempt, right_ema, cases, "weights statistics", {
        "the statistics are forgotten: they stay what they were at the start": lambda w, s, new_w, new_s, decay: (
            mixed(w, new_w, decay), s),
        "the statistics are taken over from the network of now, expected averaged like the weights":
            lambda w, s, new_w, new_s, decay: (mixed(w, new_w, decay), new_s),
        "the shares are exchanged: decay is that of the old value": lambda w, s, new_w, new_s, decay: right_ema(
            w, s, new_w, new_s, 1 - decay),
        "this is the network of now: nothing of the old average is kept": lambda w, s, new_w, new_s, decay: (new_w, new_s),
        "weights and statistics are exchanged": lambda *given: right_ema(*given)[::-1],
        "this is the old average: nothing of the network of now comes in": lambda w, s, new_w, new_s, decay: (w, s),
        "the old average must fade: it keeps the share decay": lambda w, s, new_w, new_s, decay: (
            w + (1 - decay) * new_w, s + (1 - decay) * new_s),
        "this is the plain mean: decay says how much the old average counts": lambda w, s, new_w, new_s, decay: right_ema(
            w, s, new_w, new_s, 0.5),
        "old and new are added, expected 1 - decay of the new": lambda w, s, new_w, new_s, decay: (
            decay * w + new_w, decay * s + new_s)})
