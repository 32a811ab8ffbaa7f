"""Every mutant makes the mistake it is named for: if the mistake has a formula, the mutant is compared with it.

test_gradcheck shows that each mutant is detected. A mutant with another mistake would be detected as well, but would mislead
the reader.
"""
import numpy as np
import pytest
from helpers import normal, same

from nnscratch import ops
from nnscratch.gradcheck.cases import all_cases
from nnscratch.gradcheck.measurement import as_tuple
from nnscratch.gradcheck.mutants import MUTANTS

CASES = {case.name: case for case in all_cases()}
ALL = [(name, mistake) for name, wrong in MUTANTS.items() for mistake in wrong]
DX, PARAMETER, BIAS = 0, 1, 2


def run(name, mistake=None):
    """dy, the cache, and the gradients of the mutant (without a mistake: those of the right backward pass)."""
    case = CASES[name]
    y, cache = case.forward(*case.inputs.values())
    dy = normal(*y.shape, seed=9)
    backward = MUTANTS[name][mistake] if mistake else case.backward
    return dy, cache, as_tuple(backward(np.array(dy), cache))


@pytest.mark.parametrize("name, mistake", ALL)
def test_no_mutant_is_nan_or_zero_by_accident(name, mistake):
    """NaN would be detected too, but would prove nothing. All gradients have the inputs' shapes, and at least one is wrong."""
    _, _, right = run(name)
    _, _, wrong = run(name, mistake)
    for gradient, like in zip(wrong, right, strict=True):
        assert gradient.shape == like.shape and np.isfinite(gradient).all()
        assert gradient.any() or mistake == "dx forgotten"
    assert mistake == "upstream gradient changed in place" or any(
        not np.allclose(w, r, rtol=1e-6) for w, r in zip(wrong, right))


def test_a_mutant_that_changes_dy_changes_it():
    """The mutant whose result is right."""
    case = CASES["leaky_relu"]
    y, cache = case.forward(*case.inputs.values())
    dy = normal(*y.shape)
    same(MUTANTS["leaky_relu"]["upstream gradient changed in place"](dy, cache), dy)
    same(dy, ops.leaky_relu_backward(normal(*y.shape), cache))


N, HW, NHW, OUTPUTS = 2, 7 * 5, 2 * 7 * 5, 2 * 5 * 4


@pytest.mark.parametrize("name, mistake, which, ratio", [
    ("dense", "bias gradient averaged over the batch", BIAS, 1 / 4),
    ("dense", "weight gradient divided by the batch size", PARAMETER, 1 / 4),
    ("dense", "sign of dx", DX, -1),
    ("dense", "dx forgotten", DX, 0),
    ("conv2d", "kernel gradient too large by the batch size", PARAMETER, N),
    ("conv2d", "bias gradient averaged", BIAS, 1 / OUTPUTS),
    ("conv2d_transpose", "kernel gradient averaged over the batch", PARAMETER, 1 / N),
    ("avg_pool2d counting padding", "not divided", DX, 6),
    ("global_avg_pool2d", "not divided by H*W", DX, HW),
    ("global_avg_pool2d", "divided by the batch size too", DX, 1 / N),
    ("batch_norm training", "gamma missing", DX, 1 / CASES["batch_norm training"].inputs["gamma"]),
    ("batch_norm training", "gamma gradient averaged", PARAMETER, 1 / NHW),
    ("batch_norm inference", "gamma missing", DX, 1 / CASES["batch_norm inference"].inputs["gamma"]),
    ("dropout", "scale lost", DX, 0.7),
    ("upsample2d nearest", "mean of the copies instead of their sum", DX, 1 / 6),
    ("gram_matrix", "factor 2 lost: G holds F twice", DX, 1 / 2),
    ("gram_matrix", "not divided by the pixels", DX, HW),
    ("mse", "factor 2 of the square lost", DX, 1 / 2),
    ("mse", "sum for mean", DX, NHW * 3),
    ("softmax_cross_entropy", "not divided by the batch size", DX, 4),
    ("softmax_cross_entropy", "sign", DX, -1),
    ("binary_cross_entropy", "sum for mean", DX, 20),
    ("gram_style_loss", "factor 2 lost", DX, 1 / 2),
    ("content_loss", "factor 2 of the square lost", DX, 1 / 2),
    ("total_variation", "sum for mean", DX, NHW * 3),
    ("hinge", "sign", DX, -1),
])
def test_a_wrong_factor_has_its_stated_value(name, mistake, which, ratio):
    """One gradient is off by the factor in the name, and the others are right."""
    _, _, right = run(name)
    _, _, wrong = run(name, mistake)
    same(wrong, [r * ratio if k == which else r for k, r in enumerate(right)])


def test_gram_with_a_symmetric_dg():
    """2 F dG / M is right where dG is symmetric, and only there."""
    mutant = MUTANTS["gram_matrix"]["dG taken as symmetric"]
    dy, x, (wrong,) = run("gram_matrix", "dG taken as symmetric")
    same(wrong, 2 * np.einsum("nhwc,ncd->nhwd", x, dy) / HW)
    symmetric = dy + dy.swapaxes(1, 2)
    same(mutant(symmetric, x), ops.gram_matrix_backward(symmetric, x))


