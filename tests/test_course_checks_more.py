"""The checks of notebooks 09 to 12: typical mistakes are wrong and get the right diagnosis."""
import numpy as np
import pytest
from course_answers import RIGHT
from course_answers.solutions import S
from helpers import normal

from nnscratch import ops
from nnscratch.course.checks.upstream_gradients import check_batch_norm
from nnscratch.gradcheck.mutants import BLIND_TO_ONES, mutants_of

AXES = (0, 1, 2)


def test_the_formulas_of_pooling_are_right():
    """The solutions of notebook 09 against the library, ties included."""
    x = normal(2, 6, 9, 4).round(0)  # many ties
    y, cache = ops.max_pool2d(x, 3)
    dy = normal(*y.shape, seed=1)
    assert np.allclose(S["max_pool"](x, 3), y)
    assert np.allclose(S["max_pool_backward"](dy, x, 3), ops.max_pool2d_backward(dy, cache))
    _, cache = ops.leaky_relu(x, 0.3)
    assert np.allclose(S["leaky_relu_backward"](x + 1, x, 0.3), ops.leaky_relu_backward(x + 1, cache))


def test_the_formulas_of_batch_normalisation_are_right():
    """The solutions of notebook 11 against the library, in training and at inference."""
    x, gamma, beta, mean, variance = 3 * normal(2, 5, 4, 3) + 1, *(normal(3, seed=k) for k in range(3)), 0.5 + normal(3)**2
    dy = normal(*x.shape, seed=1)
    y, (new_mean, _), cache = ops.batch_norm(x, gamma, beta, mean, variance, training=True, momentum=0.9)
    assert np.allclose(S["batch_norm"](x, gamma, beta, 1e-3), y)
    for a, b in zip(S["batch_norm_backward"](dy, x, gamma, 1e-3), ops.batch_norm_backward(dy, cache)):
        assert np.allclose(a, b)
    assert np.allclose(0.9 * mean + 0.1 * x.mean(axis=AXES), new_mean), "the decay multiplies the old value"
    channel = S["batch_norm_steps"](dy[..., 1].ravel(), x[..., 1].ravel(), gamma[1], 1e-3)
    assert np.allclose(channel[-1], ops.batch_norm_backward(dy, cache)[0][..., 1].ravel())
    _, _, cache = ops.batch_norm(x, gamma, beta, mean, variance, training=False)
    for a, b in zip(S["inference_backward"](dy, x, gamma, mean, variance, 1e-3), ops.batch_norm_backward(dy, cache)):
        assert np.allclose(a, b)


@pytest.mark.parametrize("dy", [attempt for name, attempt in RIGHT if name == "upstream"])
def test_an_upstream_gradient_that_is_right_sees(dy):
    """The gradient check catches every wrong backward pass with it, and lets the right one pass, whatever its scale."""
    wrong = mutants_of("batch_norm training")
    assert not any(check_batch_norm(wrong[mistake], upstream=dy).ok for mistake in BLIND_TO_ONES)
    assert check_batch_norm(ops.batch_norm_backward, upstream=dy).ok


def test_the_formulas_of_transposed_convolution_are_right():
    """The solutions of notebook 12 against the library."""
    x, kernel = normal(2, 4, 3, 3), normal(3, 4, 6, 3)
    y, cache = ops.conv2d_transpose(x, kernel, strides=2, padding=0)
    dy = normal(*y.shape, seed=1)
    assert np.allclose(S["conv_transpose"](x, kernel, 2), y)
    assert np.allclose(S["conv_transpose_dx"](dy, kernel, 2), ops.conv2d_transpose_backward(dy, cache)[0])
    cropped, _ = ops.conv2d_transpose(x, kernel, strides=2, padding=1)
    assert cropped.shape[1:3] == (S["transposed_size"](4, 3, 2, 1), S["transposed_size"](3, 4, 2, 1))
    assert S["overlap"](4, 3, 2).sum() == 4 * 3, "every kernel covers three values"
