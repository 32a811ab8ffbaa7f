"""Exercises of notebook 15: the Gram matrix, its backward, and a texture loss with its gradient.

Shapes: x and dx (H, W, C), G and dG (C, C): the features of one image.
"""
import numpy as np

from nnscratch import ops
from nnscratch.course.checks.compare import compare
from nnscratch.course.checks.exercise import Attempt, exercise
from nnscratch.course.checks.neurons import normal
from nnscratch.losses import mse

__all__ = ["gram", "gram_backward", "gram_loss"]

SMALL = np.array([[[2.0, 0], [2, 4]], [[0, -2], [0, 0]]])  # the image of the notebook
SIGNS = np.array([[[1.0, -2], [3, 0.5]]])  # its channels go against each other


def right_gram(x):
    """The solution."""
    return ops.gram_matrix(x[None])[0][0]


@exercise("15", "Lay the pixels out as rows: F = x.reshape(-1, C), one row for each pixel.",
          "G[a, b] is the mean over pixels of F[:, a] * F[:, b]; a product of matrices takes all a and b at once.",
          "G = F.T @ F / len(F).")
def gram(attempt: Attempt) -> None:
    """G[a, b] = mean over all pixels of x[a] x[b], (C, C)."""
    cases = [{"x": np.array([[[2.0], [4.0]]])}, {"x": SMALL}, {"x": SIGNS}, {"x": normal(4, 5, 3)}]
    compare(attempt, right_gram, cases, "G", {
        "it is a sum over pixels: divide by their number M = H W": lambda x: right_gram(x) * x.shape[0] * x.shape[1],
        "it is divided by the number of channels: the mean is over the M = H W pixels":
            lambda x: right_gram(x) * x.shape[0] * x.shape[1] / x.shape[2],
        "it is divided by the number of all values: the mean is over the M = H W pixels": lambda x: right_gram(x) / x.shape[2],
        "the mean is taken away first: that is the covariance, which comes later": lambda x: right_gram(x - x.mean((0, 1))),
        "each channel's row of pixels is read from the wrong place: reshape(-1, C), without a transpose":
            lambda x: right_gram(x.reshape(x.shape[2], -1, 1).transpose(1, 2, 0))})


def right_backward(dG, x):
    """The solution."""
    return ops.gram_matrix_backward(dG[None], ops.gram_matrix(x[None])[1])[0]


@exercise("15", "F[m, c] stands in row c of G and in column c. Each gives a sum, and dF is both together.",
          "Row c: Σ_b dG[c, b] F[m, b], as a product F @ dG.T. Column c: Σ_a dG[a, c] F[m, a], as a product F @ dG.",
          "dF = F @ (dG + dG.T) / M, in the shape of x.")
def gram_backward(attempt: Attempt) -> None:
    """dx = F (dG + dGᵀ) / M, in the shape of x."""
    cases = [{"dG": np.array([[3.0]]), "x": np.array([[[2.0], [4.0]]])},
             {"dG": np.array([[1.0, 10], [100, 1000]]), "x": SMALL},
             {"dG": np.array([[-1.0, 10], [0, 2]]), "x": SIGNS}, {"dG": normal(3, 3), "x": normal(4, 5, 3)}]

    def one_side(dG, x):
        return x @ dG / (x.shape[0] * x.shape[1])

    both = "F stands in G twice, as row and as column: one of the two sums is missing"
    compare(attempt, right_backward, cases, "dx", {
        both: one_side, f"{both} ": lambda dG, x: one_side(dG.T, x),
        "one sum is taken twice: that is right only where dG is symmetric, and dG + dG.T always":
            lambda dG, x: one_side(2 * dG, x),
        "one sum is taken twice: that is right only where dG is symmetric, and dG.T + dG always":
            lambda dG, x: one_side(2 * dG.T, x),
        "it is divided by the number of all values: G was divided by the M = H W pixels":
            lambda dG, x: right_backward(dG, x) / x.shape[2],
        "it is not divided by M = H W, as G was": lambda dG, x: right_backward(dG, x) * x.shape[0] * x.shape[1]})


def right_loss(x, A):
    """The solution."""
    loss, dG = mse(right_gram(x), A)
    return loss, right_backward(dG, x)


def loss_with(dG, loss=lambda difference: (difference**2).mean()):
    """The loss and its gradient from parts; a wrong answer changes one of them."""
    return lambda x, A: (loss(right_gram(x) - A), right_backward(dG(right_gram(x) - A), x))


@exercise("15", "Three steps: G by ops.gram_matrix(x[None]), the loss and dG, then back by ops.gram_matrix_backward.",
          "The loss is a mean over the C·C numbers, so dG = 2 (G - A) / C².",
          "G, cache = ops.gram_matrix(x[None]); dx = ops.gram_matrix_backward(dG, cache)[0], with dG of shape (1, C, C).")
def gram_loss(attempt: Attempt) -> None:
    """L = mean of (G - A)², and dx."""
    cases = [{"x": np.array([[[2.0], [4.0]]]), "A": np.array([[9.0]])}, {"x": SMALL, "A": np.array([[1.0, 0], [0, 4]])},
             {"x": SIGNS, "A": np.array([[4.0, 1], [1, 0]])},
             {"x": normal(4, 5, 3), "A": right_gram(normal(6, 2, 3))}]
    compare(attempt, right_loss, cases, "loss dx", {
        "L is right, but dG = 2 (G - A) / C²: the 2 of the square is missing": loss_with(lambda d: d / d.size),
        "L is right, but dG = 2 (G - A) / C²: the number of values is missing": loss_with(lambda d: 2 * d),
        "L is right, but the sign of dG is wrong: G - A, not A - G": loss_with(lambda d: -2 * d / d.size),
        "L is right, but dx is not divided by M = H W, as G was": lambda x, A: (
            right_loss(x, A)[0], right_loss(x, A)[1] * x.shape[0] * x.shape[1]),
        "it is half: L is the mean of (G - A)², without a 1/2": lambda x, A: (right_loss(x, A)[0] / 2, right_loss(x, A)[1] / 2),
        "a root is taken: L is the mean of (G - A)² itself": lambda x, A: (right_loss(x, A)[0]**0.5, right_loss(x, A)[1]),
        "the square is missing: L is the mean of (G - A)²": loss_with(lambda d: 2 * d / d.size, lambda d: d.mean()),
        "it is a sum over the numbers of G: L is their mean": loss_with(lambda d: 2 * d, lambda d: (d**2).sum())})