def test_swapped_strides():
    """Written as loops: output (oh, ow) reads pixel (oh + i - 1, 2 ow + j); the right one reads (2 oh + i - 1, ow + j)."""
    case = CASES["conv2d stride 2x1, same"]
    x, kernel, _ = case.inputs.values()
    for mistake, (sh, sw) in ((None, (2, 1)), ("strides of rows and columns swapped", (1, 2)), ("stride ignored", (1, 1))):
        dy, _, (dx, dkernel, _) = run(case.name, mistake)
        expected_dx, expected_dkernel = np.zeros(x.shape), np.zeros(kernel.shape)
        for oh, ow, i, j in np.ndindex(*dy.shape[1:3], *kernel.shape[:2]):
            h, w = oh * sh + i - 1, ow * sw + j
            if 0 <= h < 7 and 0 <= w < 5:
                expected_dx[:, h, w] += dy[:, oh, ow] @ kernel[i, j].T
                expected_dkernel[i, j] += x[:, h, w].T @ dy[:, oh, ow]
        same([dx, dkernel], [expected_dx, expected_dkernel])


def test_max_pool_gives_the_gradient_to_the_mirrored_pixel():
    """In each 2x2 block the rows and columns of the right dx are exchanged; unused pixels get 0."""
    _, _, (right,) = run("max_pool2d")
    _, _, (wrong,) = run("max_pool2d", "winner's row and column swapped")
    blocks, wrong_blocks = (g[:, :6, :4].reshape(2, 3, 2, 2, 2, 3) for g in (right, wrong))
    same(wrong_blocks, blocks.swapaxes(2, 4))
    assert not wrong[:, 6:].any() and not wrong[:, :, 4:].any()


def test_target_not_subtracted():
    """softmax(z) / N: the difference is the one-hot target."""
    dy, (gradient, z, target), (wrong,) = run("softmax_cross_entropy", "target not subtracted")
    same(wrong, dy * np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) / 4)
    same(wrong - dy * gradient, dy * target / 4)


def test_label_smoothing_forgotten():
    """(σ(z) - t) / n with t of 0 and 1: off by 0.05 towards the label, down where it is 1 and up where it is 0."""
    dy, (gradient, z, target), (wrong,) = run("binary_cross_entropy", "label smoothing forgotten in the gradient")
    same(wrong, dy * (1 / (1 + np.exp(-z)) - target) / 20)
    same(wrong - dy * gradient, dy * np.where(target == 1, -0.05, 0.05) / 20)


def test_gradient_beyond_the_margin():
    """+1 / n everywhere, where the right one is zero beyond the margin."""
    dy, (gradient, _), (wrong,) = run("hinge", "gradient also beyond the margin")
    assert (gradient == 0).any()
    same(wrong, np.full(gradient.shape, dy / 20))


def test_only_one_of_two_neighbours():
    """-2d at x[h] alone. Adding +2d at x[h + 1], by a separate loop over pixels, gives the right gradient."""
    dy, (gradient, x), (wrong,) = run("total_variation", "only the neighbour that follows")
    expected, rest = np.zeros(x.shape), np.zeros(x.shape)
    for h, w in np.ndindex(7, 5):
        for below, right in ((h + 1, w), (h, w + 1)):
            if below < 7 and right < 5:
                d = x[:, below, right] - x[:, h, w]
                expected[:, h, w] -= 2 * d / x.size
                rest[:, below, right] += 2 * d / x.size
    same(wrong, dy * expected)
    same(gradient, expected + rest)


def test_batch_norm_mistakes_equal_their_formulas():
    """dx with one term missing or wrong; epsilon outside the root; dgamma from the centred x."""
    name = "batch_norm training"
    x, gamma, _ = CASES[name].inputs.values()
    dy, *_ = run(name)
    axes = (0, 1, 2)
    centred, variance = x - x.mean(axes), x.var(axes)
    d = np.sqrt(variance + 1e-3)
    mean, along = dy.mean(axes), centred / d * (dy * centred / d).mean(axes)
    for mistake, dx in {
        None: gamma / d * (dy - mean - along),
        "mean treated as a constant": gamma / d * (dy - along),
        "variance treated as a constant": gamma / d * (dy - mean),
        "variance term doubled": gamma / d * (dy - mean - 2 * along),
        "means over the batch alone, N for N*H*W": gamma / d * (dy - HW * mean - HW * along),
        "inference formula in training": gamma / d * dy,
        "epsilon outside the root": gamma / (np.sqrt(variance) + 1e-3) * (dy - mean - along),
    }.items():
        same(run(name, mistake)[2][DX], dx)
    dgamma = run(name, "gamma gradient from the centered x, not divided by the standard deviation")[2][PARAMETER]
    same(dgamma, (dy * centred).sum(axes))


def test_activations_have_the_derivative_of_their_name():
    """dy times the wrong derivative."""
    for name, mistake, derivative in (
        ("tanh", "square forgotten: 1 - y", lambda x: 1 - np.tanh(x)),
        ("sigmoid", "derivative of tanh", lambda x: 1 - (1 / (1 + np.exp(-x)))**2),
        ("elu", "alpha forgotten: derivative y", lambda x: np.where(x > 0, 1, np.expm1(x))),
        ("leaky_relu", "slope lost", lambda x: np.where(x > 0, 1, 0)),
        ("leaky_relu", "slope on the wrong side", lambda x: np.where(x > 0, 0.2, 1)),
    ):
        dy, _, (wrong,) = run(name, mistake)
        same(wrong, dy * derivative(CASES[name].inputs["x"]))
