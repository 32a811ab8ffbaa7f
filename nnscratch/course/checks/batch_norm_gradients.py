"""Exercises of notebook 11: the backward pass of batch normalisation, step by step, whole, and at inference.

Shapes: x, dx, dy (N, H, W, C) or (N, C); gamma, mean, var (C,). The steps are those of one channel: x and dy (M,).
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.batch_normalization import DY, GAMMA, NUMBERS, ROWS, TWO, X, batch_axes, one, std, unbiased
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.inputs import normal

__all__ = ["batch_norm_backward", "batch_norm_steps", "inference_backward"]


def power(var, epsilon):
    """The derivative of (var + epsilon)^(-1/2)."""
    return -0.5 * (var + epsilon)**-1.5


def steps_with(d_x_hat=lambda dy, gamma: gamma * dy, d_inv_std=lambda d, x, c, x_hat: (d * c).sum(), slope=power,
               d_c=lambda direct, by_var: direct + by_var, of_square=lambda c: 2 * c / c.size,
               d_mean=lambda d_c: -d_c.sum(), dx=lambda d_c, d_mean: d_c + d_mean / d_c.size):
    """The backward pass of one channel from its steps; a wrong answer changes one of them."""
    def steps(dy, x, gamma, epsilon):
        c = x - x.mean()
        var = (c**2).mean()
        inv_std = (var + epsilon)**-0.5
        by_x_hat = d_x_hat(dy, gamma)
        by_inv_std = d_inv_std(by_x_hat, x, c, c * inv_std)
        by_var = by_inv_std * slope(var, epsilon)
        by_c = d_c(by_x_hat * inv_std, by_var * of_square(c))
        by_mean = d_mean(by_c)
        return by_x_hat, by_inv_std, by_var, by_c, by_mean, dx(by_c, by_mean)
    return steps


def library_steps(dy, x, gamma, epsilon):
    """The library has these steps in one formula; here they are one by one."""
    return steps_with()(dy, x, gamma, epsilon)


@exercise("11",
          "Go through the graph from right to left. A step multiplies the gradient of its output by its local derivative; "
          "where one number goes to M others, their gradients are added.",
          "c has two arrows that leave it, to x_hat and to the variance, and so has x, to c and to the mean: each sends a part "
          "of the gradient, and the parts are added.",
          "d_x_hat = gamma * dy; d_inv_std = (d_x_hat * c).sum(); d_var = -0.5 * (var + epsilon)**-1.5 * d_inv_std. The square "
          "in the variance gives the second part of d_c: d_var * 2 * c / M.", library=library_steps)
def batch_norm_steps(attempt: Attempt) -> None:
    """d_x_hat (M,), d_inv_std, d_var: numbers, d_c (M,), d_mean: a number, dx (M,)."""
    numbers, dy = NUMBERS.ravel(), DY.ravel()
    cases = [{"dy": dy, "x": numbers, "gamma": 2.0, "epsilon": 0.0}, {"dy": dy, "x": numbers, "gamma": 2.0, "epsilon": 11.0},
             {"dy": normal(7), "x": 3 * normal(7, seed=1) + 1, "gamma": -1.5, "epsilon": 0.5}]
    compare(attempt, steps_with(), cases, "d_x_hat d_inv_std d_var d_c d_mean dx", {  # the last step first: it changes no other
        "d_mean is subtracted: its sign is already that of -Σ d_c": steps_with(dx=lambda d_c, d_mean: d_c - d_mean / d_c.size),
        "each x is in the mean with the factor 1/M": steps_with(dx=lambda d_c, d_mean: d_c + d_mean),
        "the mean is taken for a constant: x is in the mean, too": steps_with(dx=lambda d_c, d_mean: d_c),
        "the mean is subtracted M times, so its gradient is a sum, not a mean": steps_with(
            d_mean=lambda d_c: -d_c.mean()),
        "the sign of d_mean is wrong: c = x - mean": steps_with(d_mean=lambda d_c: d_c.sum()),
        "the derivative of c² is 2c: the 2 is missing": steps_with(of_square=lambda c: c / c.size),
        "the variance is a mean: each c has the part 1/M in it": steps_with(of_square=lambda c: 2 * c),
        "only the part that comes along the arrow from the variance: c is in x_hat, too": steps_with(
            d_c=lambda direct, by_var: by_var),
        "only the part that comes along the arrow from x_hat: c is in the variance, too": steps_with(
            d_c=lambda direct, by_var: direct),
        "epsilon is missing in the derivative of inv_std": steps_with(slope=lambda v, e: power(v, 0)),
        "this is the derivative of the root, expected that of one over the root": steps_with(
            slope=lambda v, e: 0.5 * (v + e)**-0.5),
        "the derivative of (var + epsilon)^(-1/2) has the exponent -3/2, not -1/2": steps_with(
            slope=lambda v, e: -0.5 * (v + e)**-0.5),
        "the exponent -1/2 of the root is missing as a factor": steps_with(slope=lambda v, e: -(v + e)**-1.5),
        "the sign of d_var is wrong: a larger variance makes inv_std smaller": steps_with(slope=lambda v, e: -power(v, e)),
        "inv_std is used M times, so its gradient is a sum, not a mean":
            steps_with(d_inv_std=lambda d, x, c, x_hat: (d * c).mean()),
        "x_hat = c inv_std: its derivative with respect to inv_std is c, not x_hat":
            steps_with(d_inv_std=lambda d, x, c, x_hat: (d * x_hat).sum()),
        "x_hat = c inv_std: its derivative with respect to inv_std is c, not x":
            steps_with(d_inv_std=lambda d, x, c, x_hat: (d * x).sum()),
        "gamma is missing: y = gamma x_hat + beta": steps_with(d_x_hat=lambda dy, gamma: dy)})


def backward_with(mean_term=1.0, variance_term=1.0, of_gamma=lambda normed, x, centred: normed, over=batch_axes, sums=(1, 1),
                  root=std, scale=lambda x: 1.0, once_more=False):
    """The backward pass in training from its parts; a wrong answer changes one of them."""
    def backward(dy, x, gamma, epsilon):
        axes, count = batch_axes(x), x.size // x.shape[-1]
        centred = x - x.mean(axis=axes)
        d = root((centred**2).mean(axis=axes) * scale(x), epsilon)
        normed = centred / d
        means = [a.mean(axis=over(x), keepdims=True) * count**(1 - one) for a, one in zip((dy, dy * normed), sums)]
        dx = gamma / d * (dy - mean_term * means[0] - variance_term * normed * means[1])
        upstream = gamma * dy if once_more else dy
        return dx, (upstream * of_gamma(normed, x, centred)).sum(axis=axes), upstream.sum(axis=axes)
    return backward


def without_epsilon(var, epsilon):
    """The root of the variance alone."""
    return np.sqrt(var)


def library_backward(dy, x, gamma, epsilon):
    """The library's, with the learner's arguments."""
    zeros = np.zeros(x.shape[-1], x.dtype)
    cache = ops.batch_norm(x, gamma, zeros, zeros, zeros, training=True, epsilon=epsilon or 1e-300)[2]
    return ops.batch_norm_backward(dy, cache)


@exercise("11", "The steps of one channel, with every sum and mean over all axes but the last; or one formula for dx: put the "
          "steps into each other, and use that x_hat sums to 0.",
          "d_c has two parts. Written with x_hat, the part of the variance is inv_std * x_hat times a mean of a product; the "
          "part of the mean is a mean as well.",
          "dx = gamma * inv_std * (dy - dy.mean(axis=axes) - x_hat * (dy * x_hat).mean(axis=axes))", library=library_backward)
def batch_norm_backward(attempt: Attempt) -> None:
    """dx in the shape of x, dgamma (C,), dbeta (C,)."""
    cases = [{"dy": DY, "x": NUMBERS, "gamma": one(2), "epsilon": 0.0},
             {"dy": DY, "x": NUMBERS, "gamma": one(2), "epsilon": 11.0},
             {"dy": np.concatenate([DY, -DY], axis=3), "x": TWO, "gamma": np.array([2.0, 1.0]), "epsilon": 0.0},
             {"dy": normal(2, 7, 5, 3), "x": X, "gamma": GAMMA, "epsilon": 0.5}]
    compare(attempt, backward_with(), cases, "dx dgamma dbeta", {
        "mean and variance are taken for constants: this is the backward pass at inference": backward_with(0, 0),
        "the mean is taken for a constant: the mean of dy is not subtracted": backward_with(mean_term=0),
        "the variance is taken for a constant: the part of dy along x_hat is not subtracted": backward_with(variance_term=0),
        "the variance's part is added, expected subtracted": backward_with(variance_term=-1),
        "the variance's part is subtracted twice": backward_with(variance_term=2),
        "a sum stands for a mean in dx": backward_with(sums=(0, 0)),
        "a sum stands for the mean of dy in dx": backward_with(sums=(0, 1)),
        "a sum stands for the mean of dy x_hat in dx": backward_with(sums=(1, 0)),
        "epsilon is missing under the root": backward_with(root=without_epsilon),
        "epsilon stands outside the root, expected sqrt(var + epsilon)": backward_with(root=lambda v, e: np.sqrt(v) + e),
        "the variance is divided by M - 1, expected by M, as in the forward pass": backward_with(scale=unbiased),
        "means are taken in each image alone, expected over the batch, too": backward_with(over=lambda x: (1, 2)),
        "means are taken over the batch alone, expected over H and W, too": backward_with(over=lambda x: (0,)),
        "all channels share one mean, expected one for each": backward_with(over=lambda x: None),
        "gamma is a factor of dgamma and dbeta: they are made with dy, not with gamma dy": backward_with(once_more=True),
        "dgamma is made with x, expected with the normalised x": backward_with(of_gamma=lambda normed, x, centred: x),
        "dgamma is made with x - mean, which is not divided by the standard deviation yet":
            backward_with(of_gamma=lambda normed, x, centred: centred)})
    compare(attempt, backward_with(), [{"dy": normal(5, 3), "x": ROWS, "gamma": GAMMA, "epsilon": 0.5}], "dx dgamma dbeta")


def inference_with(root=std, of_gamma=lambda normed, x, centred: normed):
    """The backward pass at inference from its parts; a wrong answer changes one of them."""
    def backward(dy, x, gamma, mean, var, epsilon):
        d, centred, axes = root(var, epsilon), x - mean, batch_axes(x)
        return gamma / d * dy, (dy * of_gamma(centred / d, x, centred)).sum(axis=axes), dy.sum(axis=axes)
    return backward


def library_inference_backward(dy, x, gamma, mean, var, epsilon):
    """The library's, with the learner's arguments."""
    cache = ops.batch_norm(x, gamma, np.zeros_like(gamma), mean, var, training=False, epsilon=epsilon or 1e-300)[2]
    return ops.batch_norm_backward(dy, cache)


@exercise("11", "mean and var are given, and constant. Which arrows of the graph are left?",
          "Then y is a straight line in each x. What is its slope?",
          "inv_std = (var + epsilon)**-0.5; dx = gamma * inv_std * dy; dgamma and dbeta are sums as in training, with x_hat "
          "from the given mean and var.", library=library_inference_backward)
def inference_backward(attempt: Attempt) -> None:
    """dx in the shape of x, dgamma (C,), dbeta (C,)."""
    cases = [{"dy": DY, "x": NUMBERS, "gamma": one(2), "mean": one(8), "var": one(4), "epsilon": 0.0},
             {"dy": DY, "x": NUMBERS, "gamma": one(2), "mean": one(8), "var": one(4), "epsilon": 12.0},
             {"dy": normal(2, 7, 5, 3), "x": X, "gamma": GAMMA, "mean": normal(3, seed=2), "var": 0.5 + normal(3)**2,
              "epsilon": 0.5}]
    compare(attempt, inference_with(), cases, "dx dgamma dbeta", {
        "this is the backward pass in training: at inference mean and variance do not depend on x, so nothing is subtracted":
            lambda dy, x, gamma, mean, var, epsilon: backward_with()(dy, x, gamma, epsilon),
        "it divides by the standard deviation of this batch, expected that of the running variance":
            lambda dy, x, gamma, mean, var, epsilon: backward_with(0, 0)(dy, x, gamma, epsilon),
        "epsilon is missing under the root": inference_with(root=without_epsilon),
        "it divides by the variance, expected by its square root": inference_with(root=lambda v, e: v + e),
        "dgamma is made with x, expected with the normalised x": inference_with(of_gamma=lambda normed, x, centred: x),
        "dgamma is made with x - mean, which is not divided by the standard deviation yet":
            inference_with(of_gamma=lambda normed, x, centred: centred)})
