"""Exercises of notebook 11: batch normalisation forward, its backward pass in training and at inference, what a sum hides.

Shapes: x, y, dy (N, H, W, C) or (N, C); gamma, beta, mean, var (C,). A mean is taken over all axes but the last. The steps are
those of one channel: x and dy (M,).
"""
from collections.abc import Callable
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.backend import Array
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, Wrong, exercise, run
from nnscratch.course.checks.neurons import normal
from nnscratch.course.checks.prediction import predicted
from nnscratch.gradcheck import Report, check_op
from nnscratch.gradcheck.mutants import BLIND_TO_ONES, mutants_of
from nnscratch.hints import checked
from nnscratch.ops.validation import check_array, check_shape

__all__ = ["batch_norm", "batch_norm_backward", "batch_norm_op", "batch_norm_steps", "check_batch_norm", "inference_backward",
           "running_mean", "upstream"]


def two_pixels(*numbers):
    """One channel of four numbers, as two images of two pixels."""
    return np.array(numbers, dtype=float).reshape(2, 1, 2, 1)


def one(number):
    """One channel."""
    return np.array([float(number)])


X, GAMMA, BETA = 3 * normal(2, 7, 5, 3) + 1, 1.5 + normal(3), normal(3, seed=1)
NUMBERS, DY = two_pixels(3, 9, 11, 17), two_pixels(1, 0, 0, 4)
TWO = np.concatenate([NUMBERS, two_pixels(0, 4, 4, 0)], axis=3)  # two channels
ROWS = 2 * normal(5, 3, seed=3) - 1  # as behind a dense layer


def batch_axes(x):
    """All axes but the last."""
    return tuple(range(x.ndim - 1))


def std(var, epsilon):
    """The standard deviation, with epsilon under the root."""
    return np.sqrt(var + epsilon)


# --- forward ------------------------------------------------------------------------------------------------------

def batch_norm_with(mean_over=batch_axes, std=std, scale=lambda x: 1.0, centre=True):
    """Batch normalisation in training from its parts; a wrong answer changes one of them."""
    def forward(x, gamma, beta, epsilon):
        mean = x.mean(axis=mean_over(x), keepdims=True)
        var = ((x - mean)**2).mean(axis=mean_over(x), keepdims=True) * scale(x)
        return gamma * (x - centre * mean) / std(var, epsilon) + beta
    return forward


def unbiased(x):
    """What turns a division by M into one by M - 1."""
    count = x.size // x.shape[-1]
    return count / (count - 1)


def library_batch_norm(x, gamma, beta, epsilon):
    """The library's, with the learner's arguments."""
    zeros = np.zeros(x.shape[-1], x.dtype)
    return ops.batch_norm(x, gamma, beta, zeros, zeros, training=True, epsilon=epsilon)[0]


@exercise("11", "Four lines: the mean of each channel, x minus it, the mean of its square, and then y.",
          "A mean over all axes but the last: x.mean(axis=tuple(range(x.ndim - 1))), of shape (C,), which NumPy fits to the "
          "last axis of x.",
          "var = ((x - mean)**2).mean(axis=axes), and y = gamma * (x - mean) / np.sqrt(var + epsilon) + beta",
          library=library_batch_norm)
def batch_norm(attempt: Attempt) -> None:
    """y in the shape of x."""
    cases = [{"x": NUMBERS, "gamma": one(2), "beta": one(1), "epsilon": 0.0},
             {"x": NUMBERS, "gamma": one(2), "beta": one(1), "epsilon": 11.0},
             {"x": TWO, "gamma": np.array([2.0, 1.0]), "beta": np.array([1.0, 0.0]), "epsilon": 0.0},
             {"x": X, "gamma": GAMMA, "beta": BETA, "epsilon": 0.5}]
    compare(attempt, batch_norm_with(), cases, "y", {
        "the variance is divided by M - 1, expected the mean of the squares, which divides by M":
            batch_norm_with(scale=unbiased),
        "it divides by the variance, expected by its square root": batch_norm_with(std=lambda v, e: v + e),
        "epsilon stands outside the root, expected sqrt(var + epsilon)": batch_norm_with(std=lambda v, e: np.sqrt(v) + e),
        "epsilon is missing: without it a channel that is constant divides by 0": batch_norm_with(std=lambda v, e: np.sqrt(v)),
        "mean and variance are taken in each image alone, expected over the batch, too": batch_norm_with(
            mean_over=lambda x: (1, 2)),
        "mean and variance are taken at each pixel alone, expected over H and W, too": batch_norm_with(
            mean_over=lambda x: (0,)),
        "all channels share one mean and variance, expected one for each": batch_norm_with(mean_over=lambda x: None),
        "the mean is not subtracted": batch_norm_with(centre=False),
        "gamma and beta are exchanged: gamma multiplies, beta is added":
            lambda x, gamma, beta, epsilon: batch_norm_with()(x, beta, gamma, epsilon)})
    compare(attempt, batch_norm_with(), [{"x": ROWS, "gamma": GAMMA, "beta": BETA, "epsilon": 0.5}], "y")


