"""The exercise of notebook 11 on what a sum hides: an upstream gradient that shows every mistake of batch normalisation."""
from collections.abc import Callable
from typing import Any

import numpy as np

from nnscratch import ops
from nnscratch.backend import Array
from nnscratch.course.checks.exercise import Attempt, Wrong, exercise, run
from nnscratch.course.checks.fresh import renewed, whole
from nnscratch.course.checks.inputs import normal
from nnscratch.gradcheck import Report, check_op
from nnscratch.gradcheck.mutants import BLIND_TO_ONES, mutants_of
from nnscratch.hints import checked
from nnscratch.ops.validation import check_array, check_shape

__all__ = ["batch_norm_op", "check_batch_norm", "upstream"]


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
    _, cache = batch_norm_op(normal(*dy.shape), normal(3), normal(3, seed=1))
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
    shape = *renewed({"N": 2, "H": 7, "W": 5}, whole(N=(2, 4), H=(3, 8), W=(3, 8))).values(), 3
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