# --- backward, step by step ---------------------------------------------------------------------------------------

def power(var, epsilon):
    """The derivative of (var + epsilon)^(-1/2)."""
    return -0.5 * (var + epsilon)**-1.5


def steps_with(d_x_hat=lambda dy, gamma: gamma * dy, d_inv_std=lambda d, x, c, x_hat: (d * c).sum(), slope=power,
               d_c=lambda direct, by_var: direct + by_var, of_square=lambda c: 2 * c / c.size,
               d_mean=lambda d_c, direct: -d_c.sum(), dx=lambda d_c, d_mean: d_c + d_mean / d_c.size):
    """The backward pass of one channel from its steps; a wrong answer changes one of them."""
    def steps(dy, x, gamma, epsilon):
        c = x - x.mean()
        var = (c**2).mean()
        inv_std = (var + epsilon)**-0.5
        by_x_hat = d_x_hat(dy, gamma)
        by_inv_std = d_inv_std(by_x_hat, x, c, c * inv_std)
        by_var = by_inv_std * slope(var, epsilon)
        by_c = d_c(by_x_hat * inv_std, by_var * of_square(c))
        by_mean = d_mean(by_c, by_x_hat * inv_std)
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
            d_mean=lambda d_c, direct: -d_c.mean()),
        "the sign of d_mean is wrong: c = x - mean": steps_with(d_mean=lambda d_c, direct: d_c.sum()),
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


# --- backward, whole ----------------------------------------------------------------------------------------------

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
    cache = ops.batch_norm(x, gamma, zeros, zeros, zeros, training=True, epsilon=epsilon)[2]
    return ops.batch_norm_backward(dy, cache)


def exchanged(backward):
    """The gradients of gamma and beta in the other order."""
    def other(*arguments):
        dx, dgamma, dbeta = backward(*arguments)
        return dx, dbeta, dgamma
    return other


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
        "the results stand in another order, expected dx, dgamma, dbeta": exchanged(backward_with()),
        "gamma is a factor of dgamma and dbeta: they are made with dy, not with gamma dy": backward_with(once_more=True),
        "dgamma is made with x, expected with the normalised x": backward_with(of_gamma=lambda normed, x, centred: x),
        "dgamma is made with x - mean, which is not divided by the standard deviation yet":
            backward_with(of_gamma=lambda normed, x, centred: centred)})
    compare(attempt, backward_with(), [{"dy": normal(5, 3), "x": ROWS, "gamma": GAMMA, "epsilon": 0.5}], "dx dgamma dbeta")


# --- inference ----------------------------------------------------------------------------------------------------

def inference_with(root=std, of_gamma=lambda normed, x, centred: normed):
    """The backward pass at inference from its parts; a wrong answer changes one of them."""
    def backward(dy, x, gamma, mean, var, epsilon):
        d, centred, axes = root(var, epsilon), x - mean, batch_axes(x)
        return gamma / d * dy, (dy * of_gamma(centred / d, x, centred)).sum(axis=axes), dy.sum(axis=axes)
    return backward


def library_inference_backward(dy, x, gamma, mean, var, epsilon):
    """The library's, with the learner's arguments."""
    cache = ops.batch_norm(x, gamma, np.zeros_like(gamma), mean, var, training=False, epsilon=epsilon)[2]
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
        "the results stand in another order, expected dx, dgamma, dbeta": exchanged(inference_with()),
        "dgamma is made with x, expected with the normalised x": inference_with(of_gamma=lambda normed, x, centred: x),
        "dgamma is made with x - mean, which is not divided by the standard deviation yet":
            inference_with(of_gamma=lambda normed, x, centred: centred)})


@exercise("11", "One step: decay times the old value plus (1 - decay) times the mean of the batch.",
          "What is left of the start is multiplied by the decay in every step.",
          "0.9 · 0 + 0.1 · 10, then 0.9 times that + 0.1 · 20; and 0.99**100")
def running_mean(attempt: Any) -> None:
    """Three numbers."""
    first, second, share = "after a batch of mean 10", "after one more, of mean 20", "fraction of the start after 100 steps"
    predicted(attempt, {first: 1.0, second: 2.9, share: 0.99**100}, {
        "the decay multiplies the old value, 1 - decay the new one": (first, 9.0),
        "the start, 0, counts, too": (first, 10.0),
        "the old value is multiplied by the decay, too": (second, 3.0),
        "this is the mean of the two batches: the older one is decayed": (second, 15.0),
        "0.99 to the power of 100, not times 100": (share, 0.0),
        "this is what has been replaced": (share, 1 - 0.99**100)})


# --- what a sum hides ---------------------------------------------------------------------------------------------

def batch_norm_op(x: Array, gamma: Array, beta: Array) -> tuple[Array, Any]:
    """Batch normalisation in training as an op, without the running statistics.

    Parameters
    ----------
    x : array (N, H, W, C)
    gamma, beta : array (C,)

    Returns
    -------
    y, cache : array and tuple
        As of an op.
    """
    check_array("batch_norm", "x", x, None)
    check_shape("batch_norm", "gamma", gamma, x.shape[-1:], "a number for each channel")
    running = np.zeros(x.shape[-1], x.dtype)  # the running statistics, which are not used in training
    y, _, cache = ops.batch_norm(x, gamma, beta, running, running, training=True)
    return y, cache


@checked
def check_batch_norm(backward: Callable, upstream: Callable[[tuple[int, ...]], Array]) -> Report:
    """Check a backward pass of batch normalisation with an upstream gradient of your choice.

    Parameters
    ----------
    backward : callable
        (dy, cache) -> dx, dgamma, dbeta.
    upstream : callable
        shape -> dy.

    Returns
    -------
    report : Report
        Of the gradient check.
    """
    inputs = [normal(2, 7, 5, 3), normal(3), normal(3, seed=1)]
    return check_op(batch_norm_op, backward, inputs, name="batch_norm", names=["x", "gamma", "beta"], upstream=upstream)


def blind(backward: Callable, dy: Array) -> bool:
    """Whether the wrong backward pass gives the right dx for this dy, whose largest number is 1; the difference is judged
    relative to the gradient.
    """
    _, cache = batch_norm_op(normal(2, 7, 5, 3), normal(3), normal(3, seed=1))
    right = ops.batch_norm_backward(dy, cache)[0]
    return bool(np.abs(backward(dy.copy(), cache)[0] - right).max() <= 1e-6 * np.abs(right).max() + 1e-12)


def library_upstream(shape):
    """Normally distributed numbers, the same at every call."""
    return np.random.default_rng(0).standard_normal(shape)


@exercise("11", "Ones are blind because batch normalisation takes the mean of dy away again: choose numbers that differ.",
          "Arrays of random numbers differ. The same ones at every call: a generator with a seed.",
          "return np.random.default_rng(0).standard_normal(shape)", library=library_upstream)
def upstream(attempt: Attempt) -> None:
    """A dy of the given shape."""
    shape = (2, 7, 5, 3)
    dy = np.asarray(run(attempt, {"shape": shape}))
    if dy.shape != shape:
        raise Wrong(f"dy has shape {dy.shape}, expected the shape asked for, {shape}")
    if dy.dtype.kind not in "biuf" or not np.isfinite(dy).all():
        what = f"numbers of type {dy.dtype}" if dy.dtype.kind not in "biuf" else "NaN" if np.isnan(dy).any() else "infinity"
        raise Wrong(f"dy holds {what}, expected finite real numbers: otherwise no gradient can be compared")
    if not np.array_equal(dy, attempt(shape)):
        raise Wrong("two calls give different numbers, so a check could not be repeated: give the generator a seed")
    dy = dy.astype(np.float64)
    largest = np.abs(dy).max()
    if not largest:
        raise Wrong("dy is 0 everywhere: then all gradients are 0, and every backward pass that multiplies is right")
    if not 1e-30 < largest < 1e30:
        raise Wrong(f"the largest number of dy is {largest:.0e}, which is out of range in single precision: stay near 1")
    dy = dy / largest
    unseen = [mistake for mistake in BLIND_TO_ONES if blind(mutants_of("batch_norm training")[mistake], dy)]
    if unseen:
        constant = np.allclose(dy, dy.mean(axis=(0, 1, 2)), rtol=0, atol=1e-9)
        why = "dy is constant in each channel, and its mean is all that batch normalisation takes away" * constant
        raise Wrong(f"with this dy {len(unseen)} wrong backward passes are not seen, among them: {unseen[0]}\n{why}".rstrip())
